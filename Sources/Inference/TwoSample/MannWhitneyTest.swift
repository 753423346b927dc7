import GSLNumerics
import RealModule

/// The Mann–Whitney U test: whether values of one sample tend to be larger than those of another (Annals of
/// Mathematical Statistics 18, 1947).
///
/// Given all values, every choice of which are the first sample's is as probable: up to ``exactLimit`` values in both
/// the law of U is counted, ties included; beyond, it is taken for normal with the variance corrected for ties, without
/// a correction for continuity.
public struct MannWhitneyTest: Sendable, Equatable {
  /// Values in both samples up to which the p-value is exact.
  public static let exactLimit = 50

  /// U of the first sample: pairs in which its value is larger, ties counting half.
  public let statistic: Double
  /// P of a statistic as far from its mean or farther, on both sides.
  public let pValue: Double
  /// Whether the p-value was counted, not approximated.
  public let isExact: Bool
  /// Cliff's δ, P(x > y) - P(x < y) (Psychological Bulletin 114, 1993), which is the rank-biserial correlation of two
  /// samples.
  public let cliffsDelta: Double
  /// Its interval, by the variance of DeLong.
  public let interval: ClosedRange<Double>

  /// Compares samples.
  ///
  /// - Returns: nil where a sample is empty or with a NaN.
  /// - Complexity: O(n log n).
  public init?(_ x: [Double], _ y: [Double], level: Double = 0.95) {
    guard let area = Discrimination(members: x, others: y, level: level) else { return nil }
    let all = x + y
    let allRanks = ranks(all)
    let (n, m, total) = (Double(x.count), Double(y.count), Double(all.count))
    let rankSum = allRanks[..<x.count].reduce(0, +)
    statistic = rankSum - n * (n + 1) / 2
    cliffsDelta = 2 * statistic / (n * m) - 1
    interval = (2 * area.interval.lowerBound - 1)...(2 * area.interval.upperBound - 1)
    isExact = all.count <= Self.exactLimit
    var ties: [(rank: Double, count: Int)] = []
    for rank in allRanks.sorted() {
      if ties.last?.rank == rank { ties[ties.count - 1].count += 1 } else { ties.append((rank, 1)) }
    }
    if isExact {
      pValue = Self.exact(ties, chosen: x.count, rankSum: rankSum)
    } else {
      let correction = ties.reduce(0) { $0 + Double($1.count) * (Double($1.count) * Double($1.count) - 1) }
      let variance = n * m / 12 * (total + 1 - correction / (total * (total - 1)))
      pValue =
        variance > 0 ? min(1, 2 * normalUpperTail((statistic - 0.5 * n * m).magnitude / variance.squareRoot())) : 1
    }
  }

  /// Twice the smaller tail of the rank sum of `chosen` of the values. Doubled ranks are whole numbers, and the up to
  /// C(50, 25) choices are counted without rounding.
  private static func exact(_ ties: [(rank: Double, count: Int)], chosen: Int, rankSum: Double) -> Double {
    let largest = ties.reduce(0) { $0 + Int((2 * $1.rank).rounded()) * $1.count }
    // By number chosen and doubled rank sum.
    var ways = [[Double]](repeating: Array(repeating: 0, count: largest + 1), count: chosen + 1)
    ways[0][0] = 1
    for (rank, count) in ties {
      let doubled = Int((2 * rank).rounded())
      for already in stride(from: chosen, through: 0, by: -1) {
        var choices = 1.0
        for taken in stride(from: 1, through: min(count, already), by: 1) {
          choices = choices * Double(count - taken + 1) / Double(taken)
          let shift = taken * doubled
          for sum in stride(from: largest, through: shift, by: -1) where ways[already - taken][sum - shift] > 0 {
            ways[already][sum] += choices * ways[already - taken][sum - shift]
          }
        }
      }
    }
    let observed = Int((2 * rankSum).rounded())
    let law = ways[chosen]
    let tails = (law[...observed].reduce(0, +), law[observed...].reduce(0, +))
    return min(1, 2 * min(tails.0, tails.1) / law.reduce(0, +))
  }
}
