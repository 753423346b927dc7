import GSLNumerics
import RealModule

/// A token probability that changes linearly with the position, p_j = clamp(p0 + αj, 0, 1) for j = 1, 2, …
///
///     S(n) = Π_{j <= n} p_j
///          = αⁿ Γ(n + 1 + p0/α) / Γ(1 + p0/α)     for α > 0, p0 + α > 0, while p0 + αn <= 1; constant after
///          = βⁿ Γ(p0/β) / Γ(p0/β - n)             for α = -β < 0, p0 - β <= 1; 0 once p0 - βn <= 0
///
/// Erratum to arXiv 2502.01187: the form in circulation, p0ⁿ Γ(n + 1 + α/p0) / Γ(1 + α/p0), has α and p0 exchanged. For
/// p0 = 0.3, α = 0.02, n = 20 it gives 1.07e8; the product is 8.2857714635585e-7.
public struct LinearHazard: FittableFamily {
  public static let familyName = "linear-hazard"
  public static let parameterDescriptions = [
    ParameterDescription("p0", from: -.infinity, to: .infinity),
    ParameterDescription("alpha", from: -.infinity, to: .infinity),
  ]

  /// The line's value before the first token.
  public let p0: Double
  /// The change of the probability from one token to the next.
  public let alpha: Double

  /// The law for finite p0 and α.
  ///
  /// - Throws: `DistributionError.parameter` otherwise.
  public init(p0: Double, alpha: Double) throws(DistributionError) {
    try self.init(parameters: [p0, alpha])
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    p0 = parameters[0]
    alpha = parameters[1]
  }

  public var parameters: [Double] { [p0, alpha] }

