import RealModule

/// The Pareto law, the continuous power law above x_min:
///
///     f(x) = (α - 1) x_min^(α - 1) x^(-α),   S(x) = (x / x_min)^(1 - α),   α > 1
///
/// α is the exponent of the density, as in ``Zeta``.
public struct Pareto: ContinuousFamily {
  public static let familyName = "pareto"
  public static let parameterDescriptions = [ParameterDescription("alpha", from: 1, to: .infinity)]
  public static let needsMinimum = true

  /// The exponent of the density.
  public let alpha: Double

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    alpha = parameters[0]
  }

  public var parameters: [Double] { [alpha] }

  public var tailExponent: Double { alpha - 1 }

  public func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = 1 / (alpha - 1) - .log(x)
    return .log(alpha - 1) - alpha * .log(x)
  }

  public func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = -.log(x)
    return (1 - alpha) * .log(x)
  }

  public static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]] {
    [[1 + 1 / max(1e-300, sample.meanAndDeviation { .log($0 / minimum) }.mean)]]
  }
}
