import GSLNumerics
import RealModule

/// The tail above a threshold as a discrete generalized Pareto law, and how far it reaches in larger sets (Pickands
/// 1975; Coles, *An Introduction to Statistical Modeling of Extreme Values*, 4.3).
///
///     P(N >= u + y | N >= u) = (1 + ξy/σ)^(-1/ξ)
///
/// fitted by maximum likelihood to whole, right-censored excesses. If the law holds above u it holds above every larger
/// threshold with the same ξ and the same σ - ξu: the stability to look for when choosing u.
public struct PeaksOverThreshold: Sendable {
  /// The threshold u.
  public let threshold: Int
  /// The weight of values at or above the threshold.
  public let exceedances: Double
  /// ln P(N >= u), by the product limit.
  public let logExceedance: Double
  /// The law of the excess N - u.
  public let fit: Fit
  private let logExceedanceVariance: Double
  /// The excesses N - u themselves.
  public let excesses: CensoredCounts

  /// Fits the excesses over a threshold.
  ///
  /// - Throws: `DistributionError.noData` when nothing reaches the threshold; as
  ///   ``MaximumLikelihood/fit(_:to:)-(FittableFamily.Type,_)``.
  public init(over threshold: Int, of counts: CensoredCounts) throws {
    guard counts.intervals.isEmpty else { throw DistributionError.intervals(method: "peaks over a threshold") }
    excesses = CensoredCounts(
      sorted: counts.cells.filter { $0.length >= threshold }.map {
        .init(length: $0.length - threshold, exact: $0.exact, censored: $0.censored)
      })
    fit = try MaximumLikelihood().fit(DiscreteGeneralizedPareto.self, to: excesses)
    self.threshold = threshold
    exceedances = excesses.total
    let step = ProductLimit(counts).step(at: threshold)
    logExceedance = step?.logSurvival ?? 0
    logExceedanceVariance = step?.logVariance ?? 0
  }

  /// The limit at which the supremum lies; nil for a maximum in the interior. Beyond ξ = 20 that is "ends at once or
  /// never": every longer excess is as good as another.
  public var boundary: String? {
    fit.boundary ?? ((fit.law as? DiscreteGeneralizedPareto).map { $0.xi > 20 } ?? false ? "sigma → 0, xi → ∞" : nil)
  }

  /// The law of the excess; nil on a boundary.
  private var law: DiscreteGeneralizedPareto? {
    boundary == nil ? fit.law as? DiscreteGeneralizedPareto : nil
  }

  /// σ - ξu with its standard error: the same at every threshold above which the law holds; nil on a boundary.
  public var stableScale: (value: Double, standardError: Double)? {
    guard let law, let covariance = fit.covariance else { return nil }
    let slopes = [1, -Double(threshold)]
    let variance = zip(slopes, covariance.multiplied(by: slopes)).reduce(0) { $0 + $1.0 * $1.1 }
    return (law.sigma - law.xi * Double(threshold), max(0, variance).squareRoot())
  }

  /// The length reached once, in expectation, by so many records: x with
  ///
  ///     records · P(N >= u) (1 + ξ(x - u)/σ)^(-1/ξ) = 1,   x = u + σ ((records · P(N >= u))^ξ - 1) / ξ
  ///
  /// - Returns: nil on a boundary, and below the threshold, where the law says nothing.
  public func returnLevel(records: Double) -> Double? {
    guard let law else { return nil }
    let level = Self.excess(law.sigma, law.xi, .log(records) + logExceedance)
    return level >= 0 ? Double(threshold) + level : nil
  }

  /// A confidence interval of the return level by profile likelihood in σ, ξ and P(N >= u), whose own likelihood is
  /// taken as normal with Greenwood's variance. The upper end is infinite where the data cannot bound it.
  ///
  /// - Returns: nil where there is no level or the search for an end fails.
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func returnLevelInterval(records: Double, level: Double = 0.95) throws -> ClosedRange<Double>? {
    let deviate = try normalDeviate(ofLevel: level)
    guard let law, let estimate = returnLevel(records: records), estimate > Double(threshold) else { return nil }
    let objective = TailObjective(
      excesses: CensoredLikelihood<DiscreteGeneralizedPareto>(excesses), logExceedance: logExceedance,
      variance: max(logExceedanceVariance, 1e-12))
    let region = LikelihoodRegion(
      objective: objective, center: [.log(law.sigma), law.xi, logExceedance], drop: 0.5 * deviate * deviate)
    /// ln of the excess, and its derivatives by ln σ, ξ and ln P(N >= u).
    func target(_ point: [Double]) -> (value: Double, gradient: [Double])? {
      let (xi, growth) = (point[1], .log(records) + point[2])
      let value = Self.excess(1, xi, growth)
      guard value > 0, growth > 0 else { return nil }
      let x = xi * growth
      // d/dξ of (e^(ξg) - 1)/ξ = g² [ (x e^x - e^x + 1)/x² ], by its series near x = 0.
      let bend =
        x.magnitude < 1e-4
        ? 0.5 + x * (1.0 / 3 + x * 0.125) : (x * .exp(x) - .expMinusOne(x)) / (x * x)
      return (point[0] + .log(value), [1, growth * growth * bend / value, .exp(x) / value])
    }
    guard let low = region.extreme(of: target, sign: -1), let high = region.extreme(of: target, sign: 1) else {
      return nil
    }
    return Double(threshold) + .exp(low)...Double(threshold) + .exp(high)
  }

  /// σ (e^(ξ growth) - 1) / ξ, the excess that growth = ln(records · P(N >= u)) reaches.
  private static func excess(_ sigma: Double, _ xi: Double, _ growth: Double) -> Double {
    xi == 0 ? sigma * growth : sigma * .expMinusOne(xi * growth) / xi
  }
}

/// The excesses' likelihood with that of ln P(N >= u).
private struct TailObjective: LikelihoodObjective {
  let excesses: CensoredLikelihood<DiscreteGeneralizedPareto>
  let logExceedance: Double
  let variance: Double

  var dimension: Int { 3 }
  var weight: Double { excesses.weight }
  var isSmooth: Bool { excesses.isSmooth }

  private func penalty(_ point: [Double]) -> Double {
    let difference = point[2] - logExceedance
    return 0.5 * difference * difference / (variance * weight)
  }

  func value(at point: [Double]) -> Double {
    excesses.value(at: Array(point[..<2])) + penalty(point)
  }

  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double {
    gradient[2] = (point[2] - logExceedance) / (variance * weight)
    return excesses.value(at: Array(point[..<2]), gradient: &gradient) + penalty(point)
  }
}
