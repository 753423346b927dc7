import GSLNumerics
import RealModule

/// Two proved bounds of the logarithm of a probability.
public struct LogInterval: Sendable, Equatable {
  /// The lower bound.
  public let lower: Double
  /// The upper bound, at most 0.
  public let upper: Double

  /// The bounds.
  ///
  /// - Precondition: lower <= upper <= 0.
  public init(lower: Double, upper: Double) {
    precondition(lower <= upper && upper <= 0, "\(lower) … \(upper) is no interval of logarithms of probabilities")
    self.lower = lower
    self.upper = upper
  }

  /// A known value.
  public init(_ value: Double) {
    self.init(lower: value, upper: value)
  }

  /// Whether the value is known.
  public var isExact: Bool { lower == upper }

  /// ln of the mean of the bounds.
  public var middle: Double { isExact ? upper : min(0, logAddExp(lower, upper) - .log(2)) }
}
