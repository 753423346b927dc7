import GSLNumerics
import RealModule

extension Fit {
  /// A confidence interval of a parameter from its standard error, symmetric on the logarithm of a positive parameter,
  /// on the logit of one between two ends and on the parameter itself otherwise, so that it stays inside the
  /// parameter's range.
  ///
  /// - Returns: nil without a standard error, as of a parameter that lies on a boundary.
  /// - Throws: `DistributionError.level` unless 0 < level < 1; `parameterName` for a name that the family has not.
  public func deltaInterval(of name: String, level: Double = 0.95) throws -> ClosedRange<Double>? {
    let z = try normalDeviate(ofLevel: level)
    guard let index = parameters.firstIndex(where: { $0.name == name }) else {
      throw DistributionError.parameterName(family: family, name: name, known: parameters.map(\.name))
    }
    guard let value = parameters[index].value, let error = parameters[index].standardError else {
      return nil
    }
    let description = familyType.parameterDescriptions[index]
    let center = description.unbounded(value)
    let half = z * error * description.unboundedSlope(value)
    guard half.isFinite else { return nil }
    return description.bounded(center - half)...description.bounded(center + half)
  }

  /// A confidence interval of ln S(n) = ln P(N >= n | window) by the delta method: symmetric on ln(-ln S(n)), with the
  /// variance gᵀ V g, g = ∂ ln S(n) / ∂ parameters.
  ///
  /// - Returns: nil on a boundary and where S(n) is 0 or 1.
  /// - Throws: `DistributionError.level` unless 0 < level < 1.
  public func deltaIntervalOfLogSurvival(_ n: Int, level: Double = 0.95) throws -> ClosedRange<Double>? {
    let z = try normalDeviate(ofLevel: level)
    let value = logSurvival(n)
    guard let covariance, value < 0, value > -.infinity else { return nil }
    let slopes = logSurvivalGradient(of: law, n)
    let variance = zip(slopes, covariance.multiplied(by: slopes)).reduce(0) { $0 + $1.0 * $1.1 }
    let spread = Double.exp(z * max(0, variance).squareRoot() / value.magnitude)
    guard spread.isFinite else { return -.infinity...0 }
    return value * spread...value / spread
  }

  /// ∂ ln P(N >= n | window) / ∂ parameters.
  func logSurvivalGradient(of law: some FittableFamily, _ n: Int) -> [Double] {
    let count = law.parameters.count
    var scratch = [Double](repeating: 0, count: count)
    var span = scratch.mutableSpan
    _ = window.logSurvival(of: law, from: n, gradient: &span)
    let here = (0..<count).map { span[$0] }
    _ = window.logSurvival(of: law, from: window.minimum, gradient: &span)
    return (0..<count).map { here[$0] - span[$0] }
  }
}
