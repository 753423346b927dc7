import GSLNumerics
import RealModule

/// The lognormal law, S(x) = Φ((μ - ln x) / σ).
public struct Lognormal: ContinuousFamily {
  public static let familyName = "lognormal"
  public static let parameterDescriptions = DiscreteLognormal.parameterDescriptions

  /// The mean of ln X.
  public let mu: Double
  /// Its standard deviation.
  public let sigma: Double

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    mu = parameters[0]
    sigma = parameters[1]
  }

  public var parameters: [Double] { [mu, sigma] }

  public func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    let z = (.log(x) - mu) / sigma
    gradient[0] = z / sigma
    gradient[1] = (z * z - 1) / sigma
    // ln √(2π) = 0.9189…
    return -0.5 * z * z - 0.918938533204672741780 - .log(sigma) - .log(x)
  }

  public func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    guard x > 0 else {
      gradient[0] = 0
      gradient[1] = 0
      return 0
    }
    let z = (.log(x) - mu) / sigma
    let hazard = normalHazard(z)
    gradient[0] = hazard / sigma
    gradient[1] = hazard * z / sigma
    return logNormalUpperTail(z)
  }

  public static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]] {
    let (mean, deviation) = sample.meanAndDeviation { .log($0) }
    let spread = max(0.05, deviation)
    return [[mean, spread], [mean - spread, 1.5 * spread], [mean - 3 * spread, 2.5 * spread]]
  }
}
