import GSLNumerics

/// How results are resampled, and how the work is spread: what every analysis that draws random numbers takes.
public struct Resampling: Sendable, Equatable {
  /// The seed: the same seed gives the same result.
  public var seed: UInt64
  /// Tasks to spread the work over; the result does not depend on it.
  public var threads: Int
  /// Bootstrap replicates, permutations or simulations; which, the analysis says.
  public var replicates: Int
  /// The confidence level of all intervals, above 0 and below 1.
  public var level: Double

  /// The usual: seed 0, one task, 1999 replicates, level 0.95.
  public init(seed: UInt64 = 0, threads: Int = 1, replicates: Int = 1999, level: Double = 0.95) {
    self.seed = seed
    self.threads = threads
    self.replicates = replicates
    self.level = level
  }

  /// Throws for the first setting that is out of range.
  func check(replicates range: ClosedRange<Int> = 100...1_000_000) throws(ArgumentError) {
    try ArgumentError.check(threads: threads)
    try ArgumentError.check(replicates, "replicates", in: range)
    try ArgumentError.check(share: level, "level")
  }
}
