/// How far greedy decoding repeats a record: the tokens before the first whose argmax is not the reference.
///
/// Greedy decoding is the degenerate case of sampling (TheModel §1) and comes from the same forward pass, because
/// up to its first mistake it sees exactly the reference.
public struct GreedyMatch: Sendable, Equatable {
  /// The number of tokens matched.
  public let length: Int
  /// Whether all reference tokens matched, so that the true length is only known to be at least ``length``.
  public let isCensored: Bool

  /// The greedy match of a record; nil when the record has neither ranks nor both token lists.
  ///
  /// Ranks are used where they are given: they count a tie for the first place as a match.
  public init?(_ record: Record) {
    guard let isFirstChoice = record.isFirstChoice else { return nil }
    let mismatch = isFirstChoice.firstIndex(of: false)
    length = mismatch ?? isFirstChoice.count
    isCensored = mismatch == nil
  }
}

extension Record {
  /// Whether the reference token is the model's first choice at each position; nil when the record has neither ranks
  /// nor both token lists.
  public var isFirstChoice: [Bool]? {
    if isBare { return nil }
    if let ranks { return ranks.map { $0 == 0 } }
    guard let greedyTokenIDs, let referenceTokenIDs else { return nil }
    return zip(greedyTokenIDs, referenceTokenIDs).map { $0 == $1 }
  }
}
