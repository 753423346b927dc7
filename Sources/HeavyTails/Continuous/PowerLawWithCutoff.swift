import GSLNumerics
import RealModule

/// The power law with exponential cutoff above x_min:
///
///     f(x) ∝ x^(-α) e^(-λx),   S(x) = Γ(1 - α, λx) / Γ(1 - α, λ x_min),   α real, λ > 0
public struct PowerLawWithCutoff: ContinuousFamily {
  public static let familyName = "power-law-cutoff"
  public static let parameterDescriptions = [
    ParameterDescription("alpha", from: -.infinity, to: .infinity),
    ParameterDescription("lambda", from: 0, to: .infinity),
  ]
  public static let needsMinimum = true

  /// The exponent.
  public let alpha: Double
  /// The rate of the cutoff.
  public let lambda: Double

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    alpha = parameters[0]
    lambda = parameters[1]
  }

  public var parameters: [Double] { [alpha, lambda] }

  public func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    let logarithm = Double.log(x)
    gradient[0] = -logarithm
    gradient[1] = -x
    return -alpha * logarithm - lambda * x
  }

  public func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double {
    // ∫_x^∞ t^(-α) e^(-λt) dt with t = x e^u: the integrand is x^(1-α) e^(-λx) exp(-(α-1) u - λx (e^u - 1)).
    let rate = lambda * x
    guard rate < 1e300, rate > 0 else {
      // e^(-λx) is no Double any more, or λ has lost its digits.
      gradient[0] = 0
      gradient[1] = -x
      return rate > 0 ? -.infinity : .nan
    }
    /// The integrand's logarithm; it is concave in u.
    func exponent(_ u: Double) -> Double { (1 - alpha) * u - rate * .expMinusOne(u) }
    // A rising integrand has its peak where (1 - α) = λx e^u.
    let peak = alpha < 1 ? max(0, .log((1 - alpha) / rate)) : 0
    let height = exponent(peak)
    var sums = SIMD4<Double>.zero
    // Far left of a narrow peak, which is as wide as 1/√(1 - α), there is nothing.
    var u = alpha < 1 ? max(0, peak - 40 / (1 - alpha).squareRoot()) : 0
    // Some hundred panels are usual; the bound is for parameters out of all proportion.
    for _ in 0..<20_000 {
      let growth = rate * .exp(u)
      let width = min(0.5, 4 / ((1 - alpha) - growth).magnitude, 2 / growth.squareRoot())
      let part = gaussLegendre(from: u, to: u + width) { u in
        let value = Double.exp(exponent(u) - height)
        return SIMD4(value, value * u, value * .exp(u), 0)
      }
      sums += part
      u += width
      if u > peak, part[1] <= 1e-18 * sums[1], part[2] <= 1e-18 * sums[2] { break }
    }
    // ∂/∂α = -E[ln T | T >= x], ∂/∂λ = -E[T | T >= x].
    gradient[0] = -.log(x) - sums[1] / sums[0]
    gradient[1] = -x * sums[2] / sums[0]
    return (1 - alpha) * .log(x) - rate + height + .log(sums[0])
  }

  public static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]] {
    let mean = sample.meanAndDeviation { $0 }.mean
    let slope = 1 + 1 / max(1e-300, sample.meanAndDeviation { .log($0 / minimum) }.mean)
    let rate = 1 / max(1e-300, mean - minimum)
    return [[0.5 * slope, 0.3 * rate], [0.9 * slope, 0.02 * rate], [0.1, rate], [-1, 2 * rate]]
  }
}
