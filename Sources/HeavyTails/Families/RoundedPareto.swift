import GSLNumerics
import RealModule

/// The Pareto law rounded to whole numbers n = 1, 2, …
///
///     S(n) = (2n - 1)^(-(α - 1)),   α > 1
///
/// Tail n^(1-α), as the zeta law's. It is what a rounded lognormal law turns into as μ → -∞ and σ → ∞.
public struct RoundedPareto: FittableFamily {
  public static let familyName = "rounded-pareto"
  public static let parameterDescriptions = [ParameterDescription("alpha", from: 1, to: .infinity)]

  /// The exponent of the density's tail.
  public let alpha: Double

  /// The law with exponent α > 1.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(alpha: Double) throws(DistributionError) {
    try self.init(parameters: [alpha])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    alpha = parameters[0]
  }

  public var parameters: [Double] { [alpha] }

  public var tailExponent: Double { alpha - 1 }

  /// ln of the cell's upper over its lower edge.
  private func width(_ n: Int) -> Double { .log(onePlus: 2 / (2 * Double(n) - 1)) }

  public func logSurvival(_ n: Int) -> Double {
    n <= 1 ? 0 : -(alpha - 1) * .log(2 * Double(n) - 1)
  }

  public func logMass(_ n: Int) -> Double {
    n < 1 ? -.infinity : logSurvival(n) + log1mExp(logConditionalSurvival(n))
  }

  public func logConditionalSurvival(_ n: Int) -> Double { n < 1 ? 0 : -(alpha - 1) * width(n) }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard n >= 1 else {
      gradient[0] = 0
      return -.infinity
    }
    // d ln(1 - e^(-x w))/dx = w / (e^(xw) - 1)
    gradient[0] = width(n) / .expMinusOne((alpha - 1) * width(n)) - .log(2 * Double(n) - 1)
    return logMass(n)
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = n <= 1 ? 0 : -Double.log(2 * Double(n) - 1)
    return logSurvival(n)
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(parameters[0] - 1)]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    [1 + .exp(coordinates[0])]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    [[.exp(coordinates[0])]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] { [[1.5], [2.5], [4]] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    "alpha → \(isUpper ? "∞" : "1")"
  }
}
