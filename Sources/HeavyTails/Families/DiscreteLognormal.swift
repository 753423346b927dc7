import GSLNumerics
import RealModule

/// The lognormal law rounded to whole numbers.
///
///     S(n) = Φ((μ - ln(n - 1/2)) / σ) for n >= 1,   σ > 0
public struct DiscreteLognormal: FittableFamily {
  public static let familyName = "discrete-lognormal"
  public static let parameterDescriptions = [
    ParameterDescription("mu", from: -.infinity, to: .infinity), ParameterDescription("sigma", from: 0, to: .infinity),
  ]

  /// The mean of ln of the unrounded value.
  public let mu: Double
  /// Its standard deviation.
  public let sigma: Double

  /// The law for real μ and σ > 0.
  ///
  /// - Throws: `DistributionError.parameter` outside that range.
  public init(mu: Double, sigma: Double) throws(DistributionError) {
    try self.init(parameters: [mu, sigma])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    mu = parameters[0]
    sigma = parameters[1]
  }

  public var parameters: [Double] { [mu, sigma] }

  /// The standardized lower edge of the cell of n >= 1.
  private func edge(_ n: Int) -> Double {
    (.log(Double(n) - 0.5) - mu) / sigma
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : logNormalUpperTail(edge(n))
  }

  /// Moments of the standard normal density over the cell of n >= 1, relative to its value φ(c) at the cell's lower
  /// edge: ∫φ, ∫zφ, ∫(1 - z²)φ. Narrow cells are integrated, since differences of their tails would have no digits
  /// left.
  private func cell(_ n: Int) -> (logScale: Double, moments: SIMD4<Double>)? {
    let low = edge(n)
    let width = Double.log(onePlus: 1 / (Double(n) - 0.5)) / sigma
    guard width * max(1, low.magnitude) < 4 else { return nil }
    let moments = gaussLegendre(from: 0, to: width) { offset in
      let z = low + offset
      let density = Double.exp(-offset * (low + 0.5 * offset))
      return SIMD4(density, z * density, (1 - z * z) * density, 0)
    }
    return (-0.5 * low * low - 0.918938533204672741780, moments)
  }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    if n == 0 { return logNormalUpperTail(-edge(1)) }
    if let cell = cell(n) { return cell.logScale + .log(cell.moments[0]) }
    return wideMass(n)
  }

  /// The mass of a cell that is wide on the law's scale: from the tails on whichever side they are small.
  private func wideMass(_ n: Int) -> Double {
    let (low, high) = (edge(n), edge(n + 1))
    if high < 0 {
      let upper = logNormalUpperTail(-high)
      return upper + log1mExp(logNormalUpperTail(-low) - upper)
    }
    let upper = logNormalUpperTail(low)
    return upper + log1mExp(logNormalUpperTail(high) - upper)
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    n < 0 ? 0 : n == 0 ? logSurvival(1) : .log(onePlus: -min(1, .exp(logMass(n) - logSurvival(n))))
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    if n <= 0 {
      // Φ(c): derivatives φ(c)/Φ(c) times those of c.
      let c = edge(1)
      let hazard = normalHazard(-c)
      gradient[0] = -hazard / sigma
      gradient[1] = -hazard * c / sigma
      return logMass(n)
    }
    if let cell = cell(n) {
      gradient[0] = cell.moments[1] / (cell.moments[0] * sigma)
      gradient[1] = -cell.moments[2] / (cell.moments[0] * sigma)
      return cell.logScale + .log(cell.moments[0])
    }
    let value = wideMass(n)
    func density(_ z: Double) -> Double { .exp(-0.5 * z * z - 0.918938533204672741780 - value) }
    let (low, high) = (edge(n), edge(n + 1))
    gradient[0] = (density(low) - density(high)) / sigma
    gradient[1] = (low * density(low) - high * density(high)) / sigma
    return value
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    guard n > 0 else {
      gradient[0] = 0
      gradient[1] = 0
      return 0
    }
    let c = edge(n)
    let hazard = normalHazard(c)
    gradient[0] = hazard / sigma
    gradient[1] = hazard * c / sigma
    return logNormalUpperTail(c)
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    [parameters[0], .log(parameters[1])]
  }
  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    [coordinates[0], .exp(coordinates[1])]
  }
  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    [[1, 0], [0, .exp(coordinates[1])]]
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    // Moments of ln(n + 1/2), zeros standing at ln ½.
    var mean = 0.0
    var square = 0.0
    for cell in counts.cells {
      let value = Double.log(Double(cell.length) + 0.5)
      mean += value * (cell.exact + cell.censored) / counts.total
      square += value * value * (cell.exact + cell.censored) / counts.total
    }
    let deviation = max(0.2, (square - mean * mean).squareRoot())
    return [[mean, deviation], [mean - 1, 1.5 * deviation], [mean, 2.5 * deviation]]
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index == 0 ? "mu → \(isUpper ? "∞" : "-∞")" : "sigma → \(isUpper ? "∞" : "0")"
  }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] {
    [
      LimitingFamily(
        family: RoundedPareto.self, condition: "mu → -∞, sigma → ∞", embedding: { _ in [-.infinity, .infinity] })
    ]
  }
}
