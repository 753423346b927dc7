/// The catalogue of families by name.
public enum Family {
  /// The plain families; each also comes zero-inflated, cured and both.
  public static let plain: [any FittableFamily.Type] = [
    Geometric.self,
    LinearHazard.self,
    BetaGeometric.self,
    DiscreteWeibull.self,
    LogisticPosition.self,
    NegativeBinomial.self,
    DiscreteLognormal.self,
    DiscreteGeneralizedPareto.self,
    Zeta.self,
    ZetaCutoff.self,
    RoundedPareto.self,
    DiscretePareto.self,
    GeometricMixture<2>.self,
    GeometricMixture<3>.self,
    GeometricMixture<4>.self,
  ]

  /// Every family: the plain ones, then their zero-inflated, cured and zero-inflated cured forms.
  public static let all = withExtensions(plain)

  /// The families that describe match lengths of language models well and are fitted quickly: what an audit compares.
  public static let ofMatchLengths = withExtensions([
    Geometric.self, LinearHazard.self, BetaGeometric.self, DiscreteWeibull.self,
  ])

  /// The family of this name, e.g. `zero-inflated-cured-beta-geometric`.
  ///
  /// - Throws: `DistributionError.unknownFamily`.
  public static func named(_ name: String) throws(DistributionError) -> any FittableFamily.Type {
    guard let family = all.first(where: { $0.familyName == name }) else { throw .unknownFamily(name) }
    return family
  }

  /// The law of a named family with named parameters, e.g. `("beta-geometric", ["a": 2, "b": 1.5])`.
  ///
  /// A `geometric-mixture` has as many parts as it is given values `p[1]`, `p[2]`, ….
  ///
  /// - Throws: `DistributionError` for an unknown family, a missing, unknown or impossible parameter.
  public static func law(
    named name: String, parameters: [String: Double]
  ) throws(DistributionError) -> any FittableFamily {
    let parts = parameters.keys.count { $0.hasPrefix("p[") }
    let isMixture = name.hasSuffix("geometric-mixture")
    if isMixture, !(2...4).contains(parts) {
      throw .parameterCount(family: "\(name), values of p", given: parts, needed: 2)
    }
    let family = try named(isMixture ? "\(name)-\(parts)" : name)
    let descriptions = family.parameterDescriptions
    for key in parameters.keys.sorted() where !descriptions.contains(where: { $0.name == key }) {
      throw .parameterName(family: name, name: key, known: descriptions.map(\.name))
    }
    var values: [Double] = []
    for description in descriptions {
      guard let value = parameters[description.name] else {
        throw .missingParameter(family: name, name: description.name, allowed: description.range)
      }
      values.append(value)
    }
    return try family.init(parameters: values)
  }

  private static func withExtensions(_ plain: [any FittableFamily.Type]) -> [any FittableFamily.Type] {
    plain + plain.map(zeroInflated) + plain.map(cured) + plain.map { zeroInflated(cured($0)) }
  }
}
