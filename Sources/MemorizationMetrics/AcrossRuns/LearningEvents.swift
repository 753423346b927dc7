/// What happens to one record over checkpoints (Toneva et al., An Empirical Study of Example Forgetting, ICLR 2019).
public struct LearningEvents: Sendable, Equatable {
  /// Checkpoints at which the record is reproduced and was not at the one before; the first counts if it is reproduced
  /// there.
  public let learned: Int
  /// Checkpoints at which the record is not reproduced and was at the one before.
  public let forgotten: Int
  /// The number of the first checkpoint at which it is reproduced; nil for never.
  public let firstLearned: Int?
  /// Whether it is reproduced at the last checkpoint.
  public let isReproducedAtLast: Bool

  /// Whether it is learned and never forgotten.
  public var isUnforgettable: Bool { learned > 0 && forgotten == 0 }

  /// Counts events.
  ///
  /// - Parameter isReproduced: Whether the record is reproduced at each checkpoint, in order; at least one.
  public init(isReproduced: [Bool]) {
    precondition(!isReproduced.isEmpty, "no checkpoint")
    let pairs = zip([false] + isReproduced, isReproduced)
    learned = pairs.count { !$0 && $1 }
    forgotten = pairs.count { $0 && !$1 }
    firstLearned = isReproduced.firstIndex(of: true)
    isReproducedAtLast = isReproduced[isReproduced.count - 1]
  }
}
