import GSLNumerics
import RealModule

/// The Kolmogorov–Smirnov distance between a fit and its data, for discrete and right-censored lengths.
///
///     D = sup_n |Ŝ(n) - S(n)|,   n over all integers of the window
///
/// with the product-limit estimate Ŝ, which without censoring is the empirical survival. Both functions are constant or
/// monotone between data points, so the supremum is at a data point n or right after it: P(X < n) and P(X <= n) are
/// compared on both sides. Beyond the last length at which Ŝ is known nothing is compared.
public enum KolmogorovSmirnov {
  /// The distance.
  ///
  /// - Complexity: O(cells) evaluations of the survival.
  public static func distance(of fit: Fit, to counts: CensoredCounts) -> Double {
    let data = counts.restricted(from: fit.window.minimum, through: fit.window.maximum)
    // Below the smallest entry length the data say nothing: both are conditional on it.
    let start = max(fit.window.minimum, data.smallestEntry)
    let before = fit.logSurvival(start)
    return distance(to: ProductLimit(data), from: start, atMost: .infinity) { .exp(fit.logSurvival($0) - before) }
  }

  /// The distance from a survival function, or any value above `limit` once it is known to exceed that.
  static func distance(
    to curve: ProductLimit, from minimum: Int, atMost limit: Double, _ survival: (Int) -> Double
  ) -> Double {
    var distance = 0.0
    var before = 1.0
    for step in curve.steps {
      // At n the estimate has just fallen; before it still stood where the step before left it.
      let after = Double.exp(step.logSurvival)
      if step.lastBefore > minimum { distance = max(distance, (before - survival(step.lastBefore)).magnitude) }
      distance = max(distance, (after - survival(step.n)).magnitude)
      if distance > limit { return distance }
      before = after
    }
    if let last = curve.steps.last, curve.maximum > last.n {
      distance = max(distance, (before - survival(curve.maximum)).magnitude)
    }
    return distance
  }
}
