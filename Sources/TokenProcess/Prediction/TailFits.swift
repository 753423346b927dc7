import HeavyTails

/// The family that fits the match lengths of a data set best, and its fits without each fifth of the records that reach
/// a length.
package struct TailFits: Sendable {
  /// The best fit to all records.
  let best: Fit
  private let folds: [Fit]

  /// - Parameters:
  ///   - records: ln p of the tokens of each record, none of probability 0.
  ///   - end: The length; only records that reach it are predicted, and in folds.
  /// - Returns: nil when no family can be fitted.
  init?(_ records: [[Double]], reaching end: Int) {
    func counts(without fold: Int?) -> CensoredCounts {
      var histogram = MatchLengthHistogram()
      var row = -1
      for record in records {
        if record.count >= end { row += 1 }
        if let fold, record.count >= end, row % 5 == fold { continue }
        if let law = try? MatchLengthLaw(tokenLogProbabilities: record) { histogram.add(law) }
      }
      return histogram.counts
    }
    let fits = MaximumLikelihood().fits(of: Family.ofMatchLengths, to: counts(without: nil))
      .compactMap { try? $0.result.get() }
    guard let best = fits.min(by: { $0.aic < $1.aic }) else { return nil }
    self.best = best
    folds = (0..<5).map { fold in (try? MaximumLikelihood().fit(best.familyType, to: counts(without: fold))) ?? best }
  }

  /// -ln(S(end)/S(start)) / (end - start) without the fold of each record, and last the same from `given` to `length`
  /// with all; nil where one is not finite.
  func centers(rows: Int, start: Int, end: Int, given: Int, length: Int) -> [Double]? {
    func surprisal(_ fit: Fit, _ start: Int, _ end: Int) -> Double {
      max(0, (fit.logSurvival(start) - fit.logSurvival(end)) / Double(end - start))
    }
    let values = folds.map { surprisal($0, start, end) }
    let centers = (0..<rows).map { values[$0 % 5] } + [surprisal(best, given, length)]
    return centers.allSatisfy(\.isFinite) ? centers : nil
  }
}
