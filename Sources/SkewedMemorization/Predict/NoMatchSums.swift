import GSLNumerics
import TokenProcess

/// Σ ln(1 - S_i(k)) over the records of which k tokens are known: the logarithm of the probability that none of them
/// repeats k tokens in one draw. What the longest match of a data set takes.
///
/// Records are added, and sums of parts of a data set are merged.
struct NoMatchSums: Sendable {
  /// For k = 1, 2, …: records that are known exactly, and for each end of bounds the others.
  private var exact: [CompensatedSum]
  private var bounded: [[CompensatedSum]]

  /// The sums over no records.
  ///
  /// - Parameter length: The largest k.
  init(upTo length: Int) {
    exact = Array(repeating: CompensatedSum(), count: length)
    bounded = LengthOutlook.Side.allCases.map { [exact] _ in exact }
  }

  /// Adds a record of which so many tokens are used and known.
  mutating func add(_ logSurvival: [LogInterval], known: Int) {
    for k in 0..<min(known, exact.count) {
      let interval = logSurvival[k + 1]
      // Below this, 1 - S is 1.
      guard interval.upper > -746 else { break }
      if interval.isExact {
        exact[k].add(log1mExp(interval.upper))
      } else {
        for (index, side) in LengthOutlook.Side.allCases.enumerated() {
          bounded[index][k].add(log1mExp(side.of(interval)))
        }
      }
    }
  }

  /// Adds the sums of other records.
  mutating func merge(_ other: NoMatchSums) {
    for k in exact.indices {
      exact[k].merge(other.exact[k])
      for index in bounded.indices { bounded[index][k].merge(other.bounded[index][k]) }
    }
  }

  /// The sum at k, of one end of bounds.
  func value(_ side: LengthOutlook.Side, _ k: Int) -> Double {
    var sum = exact[k - 1]
    if let index = LengthOutlook.Side.allCases.firstIndex(of: side) { sum.merge(bounded[index][k - 1]) }
    return sum.value
  }
}
