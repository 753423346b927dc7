import Foundation
import TokenProcess

/// The records of a file of samples that lm-evaluation-harness logs (`--log_samples`), one JSON object a line.
///
/// The harness keeps the sum of a reference's log-probabilities and whether every token of it is the model's first
/// choice, and of which tokens it consists it does not say: the record has the whole reference as its one token. That
/// is enough for an audit and for nothing that goes by tokens.
struct HarnessSamples: RecordBatches {
  private let file: String
  private let namePrefix: String
  private var chunks: LineChunks

  init(_ input: InputFile, namePrefix: String) {
    file = input.path
    self.namePrefix = namePrefix
    chunks = LineChunks(input)
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    guard let chunk = try chunks.next() else { return nil }
    return { [file, namePrefix] in
      var lines: [CaptureLine] = []
      chunk.forEachLine { line, number in
        do throws(CaptureError) {
          lines += try naming(file, line: number) {
            guard case .object(let sample) = try JSONValue(Data(buffer: line)) else {
              throw JSONFault("is not a JSON object; samples have one a line")
            }
            return try Self.records(sample, namePrefix).map { .success($0) }
          }
        } catch {
          lines.append(.failure(error))
        }
      }
      return lines
    }
  }

  /// The records of a sample: its one answer, that which is right where there are several, or all of them where none is
  /// said to be.
  private static func records(_ sample: [String: JSONValue], _ namePrefix: String) throws(RecordError) -> [Record] {
    guard let name = HarnessArguments.name(sample["doc_id"]) else {
      throw RecordError(field: "doc_id", problem: "is missing")
    }
    guard case .list(let responses)? = sample["resps"], !responses.isEmpty else {
      throw RecordError(field: "resps", problem: "is missing or empty")
    }
    guard !generates(sample["arguments"]) else {
      throw RecordError(
        field: "arguments", problem: "are of a task that generates: it has texts and no log-probabilities")
    }
    let texts = responses.indices.map { self.texts(of: sample["arguments"], $0) }
    let right = responses.count == 1 ? 0 : try self.right(sample["target"], of: texts.map(\.1))
    var records: [Record] = []
    for (index, response) in responses.enumerated() where right == nil || index == right {
      var record = try self.record(
        response, name: namePrefix + name + (right == nil ? "/\(index)" : ""), field: "resps[\(index)]")
      (record.prefix, record.reference) = texts[index]
      try record.validate()
      records.append(record)
    }
    return records
  }

  /// Which answer is right: that whose text is the target, or whose number; nil where neither is so.
  private static func right(_ target: JSONValue?, of answers: [String?]) throws(RecordError) -> Int? {
    func plain(_ text: String) -> Substring { text.drop { $0.isWhitespace } }
    var number: Int?
    var text: Int?
    switch target {
    case .integer(let value)?: number = value
    case .text(let value)?:
      number = Int(value)
      text = answers.firstIndex { $0.map(plain) == plain(value) }
    default: return nil
    }
    if let value = number, !answers.indices.contains(value) { number = nil }
    if let number, let text, number != text {
      throw RecordError(
        field: "target", problem: "is the number of one answer and the text of another: which is right is not said")
    }
    return number ?? text
  }

  /// From `[[log-probability, is greedy]]`, or `[log-probability]` of a whole text; numbers may be written as texts.
  private static func record(_ response: JSONValue, name: String, field: String) throws(RecordError) -> Record {
    var parts = elements(response)
    if let pair = parts.first, !elements(pair).isEmpty { parts = elements(pair) }
    guard let value = parts.first.flatMap(number) else {
      throw RecordError(
        field: field, problem: "has no log-probability: only tasks of the kinds loglikelihood and multiple_choice have")
    }
    var record = Record(unchecked: name, tokenLogProbabilities: [value])
    record.isWholeReference = true
    switch parts.count > 1 ? parts[1] : .null {
    case .text("True"), .bool(true), .integer(1): record.ranks = [0]
    // Some token is not the first choice. How far down it is nobody says: readers are those for whom it does not
    // matter.
    case .text("False"), .bool(false), .integer(0): record.ranks = [1]
    default: break
    }
    return record
  }

  private static func elements(_ value: JSONValue) -> [JSONValue] {
    switch value {
    case .list(let values): values
    case .integers(let values): values.map { .integer($0) }
    default: []
    }
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .number(let number): number
    case .integer(let number): Double(number)
    case .text(let text): Double(text)
    default: nil
    }
  }

  /// Whether settings of generation stand where a continuation would.
  private static func generates(_ arguments: JSONValue?) -> Bool {
    let parts = HarnessArguments.parts(arguments, 0)
    if parts.count > 1, case .object? = parts[1] { return true }
    return false
  }

  /// The context and the continuation that were asked for, as lists or by name.
  private static func texts(of arguments: JSONValue?, _ index: Int) -> (String?, String?) {
    let texts = HarnessArguments.parts(arguments, index).map { part in
      if case .text(let text)? = part { text } else { String?.none }
    }
    // A whole text has no context.
    guard texts.count > 1, let reference = texts[1] else { return (nil, texts.first ?? nil) }
    return (texts[0], reference)
  }
}
