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

  /// The fitted survival at one length.
  public struct Survival: Codable, Sendable, Equatable {
    /// The length.
    public var n: Int
    /// ln S(n).
    public var logSurvival: Double
    /// The lower end of its interval; null where there is none.
    @OrNull public var lower: Double?
    /// The upper end of its interval; null where there is none.
    @OrNull public var upper: Double?

    enum CodingKeys: String, CodingKey {
      case n, lower, upper
      case logSurvival = "log_survival"
    }
  }

  /// The family's name.
  public var family: String
  /// Estimates by name; null at an infinite value.
  public var parameters: PerParameter<Double>
  /// The parameters that were fixed beforehand.
  public var fixed: [String]
  /// Standard errors by name; null on a boundary and for fixed parameters.
  public var standardErrors: PerParameter<Double>
  /// Confidence intervals by name; null when not asked for.
  @OrNull public var intervals: PerParameter<Interval>?
  /// The interval of the chosen n_min; null unless n_min was chosen and intervals are by bootstrap.
  @OrNull public var nMinInterval: [Int]?
  /// S(n), with its intervals where they are asked for, conditional on n_min; of an audit for the first fits, as their
  /// picture needs it.
  public var survival: [Survival]
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
  /// Its bootstrap test; null unless every family is tested.
  @OrNull public var goodnessOfFit: FitReport.Goodness?
  /// Where the family fits the exact law and where it does not; empty where there is no exact law.
  public var misfit: [Misfit]

  enum CodingKeys: String, CodingKey {
    case family, parameters, fixed, intervals, survival, aic, aicc, bic, weight, ks, converged, boundary, misfit
    case standardErrors = "standard_errors"
    case goodnessOfFit = "goodness_of_fit"
    case logLikelihood = "log_likelihood"
    case nMin = "n_min"
    case nMinInterval = "n_min_interval"
    case tailObservations = "tail_observations"
  }

  /// A fit of counts.
  init(
    _ fit: Fit, to counts: CensoredCounts, weight: Double?, misfit: [Misfit] = [], survival lengths: [Int] = [],
    intervals: FitIntervals? = nil
  ) {
    family = fit.family
    fixed = fit.fixed
    parameters = PerParameter(fit.parameters.map { ($0.name, $0.value) })
    standardErrors = PerParameter(fit.parameters.map { ($0.name, $0.standardError) })
    survival =
      intervals?.survival
      ?? lengths.map { .init(n: $0, logSurvival: fit.logSurvival($0), lower: nil, upper: nil) }
    logLikelihood = fit.logLikelihood
    aic = fit.aic
    bic = fit.bic
    nMin = fit.window.minimum
    tailObservations = fit.observations
    ks = KolmogorovSmirnov.distance(of: fit, to: counts)
    converged = fit.isConverged
    self.misfit = misfit
    _intervals = OrNull(wrappedValue: intervals?.parameters)
    _nMinInterval = OrNull(wrappedValue: intervals?.minimum.map { [$0.lowerBound, $0.upperBound] })
    _aicc = OrNull(wrappedValue: fit.aicc)
    _weight = OrNull(wrappedValue: weight)
    _boundary = OrNull(wrappedValue: fit.boundary)
  }
}
