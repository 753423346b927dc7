import GSLNumerics
import RealModule

/// How few records carry Σ S_i(n) at one length: the Lorenz curve, its top shares and the Gini coefficient.
public struct TailConcentration: Sendable, Equatable {
  /// A point of the Lorenz curve.
  public struct LorenzPoint: Sendable, Equatable {
    /// The share of records, those with the smallest S_i(n).
    public let records: Double
    /// The share of Σ S_i(n) that they hold.
    public let share: Double
  }

  /// The share of Σ S_i(n) held by the 1 % of records with the largest S_i(n).
  public let top1PercentShare: Double
  /// The share held by the top 10 %.
  public let top10PercentShare: Double
  /// The Gini coefficient: 0 when all records are alike, near 1 when one holds everything.
  public let gini: Double
  /// The Lorenz curve from (0, 0) to (1, 1), closer where it rises.
  public let lorenz: [LorenzPoint]
}

/// The probabilities S_i(n) of all records at one length n: kept up to a number of records, sketched beyond it.
///
/// From it follow the concentration of the tail and the law of the number of records with N >= n.
public struct TailAccumulator: Sendable, Codable {
  /// Records up to which concentration is exact; beyond, it comes from a sketch whose bins are 1/128 wide in log-odds,
  /// which moves a share or the Gini coefficient by less than 0.004.
  public static let exactLimit = 100_000
  /// Records up to which the count's law is exact; beyond, it carries a proved bound on its error.
  public static let exactCountLimit = 10_000

  /// ln S_i(n) of the records that are kept, and S_i(n).
  private var logs: [Double] = []
  private var values: [ScaledValue] = []
  private var sketch: ProbabilitySketch?

  /// The accumulator of no records.
  public init() {}

  /// Adds a record that has at least n tokens.
  ///
  /// - Precondition: n <= L.
  public mutating func add(_ law: MatchLengthLaw, at n: Int) { add(law.laws, at: n) }

  /// Adds some records that have at least n tokens.
  ///
  /// - Precondition: n <= L.
  package mutating func add(_ laws: MatchLengthLaws, at n: Int) {
    if sketch != nil {
      let records = 0..<laws.count
      sketch?.add(records.map { laws.logSurvival(n, of: $0) }, records.map { laws.survival(n, of: $0) })
      return
    }
    for record in 0..<laws.count {
      logs.append(laws.logSurvival(n, of: record))
      values.append(laws.survival(n, of: record))
    }
    sketchIfMany()
  }

  private mutating func sketchIfMany() {
    guard logs.count > Self.exactLimit else { return }
    sketch = sketched
    (logs, values) = ([], [])
  }

  private var sketched: ProbabilitySketch {
    if let sketch { return sketch }
    var sketch = ProbabilitySketch()
    sketch.add(logs, values)
    return sketch
  }

  /// Adds the records of another accumulator.
  public mutating func merge(_ other: TailAccumulator) {
    if let theirs = other.sketch {
      if sketch == nil { sketch = sketched }
      sketch?.merge(theirs)
      (logs, values) = ([], [])
    } else if sketch != nil {
      sketch?.add(other.logs, other.values)
    } else {
      logs += other.logs
      values += other.values
      sketchIfMany()
    }
  }

  /// The concentration; nil without records or when every S_i(n) is 0.
  ///
  /// A share of a number of records that is not whole counts the boundary record in part, and so is defined for any
  /// number of records.
  ///
  /// - Complexity: O(M log M) for M records kept, O(bins) for a sketch.
  public var concentration: TailConcentration? {
    let bins: [(count: Int, sum: ScaledValue)] =
      sketch?.descending ?? zip(logs, values).sorted { $0.0 > $1.0 }.map { (1, $0.1) }
    let records = Double(bins.reduce(0) { $0 + $1.count })
    var total = ScaledSum()
    for bin in bins { total.add(bin.sum) }
    guard records > 0, total.value.significand > 0 else { return nil }
    let shares = bins.map { (count: Double($0.count), share: ($0.sum / total.value).double) }

    // The share of the top `fraction` of records, for fractions that rise.
    func topShares(_ fractions: [Double]) -> [Double] {
      var sum = CompensatedSum()
      var (index, taken) = (0, 0.0)
      return fractions.map { fraction in
        let wanted = fraction * records
        while index < shares.count, taken + shares[index].count <= wanted {
          sum.add(shares[index].share)
          taken += shares[index].count
          index += 1
        }
        let part = index < shares.count ? shares[index].share * (wanted - taken) / shares[index].count : 0
        return min(1, sum.value + part)
      }
    }

    // 1 - 2 × area under the Lorenz curve, summed from the largest down: Σ share (2 rank - 1)/M - …
    var gini = CompensatedSum()
    var before = 0.0
    for bin in shares {
      // Mean rank from the top of the bin's records is before + (count + 1)/2.
      gini.add(bin.share * (1 - (2 * before + bin.count) / records))
      before += bin.count
    }
    let top = topShares(Self.lorenzFractions)
    let curve = zip(Self.lorenzFractions, top).reversed().map {
      TailConcentration.LorenzPoint(records: 1 - $0, share: 1 - $1)
    }
    func topShare(_ fraction: Double) -> Double { Self.lorenzFractions.firstIndex(of: fraction).map { top[$0] } ?? 1 }
    return TailConcentration(
      top1PercentShare: topShare(0.01), top10PercentShare: topShare(0.1), gini: min(1, max(0, gini.value)),
      lorenz: [.init(records: 0, share: 0)] + curve + [.init(records: 1, share: 1)])
  }

  /// The shares of records, those with the largest S_i(n), at which the Lorenz curve is known.
  private static let lorenzFractions = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9,
  ]

  /// The law of the number of records with N >= n.
  public var count: PoissonBinomial {
    if sketch == nil, logs.count <= Self.exactCountLimit,
      let exact = try? PoissonBinomial(logProbabilities: logs)
    {
      return exact
    }
    return sketched.poissonBinomial
  }

  /// ln S_i(n) of the records, and how many have each: beyond ``exactLimit`` the mean probability of each bin of the
  /// sketch.
  package var logProbabilities: [(log: Double, count: Int)] {
    guard let sketch else { return logs.map { ($0, 1) } }
    return sketch.descending.map { (min(0, $0.sum.log - .log(Double($0.count))), $0.count) }
  }

  /// The number of records.
  package var records: Int { sketch?.records ?? logs.count }

  // MARK: Coding

  private enum CodingKeys: String, CodingKey { case kept, sketch }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let packed = try container.decode(PackedDoubles.self, forKey: .kept)
    sketch = try container.decodeIfPresent(ProbabilitySketch.self, forKey: .sketch)
    guard let lists = packed.split(into: 3) else {
      throw DecodingError.dataCorruptedError(forKey: .kept, in: container, debugDescription: "lists of unequal lengths")
    }
    for ((log, significand), exponent) in zip(zip(lists[0], lists[1]), lists[2]) {
      guard let exponent = Int(exactly: exponent), ScaledSum.exponents.contains(exponent), log <= 0, significand >= 0,
        significand < .infinity
      else {
        throw DecodingError.dataCorruptedError(forKey: .kept, in: container, debugDescription: "is no probability")
      }
      logs.append(log)
      values.append(ScaledValue(significand: significand, exponent: exponent))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let lists = logs + values.map(\.significand) + values.map { Double($0.exponent) }
    try container.encode(PackedDoubles(lists), forKey: .kept)
    try container.encodeIfPresent(sketch, forKey: .sketch)
  }
}
