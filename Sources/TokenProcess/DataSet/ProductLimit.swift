import GSLNumerics
import HeavyTails
import RealModule

/// The product-limit (Kaplan–Meier) estimate from counts of lengths, with Greenwood's limits for the population.
///
/// For counts of independent records, such as greedy matches. "Censored at n" means N >= n: such a record was at risk of
/// ending at 0 … n-1, and not at n, which is one step less than in the usual convention of survival analysis.
public struct ProductLimit: Sendable, Equatable {
  /// The estimate at one length.
  public struct Step: Sendable, Equatable {
    /// The length n >= 1.
    public let n: Int
    /// The weight at risk of ending at n - 1.
    public let atRisk: Double
    /// ln Ŝ(n) = ln P(N >= n).
    public let logSurvival: Double
    /// Greenwood's sum Σ d / (r (r - d)) over lengths below n, the variance of ln Ŝ(n); infinite where Ŝ(n) = 0.
    public let logVariance: Double
  }

  /// On which scale limits are symmetric.
  public enum Scale: Sendable {
    /// On Ŝ itself, cut to [0, 1].
    case plain
    /// On ln(-ln Ŝ) (Kalbfleisch and Prentice 1980): stays inside (0, 1) and covers better in small samples.
    case logLog
  }

  /// One step for each n = 1 … the largest length with weight at risk.
  public let steps: [Step]

  /// The estimate from counts.
  ///
  /// - Complexity: O(largest length).
  public init(_ counts: CensoredCounts) {
    var steps: [Step] = []
    var atRisk = counts.total
    var logSurvival = 0.0
    var variance = 0.0
    var cells = counts.cells[...]
    for n in stride(from: 1, through: counts.maximum + 1, by: 1) {
      var ended = 0.0
      var next = 0.0
      // Censored at n - 1 leaves before the risk of ending there, exactly n - 1 ends there.
      if let cell = cells.first, cell.length == n - 1 {
        atRisk -= cell.censored
        ended = cell.exact
        next = cell.exact
        cells = cells.dropFirst()
      }
      guard atRisk > 1e-12 * counts.total else { break }
      logSurvival += .log(onePlus: -min(1, ended / atRisk))
      variance += ended > 0 ? (ended < atRisk ? ended / (atRisk * (atRisk - ended)) : .infinity) : 0
      steps.append(Step(n: n, atRisk: atRisk, logSurvival: logSurvival, logVariance: variance))
      atRisk -= next
    }
    self.steps = steps
  }

  /// Pointwise confidence limits of S(n) for the population, by Greenwood's variance; nil where Ŝ is 0 or 1.
  ///
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func limits(
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
