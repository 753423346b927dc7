/// A sum that carries its rounding error along (Neumaier 1974), so that 10⁹ terms cost no more digits than two.
public struct CompensatedSum: Sendable, Equatable, Codable {
  package private(set) var high = 0.0
  package private(set) var low = 0.0

  /// The empty sum.
  public init() {}

  /// The sum of some terms.
  public init(of terms: some Sequence<Double>) {
    for term in terms { add(term) }
  }

  /// A sum as it was kept.
  package init(high: Double, low: Double) {
    self.high = high
    self.low = low
  }

  /// The sum so far.
  public var value: Double {
    // An infinite term makes the error term NaN; the sum itself is then right.
    high.isFinite ? high + low : high
  }

  /// Adds one term.
  @inline(__always)
  public mutating func add(_ term: Double) {
    let total = high + term
    low += high.magnitude >= term.magnitude ? (high - total) + term : (term - total) + high
    high = total
  }

  /// Adds the terms of another sum.
  public mutating func merge(_ other: CompensatedSum) {
    add(other.high)
    // The error term of an infinite sum is no number.
    if other.high.isFinite { add(other.low) }
  }
}
