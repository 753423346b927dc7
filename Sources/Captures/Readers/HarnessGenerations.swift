import Foundation
import TokenProcess

/// The generations of a line that lm-evaluation-harness logs (`--log_samples`) for a task that generates
/// (`generate_until`): texts, under the number of the document.
enum HarnessGenerations {
  /// The generations of a line; nil for a line of another kind.
  ///
  /// - Throws: `RecordError` for a line of the harness without texts.
  static func generations(_ line: Data) throws -> (generations: SampledGenerations, filter: String?)? {
    guard case .object(let sample)? = try? JSONValue(line), let document = sample["doc_id"],
      let responses = sample["resps"]
    else { return nil }
    guard let name = HarnessArguments.name(document) else {
      throw RecordError(field: "doc_id", problem: "is neither a number nor a text")
    }
    let texts = strings(responses)
    guard !texts.isEmpty else {
      throw RecordError(
        field: "resps", problem: "holds no texts: only tasks that generate have some; audit reads the others")
    }
    let request = request(sample["arguments"])
    var sampled = SampledGenerations(
      id: name, decoding: try decoding(request.settings), generations: [], texts: texts)
    sampled.prompt = request.prompt
    guard case .text(let filter)? = sample["filter"] else { return (sampled, nil) }
    return (sampled, filter)
  }

  /// All texts of a list of lists.
  private static func strings(_ value: JSONValue) -> [String] {
    switch value {
    case .text(let text): [text]
    case .list(let values): values.flatMap(strings)
    default: []
    }
  }

  /// The prompt and the settings of the first request, as lists or by name.
  private static func request(_ arguments: JSONValue?) -> (prompt: String?, settings: [String: JSONValue]) {
    var (prompt, settings) = (String?.none, [String: JSONValue]())
    for part in HarnessArguments.parts(arguments, 0) {
      switch part {
      case .text(let text)?: prompt = prompt ?? text
      case .object(let object)?: settings = object
      default: break
      }
    }
    return (prompt, settings)
  }

  /// The scheme: greedy unless the settings say that it samples, as the harness has it.
  private static func decoding(_ settings: [String: JSONValue]) throws -> Decoding {
    func number(_ name: String) -> Double? {
      switch settings[name] {
      case .integer(let value)?: Double(value)
      case .number(let value)?: value
      default: nil
      }
    }
    let isSampled: Bool
    switch settings["do_sample"] {
    case .bool(let value)?: isSampled = value
    default: isSampled = (number("temperature") ?? 0) > 0
    }
    guard isSampled, number("temperature") != 0 else { return .greedy }
    let topK = number("top_k").map { Int($0) }
    do {
      return try Decoding(
        temperature: number("temperature") ?? 1, topK: topK == 0 ? nil : topK, topP: number("top_p"),
        minP: number("min_p"))
    } catch {
      throw RecordError(field: "arguments", problem: "have \(error.name) \(error.value), which is not \(error.allowed)")
    }
  }
}
