import Foundation
import TokenProcess

/// Reads lines of the native format without Foundation, ten times as fast. It knows plain, valid lines only: for any other it returns
/// nil, and ``LineCoder`` says what is wrong, or reads what is unusual.
struct RecordParser {
  /// Whether alternatives are left out, without a look at them.
  let skipsAlternatives: Bool

  init(skipsAlternatives: Bool = false) { self.skipsAlternatives = skipsAlternatives }

  private var scratchNumbers: [Double] = []
  private var scratchIntegers: [Int] = []
  private var scratchAlternatives: [Record.Alternative] = []

  /// The record of a line that is followed by at least eight readable bytes, the first no part of a number; nil for a line that is
  /// not plain and valid JSON of a record. The record is not yet validated.
  mutating func record(_ line: UnsafeBufferPointer<UInt8>) -> Record? {
    try? parse(line)
  }

  private typealias Field = RecordCoding.Field
  private typealias Unusual = JSONCursor.Unusual

  private mutating func parse(_ line: UnsafeBufferPointer<UInt8>) throws(Unusual) -> Record {
    var cursor = JSONCursor(line)
    try cursor.require("{")
    var record = Record(unchecked: "", tokenLogProbabilities: [])
    var seen: UInt32 = 0
    repeat {
      let name = try cursor.plainText()
      try cursor.require(":")
      guard let (field, bit) = Self.field(name) else {
        try cursor.skipValue()
        continue
      }
      // Of a key that comes twice Foundation decides, and of a required one that is null.
      guard seen & bit == 0 else { throw Unusual() }
      seen |= bit
      if cursor.skipNull() {
        guard field != .id, field != .tokenLogProbabilities else { throw Unusual() }
        continue
      }
      switch field {
      case .id: record.id = try cursor.text()
      case .tokenLogProbabilities: record.tokenLogProbabilities = try numbers(&cursor)
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
    } while cursor.skip(",")
    try cursor.require("}")
    // An empty id or list of a required field is for the validation; here they only mean that the key is missing.
    guard cursor.isAtEnd, !record.id.isEmpty, !record.tokenLogProbabilities.isEmpty else { throw Unusual() }
    return record
  }

  /// The fields' names, and a bit for each.
  private static let fields = Field.allCases.enumerated().map { (Array($1.rawValue.utf8), $1, UInt32(1) << UInt32($0)) }

  @inline(__always)
  private static func field(_ name: UnsafeBufferPointer<UInt8>) -> (Field, bit: UInt32)? {
    for (known, field, bit) in fields where known.count == name.count {
      if memcmp(known, name.baseAddress!, name.count) == 0 { return (field, bit) }
    }
    return nil
  }

  private mutating func numbers(_ cursor: inout JSONCursor) throws(Unusual) -> [Double] {
    try cursor.list(&scratchNumbers) { cursor throws(Unusual) in try cursor.number() }
  }

  private mutating func integers(_ cursor: inout JSONCursor) throws(Unusual) -> [Int] {
    try cursor.list(&scratchIntegers) { cursor throws(Unusual) in try cursor.integer() }
  }

  private mutating func generations(_ cursor: inout JSONCursor) throws(Unusual) -> [[Int]] {
    var lists: [[Int]] = []
    return try cursor.list(&lists) { cursor throws(Unusual) in try integers(&cursor) }
  }

  private mutating func topLogProbabilities(_ cursor: inout JSONCursor) throws(Unusual) -> [[Record.Alternative]] {
    var lists: [[Record.Alternative]] = []
    return try cursor.list(&lists) { cursor throws(Unusual) in
      try cursor.list(&scratchAlternatives) { cursor throws(Unusual) in
        try cursor.require("[")
        let token = try cursor.integer()
        try cursor.require(",")
        let value = try cursor.number()
        try cursor.require("]")
        return Record.Alternative(tokenID: token, logProbability: value)
      }
    }
  }
}
