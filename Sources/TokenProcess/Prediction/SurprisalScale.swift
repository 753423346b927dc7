import RealModule

/// The scale on which a record's mean surprisal -ln p a token is nearly normal with a spread that does not depend on
/// its level.
public enum SurprisalScale: String, Sendable, CaseIterable {
  /// ln(x + 5e-5): for models that know most records, whose surprisals span orders of magnitude. The offset is what
  /// captures round away, so that a surprisal of 0 has a density.
  case logarithm
  /// √(x + 5e-5).
  case squareRoot = "square-root"
  /// x itself.
  case identity

  private static let offset = 5e-5

  /// From the surprisal to the scale.
  func transformed(_ x: Double) -> Double {
    switch self {
    case .logarithm: .log(x + Self.offset)
    case .squareRoot: (x + Self.offset).squareRoot()
    case .identity: x
    }
  }

  /// Back to a surprisal, which is 0 or more.
  func restored(_ z: Double) -> Double {
    switch self {
    case .logarithm: max(0, .exp(z) - Self.offset)
    case .squareRoot: z > 0 ? max(0, z * z - Self.offset) : 0
    case .identity: max(0, z)
    }
  }

  /// ln of the derivative of ``transformed(_:)``.
  func logSlope(_ x: Double) -> Double {
    switch self {
    case .logarithm: -.log(x + Self.offset)
    case .squareRoot: -.log(2) - 0.5 * .log(x + Self.offset)
    case .identity: 0
    }
  }
}
