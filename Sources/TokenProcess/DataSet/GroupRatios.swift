internal import CVectors
import GSLNumerics
import Inference

/// Groups' shares of the sums, group by group, so that a resample is a weighted sum over rows.
struct GroupRatios: Sendable {
  private let count: Int
  private let length: Int
  /// The groups' parts of Σ S(n).
  private let survivors: Shares
  /// Those of Σ S(n-1), at the lengths where it is not the Σ S of the length before: elsewhere the ratio telescopes.
  private let entered: Shares
  private let telescopes: [Bool]

  /// The shares of so many groups at some of the lengths.
  init(_ survivors: GroupSums, _ entered: GroupSums, groups: Int, lengths: Range<Int>) {
    count = groups
    length = lengths.count
    var survivorShares: [[Double]] = []
    var enteredShares: [[Double]] = []
    var telescopes: [Bool] = []
    // Those of the length before the first as well.
    var before = lengths.first.flatMap { $0 > 0 ? survivors.shares($0 - 1, groups: groups) : nil }
    for length in lengths {
      let entry = entered.shares(length, groups: groups)
      let isSame = before.map { zip(entry, $0).allSatisfy { ($0 - $1).magnitude < 1e-13 } } ?? false
      if !isSame { enteredShares.append(entry) }
      telescopes.append(isSame)
      let survived = survivors.shares(length, groups: groups)
      survivorShares.append(survived)
      before = survived
    }
    self.telescopes = telescopes
    self.survivors = Shares(survivorShares, groups: groups)
    self.entered = Shares(enteredShares, groups: groups)
  }

  /// The groups' shares at some lengths: a row a group, with zeros up to a whole number of eights.
  private struct Shares: Sendable {
    private var rows: [Double]
    private let count: Int
    private let length: Int
    private let stride: Int

    init(_ columns: [[Double]], groups: Int) {
      (count, length, stride) = (groups, columns.count, (columns.count + 7) / 8 * 8)
      rows = [Double](repeating: 0, count: groups * stride)
      for (column, shares) in columns.enumerated() {
        for group in 0..<groups { rows[group * stride + column] = shares[group] }
      }
    }

    /// The sums with each of eight lists of weights, which stand side by side group by group.
    func sums(weights: [Double]) -> [[Double]] {
      let sums = [Double](unsafeUninitializedCapacity: GroupRatios.together * stride) { sums, initialized in
        if let start = sums.baseAddress, !rows.isEmpty { weighted_sums(rows, count, stride, weights, start) }
        initialized = GroupRatios.together * stride
      }
      return (0..<GroupRatios.together).map { Array(sums[$0 * stride..<$0 * stride + length]) }
    }

    /// The shares of all groups but one; added up where 1 - share would cancel.
    func rest(without group: Int) -> [Double] {
      (0..<length).map { index in
        let share = rows[group * stride + index]
        if share < 0.5 { return 1 - share }
        return (0..<count).reduce(0) { $1 == group ? $0 : $0 + rows[$1 * stride + index] }
      }
    }
  }

  /// How far a replicate's product has come at the end of a block.
  struct Progress {
    var base = 1.0
    var entry = 1.0
    var last = 1.0
  }

  /// S̄*(n) / S̄(n) for the lengths of the block, from the weighted sums over groups; NaN where nobody is at risk
  /// though somebody survived, and 0 where nobody survived.
  private func ratios(_ survivors: [Double], _ entered: [Double], _ progress: inout Progress) -> [Double] {
    var entries = entered.makeIterator()
    return (0..<length).map { index in
      if !telescopes[index], let entry = entries.next() {
        progress.base = progress.entry > 0 ? progress.base * progress.last / progress.entry : progress.base
        progress.entry = entry
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

  /// How many replicates are made together.
  private static let together = 8

  func bootstrap(_ resamples: inout [Progress], seed: UInt64, threads: Int) async throws -> [[Double]] {
    let states = resamples
    let starts = Array(stride(from: 0, to: states.count, by: Self.together))
    let parts = try await inParallel(starts.indices, threads: threads) { part in
      try Task.checkCancellation()
      let replicates = starts[part]..<min(starts[part] + Self.together, states.count)
      return resample(replicates, seed: seed, from: states)
    }
    let results = parts.flatMap(\.self)
    resamples = results.map(\.1)
    return results.map(\.0)
  }

  private func resample(
    _ replicates: Range<Int>, seed: UInt64, from states: [Progress]
  ) -> [([Double], Progress)] {
    var weights = [Double](repeating: 0, count: count * Self.together)
    for (column, replicate) in replicates.enumerated() {
      var generator = SeededGenerator(seed: seed, stream: UInt64(replicate))
      for _ in 0..<count { weights[Int.random(in: 0..<count, using: &generator) * Self.together + column] += 1 }
    }
    let (survivors, entered) = (survivors.sums(weights: weights), entered.sums(weights: weights))
    return replicates.enumerated().map { column, replicate in
      var progress = states[replicate]
      return (ratios(survivors[column], entered[column], &progress), progress)
    }
  }

  /// The same ratios with each group left out in turn.
  func jackknife(_ states: inout [Progress]) -> [[Double]] {
    (0..<count).map { ratios(survivors.rest(without: $0), entered.rest(without: $0), &states[$0]) }
  }
}
