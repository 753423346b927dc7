import GSLNumerics
import RealModule

/// The zeta law, the discrete power law on n = 1, 2, …
///
///     P(N = n) = n^(-α) / ζ(α),   S(n) = ζ(α, n) / ζ(α),   α > 1
///
/// with Hurwitz' ζ(α, n) = Σ_{k >= 0} (n + k)^(-α). Truncated below at n_min it is the power law of Clauset, Shalizi
/// and Newman (SIAM Review 51, 2009).
public struct Zeta: FittableFamily {
  public static let familyName = "zeta"
  public static let parameterDescriptions = [ParameterDescription("alpha", from: 1, to: .infinity)]

  /// The exponent.
  public let alpha: Double
  private let logNormalizer: Double
  private let normalizerSlope: Double

  /// The law with exponent α > 1.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(alpha: Double) throws(DistributionError) {
    try self.init(parameters: [alpha])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    alpha = parameters[0]
    let zeta = hurwitzZetaDerivatives(alpha, 1)
    logNormalizer = zeta.log
    normalizerSlope = zeta.slope
  }

  public var parameters: [Double] { [alpha] }

  public var tailExponent: Double { alpha - 1 }

  public func logMass(_ n: Int) -> Double {
    n < 1 ? -.infinity : min(0, -alpha * .log(Double(n)) - logNormalizer)
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 1 ? 0 : min(0, logHurwitzZetaUnchecked(alpha, Double(n)) - logNormalizer)
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    // 1 - n^(-α) / ζ(α, n): the normalizer cancels.
    n < 1 ? 0 : .log(onePlus: -.exp(-alpha * .log(Double(n)) - logHurwitzZetaUnchecked(alpha, Double(n))))
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = -Double.log(Double(max(1, n))) - normalizerSlope
    return logMass(n)
  }

  /// Σ w and Σ w ln n; nil where a length is 0, which no law of the family has.
  public static func sufficientStatistics(of cells: [CensoredCounts.Cell]) -> [Double]? {
    var (weight, logarithms) = (CompensatedSum(), CompensatedSum())
    for cell in cells where cell.exact > 0 {
      guard cell.length >= 1 else { return nil }
      weight.add(cell.exact)
      logarithms.add(cell.exact * .log(Double(cell.length)))
    }
    return [weight.value, logarithms.value]
  }

  public func logLikelihood(of statistics: [Double]) -> (value: Double, slopes: [Double])? {
    let (weight, logarithms) = (statistics[0], statistics[1])
    return (-alpha * logarithms - weight * logNormalizer, [-logarithms - weight * normalizerSlope])
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard n > 1 else {
      gradient[0] = 0
      return 0
    }
    let zeta = hurwitzZetaDerivatives(alpha, Double(n))
    gradient[0] = zeta.slope - normalizerSlope
    return min(0, zeta.log - logNormalizer)
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

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    [[1.5], [2.5], [4]]
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    "alpha → \(isUpper ? "∞" : "1")"
  }
}
