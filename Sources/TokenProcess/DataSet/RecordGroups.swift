import GSLNumerics
import HeavyTails
import Inference
import RealModule

/// Sums of S_i(n) over groups of records, from which inference about the population follows.
///
/// Records, not tokens, are the independent units. Dealt in turn into up to 1024 groups, each record is its own group in
/// a small data set, and in a large one the groups are as independent as the records: resampling groups is then the
/// record bootstrap at a fixed cost. Memory is at most 2²⁰ pairs of sums (fewer groups for longer references, by adding
/// the upper half of the groups to the lower), or 16 pairs a position where references have more than 2¹⁶ tokens.
public struct RecordGroups: Sendable, Codable {
  private static let largestCount = 1024
  private static let largestSize = 1 << 20

  /// One sum for each group, all in units of 2^exponent.
  private struct Sums: Sendable, Codable {
    private(set) var exponent = Int.min
    private(set) var values: [Double]

    init(groups: Int) {
      values = Array(repeating: 0, count: groups)
    }

    private enum CodingKeys: String, CodingKey { case exponent, values }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      exponent = try container.decode(Int.self, forKey: .exponent)
      guard exponent == .min || ScaledSum.exponents.contains(exponent) else {
        throw DecodingError.dataCorruptedError(
          forKey: .exponent, in: container, debugDescription: "is no exponent of a sum")
      }
      values = try container.decode(PackedDoubles.self, forKey: .values).values
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(exponent, forKey: .exponent)
      try container.encode(PackedDoubles(values), forKey: .values)
    }

    /// Adds a number to a group's sum; the unit follows the largest number, and 64 binary orders are left for the sums.
    mutating func add(_ value: ScaledValue, to group: Int) {
      guard value.significand > 0 else { return }
      if value.exponent > exponent {
        let factor = exponent == .min || exponent - value.exponent <= -1000 ? 0 : powerOfTwo(exponent - value.exponent)
        for group in values.indices { values[group] *= factor }
        exponent = value.exponent
      }
      let shift = value.exponent - exponent
      if shift > -1000 { values[group] += value.significand * powerOfTwo(shift) }
    }

    mutating func halve() {
      let half = values.count / 2
      for group in 0..<half { values[group] += values[group + half] }
      values.removeLast(half)
    }

    /// Adds the sums of other groups, each to that at its number plus `offset`, going round.
    mutating func merge(_ other: Sums, offset: Int) {
      guard other.exponent != .min else { return }
      if other.exponent > exponent {
        let shift = exponent == .min ? -1000 : exponent - other.exponent
        let factor = shift <= -1000 ? 0 : powerOfTwo(shift)
        for group in values.indices { values[group] *= factor }
        exponent = other.exponent
      }
      let shift = other.exponent - exponent
      guard shift > -1000 else { return }
      let factor = powerOfTwo(shift)
      for (group, value) in other.values.enumerated() where value > 0 {
        values[(group + offset) % values.count] += value * factor
      }
    }

    /// Without the groups beyond a number, or with empty ones up to it.
    func resized(to count: Int) -> Sums {
      var sums = self
      if values.count > count { sums.values.removeLast(values.count - count) }
      sums.values += Array(repeating: 0, count: count - sums.values.count)
      return sums
    }

    /// The group's sum as an ordinary number.
    func value(_ group: Int) -> Double {
      exponent == .min ? 0 : ScaledValue(significand: values[group], exponent: exponent).double
    }

