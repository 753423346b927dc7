/// P-values from controls: how surprising a score is among scores of what is known to be null.
///
/// Reference: Bates, Candès, Lei, Romano, Sesia, *Testing for outliers with conformal p-values*, arXiv 2104.08279,
/// equation 1.
public enum Conformal {
  /// The p-value of each score: p = (1 + #{controls >= score}) / (C + 1).
  ///
  /// Where a score is exchangeable with the C controls, P(p <= t) <= t for every t and every C: nothing is assumed of
  /// the law of the scores. Ties count against the score. The p-values of scores from one law, with the same controls,
  /// are positively dependent, so that Benjamini and Hochberg's procedure keeps its level.
  ///
  /// ```swift
  /// print(Conformal.pValues(of: [3, 1], controls: [0, 1, 2]))  // prints [0.25, 0.75]
  /// ```
  ///
  /// - Parameters:
  ///   - scores: The scores to test, larger for more evidence; infinite ones are allowed.
  ///   - controls: The scores of the controls.
  /// - Precondition: No score is NaN.
  /// - Complexity: O((m + C) log C).
  public static func pValues(of scores: [Double], controls: [Double]) -> [Double] {
    passed(by: scores, controls: controls).map { pValue(passed: $0, controls: controls.count) }
  }

  /// The p-value of a score that so many of the controls reach.
  public static func pValue(passed: Int, controls: Int) -> Double { Double(passed + 1) / Double(controls + 1) }

  /// How many controls reach each score.
  ///
  /// - Precondition: No score is NaN.
  public static func passed(by scores: [Double], controls: [Double]) -> [Int] {
    precondition(!(scores + controls).contains(where: \.isNaN), "NaN")
    let sorted = controls.sorted()
    return scores.map { score in
      var (low, high) = (0, sorted.count)
      while low < high {
        let middle = (low + high) / 2
        if sorted[middle] >= score { high = middle } else { low = middle + 1 }
      }
      return sorted.count - low
    }
  }
}
