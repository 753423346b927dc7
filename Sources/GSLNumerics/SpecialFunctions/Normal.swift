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
