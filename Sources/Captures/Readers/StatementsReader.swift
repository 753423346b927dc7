import Foundation
import TokenProcess

/// A stated probability with its outcome.
public struct Statement: Sendable, Equatable {
  /// Its name; nil where it has none.
  public var id: String?
  /// The stated probability; nil where the line has explanations or the answer's log-probability in its place.
  public var probability: Double?
  /// ln p of the answer by itself.
  public var answerLogProbability: Double?
  /// ln of each explanation's entailment probability.
  public var entailment: [Double] = []
  /// ln p of the answer under each explanation.
  public var answersUnderExplanations: [Double] = []
  /// Whether it came true.
  public var outcome: Bool

  /// A statement with its outcome.
  public init(outcome: Bool) { self.outcome = outcome }
}

/// Reads statements: one JSON object a line with `outcome` (true, false, 1 or 0) and `probability`; or with
/// `answer_logprob` and `explanations`, a list of objects with `entailment_logprob` and `answer_logprob`.
public enum StatementsReader {
  /// All lines of a file.
  ///
  /// - Throws: `CaptureError` with line and field.
  public static func read(path: String) throws -> [Statement] {
    let reader = CaptureLines(try InputFile(path: path))
    var statements: [Statement] = []
    while let line = try reader.next() {
      let number = reader.lineNumber
      func failure(_ field: String, _ problem: String) -> CaptureError {
        CaptureError(file: path, line: number, field: field, problem: problem)
      }
      let value = try naming(path, line: number) { try JSONValue(line) }
      guard case .object(let members) = value else {
        throw CaptureError(file: path, line: number, problem: "is not a JSON object")
      }
      statements.append(try statement(members, failure))
    }
    guard !statements.isEmpty else { throw CaptureError(file: path, problem: "no statements") }
    return statements
  }

  private static func statement(
    _ members: [String: JSONValue], _ failure: (String, String) -> CaptureError
  ) throws(CaptureError) -> Statement {
    var statement: Statement
    switch members["outcome"] {
    case .bool(let outcome)?: statement = Statement(outcome: outcome)
    case .integer(0)?: statement = Statement(outcome: false)
    case .integer(1)?: statement = Statement(outcome: true)
    case nil: throw failure("outcome", "is missing")
    default: throw failure("outcome", "is none of true, false, 1 and 0")
    }
    func number(_ members: [String: JSONValue], _ field: String, as name: String) throws(CaptureError) -> Double? {
      switch members[field] {
      case .number(let number)?: return number
      case .integer(let number)?: return Double(number)
      case nil, .null?: return nil
      default: throw failure(name, "is no number")
      }
    }
    func logarithm(_ members: [String: JSONValue], _ field: String, as name: String) throws(CaptureError) -> Double? {
      guard let value = try number(members, field, as: name) else { return nil }
      guard value <= Record.roundingAllowance else {
        throw failure(name, "is \(value); a log-probability is at most 0")
      }
      return min(0, value)
    }
    if case .text(let id)? = members["id"] { statement.id = id }
    statement.probability = try number(members, "probability", as: "probability")
    if let p = statement.probability, !(p >= 0 && p <= 1) {
      throw failure("probability", "is \(p), and must be: 0 to 1")
    }
    statement.answerLogProbability = try logarithm(members, "answer_logprob", as: "answer_logprob")
    if case .list(let explanations)? = members["explanations"] {
      for (index, explanation) in explanations.enumerated() {
        let name = "explanations[\(index)]"
        guard case .object(let parts) = explanation,
          let entailment = try logarithm(parts, "entailment_logprob", as: "\(name).entailment_logprob"),
          let answer = try logarithm(parts, "answer_logprob", as: "\(name).answer_logprob")
        else { throw failure(name, "has no entailment_logprob and answer_logprob") }
        statement.entailment.append(entailment)
        statement.answersUnderExplanations.append(answer)
      }
    }
    guard statement.probability != nil || statement.answerLogProbability != nil || !statement.entailment.isEmpty else {
      throw failure("probability", "is missing, and so are answer_logprob and explanations")
    }
    return statement
  }
}
