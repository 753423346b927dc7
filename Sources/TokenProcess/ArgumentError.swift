/// An argument outside its range.
public struct ArgumentError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The argument, e.g. `top-p`.
  public let name: String
  /// Its value.
  public let value: String
  /// What it may be.
  public let allowed: String

  /// An argument that is not what it may be.
  public init(name: String, value: String, allowed: String) {
    self.name = name
    self.value = value
    self.allowed = allowed
  }

  public var description: String { "\(name) is \(value), and must be: \(allowed)" }
}
