import GSLNumerics
import RealModule

/// The discrete Weibull law of Nakagawa and Osaki (IEEE Trans. Reliability R-24, 1975): a stretched exponential.
///
///     S(n) = q^(n^β),   P(N = n) = S(n) - S(n + 1),   0 < q < 1, β > 0
///
/// β < 1: the hazard falls along the reference (duration dependence); β = 1 is the geometric law with p = q.
public struct DiscreteWeibull: FittableFamily {
  public static let familyName = "discrete-weibull"
  public static let parameterDescriptions = [
    ParameterDescription("q", from: 0, to: 1), ParameterDescription("beta", from: 0, to: .infinity),
  ]

  /// The probability of at least one token, S(1).
  public let q: Double
  /// The stretching exponent.
  public let beta: Double
  /// ln(-ln q), which keeps its digits where q rounds to 0 or 1.
  private let logRate: Double

  /// The law for 0 < q < 1 and β > 0.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(q: Double, beta: Double) throws(DistributionError) {
    try self.init(parameters: [q, beta])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    q = parameters[0]
    beta = parameters[1]
    logRate = .log(-.log(q))
  }

  public init(coordinates: [Double], reach: Reach) throws(DistributionError) {
    beta = .exp(coordinates[1])
    logRate = coordinates[0] - beta * .log(Self.scale(of: reach))
    q = .exp(-.exp(logRate))
    // From n_min on only differences of the cumulative hazard count. Further out rounding would be all that is left of
    // them, and the limit as β → 0 has taken over long before.
    guard logRate.isFinite, beta > 0, beta < .infinity, coordinates[0] < .log(1e6) else {
      throw .parameter(family: Self.familyName, name: "beta", value: beta, allowed: "beta > 0, 0 < q < 1")
    }
  }

  public var parameters: [Double] { [q, beta] }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return logSurvival(n) + log1mExp(logConditionalSurvival(n))
  }

  public func logSurvival(_ n: Int) -> Double { n <= 0 ? 0 : -cumulativeHazard(n) }

  public func logConditionalSurvival(_ n: Int) -> Double { n < 0 ? 0 : -hazard(n) }

  /// -ln S(n) = -ln q · n^β.
  private func cumulativeHazard(_ n: Int) -> Double {
    n == 0 ? 0 : .exp(logRate + beta * .log(Double(n)))
  }

  /// -ln q · ((n + 1)^β - n^β), without the cancellation of the two powers.
  private func hazard(_ n: Int) -> Double {
    n == 0 ? .exp(logRate) : cumulativeHazard(n) * .expMinusOne(beta * .log(onePlus: 1 / Double(n)))
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let step = hazard(n)
    let cumulative = cumulativeHazard(n)
    // Derivatives by β.
    let cumulativeSlope = n == 0 ? 0 : cumulative * .log(Double(n))
    let stepSlope = step * .log(Double(n + 1)) + (n == 0 ? 0 : cumulative * .log(onePlus: 1 / Double(n)))
    let odds = 1 / Double.expMinusOne(step)
    // d(-ln q)/dq = -1/q.
    let rate = q * .exp(logRate)
    gradient[0] = (cumulative - (step == 0 ? 1 : step * odds)) / rate
    gradient[1] = (stepSlope == 0 ? 0 : stepSlope * odds) - cumulativeSlope
    return log1mExp(-step) - cumulative
  }

  /// The logarithms of the lengths, which are the same in every law, are kept.
  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? {
    guard n < Self.logarithms.count else { return nil }
    var logMasses = [Double](repeating: 0, count: n + 1)
    var byQ = withSlopes ? logMasses : []
    var byBeta = byQ
    let rate = q * .exp(logRate)
    for n in logMasses.indices {
      let (logLength, logNext, logStep) = Self.logarithms[n]
      let cumulative = n == 0 ? 0 : Double.exp(logRate + beta * logLength)
      let step = n == 0 ? .exp(logRate) : cumulative * .expMinusOne(beta * logStep)
      logMasses[n] = log1mExp(-step) - cumulative
      guard withSlopes else { continue }
      let stepSlope = step * logNext + (n == 0 ? 0 : cumulative * logStep)
      let odds = 1 / Double.expMinusOne(step)
      byQ[n] = (cumulative - (step == 0 ? 1 : step * odds)) / rate
      byBeta[n] = (stepSlope == 0 ? 0 : stepSlope * odds) - (n == 0 ? 0 : cumulative * logLength)
    }
    return ConsecutiveMasses(logMasses: logMasses, slopes: withSlopes ? [byQ, byBeta] : [])
  }

  /// ln n, ln(n + 1) and their difference.
  private static let logarithms = (0..<4096).map { n in
    (length: Double.log(Double(n)), next: Double.log(Double(n + 1)), step: Double.log(onePlus: 1 / Double(n)))
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let cumulative = cumulativeHazard(max(0, n))
    gradient[0] = cumulative / (q * .exp(logRate))
    gradient[1] = n <= 0 ? 0 : -cumulative * .log(Double(n))
    return -cumulative
  }

  /// The length at which the first coordinate takes the cumulative hazard: the last one that was seen to end, so that
  /// a law whose hazard is all there has one coordinate that runs off, and not two.
  private static func scale(of reach: Reach) -> Double { Double(max(1, reach.upperBound - 1)) }

  // ln(-ln S) at that length, and ln β; ln(-ln S(n)) is linear in the first.
  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(-.log(parameters[0])) + parameters[1] * .log(scale(of: reach)), .log(parameters[1])]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    let beta = Double.exp(coordinates[1])
    return [.exp(-.exp(coordinates[0] - beta * .log(scale(of: reach)))), beta]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    let beta = Double.exp(coordinates[1])
    let rate = Double.exp(coordinates[0] - beta * .log(scale(of: reach)))
    let slope = -rate * .exp(-rate)
    return [[slope, -slope * beta * .log(scale(of: reach))], [0, beta]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let share = (counts.total - counts.exactAtZero) / counts.total
    let q = min(max(share, 0.01), 0.99)
    return [0.2, 0.5, 1, 1.6].map { [q, $0] }
  }

  public static var interior: [any FittableFamily.Type] { [Geometric.self] }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] {
    guard window.minimum >= 1 else { return [] }
    return [LimitingFamily(family: DiscretePareto.self, condition: "q, beta → 0", embedding: { _ in [0, 0] })]
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "q → \(isUpper ? 0 : 1)" : "beta → \(isUpper ? "∞" : "0")"
  }
}
