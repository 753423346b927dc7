import GSLNumerics
import RealModule

/// A law with extra mass at zero: records of which nothing is remembered.
///
///     S(n) = (1 - ω) S₀(n) for n >= 1,   P(N = 0) = ω + (1 - ω) P₀(N = 0),   0 <= ω < 1
///
/// Its name is the base family's with the prefix `zero-inflated-`; the parameter is called `zero`.
public struct ZeroInflated<Base: FittableFamily>: FittableFamily, ShareExtension {
  static var prefix: String { "zero-inflated-" }
  static var shareName: String { "zero" }
  static func reasonUnknown(in window: LengthWindow) -> String? {
    window.minimum >= 1 ? "where no length of 0 can be observed" : nil
  }

  /// Each factor of the likelihood is 1 - ω times that of the base law, or the same where entry lengths divide by it.
  static func onlyCosts(_ counts: CensoredCounts) -> Bool {
    counts.exactAtZero == 0 && !counts.intervals.contains { $0.lower == 0 && $0.upper != nil }
  }

  static func extending(_ family: any FittableFamily.Type) -> any FittableFamily.Type {
    HeavyTails.zeroInflated(family)
  }

  /// The law of the records that are not held at zero.
  public let base: Base
  /// The share ω held at zero.
  public let zero: Double
  private let logZero: Double
  private let logRest: Double
  /// The place of ω among the parameters: to look it up would take longer than a term of the likelihood.
  private let place: Int

  /// A law in which the share `zero` is held at 0 and the rest follows `base`.
  ///
  /// - Throws: `DistributionError.parameter` unless 0 <= zero < 1.
  public init(_ base: Base, zero: Double) throws(DistributionError) {
    try self.init(parameters: base.parameters + [zero])
  }

  init(base: Base, share: Double, logShare: Double, logRest: Double) {
    self.base = base
    zero = share
    logZero = logShare
    self.logRest = logRest
    place = Self.baseCount
  }

  var share: Double { zero }

  public func logMass(_ n: Int) -> Double {
    let rest = logRest + base.logMass(n)
    return n == 0 ? min(0, logAddExp(logZero, rest)) : rest
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : logRest + base.logSurvival(n)
  }

  public var logSurvivalLimit: Double { logRest + base.logSurvivalLimit }

  public var tailExponent: Double { base.tailExponent }

  public func logConditionalSurvival(_ n: Int) -> Double {
    n <= 0 ? logSurvival(n + 1) : base.logConditionalSurvival(n)
  }

  public func sample(using generator: inout some RandomNumberGenerator) -> Int {
    generator.uniform() <= zero ? 0 : base.sample(using: &generator)
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let logBase = base.logMass(n, gradient: &gradient)
    guard n == 0 else {
      gradient[place] = -1 / (1 - zero)
      return logRest + logBase
    }
    let value = min(0, logAddExp(logZero, logRest + logBase))
    let share = Double.exp(logRest + logBase - value)
    for index in 0..<place { gradient[index] = share == 0 ? 0 : share * gradient[index] }
    gradient[place] = -.expMinusOne(logBase) * .exp(-value)
    return value
  }

  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? {
    guard var masses = base.consecutiveMasses(through: n, withSlopes: withSlopes) else { return nil }
    let logBase = masses.logMasses[0]
    for n in masses.logMasses.indices { masses.logMasses[n] += logRest }
    let value = min(0, logAddExp(logZero, logRest + logBase))
    masses.logMasses[0] = value
    guard withSlopes else { return masses }
    let share = Double.exp(logRest + logBase - value)
    for index in masses.slopes.indices { masses.slopes[index][0] = share == 0 ? 0 : share * masses.slopes[index][0] }
    var last = [Double](repeating: -1 / (1 - zero), count: n + 1)
    last[0] = -.expMinusOne(logBase) * .exp(-value)
    masses.slopes.append(last)
    return masses
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[place] = n > 0 ? -1 / (1 - zero) : 0
    let logBase = base.logSurvival(n, gradient: &gradient)
    return n <= 0 ? 0 : logRest + logBase
  }

  static func reachOfBase(_ reach: Reach) -> Reach { reach.withoutZeros }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let atZero = counts.exactAtZero / counts.total
    // All zeros held there, and the base law from the rest: it may hardly ever end at 0.
    let above = counts.restricted(from: 1)
    let whole =
      atZero > 0 && above.exactTotal > 0 ? Base.startingPoints(for: above).map { $0 + [min(atZero, 0.99)] } : []
    return whole
      + [0.8, 0.2].flatMap { share -> [[Double]] in
        let zero = min(max(share * atZero, 1e-4), 0.99)
        // The base law starts from the data without the zeros that the inflation would explain.
        let cells = counts.cells.map { cell in
          cell.length == 0
            ? CensoredCounts.Cell(length: 0, exact: (1 - share) * cell.exact, censored: cell.censored) : cell
        }
        let rest = (try? CensoredCounts(cells)) ?? counts
        return Base.startingPoints(for: rest).map { $0 + [zero] }
      }
  }
}

extension ZeroInflated: RecordMixture where Base: RecordMixture {
  /// -inf for a record held at zero, otherwise ln p of the base law.
  public func sampleLogProbability(using generator: inout some RandomNumberGenerator) -> Double {
    generator.uniform() <= zero ? -.infinity : base.sampleLogProbability(using: &generator)
  }
}

/// The zero-inflated form of a family.
func zeroInflated(_ family: any FittableFamily.Type) -> any FittableFamily.Type {
  func wrap<Base: FittableFamily>(_: Base.Type) -> any FittableFamily.Type { ZeroInflated<Base>.self }
  return wrap(family)
}
