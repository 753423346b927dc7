import GSLNumerics
import RealModule

/// A law with a part that never ends: perfectly memorized records.
///
///     S(n) = π + (1 - π) S₀(n),   0 <= π < 1
///
/// Its name is the base family's with the prefix `cured-`; the parameter is called `cured`.
public struct Cured<Base: FittableFamily>: FittableFamily, ShareExtension {
  static var prefix: String { "cured-" }
  static var shareName: String { "cured" }
  static func reasonUnknown(in window: LengthWindow) -> String? { window.maximum != nil ? "with n_max" : nil }

  /// Each factor is 1 - π times that of the base law, or (1 - π) / (π + (1 - π) S₀(m)) <= 1 / S₀(m) for lengths from m.
  static func onlyCosts(_ counts: CensoredCounts) -> Bool {
    !counts.cells.contains { $0.censored > 0 } && !counts.intervals.contains { $0.upper == nil }
  }

  static func extending(_ family: any FittableFamily.Type) -> any FittableFamily.Type { HeavyTails.cured(family) }

  /// The law of the records that do end.
  public let base: Base
  /// The share π that never ends.
  public let cured: Double
  private let logCured: Double
  private let logEnding: Double
  /// The place of π among the parameters: to look it up would take longer than a term of the likelihood.
  private let place: Int

  /// A law in which the share `cured` never ends and the rest follows `base`.
  ///
  /// - Throws: `DistributionError.parameter` unless 0 <= cured < 1.
  public init(_ base: Base, cured: Double) throws(DistributionError) {
    try self.init(parameters: base.parameters + [cured])
  }

  init(base: Base, share: Double, logShare: Double, logRest: Double) {
    self.base = base
    cured = share
    logCured = logShare
    self.logEnding = logRest
    place = Self.baseCount
  }

  var share: Double { cured }

  public func logMass(_ n: Int) -> Double {
    logEnding + base.logMass(n)
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : min(0, logAddExp(logCured, logEnding + base.logSurvival(n)))
  }

  public var logSurvivalLimit: Double { logAddExp(logCured, logEnding + base.logSurvivalLimit) }

  public var tailExponent: Double { cured > 0 ? 0 : base.tailExponent }

  public func logConditionalSurvival(_ n: Int) -> Double {
    if cured == 0 { return base.logConditionalSurvival(n) }
    // S(n+1)/S(n) = 1 - (1 - π) P₀(N = n) / S(n), or the quotient itself where little is left of it.
    let hazard = Double.exp(logMass(n) - logSurvival(n))
    return hazard < 0.5 ? .log(onePlus: -hazard) : min(0, logSurvival(n + 1) - logSurvival(n))
  }

  public func sample(using generator: inout some RandomNumberGenerator) -> Int {
    generator.uniform() <= cured ? .max : base.sample(using: &generator)
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    gradient[place] = -1 / (1 - cured)
    return logEnding + base.logMass(n, gradient: &gradient)
  }

  public func consecutiveMasses(through n: Int, withSlopes: Bool) -> ConsecutiveMasses? {
    guard var masses = base.consecutiveMasses(through: n, withSlopes: withSlopes) else { return nil }
    for n in masses.logMasses.indices { masses.logMasses[n] += logEnding }
    if withSlopes { masses.slopes.append(Array(repeating: -1 / (1 - cured), count: n + 1)) }
    return masses
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let logBase = base.logSurvival(n, gradient: &gradient)
    let value = n <= 0 ? 0 : min(0, logAddExp(logCured, logEnding + logBase))
    let share = Double.exp(logEnding + logBase - value)
    for index in 0..<place { gradient[index] = share == 0 ? 0 : share * gradient[index] }
    gradient[place] = -.expMinusOne(logBase) * .exp(-value)
    return value
  }

  static func reachOfBase(_ reach: Reach) -> Reach { reach.withoutSurvivors }

  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let atEnd = counts.cells.last.map { $0.censored / counts.total } ?? 0
    // What survives the longest length may be cured; some of it will still end.
    let shares = [min(max(0.8 * atEnd, 1e-3), 0.9), min(max(0.1 * atEnd, 1e-4), 0.5)]
    let starts = Base.startingPoints(for: counts).flatMap { start in shares.map { start + [$0] } }
    guard atEnd > 0, counts.cells.count > 1, counts.exactTotal > 0 else { return starts }
    // All of it cured, and the base law from the rest: a mixture would else have a part of its own for it.
    var cells = counts.cells
    let last = cells.removeLast()
    if last.exact > 0 { cells.append(.init(length: last.length, exact: last.exact)) }
    let ending = CensoredCounts(sorted: cells)
    return starts + Base.startingPoints(for: ending).map { $0 + [atEnd] }
  }
}

extension Cured: RecordMixture where Base: RecordMixture {
  /// 0 for a record that never ends, otherwise ln p of the base law.
  public func sampleLogProbability(using generator: inout some RandomNumberGenerator) -> Double {
    generator.uniform() <= cured ? 0 : base.sampleLogProbability(using: &generator)
  }
}

/// The cured form of a family.
func cured(_ family: any FittableFamily.Type) -> any FittableFamily.Type {
  func wrap<Base: FittableFamily>(_: Base.Type) -> any FittableFamily.Type { Cured<Base>.self }
  return wrap(family)
}
