import RealModule

// Ratios of gamma functions, in logarithms. Subtracting two log-gammas loses all digits once the arguments are large
// and close; both functions below never form one. They move the argument up by a few exact factors and then use
// Stirling's series about the midpoint, ln Γ(x + 1/2) = x ln x - x + ln(2π)/2 + midpointCorrection(x), whose large
// parts are subtracted analytically.

/// Above this argument eight terms of the midpoint series are exact to double precision.
private let midpointThreshold = 14.0

/// ln Γ(x + 1/2) - [x ln x - x + ln(2π)/2] for x >= `midpointThreshold`: -1/(24x) + 7/(2880x³) - …
///
/// Coefficients: B₂ₖ(1/2) / (2k (2k-1)) with B₂ₖ(1/2) = -(1 - 2^(1-2k)) B₂ₖ (DLMF 5.11.8 with h = 1/2).
private func midpointCorrection(_ x: Double) -> Double {
  let square = 1 / (x * x)
  return
    (-1.0 / 24
    + square
    * (7.0 / 2880
      + square
      * (-31.0 / 40_320
        + square
        * (127.0 / 215_040
          + square
          * (-511.0 / 608_256
            + square * (1_414_477.0 / 738_017_280 + square * (-8191.0 / 1_277_952)))))))
    / x
}

/// ln [Γ(x + m) / Γ(x)] = Σ_{j < m} ln(x + j), the logarithm of the rising factorial, for x > 0 and m = 0, 1, 2, …
///
/// Accurate to about 1e-15 relative to the sum of the magnitudes of its terms, whatever the size of x and m.
///
/// - Complexity: O(1); at most 15 logarithms.
/// - Throws: `NumericsError.argument` unless x is finite and positive and m >= 0.
public func logRisingFactorial(_ x: Double, _ m: Int) throws(NumericsError) -> Double {
  try requireArgument(x, "x", in: "logRisingFactorial", allowed: "x > 0", x > 0)
  try requireArgument(Double(m), "m", in: "logRisingFactorial", allowed: "m >= 0", m >= 0)
  return scaledLogRisingFactorial(slope: 1, start: x, m)
}

/// Σ_{j < m} ln(start + slope j) for positive `slope` and `start`: the logarithm of an arithmetic product.
///
/// With slope = α, start = p0 + α it is ln Π (p0 + αj), which stays accurate when every factor is near 1: there the sum
/// is small and α^m Γ(m + c)/Γ(c) would be a difference of huge logarithms.
package func scaledLogRisingFactorial(slope: Double, start: Double, _ m: Int) -> Double {
  var sum = 0.0
  var j = 0
  while j < m, start + slope * Double(j) < (midpointThreshold + 0.5) * slope || m - j <= 4 {
    sum += .log(start + slope * Double(j))
    j += 1
  }
  guard j < m else { return sum }
  let count = Double(m - j)
  // Midpoints: the factors are slope (c + 1/2), slope (c + 3/2), …, so
  // Σ = count ln slope + ln Γ(c + count + 1/2) / Γ(c + 1/2).
  let first = start + slope * (Double(j) - 0.5)
  let c = first / slope
  let ratio = count / c
  // (c + count) ln((c + count)/c) - count, written so that the two nearly equal parts cancel before rounding.
  let curvature = c * log1pMinusArgument(ratio) + count * .log(onePlus: ratio)
  return sum + count * .log(first) + curvature + (midpointCorrection(c + count) - midpointCorrection(c))
}

/// ln [B(a + n, b) / B(a, b)] = Σ_{j < n} ln((a + j)/(a + b + j)) for a, b > 0 and n = 0, 1, 2, …
///
/// This is the log survival of the beta-geometric law, and the logarithm of C(M-k, z)/C(M, z) with a = M-k-z+1, b = k,
/// n = z. Accurate to about 1e-15 relative for a, b and n up to 1e15.
///
/// - Complexity: O(1); at most 15 logarithms before the closed form.
/// - Throws: `NumericsError.argument` unless a and b are finite and positive and n >= 0.
public func logBetaRatio(_ a: Double, _ b: Double, _ n: Int) throws(NumericsError) -> Double {
  try requireArgument(a, "a", in: "logBetaRatio", allowed: "a > 0", a > 0)
  try requireArgument(b, "b", in: "logBetaRatio", allowed: "b > 0", b > 0)
  try requireArgument(Double(n), "n", in: "logBetaRatio", allowed: "n >= 0", n >= 0)
  return logBetaRatioUnchecked(a, b, n)
}

/// ``logBetaRatio(_:_:_:)`` where the caller has checked the domain.
package func logBetaRatioUnchecked(_ a: Double, _ b: Double, _ n: Int) -> Double {
  var sum = 0.0
  var j = 0
  while j < n, a + Double(j) < midpointThreshold + 0.5 || n - j <= 4 {
    let x = a + Double(j)
    // ln(x/(x+b)): near 1 through log1p, near 0 through the quotient, which is then exact to rounding.
    sum += b < x ? -.log(onePlus: b / x) : .log(x / (x + b))
    j += 1
  }
  guard j < n else { return sum }
  let m = Double(n - j)
  let c = a + Double(j) - 0.5
  let d = c + b
  // ln of Γ(c+m+½) Γ(d+½) / (Γ(c+½) Γ(d+m+½)) with the parts of order m taken out analytically: three terms, of which
  // the first is positive and never larger than the second, so that at most a factor of three cancels.
  let main =
    c * .log(onePlus: (m / c) * (b / (d + m))) - m * .log(onePlus: b / (c + m)) - b * .log(onePlus: m / d)
  return sum + main + midpointRise(c, b) - midpointRise(c + m, b)
}

/// midpointCorrection(x + b) - midpointCorrection(x), through its derivative where b is so small that the difference
/// would cancel: two-point Gauss, whose relative error is below (b/x)⁴/4000.
private func midpointRise(_ x: Double, _ b: Double) -> Double {
  guard b < 0.01 * x else { return midpointCorrection(x + b) - midpointCorrection(x) }
  let offset = 0.28867513459481288225 * b
  let middle = x + 0.5 * b
  return 0.5 * b * (midpointDigammaCorrection(middle - offset) + midpointDigammaCorrection(middle + offset))
}

/// ψ(x + n) - ψ(x) = Σ_{j < n} 1/(x + j) for x > 0 and n = 0, 1, 2, …, without the cancellation of two digammas.
///
/// - Complexity: O(1).
package func digammaDifference(_ x: Double, _ n: Int) -> Double {
  var sum = 0.0
  var j = 0
  while j < n, x + Double(j) < midpointThreshold + 0.5 || n - j <= 4 {
    sum += 1 / (x + Double(j))
    j += 1
  }
  guard j < n else { return sum }
  let c = x + Double(j) - 0.5
  let m = Double(n - j)
  return sum + .log(onePlus: m / c) + (midpointDigammaCorrection(c + m) - midpointDigammaCorrection(c))
}

/// ψ(x + 1/2) - ln x for x >= `midpointThreshold`: 1/(24x²) - 7/(960x⁴) + …, the derivative of `midpointCorrection`.
private func midpointDigammaCorrection(_ x: Double) -> Double {
  let square = 1 / (x * x)
  return square
    * (1.0 / 24
      + square
      * (-7.0 / 960
        + square
        * (31.0 / 8064
          + square
          * (-127.0 / 30_720
            + square * (511.0 / 67_584 + square * (-1_414_477.0 / 67_092_480 + square * (8191.0 / 98_304)))))))
}
