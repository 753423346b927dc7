import GSLNumerics
import HeavyTails
import Inference
import RealModule

/// Sums of S_i(n) over groups of records, from which inference about the population follows.
///
/// Records, not tokens, are the independent units, or where records belong together, such as windows of one work, what
/// they belong to. Units are dealt in turn into up to 1024 groups. In a small data set each unit is its own group; in a
/// large one the groups are as independent as the units. Resampling groups is then the bootstrap of units at a fixed
/// cost. There are at most 2²⁰ pairs of sums (fewer groups for longer references, by adding
/// the upper half of the groups to the lower), or 16 pairs a position where references have more than 2¹⁶ tokens.
public struct RecordGroups: Sendable {
  private static let largestCount = 1024
  private static let largestSize = 1 << 20

  /// Σ S_i(n), n = 1 … the largest length.
  private var survivors = GroupSums()
  /// Σ S_i(n-1) over the records with L >= n.
  private var entered = GroupSums()
  private var groupCount = largestCount
  /// The number of records added.
  public private(set) var records = 0
  /// The number of independent units: records, or what several belong to.
  public private(set) var units = 0
  /// The units that several records may belong to, by name, with their number.
  private var named: [UInt64: Int] = [:]

  /// No records.
  public init() {}

  /// Adds the law of one record to the group of its unit, the next one for a new unit.
  ///
  /// - Parameters:
  ///   - law: The law.
  ///   - unit: What tells its unit from others; nil for a record by itself.
  /// - Complexity: O(L).
  public mutating func add(_ law: MatchLengthLaw, unit: UInt64? = nil) { add(law.laws, units: [unit]) }

  /// Adds the laws of some records, each to the group of its unit.
  ///
  /// - Parameters:
  ///   - laws: The laws.
  ///   - units: As in ``add(_:unit:)``, one for each law.
  package mutating func add(_ laws: MatchLengthLaws, units: [UInt64?]) {
    reserve(laws.length)
    let targets = units.map { number(of: $0) % groupCount }
    records += laws.count
    entered.add(laws, from: 0, to: targets)
    survivors.add(laws, from: 1, to: targets)
  }

  /// The number of a unit, a new one where it is not known.
  private mutating func number(of unit: UInt64?) -> Int {
    if let unit, let known = named[unit] { return known }
    if let unit { named[unit] = units }
    units += 1
    return units - 1
  }

  /// Adds another part of the data, as if its records had been added after these: the next unit goes to the next group.
  ///
  /// Units that are in both are one, unless the other part has so many that they share groups.
  public mutating func merge(_ other: RecordGroups) {
    reserve(other.length)
    while groupCount > other.groupCount { halve() }
    var targets: [Int] = []
    if other.named.isEmpty || other.units > other.groupCount {
      targets = (0..<other.count).map { (units + $0) % groupCount }
      for (unit, number) in other.named where named[unit] == nil { named[unit] = units + number }
      units += other.units
    } else {
      let names = Dictionary(uniqueKeysWithValues: other.named.map { ($0.value, $0.key) })
      targets = (0..<other.units).map { number(of: names[$0]) % groupCount }
    }
    records += other.records
    survivors.merge(other.survivors, into: targets)
    entered.merge(other.entered, into: targets)
  }

  private mutating func reserve(_ length: Int) {
    while max(length, self.length) * groupCount > Self.largestSize, groupCount > 16 { halve() }
    survivors.reserve(lengths: length)
    entered.reserve(lengths: length)
  }

  private mutating func halve() {
    groupCount /= 2
    survivors.halve(to: groupCount)
    entered.halve(to: groupCount)
  }

  /// The largest reference length.
  package var length: Int { survivors.lengths }

  /// The number of groups that hold records.
  public var count: Int { min(units, groupCount) }

  /// The match-length weights of each group, for a sandwich covariance of a fit.
  public var counts: [CensoredCounts] {
    (0..<count).map { group in
      var cells: [CensoredCounts.Cell] = []
      for n in 0...length {
        // Ended at n: entered position n + 1 and did not survive it. Censored at n: survived n and had no position n +
        // 1.
        let next =
          n < length
          ? (entered: entered.value(group, n), survived: survivors.value(group, n)) : (entered: 0, survived: 0)
        let reached = n == 0 ? next.entered : survivors.value(group, n - 1)
        cells.append(
          .init(length: n, exact: max(0, next.entered - next.survived), censored: max(0, reached - next.entered)))
      }
      return CensoredCounts(sorted: cells)
    }
  }

