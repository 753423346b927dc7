/// Approximate memorization: a continuation counts as memorized when its similarity to the reference is at least a
/// threshold (Ippolito et al., arXiv 2210.17546, with BLEU; Kassem et al., arXiv 2305.01550, with BLEU and edit
/// distance).
public enum ApproximateMemorization: Sendable {
  /// BLEU over 100.
  case bleu
  /// 1 - d / max(n, m) with the Levenshtein distance of tokens.
  case editDistance

  /// The threshold of both papers.
  public static let usualThreshold = 0.75

  /// The similarity of two sequences of token numbers, 0 to 1.
  public func similarity(_ candidate: [Int], _ reference: [Int]) -> Double {
    switch self {
    case .bleu: Bleu.sentence(candidate, reference) / 100
    case .editDistance: EditDistance.levenshteinSimilarity(candidate, reference)
    }
  }

  /// Whether the similarity is at least the threshold.
  public func isMemorized(
    _ candidate: [Int], _ reference: [Int], threshold: Double = Self.usualThreshold
  ) -> Bool {
    similarity(candidate, reference) >= threshold
  }
}
