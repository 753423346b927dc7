import RealModule

/// Membership from sampled texts alone, for models that give no probabilities.
public enum SampledSimilarity {
  /// SaMIA: the mean over samples of ROUGE-N recall, the share of the reference's n-grams that a sample has (Kaneko et
  /// al., arXiv 2404.11262, equation 1).
  ///
  /// - Precondition: There is a sample; order >= 1.
  public static func samia<Token: Hashable>(samples: [[Token]], reference: [Token], order: Int = 1) -> Double {
    precondition(!samples.isEmpty, "no sample")
    return samples.reduce(0) { $0 + Rouge.nGrams($1, reference, order: order).recall } / Double(samples.count)
  }

  /// N-gram coverage: the largest share, over samples, of the reference's tokens that stand in an n-gram which the
  /// sample has too (Hallinan et al., arXiv 2508.09603, section 3).
  ///
  /// - Precondition: There is a sample, the reference is not empty, order >= 1.
  /// - Complexity: O(order · tokens).
  public static func coverage<Token: Hashable>(samples: [[Token]], reference: [Token], order: Int = 3) -> Double {
    precondition(!samples.isEmpty && !reference.isEmpty && order >= 1, "no sample or reference")
    guard reference.count >= order else { return 0 }
    let grams = (0...(reference.count - order)).map { Array(reference[$0..<($0 + order)]) }
    return samples.map { sample -> Double in
      guard sample.count >= order else { return 0 }
      let found = Set((0...(sample.count - order)).map { Array(sample[$0..<($0 + order)]) })
      var (covered, end) = (0, 0)
      for (start, gram) in grams.enumerated() where found.contains(gram) {
        covered += start + order - max(start, end)
        end = start + order
      }
      return Double(covered) / Double(reference.count)
    }.max() ?? 0
  }

  /// CDD: the share of samples within an edit distance of α times the longest sample's length of the greedy
  /// continuation, all cut at 100 tokens (Dong et al., arXiv 2402.15938, equations 4 and 5).
  ///
  /// - Precondition: There is a sample; 0 <= share.
  public static func peak(samples: [[Int]], greedy: [Int], share: Double = 0.05) -> Double {
    precondition(!samples.isEmpty && share >= 0, "no sample")
    let cut = samples.map { Array($0.prefix(100)) }
    let limit = share * Double(cut.map(\.count).max() ?? 0)
    let centre = Array(greedy.prefix(100))
    return Double(cut.count { Double(EditDistance.levenshtein($0, centre)) <= limit }) / Double(cut.count)
  }
}
