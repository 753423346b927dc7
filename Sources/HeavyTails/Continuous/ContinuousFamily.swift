import GSLNumerics
import RealModule

/// A family of laws of a positive real quantity X, for data that were never whole numbers.
///
/// Everything is conditional on X >= x_min: left truncation. A law without a finite integral at 0, such as the power law, is a
/// law only with x_min > 0; its ``logSurvival(_:gradient:)`` is then known up to a constant that the condition removes.
public protocol ContinuousFamily: Sendable, Equatable {
  /// The family's name.
  static var familyName: String { get }

  /// The family's parameters, in the order of ``parameters``.
  static var parameterDescriptions: [ParameterDescription] { get }

  /// Whether the law needs x_min > 0.
  static var needsMinimum: Bool { get }

  /// The law with these parameters.
  ///
  /// - Throws: `DistributionError` when their number is wrong or one is out of range.
  init(parameters: [Double]) throws(DistributionError)

  /// The values of the parameters.
  var parameters: [Double] { get }

  /// ln f(x) for x > 0, up to the constant of the survival, and its derivatives by the parameters.
  func logDensity(_ x: Double, gradient: inout MutableSpan<Double>) -> Double

  /// ln P(X >= x) for x >= 0, up to a constant where ``needsMinimum``, and its derivatives by the parameters.
  func logSurvival(_ x: Double, gradient: inout MutableSpan<Double>) -> Double

  /// The exponent τ of a tail S(x) ~ x^(-τ); infinite for a lighter one.
  var tailExponent: Double { get }

  /// A few parameter values from which to search.
  static func startingPoints(for sample: CensoredValues, minimum: Double) -> [[Double]]
}

extension ContinuousFamily {
  public static var needsMinimum: Bool { false }

  public var tailExponent: Double { .infinity }

  /// Throws unless there is one value a parameter, each in its range.
  static func check(_ values: [Double]) throws(DistributionError) {
    try parameterDescriptions.check(values, family: familyName)
  }

  /// Throws unless x_min is one that the law can have.
  static func check(minimum: Double) throws(DistributionError) {
    guard minimum.isFinite, minimum > 0 || minimum == 0 && !needsMinimum else {
      throw .parameter(
        family: familyName, name: "x_min", value: minimum, allowed: needsMinimum ? "x_min > 0" : "x_min >= 0")
    }
  }
}

/// The families of a positive real quantity.
public enum ContinuousFamilies {
  /// All of them.
  public static let all: [any ContinuousFamily.Type] = [
    Exponential.self, Pareto.self, GeneralizedPareto.self, Lognormal.self, Weibull.self, PowerLawWithCutoff.self,
  ]
}

/// A law of a continuous family, conditional on X >= x_min.
public struct TruncatedLaw: Sendable {
  /// The law.
  public let law: any ContinuousFamily
  /// x_min.
  public let minimum: Double
  private let logNormalizer: Double

  /// The law above x_min.
  ///
  /// - Throws: `DistributionError.parameter` unless x_min is finite and 0 or more, above 0 where the law needs that, and where
  ///   P(X >= x_min) has a logarithm.
  public init(_ law: any ContinuousFamily, from minimum: Double = 0) throws(DistributionError) {
    try type(of: law).check(minimum: minimum)
    self.law = law
    self.minimum = minimum
    logNormalizer = Self.value { law.logSurvival(minimum, gradient: &$0) }
    guard logNormalizer.isFinite else {
      throw .parameter(
        family: type(of: law).familyName, name: "x_min", value: minimum,
        allowed: "where the law still has a probability")
    }
  }

  private static func value(_ body: (inout MutableSpan<Double>) -> Double) -> Double {
    var scratch = [Double](repeating: 0, count: 4)
    var span = scratch.mutableSpan
    return body(&span)
  }

  /// ln f(x | X >= x_min); -inf below x_min.
  public func logDensity(_ x: Double) -> Double {
    x < minimum ? -.infinity : Self.value { law.logDensity(x, gradient: &$0) } - logNormalizer
  }

