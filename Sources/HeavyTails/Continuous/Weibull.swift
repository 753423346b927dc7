import RealModule

/// The Weibull law or stretched exponential, S(x) = exp(-(x/λ)^β).
public struct Weibull: ContinuousFamily {
  public static let familyName = "weibull"
  public static let parameterDescriptions = [
    ParameterDescription("lambda", from: 0, to: .infinity), ParameterDescription("beta", from: 0, to: .infinity),
  ]

  /// The scale.
  public let lambda: Double
  /// The shape; 1 for the exponential law.
  public let beta: Double

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    lambda = parameters[0]
    beta = parameters[1]
  }

  public var parameters: [Double] { [lambda, beta] }

  public func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    let survival = logSurvival(x, gradient: &gradient)
    let logRatio = Double.log(x / lambda)
    gradient[0] -= beta / lambda
    gradient[1] += 1 / beta + logRatio
    return survival + .log(beta / x) + beta * logRatio
  }

  public func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    guard x > 0 else {
      gradient[0] = 0
      gradient[1] = 0
      return 0
    }
    let logRatio = Double.log(x / lambda)
    let power = Double.exp(beta * logRatio)
    gradient[0] = power * beta / lambda
    gradient[1] = -power * logRatio
    return -power
  }

  public static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]] {
    // ln X of a Weibull law has the standard deviation π / (β √6).
    let (mean, deviation) = sample.meanAndDeviation { .log($0) }
    let shape = 1.28 / max(0.05, deviation)
    return [[.exp(mean + 0.58 / shape), shape], [.exp(mean), 0.6 * shape], [.exp(mean - 1), 0.35 * shape]]
  }
}
