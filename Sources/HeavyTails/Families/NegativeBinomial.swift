import GSLNumerics
import RealModule

/// The negative binomial law.
///
///     P(N = n) = Γ(n + r) / (Γ(r) n!) pⁿ (1 - p)^r,   S(n) = I_p(n, r),   r > 0, 0 < p < 1
///
/// with the regularized incomplete beta function I. r = 1 is the geometric law.
public struct NegativeBinomial: FittableFamily {
  public static let familyName = "negative-binomial"
  public static let parameterDescriptions = [
    ParameterDescription("r", from: 0, to: .infinity), ParameterDescription("p", from: 0, to: 1),
  ]

  /// The shape; 1 is the geometric law.
  public let r: Double
  /// The ratio to which neighboring masses tend.
  public let p: Double
  private let logP: Double
  private let logQ: Double

  /// The law for r > 0 and 0 < p < 1.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(r: Double, p: Double) throws(DistributionError) {
    try self.init(parameters: [r, p])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    r = parameters[0]
    p = parameters[1]
    logP = .log(p)
    logQ = .log(onePlus: -p)
  }

  public var parameters: [Double] { [r, p] }

  public func logMass(_ n: Int) -> Double {
    guard n > 0 else { return n == 0 ? r * logQ : -.infinity }
    let x = Double(n)
    if min(x, r) >= 12 {
      // By Stirling's formula around the mode: with d = (n + r) p - n the parts of order n and r cancel on paper,
      // n ln(1 + d/n) + r ln(1 - d/r) + ½ ln(r / (2π n (n + r))), and not in the sum (Loader 2000).
      let d = r * .exp(logP) - x * .exp(logQ)
      let center = x * log1pMinusArgument(d / x) + r * log1pMinusArgument(-d / r)
      let correction = stirlingCorrection(x + r) - stirlingCorrection(x) - stirlingCorrection(r)
      return min(0, center + correction + 0.5 * .log(r / (x * (x + r))) - 0.918938533204672741780)
    }
    // 1 / (n B(n, r)) = Γ(n + r) / (Γ(r) n!), without two large log-gammas.
    let logBeta = (try? logBeta(x, r)) ?? .nan
    return min(0, r * logQ + x * logP - .log(x) - logBeta)
  }

  public func logSurvival(_ n: Int) -> Double {
    guard n > 0 else { return 0 }
    // Parameters are in the domain; where the fraction runs out of steps the value is unknown.
    return (try? logIncompleteBeta(Double(n), r, p).lower) ?? .nan
  }

  /// Up to this p, and a mean of 10⁴, the tail's terms are summed for a derivative: about 40 / (1 - p) and the mean of
  /// them.
  private static let largestSummed = 0.98

  /// The mean of ψ(m + r) - ψ(n + r) over m >= n under the law, by summation: ratios of neighboring masses are
  /// rational.
  private func meanDigammaRise(from n: Int) -> Double {
    var term = 1.0
    var sum = 1.0
    var weighted = 0.0
    var difference = 0.0
    var m = Double(n)
    while true {
      difference += 1 / (m + r)
      term *= p * (m + r) / (m + 1)
      m += 1
      sum += term
      weighted += term * difference
      if term < 1e-17 * sum * (1 - p), m > r * p / (1 - p) { break }
    }
    return weighted / sum
  }

  /// ∂ ln P(N = n) / ∂r = ψ(n + r) - ψ(r) + ln(1 - p).
  private func massSlope(_ n: Int) -> Double {
    digammaDifference(r, n) + logQ
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = massSlope(max(0, n))
    gradient[1] = Double(n) / p - r / (1 - p)
    return logMass(n)
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = 0
    gradient[1] = 0
    guard n > 0 else { return 0 }
    let value = logSurvival(n)
    // ∂S/∂p = p^(n-1) (1-p)^(r-1) / B(n, r) = n P(N = n) / (p (1-p)).
    gradient[1] = .exp(logMass(n) - value) * Double(n) / (p * (1 - p))
    let mean = r * p / (1 - p)
    // Below 600, or from near the mean on, the largest term is in the range of Double relative to the first.
    if p < Self.largestSummed, mean < 600 || mean < 1e4 && Double(n) > 0.8 * mean {
      // ∂S/∂r = Σ_{m >= n} P(N = m) ∂ ln P(N = m)/∂r = S × mean of it in the tail.
      gradient[0] = massSlope(n) + meanDigammaRise(from: n)
    } else {
      // The tail has too many terms: a five-point difference, good to ten digits.
      let step = 1e-3 * r
      let values = [-2.0, -1, 1, 2].map { offset in
        (try? logIncompleteBeta(Double(n), r + offset * step, p).lower) ?? .nan
      }
      gradient[0] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    }
    return value
  }

  // ln r and ln(1 + r) + logit p. Towards a Poisson law (r → ∞) the mean stays, towards the log-series law of the
  // lengths from 1 on (r → 0) p does, and only ln r runs off.
  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [.log(parameters[0]), .log(onePlus: parameters[0]) + logit(parameters[1])]
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    let r = Double.exp(coordinates[0])
    return [r, logistic(coordinates[1] - .log(onePlus: r))]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    let r = Double.exp(coordinates[0])
    let slope = logisticDerivative(coordinates[1] - .log(onePlus: r))
    // r / (1 + r), also where r is infinite.
    return [[r, 0], [-slope * logistic(coordinates[0]), slope]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let mean = max(0.01, counts.lengthTotal / counts.total)
    // r p / (1 - p) is the mean.
    return [0.2, 1, 5].map { [$0, mean / (mean + $0)] }
  }

  public static var interior: [any FittableFamily.Type] { [Geometric.self] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "r → \(isUpper ? "∞: Poisson" : "0: log-series")" : "p → \(isUpper ? 1 : 0)"
  }
}
