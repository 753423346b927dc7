import Foundation

/// An argument outside its range: the one error for every setting of the library.
///
/// ```swift
/// do {
///   _ = try Decoding(temperature: -1)
/// } catch {
///   print(error)  // prints temperature is -1.0, and must be: 0, or finite and 1e-6 or more
/// }
/// ```
public struct ArgumentError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The argument as the library calls it, e.g. `topP`.
  public let name: String
  /// Its value.
  public let value: String
  /// What it may be, in words.
  public let allowed: String

  /// An argument that is not what it may be.
  public init(name: String, value: String, allowed: String) {
    self.name = name
    self.value = value
    self.allowed = allowed
  }

  public var description: String { "\(name) is \(value), and must be: \(allowed)" }

  public var errorDescription: String? { description }

  /// Throws unless a number is in a range.
  package static func check<Number: Comparable>(
    _ value: Number, _ name: String, in range: ClosedRange<Number>
  ) throws(ArgumentError) {
    guard !range.contains(value) else { return }
    throw ArgumentError(name: name, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
  }

  /// Throws unless there is a thread to work on.
  package static func check(threads: Int) throws(ArgumentError) {
    guard threads >= 1 else { throw ArgumentError(name: "threads", value: "\(threads)", allowed: "1 or more") }
  }

  /// Throws unless a number is above 0 and below 1, as probabilities and levels are that are asked for.
  package static func check(share value: Double, _ name: String) throws(ArgumentError) {
    guard !(value > 0 && value < 1) else { return }
    let remedy = value > 1 && value < 100 ? ": \(value / 100) for \(value) %" : ""
    throw ArgumentError(name: name, value: "\(value)", allowed: "0 < \(name) < 1\(remedy)")
  }
}
