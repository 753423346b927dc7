import Foundation

/// A store that cannot be used.
public struct StoreError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is wrong.
  public let problem: String

  /// A problem with a store.
  public init(path: String, problem: String) {
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }

  public var errorDescription: String? { description }
}
