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
  private let logQ: Double

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
    logQ = .log(q)
  }

  public init(coordinates: [Double], reach: Reach) throws(DistributionError) {
    // -ln q itself: q may be so near 1 that a Double cannot tell.
    logQ = -.exp(coordinates[0])
    q = .exp(logQ)
    beta = .exp(coordinates[1])
    guard logQ < 0, logQ > -.infinity, beta > 0, beta < .infinity else {
      throw .parameter(family: Self.familyName, name: "beta", value: beta, allowed: "beta > 0, 0 < q < 1")
    }
  }

  public var parameters: [Double] { [q, beta] }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return logSurvival(n) + log1mExp(increment(n) * logQ)
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : .pow(Double(n), beta) * logQ
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    n < 0 ? 0 : increment(n) * logQ
  }

  /// (n + 1)^β - n^β, without the cancellation of the two powers.
  private func increment(_ n: Int) -> Double {
    n == 0 ? 1 : .pow(Double(n), beta) * .expMinusOne(beta * .log(onePlus: 1 / Double(n)))
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let step = increment(n)
    let power = n == 0 ? 0 : Double.pow(Double(n), beta)
    let powerLog = n == 0 ? 0 : power * .log(Double(n))
    // d/dβ of the increment; the two terms have one sign wherever (n+1)^β ln(n+1) dominates, i.e. always.
    let stepLog = step * .log(Double(n + 1)) + (n == 0 ? 0 : power * .log(onePlus: 1 / Double(n)))
    let odds = 1 / Double.expMinusOne(-step * logQ)
    gradient[0] = (power - step * odds) / q
    gradient[1] = logQ * (powerLog - stepLog * odds)
    return power * logQ + log1mExp(step * logQ)
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard n > 0 else {
      gradient[0] = 0
      gradient[1] = 0
      return 0
    }
    let power = Double.pow(Double(n), beta)
    gradient[0] = power / q
    gradient[1] = power * .log(Double(n)) * logQ
    return power * logQ
  }

  // ln(-ln q) and ln β, in which ln(-ln S) is linear.
  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(-.log(parameters[0])), .log(parameters[1])]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    [.exp(-.exp(coordinates[0])), .exp(coordinates[1])]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    let cumulative = Double.exp(coordinates[0])
    return [[-cumulative * .exp(-cumulative), 0], [0, .exp(coordinates[1])]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let share = (counts.total - counts.exactAtZero) / counts.total
    let q = min(max(share, 0.01), 0.99)
    return [0.2, 0.5, 1, 1.6].map { [q, $0] }
  }

  public static var interior: [any FittableFamily.Type] { [Geometric.self] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "q → \(isUpper ? 0 : 1)" : "beta → \(isUpper ? "∞" : "0")"
  }
}
