import Foundation
import TokenProcess

/// A record as one line of `capture.jsonl`: the field names, and what JSON cannot say otherwise.
///
/// -inf is read as Python writes it, a bare `-Infinity`, and as the text `"-Infinity"`; it is written as the text, which
/// every JSON parser accepts (``RecordLine``). Unknown keys are left out of the way.
struct RecordCoding: Decodable {
  let record: Record

  enum Field: String, CodingKey, CaseIterable {
    case id
    case tokenLogProbabilities = "token_logprobs"
    case referenceTokenIDs = "reference_token_ids"
    case greedyTokenIDs = "greedy_token_ids"
    case ranks
    case topLogProbabilities = "top_logprobs"
    case logProbabilityMeans = "logprob_mean"
    case logProbabilityDeviations = "logprob_std"
    case prefix
    case reference
    case prefixTokenIDs = "prefix_token_ids"
    case generations
    case source
    case run
    case split
    case epoch
    case trainLoss = "train_loss"
    case repetitions
    case vocabularySize = "vocabulary_size"
    case embeddingPrefix = "embedding_prefix"
    case embeddingFull = "embedding_full"
  }

  /// `[token id, log-probability]`.
  private struct Pair: Decodable {
    let alternative: Record.Alternative

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      let token = try container.decode(Int.self)
      alternative = Record.Alternative(tokenID: token, logProbability: try container.decode(Double.self))
    }
  }

  /// Decodes fields, and names the field in errors about numbers, which Foundation leaves without a place.
  private struct Fields {
    let container: KeyedDecodingContainer<Field>

    func required<Value: Decodable>(_ type: Value.Type, _ key: Field) throws -> Value {
      try naming(key) { try container.decode(type, forKey: key) }
    }

    func optional<Value: Decodable>(_ type: Value.Type, _ key: Field) throws -> Value? {
      try naming(key) { try container.decodeIfPresent(type, forKey: key) }
    }

    private func naming<Value>(_ key: Field, _ decode: () throws -> Value) throws -> Value {
      do {
        return try decode()
      } catch let error where !(error is DecodingError) {
        // Foundation's own error for a number that does not fit its type.
        throw DecodingError.dataCorrupted(.init(codingPath: [key], debugDescription: "\(error)"))
      }
    }
  }

  init(from decoder: any Decoder) throws {
    let fields = Fields(container: try decoder.container(keyedBy: Field.self))
    var record = Record(
      unchecked: try fields.required(String.self, .id),
      tokenLogProbabilities: try fields.required([Double].self, .tokenLogProbabilities))
    record.referenceTokenIDs = try fields.optional([Int].self, .referenceTokenIDs)
    record.greedyTokenIDs = try fields.optional([Int].self, .greedyTokenIDs)
    record.ranks = try fields.optional([Int].self, .ranks)
    record.topLogProbabilities = try fields.optional([[Pair]].self, .topLogProbabilities)?
      .map { $0.map(\.alternative) }
    record.logProbabilityMeans = try fields.optional([Double].self, .logProbabilityMeans)
    record.logProbabilityDeviations = try fields.optional([Double].self, .logProbabilityDeviations)
    record.prefix = try fields.optional(String.self, .prefix)
    record.reference = try fields.optional(String.self, .reference)
    record.prefixTokenIDs = try fields.optional([Int].self, .prefixTokenIDs)
    record.generations = try fields.optional([[Int]].self, .generations)
    record.source = try fields.optional(String.self, .source)
    record.run = try fields.optional(String.self, .run)
    record.split = try fields.optional(String.self, .split)
    record.epoch = try fields.optional(Double.self, .epoch)
    record.trainLoss = try fields.optional(Double.self, .trainLoss)
    record.repetitions = try fields.optional(Double.self, .repetitions)
    record.vocabularySize = try fields.optional(Int.self, .vocabularySize)
    record.embeddingPrefix = try fields.optional([Double].self, .embeddingPrefix)
    record.embeddingFull = try fields.optional([Double].self, .embeddingFull)
    self.record = record
  }
}

/// Reads single lines.
struct LineCoder {
  private let decoder: JSONDecoder
  /// For lines with a bare `-Infinity` or `NaN`, which are Python's and JSON5's but not JSON's.
  private let extendedDecoder: JSONDecoder

  init() {
    decoder = JSONDecoder()
    extendedDecoder = JSONDecoder()
    extendedDecoder.allowsJSON5 = true
    for decoder in [decoder, extendedDecoder] {
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    }
  }

  func decode(_ line: Data, file: String, number: Int) -> Result<Record, CaptureError> {
    decode(RecordCoding.self, line, file: file, number: number) { coding in
      var record = coding.record
      try record.validate()
      return record
    }
  }

  /// A line as JSON of some type, and what is made of it.
  func decode<Coding: Decodable, Value>(
    _: Coding.Type, _ line: Data, file: String, number: Int, _ value: (Coding) throws -> Value
  ) -> Result<Value, CaptureError> {
    func failure(_ field: String?, _ problem: String) -> Result<Value, CaptureError> {
      .failure(CaptureError(file: file, line: number, field: field, problem: problem))
    }
    do {
      let isExtended = Self.nonFiniteWords.contains { line.range(of: $0) != nil }
      return .success(try value((isExtended ? extendedDecoder : decoder).decode(Coding.self, from: line)))
    } catch let error as RecordError {
      return failure(error.field, error.problem)
    } catch DecodingError.keyNotFound(let key, let context) {
      return failure(Self.path(context.codingPath + [key]), "is missing")
    } catch DecodingError.valueNotFound(_, let context) {
      guard !context.codingPath.isEmpty else { return failure(nil, "is not a JSON object; a capture has one a line") }
      return failure(Self.path(context.codingPath), "is null")
    } catch DecodingError.typeMismatch(let type, let context) {
      guard !context.codingPath.isEmpty else { return failure(nil, "is not a JSON object; a capture has one a line") }
      return failure(Self.path(context.codingPath), "is not \(Self.describe(type))")
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      return failure(
        Self.path(context.codingPath),
        "cannot be read: a number of the wrong kind or out of range, or text that is not UTF-8")
    } catch {
      return failure(nil, "is not valid JSON; a capture has one object a line")
    }
  }

  private static let nonFiniteWords = [Data("Infinity".utf8), Data("NaN".utf8)]

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue { path += "[\(index)]" } else { path += (path.isEmpty ? "" : ".") + key.stringValue }
    }
  }

  private static func describe(_ type: Any.Type) -> String {
    switch type {
    case is Int.Type: "an integer"
    case is Double.Type: "a number"
    case is String.Type: "a text"
    default: "a list"
    }
  }
}