    /// The groups' shares of their total.
    var shares: [Double] {
      let total = values.reduce(0, +)
      return total > 0 ? values.map { $0 / total } : values
    }
  }

  /// The sums of all groups at one length.
  private struct Position: Sendable, Codable {
    var survivors: Sums
    var entered: Sums

    init(groups: Int) {
      survivors = Sums(groups: groups)
      entered = Sums(groups: groups)
    }

    func resized(to count: Int) -> Position {
      var position = self
      position.survivors = survivors.resized(to: count)
      position.entered = entered.resized(to: count)
      return position
    }
  }

  private var positions: [Position] = []
  private var groupCount = largestCount
  /// The number of records added.
  public private(set) var records = 0

  /// No records.
  public init() {}

  /// Adds the law of one record to the next group.
  ///
  /// - Complexity: O(L).
  public mutating func add(_ law: MatchLengthLaw) {
    reserve(law.length)
    let group = records % groupCount
    records += 1
    for n in 1...law.length {
      positions[n - 1].entered.add(law.survival[n - 1], to: group)
      positions[n - 1].survivors.add(law.survival[n], to: group)
    }
  }

  /// Adds another part of the data, as if its records had been added after these: the next goes to the next group.
  public mutating func merge(_ other: RecordGroups) {
    reserve(other.positions.count)
    while groupCount > other.groupCount { halve() }
    let offset = records % groupCount
    records += other.records
    for (index, position) in other.positions.enumerated() {
      positions[index].survivors.merge(position.survivors, offset: offset)
      positions[index].entered.merge(position.entered, offset: offset)
    }
  }

  // MARK: Coding, of the groups that hold records

  private enum CodingKeys: String, CodingKey { case positions, groupCount, records }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    groupCount = try container.decode(Int.self, forKey: .groupCount)
    records = try container.decode(Int.self, forKey: .records)
    let trimmed = try container.decode([Position].self, forKey: .positions)
    guard groupCount > 0, groupCount <= Self.largestCount, groupCount & (groupCount - 1) == 0, records >= 0,
      trimmed.allSatisfy({ $0.survivors.values.count <= groupCount && $0.entered.values.count <= groupCount })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .groupCount, in: container, debugDescription: "the number of groups does not fit the sums")
    }
    positions = trimmed.map { $0.resized(to: groupCount) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(groupCount, forKey: .groupCount)
    try container.encode(records, forKey: .records)
    try container.encode(positions.map { $0.resized(to: count) }, forKey: .positions)
  }

  private mutating func reserve(_ length: Int) {
    while max(length, positions.count) * groupCount > Self.largestSize, groupCount > 16 { halve() }
    while positions.count < length { positions.append(Position(groups: groupCount)) }
  }

  private mutating func halve() {
    groupCount /= 2
    for index in positions.indices {
      positions[index].survivors.halve()
      positions[index].entered.halve()
    }
  }

  /// The largest reference length.
  package var length: Int { positions.count }

  /// The number of groups that hold records.
  public var count: Int { min(records, groupCount) }

  /// The match-length weights of each group, for a sandwich covariance of a fit.
  public var counts: [CensoredCounts] {
    (0..<count).map { group in
      var cells: [CensoredCounts.Cell] = []
      for n in 0...positions.count {
        // Ended at n: entered position n + 1 and did not survive it. Censored at n: survived n and had no position n + 1.
        let entered = n < positions.count ? positions[n].entered.value(group) : 0
        let survived = n < positions.count ? positions[n].survivors.value(group) : 0
        let reached = n == 0 ? entered : positions[n - 1].survivors.value(group)
        cells.append(.init(length: n, exact: max(0, entered - survived), censored: max(0, reached - entered)))
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
  /// - Returns: Natural logarithms of the limits for n = 0 … the largest L; nil at an n with fewer than ten groups at risk,
  ///   where resampling says nothing.
  /// - Complexity: O(replicates × groups × largest L) time; memory for 256 lengths at a time.
  /// - Throws: `CancellationError`; `DistributionError.level` unless 0 < level < 1.
  public func bootstrapLimits(
    around logSurvival: [Double], level: Double = 0.95, replicates: Int = 1999, seed: UInt64 = 0, threads: Int = 1
  ) async throws -> [(lower: Double, upper: Double)?] {
    guard level > 0, level < 1 else { throw DistributionError.level(level) }
    var limits: [(lower: Double, upper: Double)?] = [(0, 0)]
    let z = try normalQuantile(0.5 + 0.5 * level)
    var resamples = [GroupRatios.Progress](repeating: .init(), count: replicates)
    var leftOut = [GroupRatios.Progress](repeating: .init(), count: count)
    for start in stride(from: 0, to: positions.count, by: Self.blockLength) {
      let block = start..<min(start + Self.blockLength, positions.count)
      // The length before the block tells whether its first ratio telescopes.
      let ratios = GroupRatios(
        positions[block].map { ($0.survivors.shares, $0.entered.shares) }, count: count,
        before: start > 0 ? positions[start - 1].survivors.shares : nil)
      let samples = try await ratios.bootstrap(&resamples, seed: seed, threads: threads)
      let jackknife = ratios.jackknife(&leftOut)
      for (offset, index) in block.enumerated() {
        let atRisk = positions[index].entered.values.prefix(count).count { $0 > 0 }
        let sorted = samples.map { $0[offset] }.filter { !$0.isNaN }.sorted()
        let others = jackknife.map { $0[offset] }.filter { !$0.isNaN }
        let centre = logSurvival[index + 1]
        guard atRisk >= 10, centre > -.infinity, sorted.count >= replicates / 2 else {
          limits.append(nil)
          continue
        }
        let interval = try BCaInterval(sorted: sorted, estimate: 1, jackknife: others, z: z)
        limits.append((min(0, centre + .log(interval.lower)), min(0, centre + .log(interval.upper))))
      }
    }
    return limits
  }

  private static let blockLength = 256
}

/// Groups' shares of the sums, group by group, so that a resample is a weighted sum over rows.
private struct GroupRatios: Sendable {
  let count: Int
  let length: Int
  /// count × length: the group's part of Σ S(n), and of Σ S(n-1).
  private let survivors: [Double]
  private let entered: [Double]
  /// Whether Σ S(n-1) at n is the Σ S of the length before: then the ratio telescopes.
  private let telescopes: [Bool]

  init(_ positions: [(survivors: [Double], entered: [Double])], count: Int, before: [Double]?) {
    self.count = count
    length = positions.count
    var survivors = [Double](repeating: 0, count: count * positions.count)
    var entered = survivors
    var telescopes: [Bool] = []
    for (index, position) in positions.enumerated() {
      for group in 0..<count {
        survivors[group * positions.count + index] = position.survivors[group]
        entered[group * positions.count + index] = position.entered[group]
      }
      let previous = index > 0 ? positions[index - 1].survivors : before
      telescopes.append(
        previous.map { previous in
          (0..<count).allSatisfy { (position.entered[$0] - previous[$0]).magnitude < 1e-13 }
        } ?? false)
    }
    self.survivors = survivors
    self.entered = entered
    self.telescopes = telescopes
  }

  /// How far a replicate's product has come at the end of a block.
  struct Progress {
    var base = 1.0
    var entry = 1.0
    var last = 1.0
  }

  /// S̄*(n) / S̄(n) for the lengths of the block, from the weighted sums over groups; NaN where nobody is at risk though
  /// somebody survived, and 0 where nobody survived.
  private func ratios(_ survivors: [Double], _ entered: [Double], _ progress: inout Progress) -> [Double] {
    (0..<length).map { index in
      if !telescopes[index] {
        progress.base = progress.entry > 0 ? progress.base * progress.last / progress.entry : progress.base
        progress.entry = entered[index]
      }
      let survived = survivors[index]
      let before = progress.last
      progress.last = survived
      guard progress.entry > 0 else {
        // From here on the replicate knows nothing.
        if before > 0 { progress.base = .nan }
        return progress.base.isNaN ? .nan : 0
      }
      return progress.base * survived / progress.entry
    }
  }

  func bootstrap(_ resamples: inout [Progress], seed: UInt64, threads: Int) async throws -> [[Double]] {
    let replicates = resamples.count
    let tasks = max(1, min(threads, replicates))
    let states = resamples
    let parts = try await withThrowingTaskGroup(of: (Int, [([Double], Progress)]).self) { group in
      for task in 0..<tasks {
        let range = task * replicates / tasks..<(task + 1) * replicates / tasks
        group.addTask {
          var results: [([Double], Progress)] = []
          for replicate in range {
            try Task.checkCancellation()
            var progress = states[replicate]
            results.append((resample(seed: seed, stream: UInt64(replicate), &progress), progress))
          }
          return (task, results)
        }
      }
      var parts = [[([Double], Progress)]](repeating: [], count: tasks)
      for try await (task, results) in group { parts[task] = results }
      return parts.flatMap { $0 }
    }
    resamples = parts.map(\.1)
    return parts.map(\.0)
  }

  private func resample(seed: UInt64, stream: UInt64, _ progress: inout Progress) -> [Double] {
    var generator = SeededGenerator(seed: seed, stream: stream)
    var weights = [Double](repeating: 0, count: count)
    for _ in 0..<count { weights[Int.random(in: 0..<count, using: &generator)] += 1 }
    var survivorSums = [Double](repeating: 0, count: length)
    var enteredSums = survivorSums
    for group in 0..<count where weights[group] > 0 {
      let weight = weights[group]
      let row = group * length
      for index in 0..<length {
        survivorSums[index] += weight * survivors[row + index]
        enteredSums[index] += weight * entered[row + index]
      }
    }
    return ratios(survivorSums, enteredSums, &progress)
  }

  /// The same ratios with each group left out in turn.
  func jackknife(_ states: inout [Progress]) -> [[Double]] {
    (0..<count).map { group in
      let row = group * length
      return ratios(
        (0..<length).map { rest(of: survivors, at: $0, without: group, share: survivors[row + $0]) },
        (0..<length).map { rest(of: entered, at: $0, without: group, share: entered[row + $0]) }, &states[group])
    }
  }

  /// The shares of all groups but one; added up where 1 - share would cancel.
  private func rest(of shares: [Double], at index: Int, without group: Int, share: Double) -> Double {
    if share < 0.5 { return 1 - share }
    return (0..<count).reduce(0) { $1 == group ? $0 : $0 + shares[$1 * length + index] }
  }
}
