/// Observations that are neither one length nor a lower bound alone: interval-censored, or left-truncated.
///
/// Each says that `lower` <= N <= `upper`, and that N was observed only because N >= `entry`. Its likelihood is
///
///     P(lower <= N <= upper) / P(N >= entry)
///
/// (Turnbull, Journal of the Royal Statistical Society B 38, 1976).
public struct LengthInterval: Sendable, Equatable {
  /// The smallest possible value of N.
  public let lower: Int
  /// The largest possible value of N; nil where there is none, which is right censoring at ``lower``.
  public let upper: Int?
  /// The entry length: shorter lengths could not have been observed. 0 where every length could.
  public let entry: Int
  /// The number of such observations.
  public let weight: Double

  /// An observation; it is checked when a ``CensoredCounts`` is made of it.
  public init(from lower: Int, through upper: Int?, entry: Int = 0, weight: Double = 1) {
    self.lower = lower
    self.upper = upper
    self.entry = entry
    self.weight = weight
  }

  /// Whether N is known.
  var isExact: Bool { upper == lower }

  /// Whether a cell says the same.
  var isCell: Bool { entry == 0 && (upper == nil || isExact) }

  /// The cell at the middle of the interval, without the entry length: a guess to start a search from.
  var middle: CensoredCounts.Cell {
    guard let upper else { return .init(length: lower, exact: 0, censored: weight) }
    return .init(length: lower + (upper - lower) / 2, exact: weight)
  }

  /// Whether the values are allowed: 0 <= entry <= lower <= upper <= 2⁶⁰ and a weight from 0 to 2⁵³.
  var isValid: Bool {
    entry >= 0 && entry <= lower && lower <= upper ?? lower
      && max(lower, upper ?? lower) <= CensoredCounts.longestLength
      && weight >= 0 && weight <= CensoredCounts.largestWeight
  }

  /// ln P(lower <= N <= upper), less ln P(entry <= N <= n_max) where the entry length is inside the window.
  ///
  /// Where it is not, the condition is the window, by whose probability this is not yet divided.
  func logProbability(of law: some DiscreteDistribution, in window: LengthWindow) -> Double {
    let inside = isExact ? law.logMass(lower) : range(in: window).logProbability(of: law)
    return entry > window.minimum ? inside - window.logSurvival(of: law, from: entry) : inside
  }

  /// ln P(lower <= N <= upper) with its derivatives by the parameters.
  func logProbabilityInside(
    of law: some FittableFamily, in window: LengthWindow, gradient: inout MutableSpan<Double>
  ) -> Double {
    // One length has no difference of survivals to lose digits in.
    isExact
      ? law.logMass(lower, gradient: &gradient)
      : range(in: window).logSurvival(of: law, from: lower, gradient: &gradient)
  }

  /// The possible lengths inside a window that contains the interval.
  private func range(in window: LengthWindow) -> LengthWindow {
    LengthWindow(from: lower, through: upper ?? window.maximum)
  }
}
