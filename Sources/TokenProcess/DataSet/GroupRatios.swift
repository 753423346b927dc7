internal import CVectors
import GSLNumerics
import Inference

/// Groups' shares of the sums, group by group, so that a resample is a weighted sum over rows.
struct GroupRatios: Sendable {
  let count: Int
  let length: Int
  /// count × length: the group's part of Σ S(n), and of Σ S(n-1).
  private let survivors: [Double]
  private let entered: [Double]
  /// Whether Σ S(n-1) at n is the Σ S of the length before: then the ratio telescopes.
  private let telescopes: [Bool]

  /// The shares of so many groups at some of the lengths.
  init(_ survivors: GroupSums, _ entered: GroupSums, groups: Int, lengths: Range<Int>) {
    count = groups
    length = lengths.count
    self.entered = entered.shares(lengths: lengths, groups: count)
    self.survivors = survivors.shares(lengths: lengths, groups: count)
    telescopes = lengths.map { index in
      guard index > 0 else { return false }
      let entry = entered.shares(lengths: index..<index + 1, groups: groups)
      let before = survivors.shares(lengths: index - 1..<index, groups: groups)
      return zip(entry, before).allSatisfy { ($0 - $1).magnitude < 1e-13 }
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
    func sums(_ shares: [Double]) -> [Double] {
      var sums = [Double](repeating: 0, count: length)
      shares.withUnsafeBufferPointer { shares in
        guard let start = shares.baseAddress else { return }
        for group in 0..<count where weights[group] > 0 {
          weighted_add(start + group * length, weights[group], length, &sums)
        }
      }
      return sums
    }
    return ratios(sums(survivors), sums(entered), &progress)
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
