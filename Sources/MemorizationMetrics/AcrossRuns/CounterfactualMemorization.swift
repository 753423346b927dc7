/// Counterfactual memorization (Zhang et al., arXiv 2112.12938): how much better models do on a record for having been
/// trained on it.
public enum CounterfactualMemorization {
  /// The mean score of models trained with the record less that of models trained without it; nil where either is
  /// missing.
  ///
  /// - Parameters:
  ///   - included: The record's score, such as the accuracy of its tokens, under each model trained with it.
  ///   - excluded: The same under each model trained without it.
  public static func difference(included: [Double], excluded: [Double]) -> Double? {
    guard !included.isEmpty, !excluded.isEmpty else { return nil }
    return included.reduce(0, +) / Double(included.count) - excluded.reduce(0, +) / Double(excluded.count)
  }
}
