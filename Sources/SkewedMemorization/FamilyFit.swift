import HeavyTails

/// A fitted family as reports have it.
public struct FamilyFit: Codable, Sendable, Equatable {
  /// The fitted law against the exact one at one length.
  public struct Misfit: Codable, Sendable, Equatable {
    /// The length.
    public var n: Int
    /// ln of fitted over exact S(n): positive where the family says more than the data.
    @OrNull public var logRatio: Double?

    enum CodingKeys: String, CodingKey {
      case n
      case logRatio = "log_ratio"
    }
  }

  /// The family's name.
  public var family: String
  /// Estimates by name; null at an infinite value.
  public var parameters: [String: OrNull<Double>]
  /// Standard errors by name; null on a boundary.
  public var standardErrors: [String: OrNull<Double>]
  /// The maximum of the log-likelihood.
  public var logLikelihood: Double
  /// Akaike's criterion.
  public var aic: Double
  /// Akaike's criterion for small samples; null with too few records.
  @OrNull public var aicc: Double?
  /// Schwarz's criterion.
  public var bic: Double
  /// The Akaike weight among fits with the same n_min; null with an n_min of its own.
  @OrNull public var weight: Double?
  /// n_min, below which the data are left out.
  public var nMin: Int
  /// Weight from n_min on.
  public var tailObservations: Double
  /// The Kolmogorov–Smirnov distance.
  public var ks: Double
  /// Whether the maximum was reached.
  public var converged: Bool
  /// The limit at which the supremum lies; null in the interior.
  @OrNull public var boundary: String?
  /// Where the family fits the exact law and where it does not; empty where there is no exact law.
  public var misfit: [Misfit]

  enum CodingKeys: String, CodingKey {
    case family, parameters, aic, aicc, bic, weight, ks, converged, boundary, misfit
    case standardErrors = "standard_errors"
    case logLikelihood = "log_likelihood"
    case nMin = "n_min"
    case tailObservations = "tail_observations"
  }

  /// A fit of counts.
  init(_ fit: Fit, to counts: CensoredCounts, weight: Double?, misfit: [Misfit] = []) {
    family = fit.family
    parameters = Dictionary(uniqueKeysWithValues: fit.parameters.map { ($0.name, .init(wrappedValue: $0.value)) })
    standardErrors = Dictionary(
      uniqueKeysWithValues: fit.parameters.map { ($0.name, .init(wrappedValue: $0.standardError)) })
    logLikelihood = fit.logLikelihood
    aic = fit.aic
    bic = fit.bic
    nMin = fit.window.minimum
    tailObservations = fit.observations
    ks = KolmogorovSmirnov.distance(of: fit, to: counts)
    converged = fit.isConverged
    self.misfit = misfit
    _aicc = OrNull(wrappedValue: fit.aicc)
    _weight = OrNull(wrappedValue: weight)
    _boundary = OrNull(wrappedValue: fit.boundary)
  }
}
