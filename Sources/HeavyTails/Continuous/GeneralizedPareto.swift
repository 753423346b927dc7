import GSLNumerics
import RealModule

/// The generalized Pareto law, S(x) = (1 + ξx/σ)^(-1/ξ), e^(-x/σ) at ξ = 0; it ends at -σ/ξ for ξ < 0.
public struct GeneralizedPareto: ContinuousFamily {
  public static let familyName = "generalized-pareto"
  public static let parameterDescriptions = [
    ParameterDescription("sigma", from: 0, to: .infinity),
    // Below -1 the density is infinite at the law's end, and the likelihood has no maximum (Smith 1985).
    ParameterDescription("xi", from: -1, to: .infinity),
  ]

  /// The scale.
  public let sigma: Double
  /// The shape.
  public let xi: Double

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    sigma = parameters[0]
    xi = parameters[1]
  }

  public var parameters: [Double] { [sigma, xi] }

  public var tailExponent: Double { xi > 0 ? 1 / xi : .infinity }

  public func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    // f = S / (σ + ξx).
    let survival = logSurvival(x, gradient: &gradient)
    let width = sigma + xi * x
    guard survival > -.infinity else { return -.infinity }
    gradient[0] -= 1 / width
    gradient[1] -= x / width
    return survival - .log(width)
  }

  public func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    generalizedParetoLogSurvival(x, sigma: sigma, xi: xi, gradient: &gradient)
  }

  public static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]] {
    let mean = sample.meanAndDeviation { $0 - minimum }.mean
    return [[mean, 0.1], [0.5 * mean, 0.5], [0.2 * mean, 1], [1.2 * mean, -0.01]]
  }
}
