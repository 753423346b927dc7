import RealModule

/// The exponential law, S(x) = e^(-λx).
public struct Exponential: ContinuousFamily {
  public static let familyName = "exponential"
  public static let parameterDescriptions = [ParameterDescription("lambda", from: 0, to: .infinity)]

  /// The rate.
  public let lambda: Double

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    lambda = parameters[0]
  }

  public var parameters: [Double] { [lambda] }

  public func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = 1 / lambda - x
    return .log(lambda) - lambda * x
  }

  public func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = -x
    return -lambda * x
  }

  public static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]] {
    [[1 / max(1e-300, sample.meanAndDeviation { $0 }.mean - minimum)]]
  }
}
