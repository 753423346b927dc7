import RealModule

/// ln(1 - exp(x)) for x <= 0, without cancellation at either end.
///
/// Near 0 the difference is taken before the logarithm (`expm1`), far below it after (`log1p`); the switch at -ln 2 is
/// that of Mächler, *Accurately computing log(1 - exp(-|a|))* (2012). Returns -inf at 0 and 0 at -inf; NaN for x > 0.
@inlinable
public func log1mExp(_ x: Double) -> Double {
  // Where exp(x) is 0 so is the logarithm, and the underflow would take longer than all the rest.
  if x < -746 { return 0 }
  return x > -0.693147180559945309 ? .log(-.expMinusOne(x)) : .log(onePlus: -.exp(x))
}

/// ln(exp(x) + exp(y)), without overflow; -inf stands for ln 0.
@inlinable
public func logAddExp(_ x: Double, _ y: Double) -> Double {
  let high = max(x, y)
  guard high > -.infinity, high < .infinity else { return high }
  return high + .log(onePlus: .exp(min(x, y) - high))
}

/// 1/41, 1/39, … 1/3.
private let inverseOdds: [Double] = stride(from: 41.0, through: 3, by: -2).map { 1 / $0 }

/// ln(1 + u) - u for u > -1, accurate to a few units in the last place also where the two nearly cancel.
///
/// For |u| <= 1/2 it sums the odd series of artanh in r = u / (2 + u): ln(1 + u) - u = -r u + 2 (r³/3 + r⁵/5 + …).
package func log1pMinusArgument(_ u: Double) -> Double {
  guard u.magnitude <= 0.5 else { return .log(onePlus: u) - u }
  let r = u / (2 + u)
  let square = r * r
  // r² <= 1/9 (at u = -1/2), so that 20 terms leave less than 1e-19 of the sum; for r² <= 1/400 eight do.
  var series = 0.0
  for k in square <= 0.0025 ? 12..<20 : 0..<20 { series = series * square + inverseOdds[k] }
  return 2 * r * square * series - r * u
}

/// 1 / (1 + e^-x), the probability whose log-odds are x; exact near 0.
package func logistic(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + .exp(-x)) : .exp(x) / (1 + .exp(x))
}
