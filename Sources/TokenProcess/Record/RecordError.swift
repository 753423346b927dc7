import Foundation

/// What is wrong with a record, by the name of the field in a capture.
public struct RecordError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The field, e.g. `token_logprobs[3]`.
  public let field: String
  /// What is wrong with it.
  public let problem: String

  /// A problem with a field.
  public init(field: String, problem: String) {
    self.field = field
    self.problem = problem
  }

  public var description: String { "\(field): \(problem)" }

  public var errorDescription: String? { description }
}
