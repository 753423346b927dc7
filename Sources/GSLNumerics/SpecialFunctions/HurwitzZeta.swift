import RealModule

/// ln ζ(s, q) = ln Σ_{k >= 0} (q + k)^(-s) for s > 1, q > 0.
///
/// Euler–Maclaurin summation with every term divided by q^(-s), so that neither a large q nor a large s underflows or
/// loses digits (GSL's `gsl_sf_hzeta` keeps nine at s = 50, q = 1000).
///
/// - Complexity: O(s + 1) terms at worst, fewer once the terms no longer matter.
/// - Throws: `NumericsError.argument` unless s > 1 and q > 0 are finite.
public func logHurwitzZeta(_ s: Double, _ q: Double) throws(NumericsError) -> Double {
  try requireArgument(s, "s", in: "logHurwitzZeta", allowed: "s > 1", s > 1)
  try requireArgument(q, "q", in: "logHurwitzZeta", allowed: "q > 0", q > 0)
  return logHurwitzZetaUnchecked(s, q)
}

/// ζ(s, q) = Σ_{k >= 0} (q + k)^(-s) for s > 1, q > 0; see ``logHurwitzZeta(_:_:)`` where the value may leave the range
/// of Double.
///
/// - Throws: `NumericsError.argument` unless s > 1 and q > 0 are finite.
public func hurwitzZeta(_ s: Double, _ q: Double) throws(NumericsError) -> Double {
  .exp(try logHurwitzZeta(s, q))
}

/// ``logHurwitzZeta(_:_:)`` where the caller has checked the domain.
package func logHurwitzZetaUnchecked(_ s: Double, _ q: Double) -> Double {
  .log(hurwitzZetaOverFirstTerm(s, q)) - s * .log(q)
}

/// ln ζ(s, q) with its first and second derivative by s, for s > 1 and q > 0.
package func hurwitzZetaDerivatives(_ s: Double, _ q: Double) -> (log: Double, slope: Double, curvature: Double) {
  let (sum, first, second) = hurwitzZetaSums(s, q, withDerivatives: true)
  let (logStart, mean) = (Double.log(q), first / sum)
  return (.log(sum) - s * logStart, mean - logStart, second / sum - mean * mean)
}

/// ζ(s, q) / q^(-s), the sum in units of its first term.
package func hurwitzZetaOverFirstTerm(_ s: Double, _ q: Double) -> Double {
  hurwitzZetaSums(s, q, withDerivatives: false).sum
}

/// Σ (1 + k/q)^(-s) and, where they are asked for, its derivatives by s; compiled for each.
@inline(__always)
private func hurwitzZetaSums(
  _ s: Double, _ q: Double, withDerivatives: Bool
) -> (sum: Double, first: Double, second: Double) {
  // Terms relative to the first one, q^(-s), with their moments of -ln((q + k)/q).
  var sum = 0.0
  var first = 0.0
  var second = 0.0
  var k = 0.0
  // Beyond this point twelve Bernoulli terms shrink by at least (2π)² each and end below 1e-18 of the tail.
  let threshold = max(12, s + 12)
  while q + k < threshold {
    let logarithm = -Double.log(onePlus: k / q)
    let term = Double.exp(s * logarithm)
    sum += term
    if withDerivatives {
      first += term * logarithm
      second += term * logarithm * logarithm
    }
    if term < 1e-18 * sum { return (sum, first, second) }
    k += 1
  }
  // The tail is exp(s l) (x/(s-1) + 1/2 + Σ B₂ⱼ/(2j)! s (s+1) … (s+2j-2) / x^(2j-1)), l = -ln(x/q); each term's
  // derivatives by s follow from those of its logarithm.
  let x = q + k
  let inverse = 1 / x
  let logarithm = k == 0 ? 0 : -Double.log(onePlus: k / q)
  let scale = k == 0 ? 1 : Double.exp(s * logarithm)
  let main = x / (s - 1)
  var tail = main + 0.5
  var tailSlope = -main / (s - 1)
  var tailCurvature = -2 * tailSlope / (s - 1)
  var factor = s * inverse
  var slope = 1 / s
  var curvature = -slope * slope
  for j in bernoulliOverFactorial.indices {
    let term = bernoulliOverFactorial[j] * factor
    tail += term
    if withDerivatives {
      tailSlope += term * slope
      tailCurvature += term * (slope * slope + curvature)
    }
    if term.magnitude < 1e-18 * tail { break }
    let a = s + Double(2 * j + 1)
    let b = a + 1
    factor *= (a * inverse) * (b * inverse)
    if withDerivatives {
      // 1/a + 1/b, and the same of the squares.
      let product = 1 / (a * b)
      slope += (a + b) * product
      curvature -= (a * a + b * b) * product * product
    }
  }
  sum += scale * tail
  if withDerivatives {
    first += scale * (tailSlope + logarithm * tail)
    second += scale * (tailCurvature + logarithm * (2 * tailSlope + logarithm * tail))
  }
  return (sum, first, second)
}

/// B₂ⱼ / (2j)! for j = 1 … 14.
let bernoulliOverFactorial: [Double] = [
  0.083333333333333333333, -0.0013888888888888888889, 0.000033068783068783068783, -8.2671957671957671958e-7,
  2.0876756987868098979e-8, -5.2841901386874931848e-10, 1.3382536530684678833e-11, -3.3896802963225828668e-13,
  8.5860620562778445641e-15, -2.174868698558061873e-16, 5.5090028283602295152e-18, -1.3954464685812523341e-19,
  3.5347070396294674717e-21, -8.9535174270375468504e-23,
]
