import Foundation

/// What is wrong with a record, by the name of the field in a capture.
public struct RecordError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The field, e.g. `token_logprobs[3]`.
  public let field: String
  /// What is wrong with it.
  public let problem: String

  /// The option of reading that would settle it, e.g. `split`; nil where it is none.
  package let option: String?

  /// A problem with a field.
  public init(field: String, problem: String) { self.init(field: field, problem: problem, option: nil) }

  package init(field: String, problem: String, option: String?) {
    self.option = option
    self.field = field
    self.problem = problem
  }

  public var description: String { "\(field): \(problem)" }

  public var errorDescription: String? { description }
}
