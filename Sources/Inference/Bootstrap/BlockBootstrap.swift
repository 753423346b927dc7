import GSLNumerics
import RealModule

/// Confidence limits for the mean of neighbouring values that depend on each other, such as the tokens of a text, by
/// the circular moving-block bootstrap (Politis and Romano, 1992, after Künsch, Annals of Statistics 17, 1989).
public struct BlockBootstrap: Sendable {
  /// The length of a block: longer than dependence reaches.
  public let block: Int
  /// Resamples.
  public var replicates = 1999
  /// The seed of the resampling.
  public var seed: UInt64 = 0

  /// Blocks of so many values.
  ///
  /// - Precondition: block >= 1.
  public init(block: Int) {
    precondition(block >= 1, "a block of \(block)")
    self.block = block
  }

  /// Limits of the mean of all values of some series, of which each is resampled by itself.
  ///
  /// - Parameters:
  ///   - series: The values, each from 0 to 1, or differences of such, from -1 to 1.
  ///   - level: The confidence level.
  /// - Returns: nil for series with fewer than ten blocks together, where resampling says nothing. Where all values are
  ///   0 the upper limit is that of the share of blocks with anything in them, 1 - (1 - level)^(1/blocks); where all
  ///   are 1 the lower limit is 1 less that.
  /// - Complexity: O(values + replicates × blocks).
  /// - Precondition: 0 < level < 1.
  public func meanInterval(of series: [[Double]], level: Double = 0.95) -> ClosedRange<Double>? {
    let series = series.filter { !$0.isEmpty }
    let counts = series.map { max(1, $0.count / block) }
    let blocks = counts.reduce(0, +)
    guard blocks >= 10, let z = try? normalQuantile(0.5 + 0.5 * level) else { return nil }
    let sums = series.map { values in
      values.reduce(into: [0.0]) { sums, value in sums.append(sums[sums.count - 1] + value) }
    }
    let total = Double(series.map(\.count).reduce(0, +))
    let whole = sums.map { $0[$0.count - 1] }.reduce(0, +)
    if let same = series.first?.first, [0, 1, -1].contains(same),
      series.allSatisfy({ $0.allSatisfy { $0 == same } })
    {
      return Self.limits(ofConstant: same, units: blocks, level: level)
    }
    func circular(_ sums: [Double], _ start: Int) -> Double {
      let length = sums.count - 1
      let end = start + min(block, length)
      return end <= length
        ? sums[end] - sums[start] : sums[length] - sums[start] + sums[end - length]
    }
    var samples: [Double] = []
    for replicate in 0..<replicates {
      var generator = SeededGenerator(seed: seed, stream: UInt64(replicate))
      var sum = 0.0
      for (index, own) in sums.enumerated() {
        let length = own.count - 1
        var drawn = 0.0
        for _ in 0..<counts[index] { drawn += circular(own, Int.random(in: 0..<length, using: &generator)) }
        // As many values as the series has.
        sum += drawn * Double(length) / Double(counts[index] * min(block, length))
      }
      samples.append(sum / total)
    }
    samples.sort()
    // Each block left out, for the acceleration.
    var others: [Double] = []
    for (index, own) in sums.enumerated() {
      let length = own.count - 1
      for part in 0..<counts[index] {
        let (start, end) = (part * length / counts[index], (part + 1) * length / counts[index])
        others.append((whole - (own[end] - own[start])) / (total - Double(end - start)))
      }
    }
    guard
      let interval = try? BCaInterval(sorted: samples, estimate: whole / total, jackknife: others, z: z)
    else { return nil }
    return max(-1, interval.lower)...min(1, max(interval.lower, interval.upper))
  }

  /// Where all units are alike, what the share of others may be of which none was seen.
  private static func limits(ofConstant value: Double, units: Int, level: Double) -> ClosedRange<Double> {
    let others = -Double.expMinusOne(.log(onePlus: -level) / Double(units))
    return value == 0 ? 0...others : value > 0 ? (1 - others)...1 : -1...(others - 1)
  }

  /// Limits of a ratio of sums over independent units of different sizes, such as tokens covered in each of some works.
  ///
  /// - Parameters:
  ///   - units: For each unit its part of the numerator and of the denominator.
  ///   - level: The confidence level.
  ///   - replicates: Resamples.
  ///   - seed: The seed of the resampling.
  /// - Returns: nil for fewer than ten units. Where all ratios are 0 or 1, as ``meanInterval(of:level:)``.
  /// - Precondition: 0 < level < 1; numerators are from 0 to the denominators.
  public static func ratioInterval(
    of units: [(part: Double, whole: Double)], level: Double = 0.95, replicates: Int = 1999, seed: UInt64 = 0
  ) -> ClosedRange<Double>? {
    let units = units.filter { $0.whole > 0 }
    guard units.count >= 10, let z = try? normalQuantile(0.5 + 0.5 * level) else { return nil }
    let (part, whole) = units.reduce((0.0, 0.0)) { ($0.0 + $1.part, $0.1 + $1.whole) }
    if part == 0 || units.allSatisfy({ $0.part == $0.whole }) {
      return limits(ofConstant: part == 0 ? 0 : 1, units: units.count, level: level)
    }
    var samples: [Double] = []
    for replicate in 0..<replicates {
      var generator = SeededGenerator(seed: seed, stream: UInt64(replicate))
      var (sum, size) = (0.0, 0.0)
      for _ in units {
        let unit = units[Int.random(in: units.indices, using: &generator)]
        sum += unit.part
        size += unit.whole
      }
      samples.append(sum / size)
    }
    samples.sort()
    let others = units.map { (part - $0.part) / (whole - $0.whole) }
    guard let interval = try? BCaInterval(sorted: samples, estimate: part / whole, jackknife: others, z: z) else {
      return nil
    }
    return max(0, interval.lower)...min(1, max(interval.lower, interval.upper))
  }
}
