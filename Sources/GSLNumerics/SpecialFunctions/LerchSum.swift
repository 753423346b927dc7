import RealModule

/// ln Σ_{k >= 0} e^(-λk) (q + k)^(-s), the Lerch transcendent Φ(e^(-λ), s, q), with its derivatives.
///
/// For s >= -64, λ > 0, q >= 1. The derivatives by s and λ are minus the means of ln(q + k) and of k under the weights.
package struct LerchSum {
  /// The logarithm of the sum.
  package let log: Double
  /// Its derivative by s.
  package let slopeByS: Double
  /// Its derivative by λ.
  package let slopeByLambda: Double

  /// Direct terms while they are few or change quickly, then Euler–Maclaurin: the integral over intervals on which the
  /// integrand changes by at most e⁴, and Bernoulli terms with derivatives by Leibniz' rule.
  ///
  /// - Complexity: O(s + log(1/λ)).
  package init(lambda: Double, s: Double, q: Double) {
    if lambda > 0.5, q > 1e14 {
      // Only some ninety terms count, over which the power is constant to rounding.
      let ratio = Double.exp(-lambda)
      log = -.log(onePlus: -ratio) - s * .log(q)
      slopeByS = -.log(q)
      slopeByLambda = -ratio / (1 - ratio)
      return
    }
    // The largest term, which is not the first one when s is well below 0; weights are relative to it.
    let peak = max(q, -s / lambda)
    // Lanes: the weight, weight × ln((q + k)/q), weight × k.
    var sums = SIMD4<Double>.zero
    func weight(_ x: Double) -> SIMD4<Double> {
      let value = Double.exp(-lambda * (x - peak) - s * .log(onePlus: (x - peak) / peak))
      return SIMD4(value, value * .log(onePlus: (x - q) / q), value * (x - q), 0)
    }
    let threshold = lambda > 0.5 ? .infinity : max(12, s.magnitude + 12)
    var x = q
    while x < threshold {
      let term = weight(x)
      sums += term
      if x > peak, term[0] <= 1e-18 * sums[0], term[2] <= 1e-18 * sums[2] { break }
      x += 1
    }
    if x >= threshold { sums += Self.tail(from: x, peak: peak, lambda: lambda, s: s, q: q, weight) }
    log = .log(sums[0]) - lambda * (peak - q) - s * .log(peak)
    slopeByS = -sums[1] / sums[0] - .log(q)
    slopeByLambda = -sums[2] / sums[0]
  }

  private static func tail(
    from start: Double, peak: Double, lambda: Double, s: Double, q: Double, _ weight: (Double) -> SIMD4<Double>
  ) -> SIMD4<Double> {
    var integral = SIMD4<Double>.zero
    // Below e^(-1-90/|s|) times a peak the weights are under e^(-90) of it, and may be lost in the range of Double.
    var low = s < 0 ? max(start, peak * .exp(-1 + 90 / s)) : start
    while true {
      let high = low + min(low, 4 / lambda, 4 * low / s.magnitude)
      let part = gaussLegendre(from: low, to: high, weight)
      integral += part
      low = high
      // Nothing is left to add where the weights are lost in the range of Double.
      if low > peak && !(part[0] > 0) || low > 1e290 { break }
      if low > peak, part[0] <= 1e-18 * integral[0], part[2] <= 1e-18 * integral[2] { break }
    }
    let derivatives = Self.derivatives(at: start, lambda: lambda, s: s, q: q, value: weight(start)[0])
    var sum = integral + 0.5 * weight(start)
    var wasSmall = false
    for j in bernoulliOverFactorial.indices {
      let term = bernoulliOverFactorial[j] * derivatives[2 * j + 1]
      sum -= term
      // One small term may be an accident of sign; two in a row are the end.
      let isSmall = term[0].magnitude < 1e-18 * sum[0] && term[2].magnitude <= 1e-18 * sum[2].magnitude
      if isSmall, wasSmall { break }
      wasSmall = isSmall
    }
    return sum
  }

  /// Derivatives by x of the weight and of its products with ln(x/q) and x - q.
  private static func derivatives(
    at x: Double, lambda: Double, s: Double, q: Double, value: Double
  ) -> [SIMD4<Double>] {
    let count = 2 * bernoulliOverFactorial.count
    // (ln weight)' = -λ - s/x and its derivatives; those of ln(x/q).
    var rate = [-lambda - s / x]
    var logarithm = [Double.log(onePlus: (x - q) / q), 1 / x]
    for i in 1...count {
      let sign = i.isMultiple(of: 2) ? 1.0 : -1
      let power = logarithm[i] * Double(i) / x
      rate.append(sign * -s * power.magnitude)
      logarithm.append(sign * power.magnitude)
    }
    var weights = [value]
    var result: [SIMD4<Double>] = []
    for m in 0..<count {
      var product = 0.0
      var next = 0.0
      var binomial = 1.0
      for i in 0...m {
        product += binomial * logarithm[i] * weights[m - i]
        next += binomial * rate[i] * weights[m - i]
        binomial *= Double(m - i) / Double(i + 1)
      }
      let linear = (x - q) * weights[m] + (m > 0 ? Double(m) * weights[m - 1] : 0)
      result.append(SIMD4(weights[m], product, linear, 0))
      weights.append(next)
    }
    return result
  }
}
