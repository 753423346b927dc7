import RealModule

/// The regularized incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), both in logarithms.
///
/// P(a, x) = ∫₀ˣ t^(a-1) e^(-t) dt / Γ(a) for a > 0 and x >= 0. Series for x < a + 1, continued fraction beyond it
/// (DLMF 8.11.4 and 8.9.2), with the kernel x^a e^(-x) / Γ(a) formed through its deviance from the mode. With a below
/// about 1e-3 the upper side is a complement near 0 and has only the digits that this leaves.
///
/// - Complexity: O(√a) terms.
/// - Throws: `NumericsError.argument` outside the domain; `noConvergence` beyond 10⁷ terms.
public func logIncompleteGamma(_ a: Double, _ x: Double) throws(NumericsError) -> (lower: Double, upper: Double) {
  try requireArgument(a, "a", in: "logIncompleteGamma", allowed: "a > 0", a > 0)
  try requireArgument(x, "x", in: "logIncompleteGamma", allowed: "x >= 0", x >= 0)
  if x == 0 { return (-.infinity, 0) }
  let limit = 10_000_000
  let u = (x - a) / a
  let deviance = u < -0.5 ? Double.log(x / a) - u : log1pMinusArgument(u)
  let kernel = a * deviance + 0.5 * (.log(a) - 1.83787706640934548356) - stirlingCorrection(a)
  if x < a + 1 {
    var term = 1.0
    var sum = 1.0
    for k in 1...limit {
      term *= x / (a + Double(k))
      sum += term
      if term < 1e-17 * sum {
        let lower = min(0, kernel - .log(a) + .log(sum))
        return (lower, log1mExp(lower))
      }
    }
  } else {
    let tiny = 1e-300
    var denominator = x + 1 - a
    var c = 1 / tiny
    var d = 1 / denominator
    var value = d
    for k in 1...limit {
      let numerator = -Double(k) * (Double(k) - a)
      denominator += 2
      d = numerator * d + denominator
      d = 1 / (d.magnitude < tiny ? tiny : d)
      c = denominator + numerator / c
      if c.magnitude < tiny { c = tiny }
      value *= c * d
      if (c * d - 1).magnitude < 1e-16 {
        let upper = min(0, kernel + .log(value))
        return (log1mExp(upper), upper)
      }
    }
  }
  throw .noConvergence(function: "logIncompleteGamma", iterations: limit)
}

/// P(a, x), the lower regularized incomplete gamma function; see ``logIncompleteGamma(_:_:)``.
///
/// - Throws: as ``logIncompleteGamma(_:_:)``.
public func incompleteGamma(_ a: Double, _ x: Double) throws(NumericsError) -> Double {
  .exp(try logIncompleteGamma(a, x).lower)
}
