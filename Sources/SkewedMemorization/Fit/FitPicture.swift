import GSLNumerics
import HeavyTails
import RealModule

/// Lengths beside the laws fitted to them: what survival and quantile plots are drawn from.
struct FitPicture {
  private(set) var survival: [FitReport.SurvivalPoint] = []
  private(set) var quantiles: [FitReport.QuantilePair] = []

  /// The most points of either, evenly in logarithms.
  private static let points = 120

  /// From the n_min of the first fit on.
  ///
  /// - Parameters:
  ///   - fits: The best first.
  ///   - isSample: Whether counts are draws, which have sampling errors, and not an exact law.
  init(of fits: [Fit], counts: CensoredCounts, isSample: Bool) throws {
    guard let best = fits.first else { return }
    let start = best.window.minimum
    let inside = counts.restricted(from: start, through: best.window.maximum)
    guard inside.total > 0 else { return }
    let estimate = ProductLimit(inside)
    let shown = fits.filter { $0.window == best.window && $0.isConverged }.prefix(3)
    for n in Self.lengths(from: start + 1, through: estimate.maximum) {
      let step = estimate.step(at: n)
      let limits = isSample ? try step.flatMap { try estimate.interval(at: $0) } : nil
      survival.append(
        .init(
          n: n, logSurvival: step?.logSurvival ?? 0, lower: limits?.lower, upper: limits?.upper,
          fitted: Dictionary(shown.map { ($0.family, OrNull(wrappedValue: $0.logSurvival(n))) }) { first, _ in first }))
    }
    // Of a sample each rank once, from the largest down; of an exact law as far as a millionth.
    let smallest = isSample ? 1 / inside.total : 1e-6
    let spaced = (0..<Self.points).map { index in
      Double.exp(.log(0.95 / smallest) * Double(index) / Double(Self.points - 1))
    }
    let tails = isSample ? Set(spaced.map { $0.rounded() }).map { ($0 - 0.5) * smallest } : spaced.map { $0 * smallest }
    for tail in tails.sorted(by: >) {
      guard let observed = estimate.quantile(tail: tail), let fitted = Self.quantile(of: best, logTail: .log(tail))
      else { continue }
      if quantiles.last.map({ $0.observed != observed || $0.fitted != fitted }) ?? true {
        quantiles.append(.init(tail: tail, observed: observed, fitted: fitted))
      }
    }
  }

  /// All lengths of a short range, some of a long one.
  static func lengths(from first: Int, through last: Int) -> [Int] {
    guard last >= first else { return [] }
    if last - first < points { return Array(first...last) }
    let ratio = Double.log(Double(last) / Double(max(1, first)))
    let rough = (0..<points).map { index in
      Int((Double(max(1, first)) * .exp(ratio * Double(index) / Double(points - 1))).rounded())
    }
    return Set(rough.map { min(last, max(first, $0)) }).sorted()
  }

  /// The smallest n with P(N > n) <= tail; nil where none below 2⁶⁰ is.
  private static func quantile(of fit: Fit, logTail: Double) -> Int? {
    firstInteger(from: fit.window.minimum) { fit.logSurvival($0 + 1) <= logTail }
  }
}
