import GSLNumerics
import RealModule

/// A bias-corrected and accelerated bootstrap interval (Efron, JASA 82, 1987).
public struct BCaInterval: Sendable, Equatable {
  /// The lower limit.
  public let lower: Double
  /// The upper limit.
  public let upper: Double

  /// The interval from sorted bootstrap values, the estimate, its jackknife values and the normal quantile z of the
  /// level.
  public init(sorted: [Double], estimate: Double, jackknife: [Double], z: Double) throws(NumericsError) {
    let count = Double(sorted.count)
    // Sums in another order differ by rounding: what is that near counts as equal.
    let margin = 1e-12 * estimate.magnitude
    let below = Double(sorted.count { $0 < estimate - margin })
    let equal = Double(sorted.count { ($0 - estimate).magnitude <= margin })
    // Half of the ties on either side; kept off 0 and 1, where the correction is infinite.
    let share = min(max((below + 0.5 * equal) / count, 0.5 / count), 1 - 0.5 / count)
    let bias = try normalQuantile(share)
    let mean = jackknife.reduce(0, +) / Double(jackknife.count)
    var squares = 0.0
    var cubes = 0.0
    for value in jackknife {
      let deviation = mean - value
      squares += deviation * deviation
      cubes += deviation * deviation * deviation
    }
    let skew = squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
    // Of jackknife values out of range nothing is known.
    let acceleration = skew.isFinite ? skew : 0
    func limit(_ z: Double) -> Double {
      let shifted = bias + z
      let adjusted = bias + shifted / (1 - acceleration * shifted)
      let position = (1 - normalUpperTail(adjusted)) * (count + 1) - 1
      let index = min(max(position, 0), count - 1)
      let low = Int(index.rounded(.down))
      let high = min(low + 1, sorted.count - 1)
      return sorted[low] + (index - Double(low)) * (sorted[high] - sorted[low])
    }
    lower = limit(-z)
    upper = limit(z)
  }

  /// Limits of a function of the means of samples that is linear in each mean, such as a mean or the difference of two.
  ///
  /// - Parameters:
  ///   - samples: The samples, each resampled by itself.
  ///   - level: The confidence level.
  ///   - replicates: 199 at least; fewer where together they would take more than some seconds.
  ///   - seed: The seed of the resampling.
  ///   - combine: The function, given the samples' means in their order.
  /// - Returns: nil for a sample of fewer than ten.
  /// - Precondition: 0 < level < 1.
  public static func ofMeans(
    _ samples: [[Double]], level: Double = 0.95, replicates: Int = 1999, seed: UInt64 = 0,
    _ combine: ([Double]) -> Double
  ) -> ClosedRange<Double>? {
    guard samples.allSatisfy({ $0.count >= 10 }), let z = try? normalQuantile(0.5 + 0.5 * level) else { return nil }
    let means = samples.map { mean(of: $0) }
    var jackknife: [Double] = []
    for (index, sample) in samples.enumerated() {
      let count = Double(sample.count)
      for value in sample {
        var without = means
        without[index] = (means[index] * count - value) / (count - 1)
        jackknife.append(combine(without))
      }
    }
    var generator = SeededGenerator(seed: seed)
    let made = max(199, min(replicates, 2_000_000_000 / samples.reduce(0) { $0 + $1.count }))
    let values = (0..<made).map { _ in
      combine(
        samples.map { sample in
          var sum = 0.0
          for _ in sample.indices { sum += sample[Int.random(in: 0..<sample.count, using: &generator)] }
          return sum / Double(sample.count)
        })
    }
    guard let found = try? BCaInterval(sorted: values.sorted(), estimate: combine(means), jackknife: jackknife, z: z)
    else { return nil }
    guard !found.lower.isNaN, !found.upper.isNaN else { return nil }
    return found.lower...max(found.lower, found.upper)
  }
}
