import GSLNumerics
import RealModule

/// What a sample of a data set can tell about the number of risky records in all of it.
///
/// z of M records are drawn without replacement, k of the M are risky: the number seen is hypergeometric (
/// TheModel §6).
public struct AuditSample: Sendable, Equatable {
  /// M, the number of records in the data set.
  public let records: Int

  /// Samples of a data set of M >= 1 records.
  ///
  /// - Throws: `ArgumentError` otherwise.
  public init(records: Int) throws(ArgumentError) {
    try ArgumentError.check(records, "records", in: 1...(1 << 52))
    self.records = records
  }

  /// ln of the probability that a sample of z records misses all k risky ones, C(M-k, z) / C(M, z).
  ///
  /// - Complexity: O(1).
  /// - Throws: `ArgumentError` unless 0 <= k, z <= M.
  public func logMissProbability(risky k: Int, sample z: Int) throws(ArgumentError) -> Double {
    try ArgumentError.check(k, "risky", in: 0...records)
    try ArgumentError.check(z, "sample", in: 0...records)
    return logMiss(k, z)
  }

  private func logMiss(_ k: Int, _ z: Int) -> Double {
    if k == 0 || z == 0 { return 0 }
    guard z <= records - k else { return -.infinity }
    // Π_{i < m} (M - l - i) / (M - i) with m = min(k, z), l the other: the ratio B(a + m, l) / B(a, l), a = M - k - z +
    // 1.
    return logBetaRatioUnchecked(Double(records - k - z + 1), Double(max(k, z)), min(k, z))
  }

  /// The smallest sample that misses all of k risky records with probability at most `miss`.
  ///
  /// - Complexity: O(log M).
  /// - Throws: `ArgumentError` unless 1 <= k <= M and 0 < miss < 1.
  public func size(risky k: Int, miss: Double) throws(ArgumentError) -> Int {
    try ArgumentError.check(k, "risky", in: 1...records)
    try ArgumentError.check(share: miss, "miss")
    let bound = Double.log(miss)
    return firstInteger(in: 0...(records - k + 1)) { logMiss(k, $0) <= bound }
  }

  /// The smallest number of risky records that a sample of z misses entirely with probability at most `miss`.
  ///
  /// A sample that found none shows, at confidence 1 - miss, that there are fewer. nil when even M would be missed,
  /// i.e. z = 0.
  ///
  /// - Throws: `ArgumentError` unless 0 <= z <= M and 0 < miss < 1.
  public func detectable(sample z: Int, miss: Double) throws(ArgumentError) -> Int? {
    try ArgumentError.check(z, "sample", in: 0...records)
    try ArgumentError.check(share: miss, "miss")
    guard z > 0 else { return nil }
    let bound = Double.log(miss)
    return firstInteger(in: 1...(records - z + 1)) { logMiss($0, z) <= bound }
  }

  /// Limits for the number of risky records when x of z sampled ones are: exact, Clopper–Pearson's construction for the
  /// hypergeometric law.
  ///
  /// The upper limit is the largest k with P(X <= x | k) > (1 - level)/2, the lower one the smallest with
  /// P(X >= x | k) > (1 - level)/2.
  ///
  /// - Complexity: O(log M) sums of at most about ten standard deviations of X each.
  /// - Throws: `ArgumentError` unless 0 <= x <= z <= M and 0 < level < 1.
  public func riskyInterval(observed x: Int, sample z: Int, level: Double = 0.95) throws(ArgumentError) -> ClosedRange<
    Int
  > {
    try ArgumentError.check(z, "sample", in: 0...records)
    try ArgumentError.check(x, "observed", in: 0...z)
    try ArgumentError.check(share: level, "level")
    let side = Double.log(0.5 * (1 - level))
    let unseen = records - z
    // P(X <= x | k) falls with k: the first k at which it is small is one past the limit.
    let upper = x + firstInteger(in: 0...(unseen + 1)) { $0 > unseen || logAtMost(x, k: x + $0, z: z) <= side } - 1
    // P(X >= x | k) rises with k; counting safe records instead turns it into the same question.
    let lower = x == 0 ? 0 : x + firstInteger(in: 0...unseen) { logAtMost(z - x, k: records - x - $0, z: z) > side }
    return min(lower, upper)...max(lower, upper)
  }

  /// ln P(X <= x) for X hypergeometric with k marked among M and z drawn: summed outwards from x on the side of the
  /// mode where masses fall, until they no longer count.
  private func logAtMost(_ x: Int, k: Int, z: Int) -> Double {
    let first = max(0, z - (records - k))
    let last = min(k, z)
    if x >= last { return 0 }
    guard x >= first else { return -.infinity }
    // Ratio of the masses at i + 1 and i.
    func ratio(_ i: Int) -> Double {
      (Double(k - i) / Double(i + 1)) * (Double(z - i) / Double(records - k - z + i + 1))
    }
    if ratio(x) >= 1 {
      return min(0, logMass(x, k: k, z: z) + .log(sum(from: x, through: first, by: -1) { 1 / ratio($0 - 1) }))
    }
    let upper = logMass(x + 1, k: k, z: z) + .log(sum(from: x + 1, through: last, by: 1, ratio))
    return log1mExp(min(0, upper))
  }

  /// 1 + r + r r′ + …, the sum of masses relative to the first.
  private func sum(from start: Int, through end: Int, by step: Int, _ ratio: (Int) -> Double) -> Double {
    var term = 1.0
    var sum = 1.0
    var i = start
    while i != end {
      term *= ratio(i)
      sum += term
      if term < 1e-17 * sum { break }
      i += step
    }
    return sum
  }

  /// ln P(X = x), through Loader's saddle-point form of three binomial masses with p = z / M (*Fast and accurate
  /// computation of binomial probabilities*, 2000): no large log-gammas are subtracted.
  private func logMass(_ x: Int, k: Int, z: Int) -> Double {
    func logBinomial(_ x: Int, _ n: Int, _ p: Double, _ q: Double) -> Double {
      if x == 0 { return Double(n) * .log(onePlus: -p) }
      if x == n { return Double(n) * .log(p) }
      let (a, b) = (Double(x), Double(n - x))
      func deviance(_ count: Double, _ expected: Double) -> Double {
        -count * log1pMinusArgument((expected - count) / count)
      }
      return stirlingCorrection(Double(n)) - stirlingCorrection(a) - stirlingCorrection(b) - deviance(a, Double(n) * p)
        - deviance(b, Double(n) * q) + 0.5 * (.log(Double(n) / a) - .log(b) - 1.83787706640934548356)
    }
    let p = Double(z) / Double(records)
    let q = Double(records - z) / Double(records)
    if z == records { return x == k ? 0 : -.infinity }
    return logBinomial(x, k, p, q) + logBinomial(z - x, records - k, p, q) - logBinomial(z, records, p, q)
  }
}