  /// ln P(X >= x | X >= x_min).
  public func logSurvival(_ x: Double) -> Double {
    x <= minimum ? 0 : min(0, Self.value { law.logSurvival(x, gradient: &$0) } - logNormalizer)
  }

  /// f(x) / P(X >= x).
  public func hazard(_ x: Double) -> Double {
    .exp(logDensity(x) - logSurvival(x))
  }

  /// The x with ln P(X >= x) = logTail, to rounding; infinite where it exceeds 10³⁰⁰.
  ///
  /// - Precondition: logTail <= 0.
  public func quantile(logTail: Double) -> Double {
    precondition(logTail <= 0, "\(logTail) is no logarithm of a probability")
    guard logTail < 0 else { return minimum }
    // Bisection in ln x: 60 halvings of at most 1400.
    var low = minimum > 0 ? Double.log(minimum) : -700
    var high = 691.0
    guard logSurvival(.exp(high)) < logTail else { return .infinity }
    guard logSurvival(.exp(low)) > logTail else { return .exp(low) }
    while high - low > 1e-16 * max(1, low.magnitude, high.magnitude) {
      let middle = 0.5 * (low + high)
      guard middle > low, middle < high else { break }
      if logSurvival(.exp(middle)) > logTail { low = middle } else { high = middle }
    }
    return .exp(0.5 * (low + high))
  }

  /// A random value, by inversion.
  public func sample(using generator: inout some RandomNumberGenerator) -> Double {
    quantile(logTail: .log(generator.uniform()))
  }

  /// Mean, variance, skewness and excess kurtosis, by integration of the survival.
  public var moments: Moments {
    let exponent = law.tailExponent
    let mean = exponent > 1 ? moment(1, around: 0) : .infinity
    guard exponent > 2 else { return Moments(mean: mean, variance: .infinity, skewness: nil, excessKurtosis: nil) }
    let variance = moment(2, around: mean)
    let third = exponent > 3 ? moment(3, around: mean) : .infinity
    let fourth = exponent > 4 ? moment(4, around: mean) : .infinity
    return Moments(
      mean: mean, variance: variance, skewness: third / (variance * variance.squareRoot()),
      excessKurtosis: fourth / (variance * variance) - 3)
  }

  /// E (X - c)^k = (x₀ - c)^k + k ∫_{x₀}^∞ (x - c)^(k-1) S(x) dx with S(x₀) = 1 to rounding, over ln x from quantile to quantile.
  private func moment(_ order: Int, around centre: Double) -> Double {
    let tails = [
      -1e-17, -1e-14, -1e-11, -1e-8, -1e-5, -1e-3, -0.01, -0.1, -0.3, -0.7, -1.5, -3, -6, -12, -24, -48, -96, -200,
      -400,
    ]
    let edges = tails.map { Double.log(quantile(logTail: $0)) }.filter { $0.isFinite }
    guard let first = edges.first else { return .nan }
    var total = Double.pow(.exp(first) - centre, order)
    for (low, high) in zip(edges, edges.dropFirst()) where high > low {
      let panels = ((high - low) / 0.25).rounded(.up)
      for index in 0..<Int(panels) {
        let start = low + (high - low) * Double(index) / panels
        let end = low + (high - low) * Double(index + 1) / panels
        let integral = gaussLegendre(from: start, to: end) { u in
          let x = Double.exp(u)
          return SIMD4(.pow(x - centre, order - 1) * .exp(logSurvival(x) + u), 0, 0, 0)
        }
        total += Double(order) * integral[0]
      }
    }
    guard law.tailExponent < .infinity, let last = edges.last else { return total }
    // Beyond e⁻⁴⁰⁰ of the law, the power law itself.
    let rest = Double.exp(logSurvival(.exp(last)) + Double(order) * last)
    return total + rest * Double(order) / (law.tailExponent - Double(order))
  }
}
