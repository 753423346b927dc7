import GSLNumerics
import RealModule

/// A non-negative number significand × 2^exponent whose exponent never overflows: exp(-2000) is an ordinary value.
package struct ScaledValue: Sendable, Equatable {
  package var significand: Double
  package var exponent: Int

  package init(significand: Double, exponent: Int) {
    self.significand = significand
    self.exponent = exponent
  }

  package static let zero = ScaledValue(significand: 0, exponent: 0)
  package static let one = ScaledValue(significand: 1, exponent: 0)

  /// exp(high + low) to full relative precision, for a logarithm given as an unevaluated sum of two doubles.
  ///
  /// Below exp(-10¹⁵) it is 0: the exponents of sums and products then never overflow, and are exact as doubles too.
  @inline(__always)
  package init(exponentOf high: Double, _ low: Double) {
    guard high >= Self.leastLogarithm else {
      self = .zero
      return
    }
    let k = (high * 1.44269504088896340736).rounded()
    // Cody–Waite: k times the first part of ln 2 is exact for |k| < 2²⁰. Beyond, what rounding takes from the products
    // is kept.
    let (first, second) = (k * Self.ln2High, k * Self.ln2Low)
    let firstError = (-first).addingProduct(k, Self.ln2High)
    let secondError = (-second).addingProduct(k, Self.ln2Low)
    let reduced = (((high - first) - second) - firstError) - secondError - k * Self.ln2Rest + low
    self.init(significand: .exp(reduced), exponent: Int(k))
  }

  /// The natural logarithm; -inf at zero.
  package var log: Double {
    guard significand > 0 else { return -.infinity }
    let k = Double(exponent)
    return k * Self.ln2High + (k * Self.ln2Low + .log(significand))
  }

  /// The nearest Double: 0 or infinity where the value is out of range.
  package var double: Double {
    if exponent >= -1000 && exponent <= 1000 { return significand * powerOfTwo(exponent) }
    // Significands are at most 2^64 from 1: far below the smallest Double, which is common in long products.
    if exponent < -1200, significand < 0x1p64 { return 0 }
    return Double(sign: .plus, exponent: max(-4000, min(4000, exponent)), significand: significand)
  }

  /// The square, without a normalization that a sum does not need.
  package var squared: ScaledValue {
    ScaledValue(significand: significand * significand, exponent: 2 * exponent)
  }

  package static func * (a: ScaledValue, b: ScaledValue) -> ScaledValue {
    ScaledValue(significand: a.significand * b.significand, exponent: a.exponent + b.exponent).normalized
  }

  package static func / (a: ScaledValue, b: ScaledValue) -> ScaledValue {
    guard a.significand != 0 else { return .zero }
    return ScaledValue(significand: a.significand / b.significand, exponent: a.exponent - b.exponent).normalized
  }

  /// The same number with its significand in [1, 2).
  private var normalized: ScaledValue {
    guard significand > 0, significand.isFinite else { return .zero }
    return ScaledValue(significand: significand.significand, exponent: exponent + Int(significand.exponent))
  }

  /// Below this logarithm values are taken for 0.
  static let leastLogarithm = -1e15

  // ln 2 in three parts; the first has 33 significant bits.
  static let ln2High = 0x1.62e42fee00000p-1
  static let ln2Low = 0x1.a39ef35793c76p-33
  static let ln2Rest = 0x1.cc01f97b57a08p-87
}

/// 2^k for -1022 <= k <= 1023.
@inline(__always)
package func powerOfTwo(_ k: Int) -> Double {
  Double(bitPattern: UInt64(truncatingIfNeeded: k + 1023) << 52)
}

/// A compensated sum of non-negative ``ScaledValue``s: Σ exp(x) for logarithms x of any size.
package struct ScaledSum: Sendable, Equatable, Codable {
  private(set) var sum = CompensatedSum()
  /// The power of two that is the unit; `Int.min` without terms.
  private var unit = Int.min

  package init() {}

  /// A sum in units of 2^exponent.
  init(_ sum: CompensatedSum, exponent: Int) {
    self.sum = sum
    unit = exponent
  }

  /// The exponent of the unit; nil without terms.
  var exponent: Int? { unit == .min ? nil : unit }

  /// The sum in units of another power of two, to which it is not too large; 0 without terms.
  func sum(in exponent: Int?) -> CompensatedSum {
    guard let exponent, unit != .min else { return CompensatedSum() }
    var scaled = self
    if unit != exponent { scaled.rescale(to: exponent) }
    return scaled.sum
  }

  /// The sum as numbers, and back; nil for what is no sum.
  package var parts: [Double] { [sum.high, sum.low, unit == .min ? -.infinity : Double(unit)] }

  package init?(parts: [Double]) {
    guard parts.count == 3 else { return nil }
    sum = CompensatedSum(high: parts[0], low: parts[1])
    guard parts[2] > -.infinity else { return }
    guard let exponent = Int(exactly: parts[2]), Self.exponents.contains(exponent) else { return nil }
    unit = exponent
  }

  /// Exponents that sums and squares of probabilities have: e^(-10^15) and its square are far inside.
  package static let exponents = -(1 << 60)...(1 << 60)

  private enum CodingKeys: String, CodingKey {
    case sum
    case unit = "exponent"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    sum = try container.decode(CompensatedSum.self, forKey: .sum)
    unit = try container.decode(Int.self, forKey: .unit)
    guard unit == .min || Self.exponents.contains(unit) else {
      throw DecodingError.dataCorruptedError(
        forKey: .unit, in: container, debugDescription: "is no exponent of a sum")
    }
  }

  /// Adds one term.
  @inline(__always)
  package mutating func add(_ term: ScaledValue) {
    guard term.significand != 0 else { return }
    var shift = term.exponent &- unit
    if unit == .min || shift > 64 {
      rescale(to: term.exponent)
      shift = 0
    }
    // A term 2^-1000 of the unit cannot change the sum.
    if shift > -1000 { sum.add(term.significand * powerOfTwo(shift)) }
  }

  /// Adds the terms of another sum.
  package mutating func merge(_ other: ScaledSum) {
    guard other.unit != .min else { return }
    add(ScaledValue(significand: other.sum.high, exponent: other.unit))
    let low = other.sum.low
    if low != 0 {
      let shift = other.unit - unit
      if shift > -1000 { sum.add(low * powerOfTwo(shift)) }
    }
  }

  /// The sum so far.
  package var value: ScaledValue {
    unit == .min ? .zero : ScaledValue(significand: sum.value, exponent: unit)
  }

  private mutating func rescale(to target: Int) {
    if unit != .min {
      let shift = unit - target
      var scaled = CompensatedSum()
      if shift > -1000 {
        scaled.add(sum.high * powerOfTwo(shift))
        scaled.add(sum.low * powerOfTwo(shift))
      }
      sum = scaled
    }
    unit = target
  }
}
