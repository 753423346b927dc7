internal import CGSL
import RealModule

/// ln of the density of Student's t,
/// -ln B(ν/2, 1/2) - ln(ν)/2 - (ν + 1)/2 · ln(1 + t²/ν).
///
/// - Precondition: `freedom` (ν) > 0.
public func logStudentDensity(_ t: Double, degreesOfFreedom freedom: Double) -> Double {
  precondition(freedom > 0, "\(freedom) degrees of freedom")
  let logBeta = (try? logBeta(0.5 * freedom, 0.5)) ?? .nan
  return -logBeta - 0.5 * .log(freedom) - 0.5 * (freedom + 1) * .log(onePlus: t * t / freedom)
}

/// The t with P(T <= t) = p of Student's law, by GSL.
///
/// - Precondition: `freedom` > 0 and 0 < p < 1.
public func studentQuantile(_ p: Double, degreesOfFreedom freedom: Double) -> Double {
  precondition(p > 0 && p < 1 && freedom > 0, "p = \(p), \(freedom) degrees of freedom")
  _ = GSLRuntime.ready
  return gsl_cdf_tdist_Pinv(p, freedom)
}

/// P(T <= t) of Student's t with `freedom` degrees of freedom, by GSL: relative error about 1e-13, also in the lower
/// tail.
///
/// - Precondition: `freedom` > 0.
public func studentLowerTail(_ t: Double, degreesOfFreedom freedom: Double) -> Double {
  _ = GSLRuntime.ready
  return gsl_cdf_tdist_P(t, freedom)
}
