internal import CVectors
import GSLNumerics
import RealModule

/// A histogram of probabilities on the scale of their log-odds: what stands in for the probabilities themselves when
/// there are too many records to keep.
///
/// Bins are 1/128 wide in ln(p / (1 - p)), so that p and 1 - p vary by less than 0.8 % in each. Each bin keeps its
/// count, Σ p and Σ p². The bins span 128 units below the largest probability's log-odds, which are at most 40; what is
/// smaller goes into the last bin, where even 10¹² records hold less than 1e-26 of the sum. Two sketches merge by
/// addition.
package struct ProbabilitySketch: Sendable, Codable {
  private struct Bin: Sendable {
    var count = 0
    var sum = ScaledSum()
    var squares = ScaledSum()
  }

  package static let binsPerUnit = 128.0
  private static let size = 16_384
  /// Above this log-odds 1 - p is below 1e-17 and all share the top bin.
  private static let highestIndex = Int(40 * binsPerUnit)

  private var bins = [Bin](repeating: Bin(), count: size)
  private var topIndex = Int.min
  /// Records with p = 1.
  package private(set) var certain = 0
  /// Records with p = 0.
  package private(set) var impossible = 0

  package init() {}

  /// Adds probabilities.
  ///
  /// - Parameters:
  ///   - logProbabilities: Their logarithms, each at most 0.
  ///   - values: The same with exponents of their own.
  package mutating func add(_ logProbabilities: [Double], _ values: [ScaledValue]) {
    let count = logProbabilities.count
    let odds = [Double](unsafeUninitializedCapacity: count) { odds, initialized in
      if let start = odds.baseAddress { log_odds(logProbabilities, count, start) }
      initialized = count
    }
    func index(_ odds: Double) -> Int { min(Int((odds * Self.binsPerUnit).rounded(.down)), Self.highestIndex) }
    // The window is moved up once, not value by value.
    var highest = -Double.infinity
    for place in 0..<count where logProbabilities[place] < 0 && values[place].significand > 0 {
      highest = max(highest, odds[place])
    }
    if highest > -.infinity { _ = slot(of: index(highest)) }
    bins.withUnsafeMutableBufferPointer { [topIndex] bins in
      for place in 0..<count {
        let value = values[place]
        if logProbabilities[place] == 0 {
          certain += 1
        } else if value.significand == 0 {
          // Probabilities below e^(-10¹⁵) count as 0.
          impossible += 1
        } else {
          let slot = Self.slot(of: index(odds[place]), below: topIndex)
          bins[slot].count += 1
          bins[slot].sum.add(value)
          bins[slot].squares.add(value.squared)
        }
      }
    }
  }

  package mutating func merge(_ other: ProbabilitySketch) {
    certain += other.certain
    impossible += other.impossible
    guard other.topIndex != .min else { return }
    // The window is moved up once, not bin by bin.
    _ = slot(of: other.topIndex)
    for (offset, bin) in other.bins.enumerated() where bin.count > 0 {
      let slot = slot(of: other.topIndex - Self.size + 1 + offset)
      bins[slot].count += bin.count
      bins[slot].sum.merge(bin.sum)
      bins[slot].squares.merge(bin.squares)
    }
  }

  /// The slot of a bin index, after moving the window up when the index is above it.
  private mutating func slot(of index: Int) -> Int {
    if topIndex == .min { topIndex = index }
    if index > topIndex {
      let shift = min(index - topIndex, Self.size)
      var moved = [Bin](repeating: Bin(), count: Self.size)
      for (slot, bin) in bins.enumerated() where bin.count > 0 {
        let target = max(0, slot - shift)
        moved[target].count += bin.count
        moved[target].sum.merge(bin.sum)
        moved[target].squares.merge(bin.squares)
      }
      bins = moved
      topIndex = index
    }
    return Self.slot(of: index, below: topIndex)
  }

  private static func slot(of index: Int, below topIndex: Int) -> Int { max(0, size - 1 - (topIndex - index)) }

  /// The bins' counts and sums from the largest probabilities to the smallest.
  package var descending: [(count: Int, sum: ScaledValue)] {
    var result: [(count: Int, sum: ScaledValue)] =
      certain > 0 ? [(certain, ScaledValue(significand: Double(certain), exponent: 0))] : []
    for bin in bins.reversed() where bin.count > 0 { result.append((bin.count, bin.sum.value)) }
    if impossible > 0 { result.append((impossible, .zero)) }
    return result
  }

  /// The law of the number of successes, with each bin's records given the bin's mean probability.
  ///
  /// Its distance from the exact law is bounded by Ehm's inequality (Stat. Probab. Lett. 11, 1991), bin by bin:
  /// d_TV <= (1 - p̄^(m+1) - q̄^(m+1)) / ((m + 1) p̄ q̄) Σ (p_i - p̄)², and distances of independent sums add.
  package var poissonBinomial: PoissonBinomial {
    var groups: [PoissonBinomial.Group] = []
    var bound = 0.0
    for bin in bins where bin.count > 0 {
      let count = Double(bin.count)
      let logMean = min(bin.sum.value.log - .log(count), -1e-300)
      groups.append(.init(logOdds: logMean - log1mExp(logMean), multiplicity: count))
      let mean = Double.exp(logMean)
      let rest = -Double.expMinusOne(logMean)
      let spread = max(0, bin.squares.value.double - count * mean * mean)
      // The factor is at most 1 as well as 1 / ((m + 1) p̄ q̄).
      if mean > 0, rest > 0 { bound += min(1, 1 / ((count + 1) * mean * rest)) * spread }
    }
    return PoissonBinomial(groups: groups, certain: certain, errorBound: min(1, bound))
  }

  // MARK: Coding, of the bins that hold something

  private enum CodingKeys: String, CodingKey { case bins, topIndex, certain, impossible }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let packed = try container.decode(PackedDoubles.self, forKey: .bins)
    let width = 8
    guard packed.values.count % width == 0 else {
      throw DecodingError.dataCorruptedError(forKey: .bins, in: container, debugDescription: "half a bin")
    }
    for start in stride(from: 0, to: packed.values.count, by: width) {
      let row = Array(packed.values[start..<(start + width)])
      guard let slot = Int(exactly: row[0]), bins.indices.contains(slot), let count = Int(exactly: row[1]),
        (1...1 << 53).contains(count),
        let sum = ScaledSum(parts: Array(row[2..<5])), let squares = ScaledSum(parts: Array(row[5...]))
      else { throw DecodingError.dataCorruptedError(forKey: .bins, in: container, debugDescription: "is no bin") }
      bins[slot] = Bin(count: count, sum: sum, squares: squares)
    }
    topIndex = try container.decode(Int.self, forKey: .topIndex)
    certain = try container.decode(Int.self, forKey: .certain)
    impossible = try container.decode(Int.self, forKey: .impossible)
    let isPlausible =
      [certain, impossible].allSatisfy { (0...1 << 53).contains($0) }
      && (topIndex == .min || (-(1 << 60)...Self.highestIndex).contains(topIndex))
    guard isPlausible, bins.allSatisfy({ $0.count == 0 }) || topIndex != .min else {
      throw DecodingError.dataCorruptedError(forKey: .topIndex, in: container, debugDescription: "is no sketch")
    }
  }

  /// The number of records.
  package var records: Int { bins.reduce(certain + impossible) { $0 + $1.count } }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let rows = bins.enumerated().filter { $0.element.count > 0 }.flatMap { slot, bin in
      [Double(slot), Double(bin.count)] + bin.sum.parts + bin.squares.parts
    }
    try container.encode(PackedDoubles(rows), forKey: .bins)
    try container.encode(topIndex, forKey: .topIndex)
    try container.encode(certain, forKey: .certain)
    try container.encode(impossible, forKey: .impossible)
  }
}
