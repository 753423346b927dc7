import GSLNumerics
import RealModule

/// A Pareto law on whole numbers n = 1, 2, …: the mass of a Pareto law between the edges of a cell.
///
///     S(n) = edge(n)^(-(α - 1)),   α > 1
///
/// Tail n^(1-α), as the zeta law's. The families differ in where the edges are.
protocol ParetoCells: FittableFamily {
  /// The exponent of the density's tail.
  var alpha: Double { get }
  /// The law with exponent α.
  init(alpha: Double) throws(DistributionError)
  /// ln of the lower edge of the cell of n >= 1, in units of the first.
  static func logEdge(_ n: Int) -> Double
  /// ln of the upper over the lower edge of the cell of n >= 1.
  static func logWidth(_ n: Int) -> Double
}

extension ParetoCells {
  public static var parameterDescriptions: [ParameterDescription] {
    [ParameterDescription("alpha", from: 1, to: .infinity)]
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    try self.init(alpha: parameters[0])
  }

  public var parameters: [Double] { [alpha] }

  public var tailExponent: Double { alpha - 1 }

  public func logSurvival(_ n: Int) -> Double {
    n <= 1 ? 0 : -(alpha - 1) * Self.logEdge(n)
  }

  public func logMass(_ n: Int) -> Double {
    n < 1 ? -.infinity : logSurvival(n) + log1mExp(logConditionalSurvival(n))
  }

  public func logConditionalSurvival(_ n: Int) -> Double { n < 1 ? 0 : -(alpha - 1) * Self.logWidth(n) }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard n >= 1 else {
      gradient[0] = 0
      return -.infinity
    }
    // d ln(1 - e^(-x w))/dx = w / (e^(xw) - 1)
    let width = Self.logWidth(n)
    gradient[0] = width / .expMinusOne((alpha - 1) * width) - Self.logEdge(n)
    return logMass(n)
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = n <= 1 ? 0 : -Self.logEdge(n)
    return logSurvival(n)
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(parameters[0] - 1)]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    // Below rounding the law is that of the smallest number above 1, which is where a search is seen to run off.
    [max(1.0.nextUp, 1 + .exp(coordinates[0]))]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    [[.exp(coordinates[0])]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] { [[1.5], [2.5], [4]] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    "alpha → \(isUpper ? "∞" : "1")"
  }
}

/// The Pareto law rounded to the nearest whole number n = 1, 2, …
///
///     S(n) = (2n - 1)^(-(α - 1)),   α > 1
///
/// It is what a rounded lognormal law turns into as μ → -∞ and σ → ∞.
public struct RoundedPareto: ParetoCells {
  public static let familyName = "rounded-pareto"

  /// The exponent of the density's tail.
  public let alpha: Double

  /// The law with exponent α > 1.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(alpha: Double) throws(DistributionError) {
    try Self.check([alpha])
    self.alpha = alpha
  }

  static func logEdge(_ n: Int) -> Double { .log(2 * Double(n) - 1) }

  static func logWidth(_ n: Int) -> Double { .log(onePlus: 2 / (2 * Double(n) - 1)) }
}

/// The Pareto law rounded down to a whole number n = 1, 2, … (Krishna and Singh Pundir, Statistical Methodology 6,
/// 2009).
///
///     S(n) = n^(-(α - 1)),   α > 1
///
/// Lengths from n_min >= 1 on have it as the limit of the discrete Weibull law as q → 0 and β → 0 with
/// -β ln q = α - 1.
public struct DiscretePareto: ParetoCells {
  public static let familyName = "discrete-pareto"

  /// The exponent of the density's tail.
  public let alpha: Double

  /// The law with exponent α > 1.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(alpha: Double) throws(DistributionError) {
    try Self.check([alpha])
    self.alpha = alpha
  }

  static func logEdge(_ n: Int) -> Double { .log(Double(n)) }

  static func logWidth(_ n: Int) -> Double { .log(onePlus: 1 / Double(n)) }
}
