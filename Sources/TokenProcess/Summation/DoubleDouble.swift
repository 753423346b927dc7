/// An unevaluated sum of two doubles, about 32 digits: for moments whose central forms cancel (Dekker 1971).
package struct DoubleDouble: Sendable, Equatable, Codable {
  package private(set) var high: Double
  package private(set) var low: Double

  package init(_ value: Double) {
    high = value
    low = 0
  }

  /// The sum of two doubles, of which the second is the smaller one.
  package init(high: Double, low: Double) {
    let sum = high + low
    self.high = sum
    // An infinite sum has no error term.
    self.low = sum.isFinite ? (high - sum) + low : 0
  }

  package var double: Double { high + low }

  package static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let sum = a.high + b.high
    let shadow = sum - a.high
    let error = (a.high - (sum - shadow)) + (b.high - shadow)
    return DoubleDouble(high: sum, low: error + a.low + b.low)
  }

  package static prefix func - (a: DoubleDouble) -> DoubleDouble {
    DoubleDouble(high: -a.high, low: -a.low)
  }

  package static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + -b }

  package static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let product = a.high * b.high
    let error = (-product).addingProduct(a.high, b.high)
    return DoubleDouble(high: product, low: error + (a.high * b.low + a.low * b.high))
  }

  package static func / (a: DoubleDouble, b: Double) -> DoubleDouble {
    let quotient = a.high / b
    let remainder = a - DoubleDouble(quotient) * DoubleDouble(b)
    return DoubleDouble(high: quotient, low: remainder.double / b)
  }

  package static func += (a: inout DoubleDouble, b: DoubleDouble) { a = a + b }
}
