import GSLNumerics
import RealModule

/// The mean excess over a threshold, e(u) = E[N - u | N > u] = Σ_{n > u} S(n) / S(u+1): a straight line in u for a
/// generalized Pareto tail, with slope ξ/(1 - ξ); constant for a geometric one.
///
/// The survival is the product-limit estimate. When the largest lengths are censored the sum ends there, and the mean
/// is that of min(N, maximum).
public struct MeanExcess: Sendable, Equatable {
  /// The threshold u.
  public let threshold: Int
  /// The weight of values above the threshold.
  public let exceedances: Double
  /// e(u).
  public let mean: Double
  /// Its standard error: Σ (area beyond a step)² times the step's Greenwood term, with the factor d/(d - 1) of Kaplan
  /// and Meier for the weight d of ends; without censoring, the standard deviation over √n. nil with fewer than two
  /// ends.
  public let standardError: Double?
  /// Whether the largest length is censored, so that the mean is a restricted one.
  public let isRestricted: Bool

  /// The mean excess of counts; nil where nothing exceeds the threshold, and with intervals.
  ///
  /// - Complexity: O(cells).
  public init?(over threshold: Int, of counts: CensoredCounts) {
    guard counts.intervals.isEmpty else { return nil }
    let data = counts.restricted(from: threshold + 1)
    guard data.total > 0 else { return nil }
    let curve = ProductLimit(data)
    // From the last step downwards: the area under Ŝ beyond it, Ŝ(threshold + 1) = 1.
    var area = 0.0
    var variance = 0.0
    var end = curve.maximum
    for (index, step) in curve.steps.enumerated().reversed() {
      // Ŝ has its value of this step for n = step.n … end.
      area += Double(end - step.n + 1) * .exp(step.logSurvival)
      end = step.n - 1
      let before = index > 0 ? curve.steps[index - 1].logVariance : 0
      if area > 0 { variance += area * area * (step.logVariance - before) }
    }
    area += Double(max(0, end - threshold))
    let ends = data.exactTotal
    self.threshold = threshold
    exceedances = data.total
    mean = area
    standardError = ends > 1 && variance.isFinite ? (variance * ends / (ends - 1)).squareRoot() : nil
    isRestricted = (data.cells.last?.censored ?? 0) > 0
  }

  /// A confidence interval by the normal law on ln e(u); nil without a standard error.
  ///
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func interval(level: Double = 0.95) throws -> ClosedRange<Double>? {
    let z = try normalDeviate(ofLevel: level)
    guard let standardError else { return nil }
    let spread = Double.exp(z * standardError / mean)
    return mean / spread...mean * spread
  }
}
