import GSLNumerics
import RealModule

/// The generalized Pareto law rounded down to whole numbers.
///
///     S(n) = (1 + ξn/σ)^(-1/ξ),   exp(-n/σ) at ξ = 0,   σ > 0
///
/// Tail n^(-1/ξ) for ξ > 0; for ξ < 0 the law ends at -σ/ξ.
public struct DiscreteGeneralizedPareto: FittableFamily {
  public static let familyName = "discrete-generalized-pareto"
  public static let parameterDescriptions = [
    ParameterDescription("sigma", from: 0, to: .infinity), ParameterDescription("xi", from: -.infinity, to: .infinity),
  ]

  /// The scale.
  public let sigma: Double
  /// The shape: the inverse of the tail's exponent.
  public let xi: Double

  /// The law for σ > 0 and real ξ.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(sigma: Double, xi: Double) throws(DistributionError) {
    try self.init(parameters: [sigma, xi])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    sigma = parameters[0]
    xi = parameters[1]
  }

  public var parameters: [Double] { [sigma, xi] }

  public var tailExponent: Double { xi > 0 ? 1 / xi : .infinity }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    let survival = logSurvival(n)
    return survival == -.infinity ? survival : survival + log1mExp(logConditionalSurvival(n))
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : generalizedParetoLogSurvival(Double(n), sigma: sigma, xi: xi)
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    guard n >= 0 else { return 0 }
    let rest = sigma + xi * Double(n)
    if xi == 0 { return -1 / sigma }
    // ln of (σ + ξn) / (σ + ξn + ξ), over ξ; past the end nothing goes on.
    return rest <= 0 || xi / rest <= -1 ? -.infinity : -.log(onePlus: xi / rest) / xi
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let logSurvival = logSurvival(n, gradient: &gradient)
    guard logSurvival > -.infinity else { return -.infinity }
    let (sigmaSlope, xiSlope) = (gradient[0], gradient[1])
    let next = self.logSurvival(n + 1, gradient: &gradient)
    // f = S(n) - S(n+1): each derivative weighted by its survival over the mass.
    let logMass = logMass(n)
    let stay = next > -.infinity ? Double.exp(next - logMass) : 0
    let here = Double.exp(logSurvival - logMass)
    gradient[0] = here * sigmaSlope - (stay > 0 ? stay * gradient[0] : 0)
    gradient[1] = here * xiSlope - (stay > 0 ? stay * gradient[1] : 0)
    return logMass
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    generalizedParetoLogSurvival(Double(max(0, n)), sigma: sigma, xi: xi, gradient: &gradient)
  }

  // ln σ, and the tail's shape as it is; the data's largest length bounds it from below by σ + ξn > 0.
  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(parameters[0]), parameters[1]]
  }
  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    [.exp(coordinates[0]), coordinates[1]]
  }
  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    [[.exp(coordinates[0]), 0], [0, 1]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let mean = max(0.1, counts.lengthTotal / counts.total)
    return [[mean, 0.1], [0.5 * mean, 0.5], [0.2 * mean, 1], [mean * 1.2, -0.01]]
  }

  // Where the law ends at the longest length: a law that ends earlier is impossible, one that ends later has a survival
  // whose derivative does not vanish there.
  public static var isSmooth: Bool { false }

  public static func kinks(near coordinates: [Double], reach: Reach) -> [Kink] {
    guard coordinates[1] < 0 else { return [] }
    let end = Double(reach.upperBound)
    return [
      Kink(condition: "sigma + \(reach.upperBound) xi = 0", start: [.log(-coordinates[1])]) { point in
        [.log(end) + point[0], -.exp(point[0])]
      }
    ]
  }

  public static var interior: [any FittableFamily.Type] { [Geometric.self] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "sigma → \(isUpper ? "∞" : "0")" : "xi → \(isUpper ? "∞" : "-∞")"
  }
}

/// ln S(x) = -ln(1 + ξx/σ)/ξ for x >= 0; -inf past the end of a law with ξ < 0.
func generalizedParetoLogSurvival(_ x: Double, sigma: Double, xi: Double) -> Double {
  let y = x / sigma
  if xi * y <= -1 { return -.infinity }
  return xi == 0 ? -y : -.log(onePlus: xi * y) / xi
}

/// ``generalizedParetoLogSurvival(_:sigma:xi:)`` with its derivatives by σ and ξ.
func generalizedParetoLogSurvival(
  _ x: Double, sigma: Double, xi: Double, gradient: inout MutableSpan<Double>
) -> Double {
  let value = generalizedParetoLogSurvival(x, sigma: sigma, xi: xi)
  gradient[0] = 0
  gradient[1] = 0
  guard x > 0, value > -.infinity else { return value }
  let y = x / sigma
  let x = xi * y
  gradient[0] = y / (sigma * (1 + x))
  // [ln(1+x) - x/(1+x)] / ξ² = y² [ (ln(1+x) - x)/x² + 1/(1+x) ], by its series near x = 0.
  let bracket =
    x.magnitude < 1e-4
    ? 0.5 - x * (2.0 / 3 - x * (0.75 - 0.8 * x)) : log1pMinusArgument(x) / (x * x) + 1 / (1 + x)
  gradient[1] = y * y * bracket
  return value
}
