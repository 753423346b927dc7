import Foundation
import TokenProcess

/// Probabilities of whole suffixes: `{"results": {name: {"logprob": …, "prefix_text": …, "suffix_text": …}}}`.
///
/// As of samples of lm-evaluation-harness, each record has the whole reference as its one token. A `logprob` that is
/// null beside a `prob` of 0 is -inf.
struct SuffixProbabilities: RecordBatches {
  private let file: String
  private var records: [CaptureLine]?

  init(_ input: InputFile, namePrefix: String) throws(CaptureError) {
    file = input.path
    var whole = Data()
    var chunks = LineChunks(input)
    while let chunk = try chunks.next() { chunk.withBytes { whole.append($0) } }
    let object = (try? JSONSerialization.jsonObject(with: whole)) as? [String: Any]
    guard let results = object?["results"] as? [String: [String: Any]] else {
      throw CaptureError(file: input.path, field: "results", problem: "is no object of results by name")
    }
    let file = file
    records = results.sorted { $0.key < $1.key }.map { name, result in
      do throws(CaptureError) {
        return .success(try naming(file, line: 1) { try Self.record(namePrefix + name, result) })
      } catch {
        return .failure(error)
      }
    }
  }

  private static func record(_ name: String, _ result: [String: Any]) throws(RecordError) -> Record {
    let probability = (result["prob"] as? NSNumber)?.doubleValue
    guard let value = (result["logprob"] as? NSNumber)?.doubleValue ?? (probability == 0 ? -.infinity : nil) else {
      throw RecordError(field: "results.\(name).logprob", problem: "is missing")
    }
    var record = Record(unchecked: name, tokenLogProbabilities: [value])
    record.isWholeReference = true
    record.prefix = result["prefix_text"] as? String
    record.reference = result["suffix_text"] as? String
    try record.validate()
    return record
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    guard let found = records else { return nil }
    records = nil
    return { found }
  }
}
