import RealModule

/// A family with one parameter that stretches all lengths and one that shapes the tail: what a regression of the scale
/// needs.
public protocol ScaledFamily: FittableFamily {
  /// The name of the shape: the parameter that the scale leaves as it is.
  static var shapeName: String { get }

  /// The law of a scale λ > 0 and a shape > 0, given by their logarithms; nil where it is out of range.
  static func law(logScale: Double, logShape: Double) -> Self?

  /// ln P(N = n), with its derivatives by ln λ and by the logarithm of the shape.
  func scaledMass(_ n: Int) -> ScaledTerm

  /// ln S(n), with its derivatives by ln λ and by the logarithm of the shape.
  func scaledSurvival(_ n: Int) -> ScaledTerm
}

/// The logarithm of a probability with its derivatives by ln λ and by the logarithm of the shape.
public struct ScaledTerm: Sendable, Equatable {
  /// The logarithm.
  public let value: Double
  /// Its derivative by ln λ.
  public let byLogScale: Double
  /// Its derivative by the logarithm of the shape.
  public let byLogShape: Double
}

/// S(n) = exp(-(n / λ)^β): the accelerated-failure-time form of the discrete Weibull law, with the shape β.
extension DiscreteWeibull: ScaledFamily {
  public static let shapeName = "beta"

  public static func law(logScale: Double, logShape: Double) -> DiscreteWeibull? {
    // With the reach of one token the first coordinate is ln(-ln q) = -β ln λ.
    let reach = Reach(lowerBound: 1, upperBound: 1, survived: 0)
    return try? DiscreteWeibull(coordinates: [-.exp(logShape) * logScale, logShape], reach: reach)
  }

  public func scaledSurvival(_ n: Int) -> ScaledTerm {
    let value = logSurvival(n)
    // With H = (n / λ)^β: dH/dln λ = -β H and dH/dln β = H ln H.
    guard n > 0, value < 0 else { return ScaledTerm(value: value, byLogScale: 0, byLogShape: 0) }
    return ScaledTerm(value: value, byLogScale: -beta * value, byLogShape: value * .log(-value))
  }

  public func scaledMass(_ n: Int) -> ScaledTerm {
    let here = scaledSurvival(n)
    let next = scaledSurvival(n + 1)
    let step = next.value - here.value
    // d ln(1 - e^d) = -d' / (e^(-d) - 1) for d = ln S(n+1) - ln S(n).
    let odds = step < 0 ? 1 / Double.expMinusOne(-step) : .infinity
    func slope(_ next: Double, _ here: Double) -> Double {
      let change = next - here
      return here - (change == 0 ? 0 : change * odds)
    }
    return ScaledTerm(
      value: logMass(n), byLogScale: slope(next.byLogScale, here.byLogScale),
      byLogShape: slope(next.byLogShape, here.byLogShape))
  }
}

/// The scale of the beta-geometric law is a: S(n) falls like (1 + n / a)^(-b), with the shape b.
extension BetaGeometric: ScaledFamily {
  public static let shapeName = "b"

  public static func law(logScale: Double, logShape: Double) -> BetaGeometric? {
    try? BetaGeometric(a: .exp(logScale), b: .exp(logShape))
  }

  public func scaledSurvival(_ n: Int) -> ScaledTerm {
    withSlopes { logSurvival(n, gradient: &$0) }
  }

  public func scaledMass(_ n: Int) -> ScaledTerm {
    withSlopes { logMass(n, gradient: &$0) }
  }

  private func withSlopes(
    _ body: (inout MutableSpan<Double>) -> Double
  ) -> ScaledTerm {
    var slopes = [0.0, 0]
    var span = slopes.mutableSpan
    let value = body(&span)
    return ScaledTerm(value: value, byLogScale: a * slopes[0], byLogShape: b * slopes[1])
  }
}
