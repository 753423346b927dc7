import GSLNumerics
import RealModule

/// The zeta law with an exponential cutoff, on n = 1, 2, …
///
///     P(N = n) = n^(-α) e^(-λ(n-1)) / Φ(e^(-λ), α, 1),   S(n) = e^(-λ(n-1)) Φ(e^(-λ), α, n) / Φ(e^(-λ), α, 1)
///
/// with Lerch's transcendent Φ(z, α, n) = Σ_{k >= 0} z^k (n + k)^(-α), for α > -64 and λ > 0. (A smaller
/// α is a narrow peak far from 0, no tail; a λ below 1e-18 is a zeta law at every length that can be counted.)
public struct ZetaCutoff: FittableFamily {
  private static let smallestAlpha = -64.0

  public static let familyName = "zeta-cutoff"
  public static let parameterDescriptions = [
    ParameterDescription("alpha", from: smallestAlpha, to: .infinity),
    ParameterDescription("lambda", from: 1e-18, to: .infinity),
  ]

  /// The exponent of the power law.
  public let alpha: Double
  /// The rate of the exponential cutoff.
  public let lambda: Double
  private let normalizer: LerchSum

  /// The law for α > -64 and λ > 0.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(alpha: Double, lambda: Double) throws(DistributionError) {
    try self.init(parameters: [alpha, lambda])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    alpha = parameters[0]
    lambda = parameters[1]
    normalizer = LerchSum(lambda: parameters[1], s: parameters[0], q: 1)
  }

  public static func == (a: ZetaCutoff, b: ZetaCutoff) -> Bool { a.alpha == b.alpha && a.lambda == b.lambda }

  public var parameters: [Double] { [alpha, lambda] }

  public func logMass(_ n: Int) -> Double {
    n < 1 ? -.infinity : min(0, -alpha * .log(Double(n)) - lambda * Double(n - 1) - normalizer.log)
  }

  public func logSurvival(_ n: Int) -> Double {
    guard n > 1 else { return 0 }
    return min(0, LerchSum(lambda: lambda, s: alpha, q: Double(n)).log - lambda * Double(n - 1) - normalizer.log)
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    guard n >= 1 else { return 0 }
    // 1 - n^(-α) / Φ(e^(-λ), α, n): normalizer and cutoff cancel.
    let sum = LerchSum(lambda: lambda, s: alpha, q: Double(n))
    return .log(onePlus: -.exp(-alpha * .log(Double(n)) - sum.log))
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = -Double.log(Double(max(1, n))) - normalizer.slopeByS
    gradient[1] = -Double(n - 1) - normalizer.slopeByLambda
    return logMass(n)
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard n > 1 else {
      gradient[0] = 0
      gradient[1] = 0
      return 0
    }
    let sum = LerchSum(lambda: lambda, s: alpha, q: Double(n))
    gradient[0] = sum.slopeByS - normalizer.slopeByS
    gradient[1] = sum.slopeByLambda - Double(n - 1) - normalizer.slopeByLambda
    return min(0, sum.log - lambda * Double(n - 1) - normalizer.log)
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(parameters[0] - smallestAlpha), .log(parameters[1])]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    // Below the range the law is that of its end, which is where a search is seen to run off.
    [smallestAlpha + .exp(coordinates[0]), max(1e-18.nextUp, .exp(coordinates[1]))]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    [[.exp(coordinates[0]), 0], [0, .exp(coordinates[1])]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let mean = max(1, counts.lengthTotal / counts.total)
    return [[1.5, 0.1 / mean], [2, 0.001], [0.5, 0.5 / mean], [-1, 1 / mean]]
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "alpha → \(isUpper ? "∞" : "\(smallestAlpha)")" : "lambda → \(isUpper ? "∞" : "0")"
  }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] {
    [
      LimitingFamily(family: Zeta.self, condition: "lambda = 0", isEndOfOneRange: true, embedding: { $0 + [0] })
    ]
  }

  // α = 0 is the geometric law of the lengths from 1 on.
  public static var interior: [any FittableFamily.Type] { [Geometric.self] }
}
