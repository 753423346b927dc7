internal import CVectors
import GSLNumerics
import HeavyTails

/// The match-length histogram: the weight of records that end exactly at n, and the weight censored at n.
///
/// It is the sufficient statistic of every population fit (TheModel §2). Its memory is O(largest length) whatever
/// the number of records, and two of them merge by addition.
public struct MatchLengthHistogram: Sendable, Equatable, Codable {
  /// The sums of exact weights at 0, 1, …, and their rounding errors: two columns, for what is added in one go.
  private var sums: [Double] = []
  private var errors: [Double] = []
  private var censored: [CompensatedSum] = []

  /// The empty histogram.
  public init() {}

  /// Adds the exact law of one record: P(N = n) at each n < L, P(N >= L) censored at L.
  public mutating func add(_ law: MatchLengthLaw) { add(law.laws) }

  /// Adds the laws of some records.
  package mutating func add(_ laws: MatchLengthLaws) {
    reserve(laws.length)
    laws.withColumns { columns in
      let masses = columns(MatchLengthLaws.Column.mass)
      let step = columns(MatchLengthLaws.Column.mass, of: 1) - masses
      columns_add(masses, step, laws.count, laws.length, &sums, &errors)
      for record in 0..<laws.count { censored[laws.length].add(masses[record * step + laws.length]) }
    }
  }

  /// The exact weights.
  private var exact: [CompensatedSum] { zip(sums, errors).map { CompensatedSum(high: $0, low: $1) } }

  private mutating func add(_ weight: CompensatedSum, at n: Int) {
    var sum = CompensatedSum(high: sums[n], low: errors[n])
    sum.merge(weight)
    (sums[n], errors[n]) = (sum.high, sum.low)
  }

  /// Adds one greedy match.
  public mutating func add(_ match: GreedyMatch) {
    reserve(match.length)
    if match.isCensored {
      censored[match.length].add(1)
    } else {
      add(CompensatedSum(high: 1, low: 0), at: match.length)
    }
  }

  /// Adds all records of another histogram.
  public mutating func merge(_ other: MatchLengthHistogram) {
    guard other.length > 0 else { return }
    reserve(other.length - 1)
    for (n, weight) in other.exact.enumerated() {
      add(weight, at: n)
      censored[n].merge(other.censored[n])
    }
  }

  /// The weights as data for a fit.
  public var counts: CensoredCounts {
    let exact = exact
    return CensoredCounts(
      sorted: exact.indices.map {
        CensoredCounts.Cell(length: $0, exact: max(0, exact[$0].value), censored: max(0, censored[$0].value))
      })
  }

  /// Mean, variance and third cumulant of min(N, L) for a record drawn at random; nil without records.
  public var moments: Cumulants? {
    let weights = zip(exact, censored).map { $0.value + $1.value }
    var total = CompensatedSum()
    var first = CompensatedSum()
    for (n, weight) in weights.enumerated() {
      total.add(weight)
      first.add(Double(n) * weight)
    }
    guard total.value > 0 else { return nil }
    let mean = first.value / total.value
    var second = CompensatedSum()
    var third = CompensatedSum()
    for (n, weight) in weights.enumerated() {
      let deviation = Double(n) - mean
      second.add(weight * deviation * deviation)
      third.add(weight * deviation * deviation * deviation)
    }
    return Cumulants(mean: mean, variance: second.value / total.value, third: third.value / total.value)
  }

  /// One more than the largest length; 0 without records.
  package var length: Int { sums.count }

  private enum CodingKeys: String, CodingKey { case exact, censored }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let exact = try container.decode([CompensatedSum].self, forKey: .exact)
    (sums, errors) = (exact.map(\.high), exact.map(\.low))
    censored = try container.decode([CompensatedSum].self, forKey: .censored)
    guard exact.count == censored.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .censored, in: container, debugDescription: "lists of unequal lengths")
    }
    guard (exact + censored).allSatisfy({ (0...0x1p60).contains($0.high) && $0.low.magnitude <= max(1, $0.high) })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .exact, in: container, debugDescription: "the weights are none of records")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(exact, forKey: .exact)
    try container.encode(censored, forKey: .censored)
  }

  private mutating func reserve(_ length: Int) {
    while sums.count <= length {
      sums.append(0)
      errors.append(0)
      censored.append(CompensatedSum())
    }
  }
}
