@preconcurrency internal import CGSL
import RealModule

/// ln Γ(x) for x > 0.
///
/// - Throws: `NumericsError.argument` unless x is finite and positive.
public func logGamma(_ x: Double) throws(NumericsError) -> Double {
  try requireArgument(x, "x", in: "logGamma", allowed: "x > 0", x > 0)
  return .logGamma(x)
}

/// ψ(x) = d/dx ln Γ(x) for x > 0.
///
/// - Throws: `NumericsError.argument` unless x is finite and positive.
public func digamma(_ x: Double) throws(NumericsError) -> Double {
  try requireArgument(x, "x", in: "digamma", allowed: "x > 0", x > 0)
  _ = GSLRuntime.ready
  var result = gsl_sf_result()
  let status = gsl_sf_psi_e(x, &result)
  guard status == GSLRuntime.success else { throw GSLRuntime.error(status, in: "digamma") }
  return result.val
}

/// ψ′(x) = d²/dx² ln Γ(x) for x > 0.
///
/// - Throws: `NumericsError.argument` unless x is finite and positive; `NumericsError.gsl` where the value overflows
///   (x below about 1e-154).
public func trigamma(_ x: Double) throws(NumericsError) -> Double {
  try requireArgument(x, "x", in: "trigamma", allowed: "x > 0", x > 0)
  _ = GSLRuntime.ready
  var result = gsl_sf_result()
  let status = gsl_sf_psi_1_e(x, &result)
  guard status == GSLRuntime.success else { throw GSLRuntime.error(status, in: "trigamma") }
  return result.val
}

/// Stirling's correction ln Γ(x) - [(x - 1/2) ln x - x + ln(2π)/2], about 1/(12x), for x > 0.
///
/// It is what remains of ln Γ once the large parts are taken out, so that differences of log-gammas can be formed from
/// it without cancellation (Abramowitz and Stegun, 6.1.41).
package func stirlingCorrection(_ x: Double) -> Double {
  guard x < 12 else {
    let square = 1 / (x * x)
    return
      (1 / 12
      - square
      * (1 / 360
        - square
        * (1 / 1260
          - square
          * (1 / 1680
            - square * (1 / 1188 - square * (691 / 360_360 - square * (1 / 156 - square * 3617 / 122_400)))))))
      / x
  }
  return .logGamma(x) - ((x - 0.5) * .log(x) - x + 0.918938533204672741780)
}
