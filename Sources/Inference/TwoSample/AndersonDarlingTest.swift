import GSLNumerics
import RealModule

/// The two-sample Anderson–Darling test, which looks harder at the tails than the Kolmogorov–Smirnov test (Scholz and
/// Stephens, JASA 82, 1987).
public struct AndersonDarlingTest: Sendable, Equatable {
  /// A²_akN of the two samples: their equation 7, midranks for ties.
  public let statistic: Double
  /// P of a statistic as large or larger, by exchanging values between the samples at random.
  public let pValue: Double
  /// The exchanges that the p-value is from.
  public let permutations: Int

  /// Compares samples.
  ///
  /// - Parameters:
  ///   - x: One sample.
  ///   - y: The other.
  ///   - permutations: Exchanges to be made; fewer, 199 at least, where together they would take more than some
  ///     seconds.
  ///   - seed: The seed of the exchanges.
  /// - Returns: nil where a sample is empty or with a NaN, or where all values are equal.
  /// - Complexity: O(N log N + N permutations).
  public init?(_ x: [Double], _ y: [Double], permutations: Int = 9999, seed: UInt64 = 0) {
    let all = x + y
    guard !x.isEmpty, !y.isEmpty, !all.contains(where: \.isNaN) else { return nil }
    let order = all.indices.sorted { all[$0] < all[$1] }
    // Which of the different values each observation has.
    var group = [Int](repeating: 0, count: all.count)
    var sizes: [Int] = []
    var last: Double?
    for index in order {
      if last == nil || all[index] != last {
        sizes.append(0)
        last = all[index]
      }
      sizes[sizes.count - 1] += 1
      group[index] = sizes.count - 1
    }
    guard sizes.count > 1 else { return nil }
    let pool = Pool(sizes: sizes, first: x.count, total: all.count)
    var counts = [Int](repeating: 0, count: sizes.count)
    for index in x.indices { counts[group[index]] += 1 }
    let observed = pool.statistic(counts)
    statistic = observed
    let made = max(199, min(permutations, 500_000_000 / all.count))
    self.permutations = made
    var generator = SeededGenerator(seed: seed)
    var asExtreme = 0
    for _ in 0..<made {
      // The first sample's values, drawn without replacement: Fisher and Yates as far as they are needed.
      for index in counts.indices { counts[index] = 0 }
      for index in x.indices {
        let other = Int.random(in: index..<group.count, using: &generator)
        group.swapAt(index, other)
        counts[group[index]] += 1
      }
      if pool.statistic(counts) >= observed * (1 - 1e-12) { asExtreme += 1 }
    }
    pValue = Double(asExtreme + 1) / Double(made + 1)
  }

  /// The values of both samples.
  private struct Pool {
    /// How often each different value is there, in order.
    let sizes: [Int]
    let first: Int
    let total: Int

    func statistic(_ counts: [Int]) -> Double {
      let (n, m, all) = (Double(first), Double(total - first), Double(total))
      var (before, beforeFirst, sum) = (0.0, 0.0, 0.0)
      for (size, count) in zip(sizes, counts) {
        let (size, count) = (Double(size), Double(count))
        let middle = before + size / 2
        let middleFirst = beforeFirst + count / 2
        let difference = all * middleFirst - n * middle
        // The second sample's difference is the same with the other sign.
        sum +=
          size / all * difference * difference * (1 / n + 1 / m) / (middle * (all - middle) - all * size / 4)
        before += size
        beforeFirst += count
      }
      return (all - 1) / all * sum
    }
  }
}
