import GSLNumerics
import RealModule

/// Confidence intervals by the profile likelihood: all values of a quantity that some parameters with
///
///     ln L(θ) >= ln L(θ̂) - ½ χ²₁(level)
///
/// give it. They do not depend on the scale of the parameters, follow a skewed likelihood and stay inside the range; an
/// end is infinite where the likelihood never falls that far.
///
/// For counts of independent observations: with fractional weights the log-likelihood has no χ² law.
public struct ProfileLikelihood: Sendable {
  private let fit: Fit
  private let counts: CensoredCounts

  /// The profile around a fit of these counts.
  ///
  /// On a ``Fit/boundary`` it is that of the limit law, and parameters that only the larger family has have no
  /// interval.
  public init(_ fit: Fit, counts: CensoredCounts) {
    self.fit = fit
    self.counts = counts.restricted(from: fit.window.minimum, through: fit.window.maximum)
  }

  /// The interval of a parameter.
  ///
  /// - Returns: nil where the parameter has no estimate or the search for an end fails.
  /// - Complexity: some ten Hessians of the likelihood an end.
  /// - Throws: `DistributionError.level` unless 0 < level < 1; `parameterName` for a name that the family has not.
  public func interval(of name: String, level: Double = 0.95) throws -> ClosedRange<Double>? {
    guard fit.parameters.contains(where: { $0.name == name }) else {
      throw DistributionError.parameterName(family: fit.family, name: name, known: fit.parameters.map(\.name))
    }
    return try interval(of: .parameter(name), fit.law, level)
  }

  /// The interval of ln S(n) = ln P(N >= n | window).
  ///
  /// - Returns: nil where S(n) is 0 or 1, or the search for an end fails.
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func intervalOfLogSurvival(_ n: Int, level: Double = 0.95) throws -> ClosedRange<Double>? {
    try interval(of: .logSurvival(n), fit.law, level)
  }

  private enum Quantity {
    case parameter(String)
    case logSurvival(Int)
  }

  private func interval<F: FittableFamily>(
    of quantity: Quantity, _ law: F, _ level: Double
  ) throws -> ClosedRange<Double>? {
    let deviate = try normalDeviate(ofLevel: level)
    let reach = counts.reach
    let start = F.coordinates(of: law.parameters, reach: reach)
    guard start.allSatisfy(\.isFinite) else { return nil }
    let likelihood = CensoredLikelihood<F>(counts, window: fit.window)
    /// The quantity on a scale without ends, its derivatives by the coordinates, and the way back.
    let target: ([Double]) -> (value: Double, gradient: [Double])?
    let back: (Double) -> Double
    func byCoordinates(_ gradient: [Double], at point: [Double]) -> [Double] {
      let jacobian = F.jacobian(at: point, reach: reach)
      return (0..<F.dimension).map { j in gradient.indices.reduce(0) { $0 + gradient[$1] * jacobian[$1][j] } }
    }
    switch quantity {
    case .parameter(let name):
      guard let index = F.parameterDescriptions.firstIndex(where: { $0.name == name }) else { return nil }
      let description = F.parameterDescriptions[index]
      target = { point in
        let value = F.parameters(at: point, reach: reach)[index]
        let slope = description.unboundedSlope(value)
        return (
          description.unbounded(value), F.jacobian(at: point, reach: reach)[index].map { slope * $0 }
        )
      }
      back = { description.bounded($0) }
    case .logSurvival(let n):
      let window = fit.window
      guard fit.logSurvival(n) < 0, fit.logSurvival(n) > -.infinity else { return nil }
      target = { point in
        guard let law = try? F(coordinates: point, reach: reach) else { return nil }
        let value = window.logSurvival(of: law, n)
        let slopes = fit.logSurvivalGradient(of: law, n).map { $0 / value }
        return (.log(-value), byCoordinates(slopes, at: point))
      }
      back = { -.exp($0) }
    }
    let search = LikelihoodRegion(objective: likelihood, center: start, drop: 0.5 * deviate * deviate)
    guard let low = search.extreme(of: target, sign: -1), let high = search.extreme(of: target, sign: 1) else {
      return nil
    }
    let ends = [back(low), back(high)]
    return ends.contains(where: \.isNaN) ? nil : min(ends[0], ends[1])...max(ends[0], ends[1])
  }
}
