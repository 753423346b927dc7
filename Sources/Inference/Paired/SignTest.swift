import GSLNumerics

/// The sign test: whether paired differences are as often positive as negative; zeros are left out.
public struct SignTest: Sendable, Equatable {
  /// Positive differences.
  public let positive: Int
  /// Negative differences.
  public let negative: Int
  /// Twice the smaller binomial tail, at most 1.
  public let pValue: Double

  /// Tests differences.
  ///
  /// - Returns: nil with a NaN.
  public init?(differences: [Double]) {
    guard !differences.contains(where: \.isNaN) else { return nil }
    positive = differences.count { $0 > 0 }
    negative = differences.count { $0 < 0 }
    let (fewer, more) = (min(positive, negative), max(positive, negative))
    // P(X <= k) of n trials with probability 1/2 is I_{1/2}(n - k, k + 1).
    let tail = more == 0 ? 1 : (try? incompleteBeta(Double(more), Double(fewer + 1), 0.5)) ?? .nan
    pValue = min(1, 2 * tail)
  }
}
