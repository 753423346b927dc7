internal import CVectors
import GSLNumerics

/// Sums of non-negative numbers over groups of records at each length, each length in units of a power of two of its
/// own.
///
/// The sums of a group lie side by side: a record is added to one stretch of memory.
struct GroupSums: Sendable {
  /// Groups that something was added to, and all before them.
  private(set) var groups = 0
  /// The number of lengths.
  private(set) var lengths = 0
  /// Lengths that a group has room for.
  private var stride = 0
  /// By length; ``noExponent`` where every sum is 0.
  private var exponents: [Double] = []
  /// groups × stride.
  private var significands: [Double] = []

  init() {}

  /// How many binary orders a number may be above the unit: each new unit changes the sums of all groups.
  private static let room = 6.0

  /// Below the exponent of every number, and above that of a law's zeros.
  private static let noExponent = -0x1p61

  /// The sums by length, with an exponent and a significand for each group or fewer.
  init(columns: [(exponent: Int, significands: [Double])]) {
    reserve(lengths: columns.count)
    reserve(groups: columns.map(\.significands.count).max() ?? 0)
    for (length, column) in columns.enumerated() {
      exponents[length] = column.exponent == .min ? Self.noExponent : Double(column.exponent)
      for (group, value) in column.significands.enumerated() { significands[group * stride + length] = value }
    }
  }

  mutating func reserve(lengths: Int) {
    guard lengths > self.lengths else { return }
    exponents += Array(repeating: Self.noExponent, count: lengths - self.lengths)
    self.lengths = lengths
    guard lengths > stride else { return }
    // With room for more, as arrays have.
    let wider = groups > 0 ? max(lengths, stride + stride / 2) : lengths
    var moved = [Double](repeating: 0, count: groups * wider)
    for group in 0..<groups {
      for length in 0..<stride { moved[group * wider + length] = significands[group * stride + length] }
    }
    (significands, stride) = (moved, wider)
  }

  private mutating func reserve(groups: Int) {
    guard groups > self.groups else { return }
    significands.append(contentsOf: repeatElement(0, count: (groups - self.groups) * stride))
    self.groups = groups
  }

  /// Adds S(n) of laws for as many n as they have tokens, from a first one on, each to its group's sums. The unit follows
  /// the largest number, once that is ``room`` binary orders above it.
  ///
  /// - Precondition: There is room for their length, and a group for each law.
  mutating func add(_ laws: MatchLengthLaws, from first: Int, to targets: [Int]) {
    let length = laws.length
    reserve(groups: targets.reduce(0) { max($0, $1 + 1) })
    laws.withColumns { columns in
      let significands = columns(MatchLengthLaws.Column.significand) + first
      let exponents = columns(MatchLengthLaws.Column.exponent) + first
      let step = columns(MatchLengthLaws.Column.exponent, of: 1) - columns(MatchLengthLaws.Column.exponent)
      if is_above(exponents, step, laws.count, length, self.exponents, Self.room) != 0 {
        for record in 0..<laws.count {
          for index in 0..<length where exponents[record * step + index] - self.exponents[index] > Self.room {
            rescale(index, to: Int(exponents[record * step + index]))
          }
        }
      }
      self.significands.withUnsafeMutableBufferPointer { sums in
        guard let start = sums.baseAddress else { return }
        for record in 0..<laws.count {
          scaled_add(
            significands + record * step, exponents + record * step, self.exponents, length,
            start + targets[record] * self.stride)
        }
      }
    }
  }

  private mutating func rescale(_ length: Int, to exponent: Int) {
    if let unit = self.exponent(length) {
      let shift = unit - exponent
      let factor = shift <= -1000 ? 0 : powerOfTwo(shift)
      for group in 0..<groups { significands[group * stride + length] *= factor }
    }
    exponents[length] = Double(exponent)
  }

  /// Adds each group beyond a number to that at its number less this one.
  ///
  /// - Precondition: There are at most twice as many.
  mutating func halve(to count: Int) {
    guard groups > count else { return }
    precondition(groups <= 2 * count)
    for group in count..<groups {
      for length in 0..<lengths {
        significands[(group - count) * stride + length] += significands[group * stride + length]
      }
    }
    significands.removeLast((groups - count) * stride)
    groups = count
  }

  /// Adds the sums of other groups, each to the group that is given for it.
  ///
  /// - Precondition: There are as many lengths, and a target for each group.
  mutating func merge(_ other: GroupSums, into targets: [Int]) {
    reserve(groups: targets.prefix(other.groups).max().map { $0 + 1 } ?? 0)
    var factors = [Double](repeating: 0, count: other.lengths)
    for length in 0..<other.lengths {
      guard let exponent = other.exponent(length) else { continue }
      if Double(exponent) > exponents[length] { rescale(length, to: exponent) }
      let shift = Double(exponent) - exponents[length]
      factors[length] = shift > -1000 ? powerOfTwo(Int(shift)) : 0
    }
    significands.withUnsafeMutableBufferPointer { mine in
      other.significands.withUnsafeBufferPointer { theirs in
        for group in 0..<other.groups {
          let target = targets[group] * stride
          for length in 0..<other.lengths {
            mine[target + length] += theirs[group * other.stride + length] * factors[length]
          }
        }
      }
    }
  }

  /// The exponent of the unit at a length; nil where every sum is 0.
  func exponent(_ length: Int) -> Int? { exponents[length] > Self.noExponent ? Int(exponents[length]) : nil }

  /// A group's sum in that unit.
  func significand(_ group: Int, _ length: Int) -> Double {
    group < groups ? significands[group * stride + length] : 0
  }

  /// A group's sum as an ordinary number.
  func value(_ group: Int, _ length: Int) -> Double {
    exponent(length).map { ScaledValue(significand: significand(group, length), exponent: $0).double } ?? 0
  }

  /// The groups' shares of their total at a length; 0 where the total is.
  func shares(_ length: Int, groups count: Int) -> [Double] {
    var total = 0.0
    for group in 0..<groups { total += significand(group, length) }
    return (0..<count).map { total > 0 ? significand($0, length) / total : 0 }
  }
}
