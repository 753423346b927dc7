import GSLNumerics
import RealModule

/// Wilcoxon's signed-rank test: whether paired differences are centerd at 0 (Wilcoxon, Biometrics Bulletin 1, 1945).
///
/// The differences' magnitudes are ranked, ties at the mean of their ranks; W+ is the sum of the ranks of the positive
/// ones. Given the ranks, each has either sign with probability 1/2: up to ``exactLimit`` nonzero differences the law
/// of W+ is counted, ties and zeros included; beyond, it is taken for normal with the variance Σ rank²/4, without a
/// correction for continuity.
public struct SignedRankTest: Sendable, Equatable {
  /// What becomes of differences of 0.
  public enum Zeros: String, Sendable, CaseIterable {
    /// They take the lowest ranks, and then are left out (Pratt, JASA 54, 1959).
    case pratt
    /// They are left out before ranking.
    case wilcox
  }

  /// Nonzero differences up to which the p-value is exact.
  public static let exactLimit = 50

  /// The rank sum of the positive differences.
  public let positiveRankSum: Double
  /// The rank sum of the negative differences.
  public let negativeRankSum: Double
  /// The number of differences that are not 0.
  public let nonzero: Int
  /// P of a rank sum as far from its mean or farther, on both sides.
  public let pValue: Double
  /// Whether the p-value was counted, not approximated.
  public let isExact: Bool
  /// The matched-pairs rank-biserial correlation (W+ - W-)/(W+ + W-): -1 where all differences are negative, 1 where
  /// all are positive; nil where all are 0 (Kerby, Comprehensive Psychology 3, 2014).
  public let rankBiserial: Double?
  /// Its interval.
  public let interval: ClosedRange<Double>?

  /// Tests differences.
  ///
  /// The interval is on the scale of atanh, with the variance that the correlation has as a ratio of U-statistics: W+ -
  /// W- is the sum of sgn(d_i + d_j) over i <= j (Hoeffding, Annals of Mathematical Statistics 19, 1948).
  ///
  /// - Returns: nil without differences or with a NaN.
  /// - Complexity: O(n log n); at most 50 · 2,550 steps for the exact law, 50 times that with Pratt's zeros.
  public init?(differences: [Double], zeros: Zeros = .pratt, level: Double = 0.95) {
    precondition(level > 0 && level < 1, "level \(level)")
    guard !differences.isEmpty, !differences.contains(where: \.isNaN) else { return nil }
    let used = zeros == .pratt ? differences : differences.filter { $0 != 0 }
    let signed = zip(used, ranks(used.map(\.magnitude))).filter { $0.0 != 0 }
    nonzero = signed.count
    positiveRankSum = signed.reduce(0) { $1.0 > 0 ? $0 + $1.1 : $0 }
    negativeRankSum = signed.reduce(0) { $1.0 < 0 ? $0 + $1.1 : $0 }
    isExact = signed.count <= Self.exactLimit
    let allRanks = signed.map(\.1)
    let sum = positiveRankSum + negativeRankSum
    if signed.isEmpty {
      pValue = 1
    } else if isExact {
      pValue = Self.exact(
        ranks: allRanks, smaller: min(positiveRankSum, negativeRankSum), lift: used.count - signed.count)
    } else {
      let deviation = (allRanks.reduce(0) { $0 + $1 * $1 } / 4).squareRoot()
      pValue = min(1, 2 * normalUpperTail((positiveRankSum - 0.5 * sum).magnitude / deviation))
    }
    guard sum > 0 else {
      (rankBiserial, interval) = (nil, nil)
      return
    }
    let value = (positiveRankSum - negativeRankSum) / sum
    rankBiserial = value
    interval = Self.interval(around: value, of: used, level)
  }

  /// 2 P(W <= w) by symmetry. Doubled ranks are whole numbers, and up to 2^50 ways are counted without rounding. Zeros
  /// below lift all ranks alike: what is counted is how many differences are positive and the sum of their ranks above
  /// the zeros.
  private static func exact(ranks: [Double], smaller: Double, lift: Int) -> Double {
    let doubled = ranks.map { Int((2 * $0).rounded()) - 2 * lift }
    let largest = doubled.reduce(0, +)
    var ways = [[Double]](repeating: Array(repeating: 0, count: largest + 1), count: lift > 0 ? ranks.count + 1 : 1)
    ways[0][0] = 1
    for (done, rank) in doubled.enumerated() {
      if lift == 0 {
        for sum in stride(from: largest, through: rank, by: -1) { ways[0][sum] += ways[0][sum - rank] }
      } else {
        for chosen in stride(from: done + 1, through: 1, by: -1) {
          for sum in stride(from: largest, through: rank, by: -1) { ways[chosen][sum] += ways[chosen - 1][sum - rank] }
        }
      }
    }
    let limit = Int((2 * smaller).rounded())
    var count = 0.0
    for (chosen, row) in ways.enumerated() where limit >= 2 * lift * chosen {
      count += row.prefix(limit - 2 * lift * chosen + 1).reduce(0, +)
    }
    return min(1, 2 * count * Double(sign: .plus, exponent: -ranks.count, significand: 1))
  }

  /// The correlation is the ratio of two U-statistics over pairs of all differences in use: the mean of sgn(d_i + d_j),
  /// and the share of pairs that are not both 0.
  private static func interval(around value: Double, of differences: [Double], _ level: Double) -> ClosedRange<Double>?
  {
    let count = Double(differences.count)
    guard differences.count >= 5, value.magnitude < 1, let z = try? normalQuantile(0.5 + 0.5 * level) else {
      return nil
    }
    let sorted = differences.sorted()
    let nonzero = Double(differences.count { $0 != 0 }) / count
    let base = 1 - (1 - nonzero) * (1 - nonzero)
    let influences = differences.map { difference in
      let above = sorted.count - sorted.firstPosition { $0 > -difference }
      let below = sorted.firstPosition { $0 >= -difference }
      return 2 * (Double(above - below) / count - value * (difference == 0 ? nonzero : 1)) / base
    }
    let mean = influences.reduce(0, +) / count
    let variance = influences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let width = z * (variance / count).squareRoot() / (1 - value * value)
    let center = Double.atanh(value)
    return .tanh(center - width)...Double.tanh(center + width)
  }
}

extension Array {
  /// The first position whose element satisfies a predicate that no element does before one that does; the count where
  /// none does.
  func firstPosition(where isAfter: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
