import GSLNumerics
import RealModule

/// A bias-corrected and accelerated bootstrap interval (Efron, JASA 82, 1987).
public struct BCaInterval: Sendable, Equatable {
  /// The lower limit.
  public let lower: Double
  /// The upper limit.
  public let upper: Double

  /// The interval from sorted bootstrap values, the estimate, its jackknife values and the normal quantile z of the level.
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
    let acceleration = squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
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
}
