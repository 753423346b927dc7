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
  /// On a ``Fit/boundary`` it is that of the limit law. A share that only the larger family has, and that is at the end
  /// of its range, has an interval in that family, from that end.
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
    let found = try interval(of: .parameter(name), fit.law, level)
    if let found, found.lowerBound.isFinite, found.upperBound.isFinite { return found }
    let drop = try 0.5 * normalDeviate(ofLevel: level) * normalDeviate(ofLevel: level)
    if type(of: fit.law).parameterDescriptions.contains(where: { $0.name == name }) {
      return coordinateInterval(of: name, in: fit.law, drop) ?? found
    }
    return edgeInterval(of: name, in: fit.familyType, drop)
  }

  /// The interval of a parameter that is a function of one coordinate, by walking along it with the others at their
  /// best: for likelihoods that stay high all the way to an edge.
  private func coordinateInterval<F: FittableFamily>(
    of name: String, in law: F, _ drop: Double
  ) -> ClosedRange<Double>? {
    guard let walk = Walk(F.self, name, counts, fit.window) else { return nil }
    let start = F.coordinates(of: law.parameters, reach: counts.reach)
    guard start.allSatisfy(\.isFinite), let low = walk.end(from: start, -1, drop, fit.logLikelihood),
      let high = walk.end(from: start, 1, drop, fit.logLikelihood)
    else { return nil }
    return min(low, high)...max(low, high)
  }

  /// The interval of a share at the end of its range.
  private func edgeInterval<F: FittableFamily>(of name: String, in family: F.Type, _ drop: Double) -> ClosedRange<
    Double
  >? {
    guard let walk = Walk(F.self, name, counts, fit.window) else { return nil }
    let values = fit.parameters.map { $0.value ?? .nan }
    guard let end = values.indices.first(where: { fit.parameters[$0].name == name }).map({ values[$0] }), end == 0
    else {
      return nil
    }
    let start = F.coordinates(of: values.map { $0 == 0 ? 1e-12 : $0 }, reach: counts.reach)
    guard start.allSatisfy(\.isFinite), let high = walk.end(from: start, 1, drop, fit.logLikelihood) else { return nil }
    return end...max(end, high)
  }

  /// Steps along one coordinate.
  private struct Walk<F: FittableFamily> {
    let parameter: Int
    let coordinate: Int
    let likelihood: CensoredLikelihood<F>
    let reach: Reach

    /// nil unless the parameter is a function of one coordinate alone.
    init?(_: F.Type, _ name: String, _ counts: CensoredCounts, _ window: LengthWindow) {
      guard let parameter = F.parameterDescriptions.firstIndex(where: { $0.name == name }) else { return nil }
      self.parameter = parameter
      reach = counts.reach
      likelihood = CensoredLikelihood<F>(counts, window: window)
      let row = F.jacobian(at: Array(repeating: 0.1, count: F.dimension), reach: counts.reach)[parameter]
      let moving = row.indices.filter { row[$0] != 0 }
      guard moving.count == 1 else { return nil }
      coordinate = moving[0]
    }

    /// The value where the profile has fallen by `drop`, or its limit where it never does.
    func end(from start: [Double], _ way: Double, _ drop: Double, _ highest: Double) -> Double? {
      func value(_ point: [Double]) -> Double { F.parameters(at: point, reach: reach)[parameter] }
      var inside = start
      var step = 0.25
      while true {
        guard let next = best(along: inside, at: inside[coordinate] + way * step) else { return nil }
        if highest + likelihood.weight * next.value > drop {
          // Between the last point inside and this one.
          var outside = next.point[coordinate]
          for _ in 0..<60 where (outside - inside[coordinate]).magnitude > 1e-9 {
            guard let middle = best(along: inside, at: 0.5 * (inside[coordinate] + outside)) else { return nil }
            if highest + likelihood.weight * middle.value > drop {
              outside = middle.point[coordinate]
            } else {
              inside = middle.point
            }
          }
          return value(inside)
        }
        let isSettled = (value(next.point) - value(inside)).magnitude <= 1e-12 * max(1e-3, value(inside).magnitude)
        inside = next.point
        // A logarithm or a logit of 45 is at the end of any range.
        if isSettled || (inside[coordinate] - start[coordinate]).magnitude > 45 {
          let description = F.parameterDescriptions[parameter]
          let isRising = value(inside) > value(start)
          return isRising ? description.maximum : description.lowerLimit
        }
        step = min(2, 1.5 * step)
      }
    }

    /// The other coordinates at their best for one value of this.
    private func best(along point: [Double], at fixed: Double) -> (point: [Double], value: Double)? {
      func whole(_ rest: [Double]) -> [Double] {
        Array(rest[..<coordinate]) + [fixed] + Array(rest[coordinate...])
      }
      var rest = point
      rest.remove(at: coordinate)
      if rest.isEmpty { return ([fixed], likelihood.value(at: [fixed])) }
      var method = Simplex()
      method.sizeTolerance = 1e-8
      method.maximumIterations = 2000
      guard
        let found = try? method.minimize(
          from: rest, step: 0.1, objective: { likelihood.value(at: whole(Array(copying: $0))) })
      else { return nil }
      return (whole(found.point), found.value)
    }
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
      // Rounding stops a search short of the end of the range.
      back = { z in
        let value = description.bounded(z)
        return value - description.minimum < 1e-12 ? description.lowerLimit : value
      }
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
