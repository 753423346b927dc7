import GSLNumerics
import RealModule

/// A law of a length N = 0, 1, 2, …, given by the logarithm of its survival function.
///
/// A conforming type holds parameters and nothing else. It supplies its log mass and log survival, accurate also where
/// the survival is 1e-300; hazard, quantile and sampling follow from them.
public protocol DiscreteDistribution: Sendable, Equatable {
  /// The family's name on the command line and in reports, e.g. `beta-geometric`.
  static var familyName: String { get }

  /// The family's parameters, in the order of ``parameters``.
  static var parameterDescriptions: [ParameterDescription] { get }

  /// The law with these parameters.
  ///
  /// - Throws: `DistributionError` when their number is wrong or one is out of range.
  init(parameters: [Double]) throws(DistributionError)

  /// The values of the parameters.
  var parameters: [Double] { get }

  /// ln P(N = n); -inf for n < 0.
  func logMass(_ n: Int) -> Double

  /// ln S(n) = ln P(N >= n); 0 for n <= 0.
  func logSurvival(_ n: Int) -> Double

  /// ln P(N >= n + 1 | N >= n), the logarithm of one token's probability when all lengths follow this law.
  ///
  /// The default subtracts two log survivals; a family whose tail makes both huge has its own formula.
  func logConditionalSurvival(_ n: Int) -> Double

  /// ln P(N = ∞), the limit of ``DiscreteDistribution/logSurvival(_:)``: -inf unless part of the law never ends.
  var logSurvivalLimit: Double { get }

  /// The exponent τ of a tail S(n) ~ n^(-τ): moments of an order below it are finite. Infinite for a lighter tail, 0
  /// for one that falls more slowly than any power.
  var tailExponent: Double { get }

  /// A random length; `Int.max` stands for a value that never ends.
  func sample(using generator: inout some RandomNumberGenerator) -> Int
}

/// The name of a parameter and the values that it may take.
public struct ParameterDescription: Sendable, Equatable {
  /// The name on the command line and in reports.
  public let name: String
  /// The smallest value.
  public let minimum: Double
  /// The largest value.
  public let maximum: Double
  /// Whether the two ends themselves are laws of the family.
  public let includesEnds: Bool

  /// A parameter between two values, which may be infinite.
  public init(_ name: String, from minimum: Double, to maximum: Double, includingEnds: Bool = false) {
    self.name = name
    self.minimum = minimum
    self.maximum = maximum
    includesEnds = includingEnds
  }

  /// Whether a finite value is in the range.
  public func allows(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    return includesEnds ? value >= minimum && value <= maximum : value > minimum && value < maximum
  }

  /// The range in words, e.g. `0 < p < 1`.
  public var range: String {
    let sign = includesEnds ? "<=" : "<"
    return switch (minimum.isFinite, maximum.isFinite) {
    case (true, true): "\(minimum) \(sign) \(name) \(sign) \(maximum)"
    case (true, false): "\(name) \(includesEnds ? ">=" : ">") \(minimum)"
    case (false, true): "\(name) \(sign) \(maximum)"
    case (false, false): "\(name) finite"
    }
  }
}

extension DiscreteDistribution {
  public var logSurvivalLimit: Double { -.infinity }

  public var tailExponent: Double { logSurvivalLimit > -.infinity ? 0 : .infinity }

  /// The hazard of ending at exactly n given N >= n: h = P(N = n) / S(n).
  public func hazard(_ n: Int) -> Double {
    -.expMinusOne(logConditionalSurvival(n))
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    let survival = logSurvival(n)
    guard survival > -.infinity else { return -.infinity }
    return min(0, logSurvival(n + 1) - survival)
  }

  /// The smallest n with P(N > n) <= tail, for the logarithm of the tail; nil where no length is long enough, because
  /// part of the law never ends or n would exceed 2⁶².
  ///
  /// The tail rather than the probability is the argument so that 1 - 1e-300 can be asked for. The median is
  /// `quantile(logTail: log(0.5))`.
  ///
  /// - Complexity: O(log n) evaluations of the log survival.
  public func quantile(logTail: Double) -> Int? {
    guard !logTail.isNaN, logSurvivalLimit <= logTail else { return nil }
    return firstInteger(from: 0) { logSurvival($0 + 1) <= logTail }
  }

  public func sample(using generator: inout some RandomNumberGenerator) -> Int {
    quantile(logTail: .log(generator.uniform())) ?? .max
  }

  /// Throws unless there is one value a parameter, each in its range.
  static func check(_ values: [Double]) throws(DistributionError) {
    try parameterDescriptions.check(values, family: familyName)
  }
}

extension [ParameterDescription] {
  /// Throws unless there is one value a parameter, each in its range.
  func check(_ values: [Double], family: String) throws(DistributionError) {
    guard values.count == count else {
      throw .parameterCount(family: family, given: values.count, needed: count)
    }
    for (description, value) in zip(self, values) where !description.allows(value) {
      throw .parameter(family: family, name: description.name, value: value, allowed: description.range)
    }
  }
}
