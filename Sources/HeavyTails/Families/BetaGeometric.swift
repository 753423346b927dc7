import GSLNumerics
import RealModule

/// The beta-geometric law: each record has its own p ~ Beta(a, b), or all share the hazard b / (a + b + n).
///
///     S(n) = B(a + n, b) / B(a, b),   P(N = n) = S(n) b / (a + b + n),   a, b > 0
///
/// Its tail is a power law, n^(-b). Yule–Simon (a = 1, exponent ρ = b) and Waring are this law shifted to start at 0.
/// In the *churn* parametrization of Fader and Hardie (J. Interactive Marketing 21, 2007) the two letters change
/// places.
public struct BetaGeometric: FittableFamily {
  public static let familyName = "beta-geometric"
  public static let parameterDescriptions = [
    ParameterDescription("a", from: 0, to: .infinity), ParameterDescription("b", from: 0, to: .infinity),
  ]

  /// First parameter of the Beta law of p: large a, long matches.
  public let a: Double
  /// Second parameter of the Beta law of p: the exponent of the tail.
  public let b: Double

  /// The law for positive a and b.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(a: Double, b: Double) throws(DistributionError) {
    try self.init(parameters: [a, b])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    a = parameters[0]
    b = parameters[1]
  }

  public var parameters: [Double] { [a, b] }

  public var tailExponent: Double { b }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return logSurvival(n) + .log(b / (a + b + Double(n)))
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : logBetaRatioUnchecked(a, b, n)
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    n < 0 ? 0 : -.log(onePlus: b / (a + Double(n)))
  }

  public func sample(using generator: inout some RandomNumberGenerator) -> Int {
    let length = Double.log(generator.uniform()) / sampleLogProbability(using: &generator)
    return length < 0x1p62 ? Int(length) : .max
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let logSurvival = logSurvival(n, gradient: &gradient)
    let sum = a + b + Double(n)
    gradient[0] -= 1 / sum
    gradient[1] += 1 / b - 1 / sum
    return logSurvival + .log(b / sum)
  }

  /// The survivals and their derivatives are running sums over the tokens.
  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? {
    var logMasses = [Double](repeating: 0, count: n + 1)
    var byA = withSlopes ? logMasses : []
    var byB = byA
    var logSurvival = CompensatedSum()
    var (first, second) = (0.0, 1 / b)
    for n in logMasses.indices {
      let x = a + Double(n)
      let sum = x + b
      let (quotient, inverse) = (b / x, 1 / sum)
      logMasses[n] = logSurvival.value + .log(b * inverse)
      if withSlopes { (byA[n], byB[n]) = (first - inverse, second - inverse) }
      // As in `logBetaRatio`: near 1 through log1p, near 0 through the quotient.
      logSurvival.add(b < x ? -.log(onePlus: quotient) : .log(x * inverse))
      first += quotient * inverse
      second -= inverse
    }
    return ConsecutiveMasses(logMasses: logMasses, slopes: withSlopes ? [byA, byB] : [])
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let decrease = digammaDifference(a + b, max(0, n))
    gradient[0] = digammaDifference(a, max(0, n)) - decrease
    gradient[1] = -decrease
    return logSurvival(n)
  }

  // Mean a/(a+b) and concentration a+b: on them the likelihood is nearly a product, on a and b a narrow ridge.
  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(parameters[0] / parameters[1]), .log(parameters[0] + parameters[1])]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    let concentration = Double.exp(coordinates[1])
    return [concentration * logistic(coordinates[0]), concentration * logistic(-coordinates[0])]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    let values = parameters(at: coordinates, reach: reach)
    let slope = Double.exp(coordinates[1]) * logisticDerivative(coordinates[0])
    return [[slope, values[0]], [-slope, values[1]]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    // The share that got past the first token is the mean of p, whatever the concentration.
    let share = (counts.total - counts.exactAtZero) / counts.total
    let mean = min(max(share, 0.01), 0.99)
    return [0.5, 2, 8, 64].map { [$0 * mean, $0 * (1 - mean)] }
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "a / (a + b) → \(isUpper ? 1 : 0)" : "a, b → \(isUpper ? "∞" : "0")"
  }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] {
    [
      LimitingFamily(
        family: Geometric.self, condition: "a, b → ∞", embedding: { _ in [.infinity, .infinity] })
    ]
  }
}

extension BetaGeometric: RecordMixture {
  /// ln p with p ~ Beta(a, b).
  public func sampleLogProbability(using generator: inout some RandomNumberGenerator) -> Double {
    generator.logBetaVariate(a, b)
  }
}
