import Foundation

/// What went wrong between us and a model server. No request header is ever part of it.
public struct ServerError: LocalizedError, Sendable, Equatable, CustomStringConvertible {
  /// What that means for the work.
  public enum Kind: Sendable, Equatable {
    /// It is no address of a server.
    case noAddress
    /// There is no server, or no safe way to it.
    case unreachable
    /// The server wants a key, or another one.
    case unauthorized
    /// The server does not know the address or the model.
    case notFound
    /// The server understood and said no: to this request, not to all.
    case rejected
    /// The server failed again and again.
    case failing
    /// Another model answers than before.
    case otherModel
    /// The server cannot do what is asked of it, for any passage.
    case incapable
    /// The answer is not what the protocol promises.
    case malformed
  }

  /// What that means for the work.
  public let kind: Kind
  /// The address, without what may be secret in it.
  public let address: String
  /// What is wrong.
  public let problem: String

  init(_ kind: Kind, _ address: String, _ problem: String) {
    self.kind = kind
    self.address = address
    self.problem = problem
  }

  public var description: String { "\(address): \(problem)" }

  public var errorDescription: String? { description }

  /// Whether only the passage that was asked for is affected.
  var isOfOnePassage: Bool { kind == .rejected || kind == .malformed }
}
