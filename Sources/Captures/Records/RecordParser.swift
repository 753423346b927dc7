import Foundation
import TokenProcess

/// Reads lines of the native format, one record a line.
///
/// -inf is read as Python writes it, a bare `-Infinity`, and as the text `"-Infinity"`; it is written as the text,
/// which every JSON parser accepts (``RecordLine``). Unknown keys are left out of the way. A key that is there twice is
/// refused: which value would count?
struct RecordParser {
  /// Whether alternatives are left out, without a look at them.
  var skipsAlternatives: Bool

  init(skipsAlternatives: Bool = false) { self.skipsAlternatives = skipsAlternatives }

  /// What a line says of the record's place.
  private struct Placing {
    var document: String?
    var start: Int?
    var tokenOffsets: [Int]?
    var documentTokens: Int?
    var hasNoFirst = false
  }

  private var placing = Placing()
  private var scratchNumbers: [Double] = []
  private var scratchIntegers: [Int] = []
  private var scratchAlternatives: [Record.Alternative] = []

  /// The record of a line that is followed by at least eight readable bytes, the first no part of a number. The record
  /// is not yet validated.
  ///
  /// - Throws: `JSONFault` for what is wrong with the line.
  mutating func record(_ line: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> Record {
    var cursor = JSONCursor(line)
    guard cursor.next == UInt8(ascii: "{") else {
      guard (try? cursor.skipValue()) != nil else {
        throw JSONFault(
          "is not valid JSON; a capture has one object a line, or is a table with the columns id and token_logprobs")
      }
      throw JSONFault("is not a JSON object; a capture has one a line")
    }
    try cursor.require("{")
    var record = Record(unchecked: "", tokenLogProbabilities: [])
    var seen: UInt32 = 0
    placing = Placing()
    if !cursor.skip("}") {
      repeat {
        try member(&cursor, of: &record, &seen)
      } while cursor.skip(",")
      try cursor.require("}")
    }
    guard cursor.isAtEnd else { throw .syntax }
    try place(&record, isLongPass: seen & Self.bit(of: .passTokenIDs) != 0)
    for field in [RecordField.id, .tokenLogProbabilities] where seen & Self.bit(of: field) == 0 {
      if field == .id, !record.id.isEmpty { continue }
      throw JSONFault("is missing: \(Self.meaning(of: field, in: record))").inside(field.rawValue)
    }
    return record
  }

  /// What a field that a line must have means, and what the line may have been meant for.
  private static func meaning(of field: RecordField, in record: Record) -> String {
    guard field == .tokenLogProbabilities else { return "the record's name" }
    let meaning = "a list of natural logarithms, one for each token of the reference"
    if record.generations != nil {
      return meaning + "; continuations by themselves are for --generations of validate and metrics"
    }
    return record.reference == nil ? meaning : meaning + "; texts by themselves are for capture, which scores them"
  }

  /// The record of a line by itself.
  mutating func record(_ line: Data) throws(JSONFault) -> Record {
    // The cursor looks a few bytes ahead.
    let bytes = Array(line) + Array(repeating: 0, count: LineChunk.padding)
    return try bytes.withUnsafeBufferPointer { buffer throws(JSONFault) in
      try record(UnsafeBufferPointer(rebasing: buffer[..<line.count]))
    }
  }

  @inline(__always)
  private mutating func member(
    _ cursor: inout JSONCursor, of record: inout Record, _ seen: inout UInt32
  ) throws(JSONFault) {
    let known: (field: RecordField, bit: UInt32)?
    if let name = try cursor.plainKey() {
      known = Self.field(name)
    } else {
      var name = try cursor.text()
      known = name.withUTF8 { Self.field($0) }
    }
    try cursor.require(":")
    guard let (field, bit) = known else { return try cursor.skipValue() }
    guard seen & bit == 0 else { throw JSONFault("is there twice").inside(field.rawValue) }
    seen |= bit
    if cursor.skipNull() {
      guard field != .id, field != .tokenLogProbabilities else { throw JSONFault("is null").inside(field.rawValue) }
      return
    }
    do throws(JSONFault) {
      try value(of: field, &cursor, &record)
    } catch {
      throw error.inside(field.rawValue)
    }
  }

  @inline(__always)
  private mutating func value(
    of field: RecordField, _ cursor: inout JSONCursor, _ record: inout Record
  ) throws(JSONFault) {
    switch field {
    case .id: record.id = try cursor.name()
    case .tokenLogProbabilities: record.tokenLogProbabilities = try tokenLogProbabilities(&cursor)
    case .referenceTokenIDs: record.referenceTokenIDs = try integers(&cursor)
    case .greedyTokenIDs: record.greedyTokenIDs = try integers(&cursor)
    case .ranks: record.ranks = try integers(&cursor)
    case .topLogProbabilities where skipsAlternatives: try cursor.skipNumberLists()
    case .topLogProbabilities: record.topLogProbabilities = try topLogProbabilities(&cursor)
    case .logProbabilityMeans: record.logProbabilityMeans = try numbers(&cursor)
    case .logProbabilityDeviations: record.logProbabilityDeviations = try numbers(&cursor)
    case .prefix: record.prefix = try cursor.text()
    case .reference: record.reference = try cursor.text()
    case .prefixTokenIDs: record.prefixTokenIDs = try integers(&cursor)
    case .prefixID: record.prefixID = try cursor.name()
    case .document: placing.document = try cursor.name()
    case .start: placing.start = try cursor.integer()
    case .tokenOffsets: placing.tokenOffsets = try integers(&cursor)
    case .documentTokens: placing.documentTokens = try cursor.integer()
    case .passTokenIDs: record.referenceTokenIDs = try integers(&cursor)
    case .near: record.near = try near(&cursor)
    case .generations: record.generations = try generations(&cursor)
    case .source: record.source = try cursor.text()
    case .run: record.run = try cursor.text()
    case .split: record.split = try cursor.text()
    case .epoch: record.epoch = try cursor.number()
    case .trainLoss: record.trainLoss = try cursor.number()
    case .repetitions: record.repetitions = try cursor.number()
    case .vocabularySize: record.vocabularySize = try cursor.integer()
    case .embeddingPrefix: record.embeddingPrefix = try numbers(&cursor)
    case .embeddingFull: record.embeddingFull = try numbers(&cursor)
    }
  }

  /// The fields' names, and a bit for each.
  private static let fields = RecordField.allCases.enumerated().map {
    (Array($1.rawValue.utf8), $1, UInt32(1) << UInt32($0))
  }

  @inline(__always)
  private static func field(_ name: UnsafeBufferPointer<UInt8>) -> (field: RecordField, bit: UInt32)? {
    for (known, field, bit) in fields where known.count == name.count {
      if memcmp(known, name.baseAddress!, name.count) == 0 { return (field, bit) }
    }
    return nil
  }

  private static func bit(of field: RecordField) -> UInt32 { fields.first { $0.1 == field }?.2 ?? 0 }

  /// Where a record stands. A long pass needs no name, and of its first token nothing is known where no other is before
  /// it: the reference begins with the second.
  private func place(_ record: inout Record, isLongPass: Bool) throws(JSONFault) {
    if placing.hasNoFirst, !isLongPass {
      throw JSONFault(
        "is null: the first token of a text has no log-probability; leave it out, or give token_ids for a long pass"
      ).inside(0).inside("token_logprobs")
    }
    guard let document = placing.document, var start = placing.start else {
      if isLongPass {
        throw JSONFault("is missing: a long pass (token_ids) needs it")
          .inside(placing.document == nil ? "document" : "start")
      }
      return
    }
    if isLongPass, record.id.isEmpty { record.id = "\(document)@\(start)" }
    var offsets = placing.tokenOffsets
    if placing.hasNoFirst, let tokens = record.referenceTokenIDs, let first = tokens.first {
      record.referenceTokenIDs = Array(tokens.dropFirst())
      record.prefixTokenIDs = (record.prefixTokenIDs ?? []) + [first]
      if offsets?.count == tokens.count + 1 { offsets?.removeFirst() }
      start += 1
    }
    record.place = Record.Place(
      document: document, start: start, tokenOffsets: offsets, documentTokens: placing.documentTokens,
      isLongPass: isLongPass)
  }

  /// Numbers, of which the first may be null.
  private mutating func tokenLogProbabilities(_ cursor: inout JSONCursor) throws(JSONFault) -> [Double] {
    var (isFirst, hasNoFirst) = (true, false)
    var values = try cursor.list(&scratchNumbers) { cursor throws(JSONFault) in
      defer { isFirst = false }
      if isFirst, cursor.skipNull() {
        hasNoFirst = true
        return .nan
      }
      return try cursor.number()
    }
    if hasNoFirst { values.removeFirst() }
    placing.hasNoFirst = hasNoFirst
    return values
  }

  private mutating func numbers(_ cursor: inout JSONCursor) throws(JSONFault) -> [Double] {
    try cursor.list(&scratchNumbers) { cursor throws(JSONFault) in try cursor.number() }
  }

  private mutating func integers(_ cursor: inout JSONCursor) throws(JSONFault) -> [Int] {
    try cursor.list(&scratchIntegers) { cursor throws(JSONFault) in try cursor.integer() }
  }

  private func near(_ cursor: inout JSONCursor) throws(JSONFault) -> [NearVerbatimBounds] {
    var bounds: [NearVerbatimBounds] = []
    return try cursor.list(&bounds) { cursor throws(JSONFault) in
      var own = NearVerbatimBounds(
        distance: .hamming, limit: -1, length: 0, logLower: -.infinity, logUpper: 0, requests: 0)
      var hasBounds = (false, false)
      var (temperature, topK, topP, minP) = (1.0, Int?.none, Double?.none, Double?.none)
      try cursor.object { name, cursor throws(JSONFault) in
        switch name {
        case "distance":
          let text = try cursor.text()
          guard let distance = TokenDistance(rawValue: text) else {
            throw JSONFault("is \(text), and is to be hamming or levenshtein")
          }
          own.distance = distance
        case "e": own.limit = try cursor.integer()
        case "n": own.length = try cursor.integer()
        case "log_lower": (own.logLower, hasBounds.0) = (try cursor.number(), true)
        case "log_upper": (own.logUpper, hasBounds.1) = (try cursor.number(), true)
        case "requests": own.requests = try cursor.integer()
        case "temperature": temperature = try cursor.number()
        case "top_k": topK = try cursor.integer()
        case "top_p": topP = try cursor.number()
        case "min_p": minP = try cursor.number()
        case "estimate":
          var values: [Double] = []
          _ = try cursor.list(&values) { cursor throws(JSONFault) in try cursor.number() }
          guard values.count == 4, values.dropLast().allSatisfy({ $0 >= 0 && $0 <= 1 }), values[3] >= 1, values[3] < 1e9
          else { throw JSONFault("is not [probability, lower, upper, draws]") }
          own.estimate = .init(probability: values[0], lower: values[1], upper: values[2], draws: Int(values[3]))
        case "strings":
          var found: [NearVerbatimBounds.Found] = []
          own.found = try cursor.list(&found) { cursor throws(JSONFault) in
            var string = NearVerbatimBounds.Found(tokenIDs: [], logProbability: -.infinity)
            try cursor.object { name, cursor throws(JSONFault) in
              switch name {
              case "token_ids": string.tokenIDs = try cursor.integers()
              case "logprob": string.logProbability = try cursor.number()
              default: try cursor.skipValue()
              }
            }
            return string
          }
        default: try cursor.skipValue()
        }
      }
      guard own.limit >= 0, own.length > 0, hasBounds == (true, true) else {
        throw JSONFault("lacks e, n, log_lower or log_upper")
      }
      guard let decoding = try? Decoding(temperature: temperature, topK: topK, topP: topP, minP: minP) else {
        throw JSONFault("has a temperature, top_k, top_p or min_p out of range")
      }
      own.decoding = decoding
      return own
    }
  }

  private mutating func generations(_ cursor: inout JSONCursor) throws(JSONFault) -> [[Int]] {
    var lists: [[Int]] = []
    return try cursor.list(&lists) { cursor throws(JSONFault) in try integers(&cursor) }
  }

  private mutating func topLogProbabilities(_ cursor: inout JSONCursor) throws(JSONFault) -> [[Record.Alternative]] {
    var lists: [[Record.Alternative]] = []
    return try cursor.list(&lists) { cursor throws(JSONFault) in
      try cursor.list(&scratchAlternatives) { cursor throws(JSONFault) in
        let noPair = JSONFault("is not a pair of a token id and its log-probability")
        guard cursor.skip("[") else { throw cursor.isAtEnd ? .syntax : noPair }
        let token = try cursor.integer()
        guard cursor.skip(",") else { throw cursor.isAtEnd ? .syntax : noPair }
        let value = try cursor.number()
        guard cursor.skip("]") else { throw cursor.isAtEnd ? .syntax : noPair }
        return Record.Alternative(tokenID: token, logProbability: value)
      }
    }
  }
}
