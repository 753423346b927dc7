import GSLNumerics
import RealModule

/// Wilcoxon's signed-rank test: whether paired differences are centred at 0 (Wilcoxon, Biometrics Bulletin 1, 1945).
///
/// The differences' magnitudes are ranked, ties at the mean of their ranks; W+ is the sum of the ranks of the positive ones. Given the
/// ranks, each has either sign with probability 1/2: up to ``exactLimit`` nonzero differences the law of W+ is counted, ties and zeros
/// included; beyond, it is taken for normal with the variance Σ rank²/4, without a correction for continuity.
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
  /// The matched-pairs rank-biserial correlation (W+ - W-)/(W+ + W-): -1 where all differences are negative, 1 where all are positive;
  /// nil where all are 0 (Kerby, Comprehensive Psychology 3, 2014).
  public let rankBiserial: Double?
  /// Its interval.
  public let interval: ClosedRange<Double>?

  /// Tests differences.
  ///
  /// The interval is on the scale of atanh, with the variance that the correlation has as a U-statistic: without zeros, W+ - W- is the sum of
  /// sgn(d_i + d_j) over i <= j (Hoeffding, Annals of Mathematical Statistics 19, 1948).
  ///
  /// - Returns: nil without differences or with a NaN.
  /// - Complexity: O(n log n); at most 50 · 2,550 steps for the exact law, more with Pratt's zeros.
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
      pValue = Self.exact(ranks: allRanks, smaller: min(positiveRankSum, negativeRankSum))
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
    interval = Self.interval(around: value, of: signed.map(\.0), level)
  }

  /// 2 P(W <= w) by symmetry. Doubled ranks are whole numbers, and up to 2^50 ways are counted without rounding.
  private static func exact(ranks: [Double], smaller: Double) -> Double {
    let doubled = ranks.map { Int((2 * $0).rounded()) }
    let limit = Int((2 * smaller).rounded())
    var ways = [Double](repeating: 0, count: limit + 1)
    ways[0] = 1
    for rank in doubled {
      for sum in stride(from: limit, through: rank, by: -1) { ways[sum] += ways[sum - rank] }
    }
    return min(1, 2 * ways.reduce(0, +) * Double(sign: .plus, exponent: -ranks.count, significand: 1))
  }

  private static func interval(around value: Double, of differences: [Double], _ level: Double) -> ClosedRange<Double>?
  {
    let count = Double(differences.count)
    guard differences.count >= 5, value.magnitude < 1, let z = try? normalQuantile(0.5 + 0.5 * level) else {
      return nil
    }
    let sorted = differences.sorted()
    let projections = differences.map { difference in
      let above = sorted.count - sorted.firstPosition { $0 > -difference }
      let below = sorted.firstPosition { $0 >= -difference }
      return Double(above - below) / count
    }
    let mean = projections.reduce(0, +) / count
    let variance = projections.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let width = z * 2 * (variance / count).squareRoot() / (1 - value * value)
    let centre = Double.atanh(value)
    return .tanh(centre - width)...Double.tanh(centre + width)
  }
}

extension Array {
  /// The first position whose element satisfies a predicate that no element does before one that does; the count where none does.
  func firstPosition(where isAfter: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
