import RealModule

/// The regularized incomplete beta function I_x(a, b) and its complement, both in logarithms.
///
/// I_x(a, b) = ∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b) for a, b > 0 and 0 <= x <= 1. The side on x's side of the mean
/// comes from the continued fraction (DLMF 8.17.22, modified Lentz), the other as its complement, so that a tail of
/// 1e-500 is as exact as one of 0.1. With a shape below 1 the complement can be the small one; then it comes from the
/// fraction on its own side, which needs O(1/√(1 - x)) steps there, up to 1 - x = 1e-8. Closer to the end it has only
/// the digits that 1 minus the other leaves.
///
/// - Complexity: O(√max(a, b)) steps of the fraction.
/// - Throws: `NumericsError.argument` outside the domain; `noConvergence` beyond 10⁶ steps.
public func logIncompleteBeta(
  _ a: Double, _ b: Double, _ x: Double
) throws(NumericsError) -> (lower: Double, upper: Double) {
  try requireArgument(a, "a", in: "logIncompleteBeta", allowed: "a > 0", a > 0)
  try requireArgument(b, "b", in: "logIncompleteBeta", allowed: "b > 0", b > 0)
  try requireArgument(x, "x", in: "logIncompleteBeta", allowed: "0 <= x <= 1", x >= 0 && x <= 1)
  if x == 0 { return (-.infinity, 0) }
  if x == 1 { return (0, -.infinity) }
  let y = 1 - x
  let front = logBetaKernel(a, b, x, y)
  if x < (a + 1) / (a + b + 2) { return try tails(a, b, x, y, front) }
  let (upper, lower) = try tails(b, a, y, x, front)
  return (lower, upper)
}

/// ln I_x(a, b) for x on its side of the mean, and ln of its complement, from the kernel that both have.
private func tails(
  _ a: Double, _ b: Double, _ x: Double, _ y: Double, _ front: Double
) throws(NumericsError) -> (lower: Double, upper: Double) {
  func tail(_ a: Double, _ b: Double, _ x: Double) throws(NumericsError) -> Double {
    front + .log(try betaContinuedFraction(a, b, x)) - .log(a)
  }
  let lower = min(0, try tail(a, b, x))
  let isUpperSmall = lower > -0.1 && a < 1 && x > smallestOfOwnSide
  return (lower, isUpperSmall ? try tail(b, a, y) : log1mExp(lower))
}

/// How near the end of the range a small complement still has a fraction of its own: 10⁵ steps.
private let smallestOfOwnSide = 1e-8

/// I_x(a, b), the regularized incomplete beta function; see ``logIncompleteBeta(_:_:_:)``.
///
/// - Throws: as ``logIncompleteBeta(_:_:_:)``.
public func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) throws(NumericsError) -> Double {
  .exp(try logIncompleteBeta(a, b, x).lower)
}

/// ln [x^a y^b / B(a, b)] with y = 1 - x, through deviances from the mode: a ln x and ln B(a, b) are never subtracted.
private func logBetaKernel(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
  let imbalance = x * b - a * y
  func deviance(_ shape: Double, _ u: Double, _ share: Double) -> Double {
    // Where x is far below the mode, 1 + u has lost its digits but the share itself has not.
    shape * (u < -0.5 ? .log(share * (a + b) / shape) - u : log1pMinusArgument(u))
  }
  return deviance(a, imbalance / a, x) + deviance(b, -imbalance / b, y)
    + 0.5 * (.log(a) + .log(b / (a + b)) - 1.83787706640934548356)
    - (stirlingCorrection(a) + stirlingCorrection(b) - stirlingCorrection(a + b))
}

/// The continued fraction of a I_x(a, b) / (x^a (1-x)^b / B(a, b)).
///
/// By the recurrence of its approximants' numerators and denominators, which takes no quotient a step. Two successive
/// approximants differ by the product of all partial numerators over that of both denominators (DLMF 1.12.5).
private func betaContinuedFraction(_ a: Double, _ b: Double, _ x: Double) throws(NumericsError) -> Double {
  let limit = 1_000_000
  let first = (a + b) * x / (a + 1)
  var (numerator, nextNumerator) = (1.0, 1.0)
  var (denominator, nextDenominator) = (1.0, 1 - first)
  var product = first
  for step in 1...limit {
    let m = Double(step)
    let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    numerator = nextNumerator + even * numerator
    denominator = nextDenominator + even * denominator
    nextNumerator = numerator + odd * nextNumerator
    nextDenominator = denominator + odd * nextDenominator
    product *= even * odd
    if product.magnitude <= 1e-16 * (numerator * nextDenominator).magnitude { return nextNumerator / nextDenominator }
    guard !(1e-100...1e100).contains(nextDenominator.magnitude) else { continue }
    let scale = nextDenominator.magnitude < 1 ? 0x1p300 : 0x1p-300
    (numerator, nextNumerator) = (scale * numerator, scale * nextNumerator)
    (denominator, nextDenominator) = (scale * denominator, scale * nextDenominator)
    product *= scale * scale
  }
  throw .noConvergence(function: "logIncompleteBeta", iterations: limit)
}
