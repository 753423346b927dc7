import GSLNumerics
import RealModule

/// A token probability whose logit changes with the logarithm of the position.
///
///     p_j = 1 / (1 + exp(-(a + b ln j))),   S(n) = Π_{j <= n} p_j
///
/// At b = 1 the tail is n^(-exp(-a)); for b > 1 a part of the law never ends.
public struct LogisticPosition: FittableFamily {
  public static let familyName = "logistic-position"
  public static let parameterDescriptions = [
    ParameterDescription("a", from: -.infinity, to: .infinity),
    // A steeper logit is a step, and costs a sum over its intervals.
    ParameterDescription("b", from: -1000, to: 1000),
  ]

  /// The logit of the first token's probability.
  public let a: Double
  /// The change of the logit per unit of ln j.
  public let b: Double
  /// ``sums(_:)`` of 0 … ``direct`` positions: a likelihood asks for most of them.
  private let head: [SIMD4<Double>]

  /// The law for real a and b.
  ///
  /// - Throws: `DistributionError.parameter` otherwise.
  public init(a: Double, b: Double) throws(DistributionError) {
    try self.init(parameters: [a, b])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    a = parameters[0]
    b = parameters[1]
    var sum = SIMD4<Double>.zero
    var head = [sum]
    head.reserveCapacity(Self.direct + 1)
    for logarithm in Self.logarithms {
      sum += Self.terms(a, b, logarithm: logarithm)
      head.append(sum)
    }
    self.head = head
  }

  public var parameters: [Double] { [a, b] }

  public var tailExponent: Double { b < 1 ? .infinity : b > 1 ? 0 : .exp(-a) }

  /// -ln p at a real position, and minus its derivatives by a and b: ln(1 + e^-y), 1 - p, (1 - p) ln x.
  private func terms(_ x: Double) -> SIMD4<Double> { Self.terms(a, b, logarithm: .log(x)) }

  private static func terms(_ a: Double, _ b: Double, logarithm: Double) -> SIMD4<Double> {
    let y = a + b * logarithm
    let odds = Double.exp(-y.magnitude)
    let cost = (y < 0 ? -y : 0) + .log(onePlus: odds)
    let failure = y < 0 ? 1 / (1 + odds) : odds / (1 + odds)
    return SIMD4(cost, failure, failure * logarithm, 0)
  }

  /// Positions summed one by one; beyond them Euler–Maclaurin, whose terms fall by a factor of 10⁴ each there.
  private static let direct = 128
  /// ln 1 … ln ``direct``.
  private static let logarithms = (1...direct).map { Double.log(Double($0)) }

  /// Σ_{j <= n} of ``terms(_:)``.
  private func sums(_ n: Int) -> SIMD4<Double> {
    var sum = head[max(0, min(n, Self.direct))]
    guard n > Self.direct else { return sum }
    // Σ_{j = K+1}^{n} as an integral between half-integers, with the midpoint rule's corrections.
    let start = Double(Self.direct) + 0.5
    let end = Double(n) + 0.5
    var low = start
    while low < end {
      // The logit may cross 0 sharply when |b| is large: intervals shorter than its scale.
      let high = min(end, low * (1 + min(1, 4 / b.magnitude)))
      sum += gaussLegendre(from: low, to: high, terms)
      low = high
    }
    return sum + correction(end) - correction(start)
  }

  /// The midpoint rule's corrections at a half-integer, -f'/24 + 7 f'''/5760.
  private func correction(_ x: Double) -> SIMD4<Double> {
    let t = Double.log(x)
    let q = terms(x)[1]
    let p = 1 - q
    // Derivatives by t = ln x of the failure q, whose logit is -(a + bt); the cost falls by b q.
    let q1 = -b * q * p
    let q2 = b * b * q * p * (1 - 2 * q)
    let q3 = -b * b * b * q * p * (1 - 6 * q * p)
    let d1 = SIMD4(-b * q, q1, q + t * q1, 0)
    let d2 = SIMD4(-b * q1, q2, 2 * q1 + t * q2, 0)
    let d3 = SIMD4(-b * q2, q3, 3 * q2 + t * q3, 0)
    let first = d1 / x
    let third = (d3 - 3 * d2 + 2 * d1) / (x * x * x)
    return third * (7.0 / 5760) - first / 24
  }

  public func logSurvival(_ n: Int) -> Double { n <= 0 ? 0 : -sums(n)[0] }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return logSurvival(n) + .log(terms(Double(n + 1))[1])
  }

  public func logConditionalSurvival(_ n: Int) -> Double { n < 0 ? 0 : -terms(Double(n + 1))[0] }

  public var logSurvivalLimit: Double {
    // For b > 1 the hazards x^(-b) e^(-a) have a finite sum; what is left of it past 10⁹ is e^(-a) x^(1-b) / (b-1).
    guard b > 1 else { return -.infinity }
    let x = 1e9
    return logSurvival(1_000_000_000) - .exp(-a) * .pow(x, 1 - b) / (b - 1)
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let sums = sums(max(0, n))
    let next = terms(Double(n + 1))
    // ln(1 - p) falls by p for a unit of the logit.
    let continued = 1 - next[1]
    gradient[0] = sums[1] - continued
    gradient[1] = sums[2] - continued * .log(Double(n + 1))
    return -sums[0] + .log(next[1])
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let sums = sums(max(0, n))
    gradient[0] = sums[1]
    gradient[1] = sums[2]
    return n <= 0 ? 0 : -sums[0]
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] { parameters }
  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] { coordinates }
  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] { [[1, 0], [0, 1]] }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let share = min(max((counts.total - counts.exactAtZero) / counts.total, 0.01), 0.99)
    return [0, 0.5, 1, -0.3].map { [logit(share), $0] }
  }

  public static var interior: [any FittableFamily.Type] { [Geometric.self] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    "\(index == 0 ? "a" : "b") → \(isUpper ? "∞" : "-∞")"
  }
}