  /// p_j, the probability that token j = 1, 2, … is continued.
  public func tokenProbability(_ j: Int) -> Double {
    min(1, max(0, p0 + alpha * Double(j)))
  }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return logSurvival(n) + .log(onePlus: -tokenProbability(n + 1))
  }

  public func logSurvival(_ n: Int) -> Double {
    guard let factors = properFactors(upTo: n) else { return -.infinity }
    guard factors.count > 0 else { return 0 }
    if alpha == 0 { return Double(n) * .log(p0) }
    // From the smallest factor upwards, whichever way the line runs.
    let smallest = alpha > 0 ? factors.lowerBound : factors.upperBound - 1
    return min(
      0, scaledLogRisingFactorial(slope: alpha.magnitude, start: p0 + alpha * Double(smallest), factors.count))
  }

  public var logSurvivalLimit: Double {
    if alpha > 0 { return logSurvival(1 << 61) }
    return alpha == 0 && p0 >= 1 ? 0 : -.infinity
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    n < 0 ? 0 : .log(tokenProbability(n + 1))
  }

  /// The positions j = 1 … n whose probability is strictly between 0 and 1; nil when one of them is 0.
  ///
  /// They are consecutive: a rising line reaches 1 and stays, a falling one leaves 1 at most once.
  private func properFactors(upTo n: Int) -> Range<Int>? {
    guard n > 0 else { return 1..<1 }
    if min(p0 + alpha, p0 + alpha * Double(n)) <= 0 { return nil }
    if alpha == 0 { return p0 >= 1 ? 1..<1 : 1..<(n + 1) }
    let crossing = (1 - p0) / alpha
    if alpha > 0 {
      if crossing <= 1 { return 1..<1 }
      return 1..<(crossing > Double(n) ? n + 1 : Int(crossing.rounded(.up)))
    }
    let first = crossing < 1 ? 1 : Int(min(crossing, 0x1p62).rounded(.down)) + 1
    return first > n ? 1..<1 : first..<(n + 1)
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let logSurvival = logSurvival(n, gradient: &gradient)
    let next = p0 + alpha * Double(n + 1)
    if next > 0, next < 1 {
      gradient[0] -= 1 / (1 - next)
      gradient[1] -= Double(n + 1) / (1 - next)
    }
    return logSurvival + .log(onePlus: -tokenProbability(n + 1))
  }

  /// The survivals and their derivatives are running sums over the tokens.
  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? {
    var logMasses = [Double](repeating: 0, count: n + 1)
    var byP0 = withSlopes ? logMasses : []
    var byAlpha = byP0
    var logSurvival = CompensatedSum()
    var (first, second) = (0.0, 0.0)
    for n in logMasses.indices {
      let next = p0 + alpha * Double(n + 1)
      let isProper = next > 0 && next < 1
      logMasses[n] = logSurvival.value + .log(onePlus: -min(1, max(0, next)))
      if withSlopes {
        byP0[n] = isProper ? first - 1 / (1 - next) : first
        byAlpha[n] = isProper ? second - Double(n + 1) / (1 - next) : second
      }
      guard next > 0 else {
        // Nothing survives the next token.
        logSurvival = CompensatedSum(high: -.infinity, low: 0)
        continue
      }
      guard isProper else { continue }
      logSurvival.add(.log(next))
      first += 1 / next
      second += Double(n + 1) / next
    }
    return ConsecutiveMasses(logMasses: logMasses, slopes: withSlopes ? [byP0, byAlpha] : [])
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[0] = 0
    gradient[1] = 0
    guard let factors = properFactors(upTo: n) else { return -.infinity }
    let count = Double(factors.count)
    if factors.count <= 64 {
      for j in factors {
        let inverse = 1 / (p0 + alpha * Double(j))
        gradient[0] += inverse
        gradient[1] += Double(j) * inverse
      }
    } else {
      let middle = 0.5 * Double(factors.lowerBound + factors.upperBound - 1)
      let center = p0 + alpha * middle
      let slope = alpha / center
      if (slope * count).magnitude < 1e-3 {
        // Σ 1/(c + αd) and Σ (m + d)/(c + αd) over d symmetric about 0, to fourth order in the relative change.
        let square = (count * count - 1) / 12
        let fourth = square * (3 * count * count - 7) / 20
        let even = 1 + slope * slope * (square + slope * slope * fourth)
        let odd = -slope * (square + slope * slope * fourth)
        gradient[0] = count * even / center
        gradient[1] = count * (middle * even + odd) / center
      } else {
        let smallest = alpha > 0 ? factors.lowerBound : factors.upperBound - 1
        let start = p0 + alpha * Double(smallest)
        gradient[0] = digammaDifference(start / alpha.magnitude, factors.count) / alpha.magnitude
        gradient[1] = (count - p0 * gradient[0]) / alpha
      }
    }
    return logSurvival(n)
  }

  // The possible lines are below 1 where a token fails and above 0 where one survives; elsewhere they may be clamped.
  // With the line's values p at the first position that fails, f, q at the last one, l, and r at the last one that
  // survives, s, the coordinates are logit p and logit(r / u), where u = p + (1 - p) (s - f) / (l - f) is r for q = 1.
  // Where nothing survives beyond f they are logit p and -ln(1 - q), and steep lines are alike.

  private struct Ends {
    let first: Double
    let last: Double
    let survived: Double

    init(_ reach: Reach) {
      first = Double(reach.lowerBound)
      last = Double(max(reach.upperBound, reach.lowerBound + 1))
      survived = Double(reach.survived)
    }

    var goesOn: Bool { survived > first }

    /// (s - f) / (l - f).
    var ratio: Double { (survived - first) / (last - first) }

    /// The coordinates of the line through p at the first failure with this slope.
    func coordinates(logitFirst: Double, slope: Double) -> [Double] {
      let p = logistic(logitFirst)
      guard goesOn else { return [logitFirst, -.log(logistic(-logitFirst) - slope * (last - first))] }
      let limit = p + logistic(-logitFirst) * ratio
      return [logitFirst, logit((p + slope * (survived - first)) / limit)]
    }

    /// p, and the slope of the line at these coordinates.
    func line(at coordinates: [Double]) -> (p: Double, slope: Double) {
      let p = logistic(coordinates[0])
      guard goesOn else { return (p, (-.expMinusOne(-coordinates[1]) - p) / (last - first)) }
      // r - p = (1 - p) ratio t - p (1 - t) with t = r / u.
      let rise = logistic(-coordinates[0]) * ratio * logistic(coordinates[1]) - p * logistic(-coordinates[1])
      return (p, rise / (survived - first))
    }
  }

  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    let ends = Ends(reach)
    return ends.coordinates(logitFirst: logit(parameters[0] + parameters[1] * ends.first), slope: parameters[1])
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    let ends = Ends(reach)
    let (p, slope) = ends.line(at: coordinates)
    return [p - slope * ends.first, slope]
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    let ends = Ends(reach)
    let first = logisticDerivative(coordinates[0])
    let slopes: [Double]
    if ends.goesOn {
      let span = ends.survived - ends.first
      slopes = [
        -first * (ends.ratio * logistic(coordinates[1]) + logistic(-coordinates[1])) / span,
        logisticDerivative(coordinates[1]) * (logistic(-coordinates[0]) * ends.ratio + logistic(coordinates[0])) / span,
      ]
    } else {
      slopes = [-first / (ends.last - ends.first), .exp(-coordinates[1]) / (ends.last - ends.first)]
    }
    return [[first - slopes[0] * ends.first, -slopes[1] * ends.first], slopes]
  }

  public static var isSmooth: Bool { false }

  /// Lines that meet 1 exactly at a position, on either side of the crossing, and those that meet 0 at the last one:
  /// clamped on one side, not on the other.
  public static func kinks(near coordinates: [Double], reach: Reach) -> [Kink] {
    let ends = Ends(reach)
    let (p, alpha) = ends.line(at: coordinates)
    var result = [
      Kink(condition: "p0 + \(Int(ends.last)) alpha = 0", start: [coordinates[0]]) { point in
        ends.coordinates(logitFirst: point[0], slope: -logistic(point[0]) / (ends.last - ends.first))
      }
    ]
    let crossing = ends.first + (1 - p) / alpha
    guard crossing.isFinite, crossing.magnitude < 0x1p53 else { return result }
    for position in [crossing.rounded(.down), crossing.rounded(.up)]
    where position >= 1 && !(ends.first...ends.last).contains(position) {
      result.append(
        Kink(condition: "p0 + \(Int(position)) alpha = 1", start: [coordinates[0]]) { point in
          ends.coordinates(logitFirst: point[0], slope: logistic(-point[0]) / (position - ends.first))
        })
    }
    return result
  }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let ends = Ends(counts.reach)
    let lengths = counts.lengthTotal
    let p = min(max(lengths / (lengths + counts.exactTotal), 1e-6), 1 - 1e-9)
    let last = Double(max(2, max(counts.reach.upperBound, counts.maximum)))
    let share = min(max((counts.total - counts.exactAtZero) / counts.total, 0.01), 0.99)
    // The constant law, and lines from the first token's share that stay inside (0, 1) over the data.
    return [
      [p, 0],
      [p - 0.25 * (1 - p), 0.25 * (1 - p) / last],
      [share, 0.5 * (1 - share) / last],
      [share, 0.9 * (1 - share) / last],
      [share, -0.5 * share / last],
      // From almost 1 at the first failure to 0 at the last.
      [
        0.95 * ends.last / (ends.last - ends.first), -0.95 / (ends.last - ends.first),
      ],
      // Certain until shortly before the first failure, and falling from there.
      [1 + 0.5 * Double(counts.reach.lowerBound) / (last + 1), -0.5 / (last + 1)],
    ]
  }

  public static var interior: [any FittableFamily.Type] { [Geometric.self] }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    let ends = Ends(reach)
    if index == 1, !isUpper, !ends.goesOn { return "alpha → -∞" }
    let position = Int(index == 0 ? ends.first : isUpper ? ends.last : ends.survived)
    return "p0 + \(position == 1 ? "" : "\(position) ")alpha → \(isUpper ? 1 : 0)"
  }
}
