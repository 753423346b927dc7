import GSLNumerics
import HeavyTails

/// Draws match lengths from a law: counts, as `skewmem fit` reads them.
public struct CountsSimulation: Sendable {
  /// The law of N.
  public let law: any FittableFamily
  /// The lengths on which draws are conditional.
  public let window: LengthWindow
  /// The length at which draws are right-censored; nil for none.
  public let length: Int?
  /// The seed.
  public let seed: UInt64

  /// A simulation.
  ///
  /// - Throws: `ArgumentError` for a censoring length of less than n_min or 1.
  public init(law: any FittableFamily, window: LengthWindow = LengthWindow(), length: Int? = nil, seed: UInt64)
    throws(ArgumentError)
  {
    if let length {
      try ArgumentError.check(length, "length", in: max(1, window.minimum)...CensoredCounts.longestLength)
    }
    self.law = law
    self.window = window
    self.length = length
    self.seed = seed
  }

  /// So many draws; a value that never ends is right-censored at the longest length, 2⁶⁰.
  ///
  /// - Complexity: O(draws · log of the lengths).
  public func counts(_ draws: Int) throws -> CensoredCounts {
    var generator = SeededGenerator(seed: seed)
    let limit = length ?? CensoredCounts.longestLength
    var exact: [Int: Double] = [:]
    var censored = 0.0
    for _ in 0..<draws {
      let value = window.sample(of: law, using: &generator)
      if value >= limit { censored += 1 } else { exact[value, default: 0] += 1 }
    }
    return try CensoredCounts(
      exact.map { .init(length: $0, exact: $1) } + [.init(length: limit, exact: 0, censored: censored)])
  }
}
