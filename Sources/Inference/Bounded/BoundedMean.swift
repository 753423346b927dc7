import GSLNumerics
import RealModule

/// The mean of a variable between 0 and 1, with limits that hold at any sample size and whatever its law is.
///
/// They are where two intervals of half the error each overlap: Hoeffding's in its form with the relative entropy (JASA
/// 58, 1963, Theorem 1), near for means at 0 and 1, and the empirical Bernstein interval (Maurer and Pontil, COLT 2009,
/// Theorem 4), near for small variances.
public struct BoundedMean: Sendable, Equatable {
  /// The sample mean.
  public let mean: Double
  /// The sample variance, with the divisor n - 1.
  public let variance: Double
  /// The limits.
  public let limits: ClosedRange<Double>

  /// The mean of independent values.
  ///
  /// - Complexity: O(values).
  /// - Precondition: Two values or more, all from 0 to 1; 0 < level < 1.
  public init(_ values: [Double], level: Double = 0.95) {
    precondition(values.count >= 2 && values.allSatisfy { $0 >= 0 && $0 <= 1 }, "two values or more from 0 to 1")
    precondition(level > 0 && level < 1, "level \(level)")
    let count = Double(values.count)
    let mean = min(1, CompensatedSum(of: values).value / count)
    let variance = CompensatedSum(of: values.map { ($0 - mean) * ($0 - mean) }).value / (count - 1)
    // A quarter of the error for each of two sides of two intervals.
    let side = -Double.log((1 - level) / 4)
    let bernstein = (2 * variance * (side + .log(2)) / count).squareRoot() + 7 * (side + .log(2)) / (3 * (count - 1))
    let entropy = side / count
    let lower = max(0, mean - bernstein, Self.end(mean, entropy, from: mean, to: 0))
    let upper = min(1, mean + bernstein, Self.end(mean, entropy, from: mean, to: 1))
    self.mean = mean
    self.variance = variance
    limits = min(lower, mean)...max(upper, mean)
  }

  /// Where the relative entropy of the mean from x reaches a bound, on the way from the mean to an end.
  private static func end(_ mean: Double, _ bound: Double, from start: Double, to last: Double) -> Double {
    func entropy(_ x: Double) -> Double {
      (mean > 0 ? mean * .log(mean / x) : 0) + (mean < 1 ? (1 - mean) * .log((1 - mean) / (1 - x)) : 0)
    }
    var (inside, outside) = (start, last)
    if entropy(outside) <= bound { return outside }
    // Rounded outwards: the interval is the larger one.
    for _ in 0..<200 {
      let middle = 0.5 * (inside + outside)
      if middle == inside || middle == outside { break }
      if entropy(middle) <= bound { inside = middle } else { outside = middle }
    }
    return outside
  }
}
