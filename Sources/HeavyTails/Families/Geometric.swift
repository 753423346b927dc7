import GSLNumerics
import RealModule

/// The geometric law: every token is continued with the same probability p.
///
///     S(n) = pⁿ,   P(N = n) = pⁿ (1 - p),   0 <= p <= 1
///
/// At p = 0 all mass is at 0; at p = 1 no length ever ends.
public struct Geometric: FittableFamily {
  public static let familyName = "geometric"
  public static let parameterDescriptions = [ParameterDescription("p", from: 0, to: 1, includingEnds: true)]

  /// The probability that a token is continued.
  public let p: Double
  private let logP: Double
  private let logQ: Double

  /// The law with continuation probability p in [0, 1].
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(p: Double) throws(DistributionError) {
    try self.init(parameters: [p])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    p = parameters[0]
    logP = .log(p)
    logQ = .log(onePlus: -p)
  }

  public init(coordinates: [Double], reach: Reach) throws(DistributionError) {
    guard !coordinates[0].isNaN else {
      throw .parameter(family: Self.familyName, name: "p", value: .nan, allowed: "finite")
    }
    p = logistic(coordinates[0])
    logP = -logAddExp(0, -coordinates[0])
    logQ = -logAddExp(0, coordinates[0])
  }

  public var parameters: [Double] { [p] }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return logSurvival(n) + logQ
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : Double(n) * logP
  }

  public func logConditionalSurvival(_ n: Int) -> Double { n < 0 ? 0 : logP }

  public var logSurvivalLimit: Double { p == 1 ? 0 : -.infinity }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = Double(n) / p - .exp(-logQ)
    return logMass(n)
  }

  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? {
    let ending = Double.exp(-logQ)
    return ConsecutiveMasses(
      logMasses: (0...n).map { logMass($0) }, slopes: withSlopes ? [(0...n).map { Double($0) / p - ending }] : [])
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = Double(n) / p
    return logSurvival(n)
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [logit(parameters[0])]
  }
  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    [logistic(coordinates[0])]
  }
  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    [[logisticDerivative(coordinates[0])]]
  }

  public static var isGeometricMixture: Bool { true }

  /// The maximum itself: Σ lengths / (Σ lengths + number that ended).
  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let lengths = counts.lengthTotal
    let p = lengths / (lengths + counts.exactTotal)
    // Inside (0, 1) also where one of the two is lost in rounding.
    return [[min(max(p, .leastNormalMagnitude), 1.0.nextDown)]]
  }
}

extension Geometric: RecordMixture {
  /// ln p, the same for every record.
  public func sampleLogProbability(using generator: inout some RandomNumberGenerator) -> Double { logP }
}
