import GSLNumerics
import RealModule

/// The first moments of a law of lengths.
///
/// A moment that diverges is infinite. One that is undefined is nil: the skewness and the kurtosis where the variance
/// is infinite or 0. So is one that lengths beyond 2⁶⁰ carry although it is finite.
public struct Moments: Sendable, Equatable {
  /// E N.
  public let mean: Double?
  /// E (N - E N)².
  public let variance: Double?
  /// E (N - E N)³ / variance^(3/2).
  public let skewness: Double?
  /// E (N - E N)⁴ / variance² - 3.
  public let excessKurtosis: Double?
}

extension DiscreteDistribution {
  /// Mean, variance, skewness and excess kurtosis, by summation: E (N - c)^k is finite for
  /// k < ``DiscreteDistribution/tailExponent``, and
  /// beyond 2⁶⁰ the tail is that power law.
  ///
  /// - Complexity: some thousands of evaluations of mass and survival.
  public var moments: Moments {
    let mean = tailExponent > 1 ? summedMoment(1, around: 0) : .infinity
    guard let mean, mean.isFinite, tailExponent > 2 else {
      return Moments(
        mean: mean, variance: mean == nil ? nil : .infinity, skewness: nil, excessKurtosis: nil)
    }
    guard let variance = summedMoment(2, around: mean), variance > 0 else {
      return Moments(mean: mean, variance: summedMoment(2, around: mean), skewness: nil, excessKurtosis: nil)
    }
    let third = tailExponent > 3 ? summedMoment(3, around: mean) : .infinity
    let fourth = tailExponent > 4 ? summedMoment(4, around: mean) : .infinity
    return Moments(
      mean: mean, variance: variance, skewness: third.map { $0 / (variance * variance.squareRoot()) },
      excessKurtosis: fourth.map { $0 / (variance * variance) - 3 })
  }

  /// E (N - center)^order for an order below the tail's exponent; nil where lengths beyond 2⁶⁰ carry a finite part of
  /// it that no power law gives.
  private func summedMoment(_ order: Int, around center: Double) -> Double? {
    let end = 1 << 60
    // Blocks that double, and edges where the law has its mass, so that no block hides a peak.
    let tails = [-1e-15, -1e-9, -1e-4, -0.1, -0.7, -2.3, -7, -20, -40]
    var edges = Set((0..<60).map { 1 << $0 })
    var bulk = 0
    for tail in tails {
      if let edge = quantile(logTail: tail), edge < end {
        edges.insert(edge + 1)
        bulk = edge + 1
      }
    }
    edges.insert(end)
    func power(_ n: Int) -> Double { .pow(Double(n) - center, order) }
    var total = logMass(0) > -.infinity ? power(0) * .exp(logMass(0)) : 0
    var start = 1
    for edge in edges.sorted() where edge > start {
      total += smoothSum(from: start, through: edge - 1, scale: total.magnitude) { power($0) * .exp(logMass($0)) }
      start = edge
      // The rest is of this order once the edge lies beyond the bulk of the law and twice the center.
      guard edge >= bulk, Double(edge) > 2 * center else { continue }
      let rest = Double.exp(logSurvival(edge) + Double(order) * .log(Double(edge)))
      if tailExponent == .infinity, rest <= 1e-18 * total.magnitude || rest == 0 { return total }
    }
    guard tailExponent < .infinity else { return nil }
    // Σ_{n >= end} n^k P(N = n) for S(n) = S(end) (n / end)^(-τ).
    return total + power(end) * .exp(logSurvival(end)) * tailExponent / (tailExponent - Double(order))
  }
}
