import GSLNumerics
import HeavyTails

/// The match-length histogram: the weight of records that end exactly at n, and the weight censored at n.
///
/// It is the sufficient statistic of every population fit (TheModel §2). Its memory is O(largest length) whatever
/// the number of records, and two of them merge by addition.
public struct MatchLengthHistogram: Sendable, Equatable, Codable {
  private var exact: [CompensatedSum] = []
  private var censored: [CompensatedSum] = []

  /// The empty histogram.
  public init() {}

  /// Adds the exact law of one record: P(N = n) at each n < L, P(N >= L) censored at L.
  public mutating func add(_ law: MatchLengthLaw) {
    add(masses: law.masses)
  }

  package mutating func add(masses: [Double]) {
    let length = masses.count - 1
    reserve(length)
    exact.withUnsafeMutableBufferPointer { exact in
      for n in 0..<length { exact[n].add(masses[n]) }
    }
    censored[length].add(masses[length])
  }

  /// Adds one greedy match.
  public mutating func add(_ match: GreedyMatch) {
    reserve(match.length)
    if match.isCensored { censored[match.length].add(1) } else { exact[match.length].add(1) }
  }

  /// Adds all records of another histogram.
  public mutating func merge(_ other: MatchLengthHistogram) {
    guard !other.exact.isEmpty else { return }
    reserve(other.exact.count - 1)
    for n in other.exact.indices {
      exact[n].merge(other.exact[n])
      censored[n].merge(other.censored[n])
    }
  }

  /// The weights as data for a fit.
  public var counts: CensoredCounts {
    CensoredCounts(
      sorted: exact.indices.map {
        CensoredCounts.Cell(length: $0, exact: max(0, exact[$0].value), censored: max(0, censored[$0].value))
      })
  }

  /// Mean, variance and third cumulant of min(N, L) for a record drawn at random; nil without records.
  public var moments: Cumulants? {
    let weights = exact.indices.map { exact[$0].value + censored[$0].value }
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
  package var length: Int { exact.count }

  private enum CodingKeys: String, CodingKey { case exact, censored }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    exact = try container.decode([CompensatedSum].self, forKey: .exact)
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

  private mutating func reserve(_ length: Int) {
    while exact.count <= length {
      exact.append(CompensatedSum())
      censored.append(CompensatedSum())
    }
  }
}
