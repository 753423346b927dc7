import GSLNumerics
import RealModule

/// The product-limit (Kaplan–Meier) estimate from counts of lengths, with Greenwood's limits for the population.
///
/// For counts of independent records, such as greedy matches. "Censored at n" means N >= n: such a record was at risk
/// of ending at 0 … n-1, and not at n, which is one step less than in the usual convention of survival analysis.
/// A record with an entry length is at risk from there on. Interval-censored lengths are spread over their interval in
/// the proportions of the estimate itself (Turnbull 1976); there is then no variance.
public struct ProductLimit: Sendable, Equatable {
  /// The estimate at one length.
  public struct Step: Sendable, Equatable {
    /// The length n >= 1.
    public let n: Int
    /// The last length at which the estimate is known to stand where the step before left it: n - 1, or where
    /// interval-censored lengths do not tell in between, the beginning of what they leave open.
    public let lastBefore: Int
    /// The weight at risk of ending at n - 1, where the estimate falls.
    public let atRisk: Double
    /// ln Ŝ(n) = ln P(N >= n).
    public let logSurvival: Double
    /// Greenwood's sum Σ d / (r (r - d)) over lengths below n, the variance of ln Ŝ(n); infinite where Ŝ(n) = 0, and
    /// with interval-censored lengths.
    public let logVariance: Double
  }

  /// On which scale limits are symmetric.
  public enum Scale: Sendable {
    /// On Ŝ itself, cut to [0, 1].
    case plain
    /// On ln(-ln Ŝ) (Kalbfleisch and Prentice 1980): stays inside (0, 1) and covers better in small samples.
    case logLog
  }

  /// One step for each n = m + 1 with m an exact length of the data: between steps the estimate is constant.
  public let steps: [Step]
  /// The largest n at which the estimate is known: beyond it nothing was at risk.
  public let maximum: Int

  /// The estimate from counts.
  ///
  /// - Complexity: O(cells); with intervals, O(cells · intervals) for each of up to 10,000 iterations.
  public init(_ counts: CensoredCounts) {
    guard counts.intervals.isEmpty else {
      self = SelfConsistency(counts).estimate()
      return
    }
    var steps: [Step] = []
    var atRisk = counts.total
    var logSurvival = 0.0
    var variance = 0.0
    for cell in counts.cells {
      // Censored at n leaves before the risk of ending there, exactly n ends there.
      atRisk -= cell.censored
      guard cell.exact > 0, atRisk > 1e-12 * counts.total else { continue }
      logSurvival += .log(onePlus: -min(1, cell.exact / atRisk))
      variance += cell.exact < atRisk ? cell.exact / (atRisk * (atRisk - cell.exact)) : .infinity
      steps.append(
        Step(
          n: cell.length + 1, lastBefore: cell.length, atRisk: atRisk, logSurvival: logSurvival, logVariance: variance))
      atRisk -= cell.exact
    }
    self.init(steps: steps, counts)
  }

  init(steps: [Step], _ counts: CensoredCounts) {
    self.steps = steps
    // An exact last length is followed by Ŝ = 0; after a censored one nothing is known.
    maximum = max(counts.maximum, steps.last?.n ?? 0)
  }

  /// The step that holds at n: the last one at or before it; nil before the first, where Ŝ = 1.
  public func step(at n: Int) -> Step? {
    var low = 0
    var high = steps.count
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].n <= n { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? steps[low - 1] : nil
  }

  /// The smallest n with Ŝ(n + 1) <= tail; nil where the estimate, cut by censoring, does not fall so far.
  ///
  /// - Complexity: O(log steps).
  public func quantile(tail: Double) -> Int? {
    var low = 0
    var high = steps.count
    while low < high {
      let middle = (low + high) / 2
      // A rounding must not move a quantile that lies on a step.
      if .exp(steps[middle].logSurvival) > tail * (1 + 1e-12) { low = middle + 1 } else { high = middle }
    }
    return low < steps.count ? steps[low].n - 1 : nil
  }

  /// Pointwise confidence limits of S(n) for the population, by Greenwood's variance; nil where Ŝ is 0 or 1.
  ///
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func interval(
    at step: Step, level: Double = 0.95, scale: Scale = .logLog
  ) throws -> (lower: Double, upper: Double)? {
    guard level > 0, level < 1 else { throw DistributionError.level(level) }
    guard step.logSurvival < 0, step.logVariance.isFinite else { return nil }
    let z = try normalQuantile(0.5 + 0.5 * level)
    let survival = Double.exp(step.logSurvival)
    switch scale {
    case .plain:
      let half = z * survival * step.logVariance.squareRoot()
      return (max(0, survival - half), min(1, survival + half))
    case .logLog:
      let spread = Double.exp(z * step.logVariance.squareRoot() / step.logSurvival.magnitude)
      return (.exp(step.logSurvival * spread), .exp(step.logSurvival / spread))
    }
  }
}
