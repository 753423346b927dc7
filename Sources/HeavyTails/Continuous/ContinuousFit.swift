import GSLNumerics
import RealModule

/// A continuous law fitted to real values by maximum likelihood, conditional on X >= x_min:
///
///     Σ_exact ln f(x | X >= x_min) + Σ_censored ln S(x | X >= x_min)
public struct ContinuousFit: Sendable {
  /// The family that was fitted.
  public let family: String
  /// The fitted law above x_min. On a boundary it is the limit law, a Pareto law.
  public let law: TruncatedLaw
  /// The estimates.
  public let parameters: [Fit.Parameter]
  /// Covariance of the estimates, from the observed information; nil on a boundary.
  public let covariance: SymmetricMatrix?
  /// The maximum of the log-likelihood.
  public let logLikelihood: Double
  /// The number of values at or above x_min.
  public let observations: Int
  /// Whether the maximum, or the boundary, was reached.
  public let isConverged: Bool
  /// The limit at which the supremum lies; nil for a maximum in the interior.
  public let boundary: String?

  /// Akaike's criterion, 2k - 2 ln L.
  public var aic: Double { 2 * Double(parameters.count) - 2 * logLikelihood }
}

extension ContinuousFit {
  /// Fits a family to the values at or above x_min.
  ///
  /// Above a positive x_min all families with two parameters come as near to a Pareto law as one likes; when none of them is
  /// likelier, the ``boundary`` says so.
  ///
  /// - Complexity: O(values) an evaluation, some tens of evaluations.
  /// - Throws: `DistributionError.noData` without values, `impossibleData` when all are equal or none is exact, `parameter` for
  ///   an x_min that the family cannot have; `NumericsError`.
  public init(_ family: any ContinuousFamily.Type, to sample: CensoredValues, from minimum: Double = 0) throws {
    let data = sample.restricted(from: minimum)
    guard data.count > 0 else { throw DistributionError.noData }
    guard let first = data.exact.first, let last = (data.exact + data.censored).max(), last > max(first, minimum) else {
      throw DistributionError.impossibleData(family: family.familyName)
    }
    let fit = try Self.search(family, data, minimum)
    if minimum > 0, family.parameterDescriptions.count > 1,
      let limit = try? Self.search(Pareto.self, data, minimum), limit.boundary == nil,
      !(fit.logLikelihood > limit.logLikelihood + 1e-11 * limit.logLikelihood.magnitude)
    {
      self = ContinuousFit(limitOf: family, limit)
    } else {
      self = fit
    }
  }

  /// The result of a family whose supremum is a Pareto law.
  private init(limitOf family: any ContinuousFamily.Type, _ limit: ContinuousFit) {
    self.init(
      family: family.familyName, law: limit.law,
      parameters: family.parameterDescriptions.map { .init(name: $0.name, value: nil, standardError: nil) },
      covariance: nil, logLikelihood: limit.logLikelihood, observations: limit.observations,
      isConverged: limit.isConverged,
      boundary: "its limit \(Pareto.familyName) with alpha = \(limit.parameters[0].value ?? .nan)")
  }

  private static func search<F: ContinuousFamily>(
    _: F.Type, _ data: CensoredValues, _ minimum: Double
  ) throws -> ContinuousFit {
    try F.check(minimum: minimum)
    let likelihood = ContinuousLikelihood<F>(data: data, minimum: minimum)
    let starts = F.startingPoints(for: data, minimum: minimum).map { start in
      zip(F.parameterDescriptions, start).map { $0.unbounded($1) }
    }
    guard let found = try likelihood.search(from: starts, enough: minimum > 0 ? 4 : 2) else {
      throw DistributionError.impossibleData(family: F.familyName)
    }
    let values = likelihood.parameters(at: found.point)
    let edges = likelihood.edges(at: found)
    let slopes = zip(F.parameterDescriptions, values).map { 1 / $0.unboundedSlope($1) }
    let covariance =
      edges.isEmpty
      ? found.inverseInformation?.scaled(by: 1 / likelihood.weight).transformed(
        by: slopes.indices.map { i in slopes.indices.map { $0 == i ? slopes[i] : 0 } }) : nil
    return ContinuousFit(
      family: F.familyName, law: try TruncatedLaw(F(parameters: values), from: minimum),
      parameters: values.indices.map {
        .init(
          name: F.parameterDescriptions[$0].name, value: values[$0], standardError: covariance?[$0, $0].squareRoot())
      },
      covariance: covariance, logLikelihood: -found.value * likelihood.weight, observations: data.count,
      isConverged: found.isConverged || !edges.isEmpty,
      boundary: edges.isEmpty
        ? nil
        : edges.map { index in
          let parameter = F.parameterDescriptions[index]
          return "\(parameter.name) → \(found.point[index] > 0 ? parameter.maximum : parameter.minimum)"
        }.joined(separator: ", "))
  }
}

/// The negative mean log-likelihood of a continuous family by coordinates without ends.
private struct ContinuousLikelihood<F: ContinuousFamily>: LikelihoodObjective {
  let data: CensoredValues
  let minimum: Double

  var dimension: Int { F.parameterDescriptions.count }
  var weight: Double { Double(data.count) }

  func parameters(at point: [Double]) -> [Double] {
    zip(F.parameterDescriptions, point).map { $0.bounded($1) }
  }

  func value(at point: [Double]) -> Double {
    var scratch = [Double](repeating: 0, count: dimension)
    var span = scratch.mutableSpan
    return value(at: point, gradient: &span)
  }

  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double {
    let values = parameters(at: point)
    guard let law = try? F(parameters: values) else { return .infinity }
    var sum = CompensatedSum()
    var total = [Double](repeating: 0, count: dimension)
    var scratch = total
    var slopes = scratch.mutableSpan
    func add(_ value: Double, _ weight: Double, _ slopes: borrowing MutableSpan<Double>) {
      sum.add(weight * value)
      for index in total.indices { total[index] += weight * slopes[index] }
    }
    for x in data.exact { add(law.logDensity(x, gradient: &slopes), 1, slopes) }
    for x in data.censored { add(law.logSurvival(x, gradient: &slopes), 1, slopes) }
    add(law.logSurvival(minimum, gradient: &slopes), -weight, slopes)
    for (index, description) in F.parameterDescriptions.enumerated() {
      gradient[index] = -total[index] / (weight * description.unboundedSlope(values[index]))
    }
    let mean = -sum.value / weight
    return mean.isFinite ? mean : .infinity
  }
}
