import Foundation

/// What is wrong with a capture: the file, and as far as they apply the line and the field.
public struct CaptureError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The file as the caller named it; `-` is standard input.
  public let file: String
  /// The line, from 1.
  public let line: Int?
  /// The row of an array, from 0.
  public let row: Int?
  /// The field, e.g. `token_logprobs[3]`.
  public let field: String?
  /// What is wrong.
  public let problem: String
  /// The option of ``CaptureOptions`` that would settle it, or that is of no use here, e.g. `split`; nil where it is
  /// none.
  public let option: String?

  /// A problem in a capture.
  public init(
    file: String, line: Int? = nil, row: Int? = nil, field: String? = nil, problem: String, option: String? = nil
  ) {
    self.row = row
    self.option = option
    self.file = file
    self.line = line
    self.field = field
    self.problem = problem
  }

  /// `file:line: field: problem`, as compilers print it; of an array `file: field: problem (row 3)`.
  public var description: String {
    var text = file == "-" ? "standard input" : file
    if let line { text += ":\(line)" }
    if let field { text += ": \(field)" }
    return text + ": \(problem)" + (row.map { " (row \($0))" } ?? "")
  }

  public var errorDescription: String? { description }

  /// What is the same in errors that differ in lines and numbers alone: `token_logprobs[3]` is 0.5 in one record,
  /// `token_logprobs[7]` is 0.25 in another.
  package var kind: String {
    file + ": " + "\(field ?? ""): \(problem)".replacing(/[0-9][0-9.]*(e[-+]?[0-9]+)?/, with: "#")
  }
}
