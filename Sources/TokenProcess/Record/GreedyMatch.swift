/// How far greedy decoding repeats a record: the tokens before the first whose argmax is not the reference.
///
/// Greedy decoding is the degenerate case of sampling (design MODEL §1) and comes from the same forward pass, because up
/// to its first mistake it sees exactly the reference.
public struct GreedyMatch: Sendable, Equatable {
  /// The number of tokens matched.
  public let length: Int
  /// Whether all reference tokens matched, so that the true length is only known to be at least ``length``.
  public let isCensored: Bool

  /// The greedy match of a record; nil when the record has neither ranks nor both token lists.
  ///
  /// Ranks are used where they are given: they count a tie for the first place as a match.
  public init?(_ record: Record) {
    let length = record.tokenLogProbabilities.count
    let mismatch: Int?
    if let ranks = record.ranks {
      mismatch = ranks.firstIndex { $0 != 0 }
    } else if let greedy = record.greedyTokenIDs, let reference = record.referenceTokenIDs {
      mismatch = zip(greedy, reference).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    } else {
      return nil
    }
    self.length = mismatch ?? length
    isCensored = mismatch == nil
  }
}
