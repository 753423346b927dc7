@preconcurrency internal import CGSL
import RealModule

/// The quantile z of the standard normal law, P(Z <= z) = p, for 0 < p < 1.
///
/// - Throws: `NumericsError.argument` unless 0 < p < 1.
public func normalQuantile(_ p: Double) throws(NumericsError) -> Double {
  try requireArgument(p, "p", in: "normalQuantile", allowed: "0 < p < 1", p > 0 && p < 1)
  _ = GSLRuntime.ready
  return p < 0.5 ? gsl_cdf_ugaussian_Pinv(p) : gsl_cdf_ugaussian_Qinv(1 - p)
}

/// P(Z > z) for a standard normal Z; exact in both tails.
public func normalUpperTail(_ z: Double) -> Double {
  0.5 * .erfc(z * 0.70710678118654752440)
}

/// ln P(Z > z) for a standard normal Z, without underflow at any z.
public func logNormalUpperTail(_ z: Double) -> Double {
  if z < -1 { return .log(onePlus: -normalUpperTail(-z)) }
  if z < 5 { return .log(normalUpperTail(z)) }
  guard z < 1e150 else { return -.infinity }
  return -0.5 * z * z - 0.918938533204672741780 - .log(z + millsRemainder(z))
}

/// φ(z) / P(Z > z), the hazard of the standard normal law.
package func normalHazard(_ z: Double) -> Double {
  z < 5
    ? .exp(-0.5 * z * z - 0.918938533204672741780) / normalUpperTail(z) : z + millsRemainder(z)
}

/// 1/(z + 2/(z + 3/(z + …))): Laplace's continued fraction of Mills' ratio is 1/(z + this). For z >= 5 sixty levels
/// reach rounding.
private func millsRemainder(_ z: Double) -> Double {
  var value = 0.0
  for k in stride(from: 60.0, through: 1, by: -1) { value = k / (z + value) }
  return value
}
