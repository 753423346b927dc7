import RealModule

/// What is left of records after unlearning.
public enum Unlearning {
  /// Extraction strength: 1 - k/L with k the smallest number of reference tokens after which the rest comes out
  /// greedily (Carlini et al., arXiv 2012.07805; OpenUnlearning, arXiv 2506.12618). It is 0 where the last token is no
  /// first choice.
  ///
  /// - Parameter isFirstChoice: Whether each reference token is the first choice, given those before it.
  /// - Precondition: There is a token.
  public static func extractionStrength(_ isFirstChoice: [Bool]) -> Double {
    precondition(!isFirstChoice.isEmpty, "no token")
    return Double(isFirstChoice.reversed().prefix { $0 }.count) / Double(isFirstChoice.count)
  }

  /// The same as OpenUnlearning's code has it, which does not go below 1/L.
  ///
  /// - Precondition: There is a token.
  public static func extractionStrengthOfOpenUnlearning(_ isFirstChoice: [Bool]) -> Double {
    max(1 / Double(isFirstChoice.count), extractionStrength(isFirstChoice))
  }

  /// The truth ratio: the mean over wrong answers of p^(1/L), over that of the right one (Maini et al., TOFU, arXiv
  /// 2401.06121, equation 1).
  ///
  /// - Precondition: There is a wrong answer, and each answer has a token.
  public static func truthRatio(right: [Double], wrong: [[Double]]) -> Double {
    precondition(!wrong.isEmpty, "no wrong answer")
    let mean = wrong.reduce(0) { $0 + .exp(-Likelihood.loss($1)) } / Double(wrong.count)
    let own = Double.exp(-Likelihood.loss(right))
    return own == 0 ? (mean == 0 ? 1 : .infinity) : mean / own
  }

  /// PrivLeak in percent: (AUC' - AUC'_retrained)/AUC'_retrained · 100 with AUC' = 1 - AUC, AUC that a record to be
  /// forgotten has a larger Min-K % than a held-out one (Shi et al., MUSE, arXiv 2407.06460, equation 5). Near 0 is
  /// right; above 0 the record is less known than if it had never been seen, below 0 it is known still.
  ///
  /// - Returns: nil where AUC'_retrained is 0.
  public static func privacyLeakage(areaUnderCurve: Double, retrained: Double) -> Double? {
    retrained < 1 ? 100 * ((1 - areaUnderCurve) - (1 - retrained)) / (1 - retrained) : nil
  }
}
