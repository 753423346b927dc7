import GSLNumerics
import RealModule

/// The Anderson–Darling distance between a fit and its data, for discrete and right-censored lengths.
///
///     A² = W Σ_n (Ŝ(n+1) - S(n+1))² / (S(n+1) (1 - S(n+1))) P(N = n)
///
/// (Choulakian, Lockhart and Stephens, Canadian J. Statistics 22, 1994, with the product-limit estimate Ŝ in place of
/// the empirical one), over the lengths n of the window up to the largest of the data; W is the total weight. Beyond
/// it, without censoring, about W S(n)²/2 is left out, the same in data and simulations. Unlike the Kolmogorov–Smirnov
/// distance it weighs the tail as heavily as the middle. It has no p-value of its own: see ``BootstrapGoodness``.
public enum AndersonDarling {
  /// The distance.
  ///
  /// - Complexity: O(cells · log of the gaps between them) evaluations of mass and survival.
  public static func distance(of fit: Fit, to counts: CensoredCounts) -> Double {
    let data = counts.restricted(from: fit.window.minimum, through: fit.window.maximum)
    let curve = ProductLimit(data)
    var sum = 0.0
    func term(_ n: Int, _ estimate: Double) -> Double {
      let survival = Double.exp(fit.logSurvival(n + 1))
      let spread = survival * -.expMinusOne(fit.logSurvival(n + 1))
      // Where the law ends the estimate has ended too, or the fit would be impossible.
      guard spread > 0 else { return 0 }
      return (estimate - survival) * (estimate - survival) / spread * .exp(fit.logMass(n))
    }
    var start = fit.window.minimum
    var estimate = 1.0
    for step in curve.steps {
      // Ŝ(n+1) = estimate for n + 1 < step.n.
      let constant = estimate
      sum += smoothSum(from: start, through: step.n - 2, scale: sum) { term($0, constant) }
      estimate = .exp(step.logSurvival)
      start = step.n - 1
    }
    sum += smoothSum(from: start, through: max(start, curve.maximum - 1), scale: sum) { term($0, estimate) }
    return curve.steps.isEmpty ? 0 : data.total * sum
  }
}
