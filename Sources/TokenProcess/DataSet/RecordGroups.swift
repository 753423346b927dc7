import GSLNumerics
import HeavyTails
import RealModule

/// Sums of S_i(n) over groups of records, from which inference about the population follows.
///
/// Records, not tokens, are the independent units. Dealt in turn into up to 1024 groups, each record is its own group in
/// a small data set, and in a large one the groups are as independent as the records: resampling groups is then the
/// record bootstrap at a fixed cost. Memory is at most 2²⁰ pairs of sums (fewer groups for longer references, by adding
/// the upper half of the groups to the lower).
public struct RecordGroups: Sendable {
  private static let largestCount = 1024
  private static let largestSize = 1 << 20

  /// One sum for each group, all in units of 2^exponent.
  private struct Sums: Sendable {
    private(set) var exponent = Int.min
    private(set) var values: [Double]

    init(groups: Int) {
      values = Array(repeating: 0, count: groups)
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
  private struct Position: Sendable {
    var survivors: Sums
    var entered: Sums

    init(groups: Int) {
      survivors = Sums(groups: groups)
      entered = Sums(groups: groups)
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

  /// Adds the groups of another part of the data, one to one.
  public mutating func merge(_ other: RecordGroups) {
    reserve(other.positions.count)
    while groupCount > other.groupCount { halve() }
    records += other.records
    for (index, position) in other.positions.enumerated() {
      for group in 0..<other.groupCount {
        let target = group % groupCount
        positions[index].survivors.add(
          ScaledValue(significand: position.survivors.values[group], exponent: position.survivors.exponent), to: target)
        positions[index].entered.add(
          ScaledValue(significand: position.entered.values[group], exponent: position.entered.exponent), to: target)
      }
    }
  }

  private mutating func reserve(_ length: Int) {
    while positions.count < length { positions.append(Position(groups: groupCount)) }
    while positions.count * groupCount > Self.largestSize, groupCount > 32 { halve() }
  }

  private mutating func halve() {
    groupCount /= 2
    for index in positions.indices {
      positions[index].survivors.halve()
      positions[index].entered.halve()
    }
  }

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
  /// - Returns: Natural logarithms of the limits for n = 0 … the largest L; nil when there are fewer than two groups.
  /// - Throws: `CancellationError`; `DistributionError.level` unless 0 < level < 1.
  public func bootstrapLimits(
    around logSurvival: [Double], level: Double = 0.95, replicates: Int = 1999, seed: UInt64 = 0, threads: Int = 1
  ) async throws -> [(lower: Double, upper: Double)]? {
    guard level > 0, level < 1 else { throw DistributionError.level(level) }
    guard count > 1, replicates > 1, !positions.isEmpty else { return nil }
    let ratios = GroupRatios(positions.map { ($0.survivors.shares, $0.entered.shares) }, count: count)
    let samples = try await ratios.bootstrap(replicates: replicates, seed: seed, threads: threads)
    let jackknife = ratios.jackknife()
    let z = try normalQuantile(0.5 + 0.5 * level)
    var limits: [(lower: Double, upper: Double)] = [(0, 0)]
    for n in ratios.lengths {
      let sorted = samples.map { $0[n - 1] }.sorted()
      let interval = try BCaInterval(sorted: sorted, estimate: 1, jackknife: jackknife.map { $0[n - 1] }, z: z)
      let centre = logSurvival[n]
      limits.append(
        (min(0, centre + .log(interval.lower)), min(0, centre + .log(interval.upper))))
    }
    return limits
  }
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

  init(_ positions: [(survivors: [Double], entered: [Double])], count: Int) {
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
      telescopes.append(
        index > 0
          && (0..<count).allSatisfy {
            (entered[$0 * positions.count + index] - survivors[$0 * positions.count + index - 1]).magnitude < 1e-13
          })
    }
    self.survivors = survivors
    self.entered = entered
    self.telescopes = telescopes
  }

  var lengths: ClosedRange<Int> { 1...length }

  /// S̄*(n) / S̄(n) for n = 1 … length, from the weighted sums over groups.
  private func ratios(_ survivors: [Double], _ entered: [Double]) -> [Double] {
    var base = 1.0
    var entry = 1.0
    return (0..<length).map { index in
      if !telescopes[index] {
        if index > 0 { base *= entry > 0 ? survivors[index - 1] / entry : 0 }
        entry = entered[index]
      }
      return entry > 0 ? base * survivors[index] / entry : 0
    }
  }

  func bootstrap(replicates: Int, seed: UInt64, threads: Int) async throws -> [[Double]] {
    let tasks = max(1, min(threads, replicates))
    return try await withThrowingTaskGroup(of: (Int, [[Double]]).self) { group in
      for task in 0..<tasks {
        let range = task * replicates / tasks..<(task + 1) * replicates / tasks
        group.addTask {
          var results: [[Double]] = []
          for replicate in range {
            try Task.checkCancellation()
            results.append(resample(seed: seed, stream: UInt64(replicate)))
          }
          return (task, results)
        }
      }
      var parts = [[[Double]]](repeating: [], count: tasks)
      for try await (task, results) in group { parts[task] = results }
      return parts.flatMap { $0 }
    }
  }

  private func resample(seed: UInt64, stream: UInt64) -> [Double] {
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
    return ratios(survivorSums, enteredSums)
  }

  /// The same ratios with each group left out in turn.
  func jackknife() -> [[Double]] {
    (0..<count).map { group in
      let row = group * length
      return ratios(
        (0..<length).map { max(0, 1 - survivors[row + $0]) }, (0..<length).map { max(0, 1 - entered[row + $0]) })
    }
  }
}
