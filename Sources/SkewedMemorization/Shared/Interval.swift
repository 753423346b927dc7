import Reports

/// The ends of a confidence interval or of proved bounds, `[lower, upper]` in JSON; null for an end that the data do
/// not bound.
public struct Interval: Codable, Sendable, Equatable {
  /// The lower end.
  public var lower: Double?
  /// The upper end.
  public var upper: Double?

  init(_ range: ClosedRange<Double>) {
    lower = range.lowerBound.isFinite ? range.lowerBound : nil
    upper = range.upperBound.isFinite ? range.upperBound : nil
  }

  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    lower = try container.decode(Double?.self)
    upper = try container.decode(Double?.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(lower)
    try container.encode(upper)
  }
}

/// An interval, e.g. `[1.78, 2.25]`; an end that the data do not bound is open.
package func intervalText(_ ends: Interval?) -> String {
  guard let ends else { return "—" }
  return (ends.lower.map { "[\(NumberText.estimate($0))" } ?? "(-∞") + ", "
    + (ends.upper.map { "\(NumberText.estimate($0))]" } ?? "∞)")
}