  /// Confidence limits for the population's S(n) at each n, by the bias-corrected and accelerated bootstrap over groups
  /// (Efron, JASA 82, 1987).
  ///
  /// - Parameters:
  ///   - logSurvival: ln S̄(n) for n = 0 … the largest L, as ``SurvivalAccumulator/logSurvival`` gives it.
  ///   - level: The confidence level.
  ///   - replicates: Bootstrap samples.
  ///   - seed: Seed of the resampling; replicate r uses stream r, so the result does not depend on `threads`.
  ///   - threads: Tasks to spread the replicates over.
  /// - Returns: Natural logarithms of the limits for n = 0 … the largest L; nil at an n with fewer than ten groups at
  ///   risk, where resampling says nothing.
  /// - Complexity: O(replicates × groups × largest L) time; memory for 256 lengths at a time.
  /// - Throws: `CancellationError`; `DistributionError.level` unless 0 < level < 1.
  public func bootstrapIntervals(
    around logSurvival: [Double], level: Double = 0.95, replicates: Int = 1999, seed: UInt64 = 0, threads: Int = 1
  ) async throws -> [(lower: Double, upper: Double)?] {
    guard level > 0, level < 1 else { throw DistributionError.level(level) }
    var limits: [(lower: Double, upper: Double)?] = [(0, 0)]
    let z = try normalQuantile(0.5 + 0.5 * level)
    var resamples = [GroupRatios.Progress](repeating: .init(), count: replicates)
    var leftOut = [GroupRatios.Progress](repeating: .init(), count: count)
    for start in stride(from: 0, to: length, by: Self.blockLength) {
      let block = start..<min(start + Self.blockLength, length)
      let ratios = GroupRatios(survivors, entered, groups: count, lengths: block)
      let samples = try await ratios.bootstrap(&resamples, seed: seed, threads: threads)
      let jackknife = ratios.jackknife(&leftOut)
      for (offset, index) in block.enumerated() {
        let atRisk = (0..<count).count { entered.significand($0, index) > 0 }
        let sorted = samples.map { $0[offset] }.filter { !$0.isNaN }.sorted()
        let others = jackknife.map { $0[offset] }.filter { !$0.isNaN }
        let center = logSurvival[index + 1]
        guard atRisk >= 10, center > -.infinity, sorted.count >= replicates / 2 else {
          limits.append(nil)
          continue
        }
        let interval = try BCaInterval(sorted: sorted, estimate: 1, jackknife: others, z: z)
        limits.append((min(0, center + .log(interval.lower)), min(0, center + .log(interval.upper))))
      }
    }
    return limits
  }

  private static let blockLength = 256
}

// MARK: Coding, of the groups that hold records

extension RecordGroups: Codable {
  private enum CodingKeys: String, CodingKey { case positions, groupCount, records, units }

  /// The sums of all groups at one length.
  private struct Position: Codable {
    var survivors: Column
    var entered: Column
  }

  /// A sum a group, in units of 2^exponent.
  private struct Column: Codable {
    var exponent: Int
    var values: PackedDoubles

    init(_ sums: GroupSums, _ index: Int, groups: Int) {
      exponent = sums.exponent(index) ?? .min
      values = PackedDoubles((0..<groups).map { sums.significand($0, index) })
    }

    /// Whether such sums can come of records: there are at most 2⁵³ of them, and the largest is about the unit.
    var isValid: Bool {
      let largest = exponent == .min ? 0 : 0x1p60
      return (exponent == .min || ScaledSum.exponents.contains(exponent))
        && values.values.allSatisfy { $0 >= 0 && $0 <= largest }
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    groupCount = try container.decode(Int.self, forKey: .groupCount)
    records = try container.decode(Int.self, forKey: .records)
    units = try container.decodeIfPresent(Int.self, forKey: .units) ?? records
    let positions = try container.decode([Position].self, forKey: .positions)
    func failure(_ key: CodingKeys, _ problem: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: problem)
    }
    guard groupCount > 0, groupCount <= Self.largestCount, groupCount & (groupCount - 1) == 0, records >= 0,
      (0...records).contains(units), (units == 0) == (records == 0),
      positions.count <= Self.largestSize / groupCount || groupCount <= 16,
      positions.allSatisfy({
        max($0.survivors.values.values.count, $0.entered.values.values.count) <= min(units, groupCount)
      })
    else { throw failure(.groupCount, "the number of groups does not fit the sums") }
    guard positions.allSatisfy({ $0.survivors.isValid && $0.entered.isValid }) else {
      throw failure(.positions, "the sums are none of probabilities")
    }
    survivors = GroupSums(columns: positions.map { ($0.survivors.exponent, $0.survivors.values.values) })
    entered = GroupSums(columns: positions.map { ($0.entered.exponent, $0.entered.values.values) })
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(groupCount, forKey: .groupCount)
    try container.encode(records, forKey: .records)
    if units != records { try container.encode(units, forKey: .units) }
    let positions = (0..<length).map {
      Position(survivors: Column(survivors, $0, groups: count), entered: Column(entered, $0, groups: count))
    }
    try container.encode(positions, forKey: .positions)
  }
}
