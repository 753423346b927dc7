import GSLNumerics
import RealModule

/// A fitted law: what maximum likelihood found, how sure it is, and how it stopped.
public struct Fit: Sendable {
  /// One parameter of a fit.
  public struct Parameter: Sendable, Equatable {
    /// The parameter's name.
    public let name: String
    /// The estimate; nil where the maximum lies at an infinite or undefined value, see ``Fit/boundary``.
    public let value: Double?
    /// The standard error; nil where there is none: on a boundary, at a point that is no proper maximum, or where the
    /// value was fixed.
    public let standardError: Double?
  }

  /// The name under which the family was asked for.
  public private(set) var family: String
  /// The family that was fitted.
  public let familyType: any FittableFamily.Type
  /// The fitted law itself. On a boundary it is the limit law, of a simpler family.
  public let law: any FittableFamily
  /// The lengths on which the fit is conditional.
  public let window: LengthWindow
  /// The estimates, in the order of the family's parameters.
  public let parameters: [Parameter]
  /// The names of the parameters that were fixed beforehand.
  public let fixed: [String]
  /// The number of values that the family was free to choose: k in the criteria.
  public let freeParameters: Int
  /// Covariance of the estimates; nil on a boundary or where the information is not positive definite.
  public let covariance: SymmetricMatrix?
  /// The maximum of Σ exact(n) ln f(n) + Σ censored(n) ln S(n), with the terms of intervals.
  public let logLikelihood: Double
  /// Total weight of the data; the number of records.
  public let observations: Double
  /// Whether the maximum was reached: the remaining step is below a millionth of a standard error, or the supremum lies
  /// at the ``boundary`` and going further towards it gains nothing.
  public let isConverged: Bool
  /// Iterations of the search and of the Newton steps after it.
  public let iterations: Int
  /// The limit at which the supremum lies, in words; nil for a maximum in the interior.
  public let boundary: String?

  /// ln P(window) under the law.
  private let logWindow: Double

  init(
    family: any FittableFamily.Type, law: any FittableFamily, window: LengthWindow, parameters: [Parameter],
    covariance: SymmetricMatrix?, logLikelihood: Double, observations: Double, isConverged: Bool, iterations: Int,
    boundary: String?, fixed: [String] = []
  ) {
    self.family = family.familyName
    familyType = family
    self.law = law
    self.window = window
    self.parameters = parameters
    freeParameters = family.dimension - fixed.count
    self.fixed = fixed
    self.covariance = covariance
    self.logLikelihood = logLikelihood
    self.observations = observations
    self.isConverged = isConverged
    self.iterations = iterations
    self.boundary = boundary
    logWindow = window.isAll ? 0 : window.logProbability(of: law)
  }

  /// The same fit under the name of the choice that it is of.
  func named(_ name: String) -> Fit {
    var copy = self
    copy.family = name
    return copy
  }

  /// ln P(N = n) of the fitted law, conditional on the window.
  public func logMass(_ n: Int) -> Double { window.logMass(of: law, n, logWindow) }

  /// P(N = n | N >= n) of the fitted law, conditional on the window.
  public func hazard(_ n: Int) -> Double { min(1, .exp(logMass(n) - logSurvival(n))) }

  /// ln P(N >= n) of the fitted law, conditional on the window.
  public func logSurvival(_ n: Int) -> Double { window.logSurvival(of: law, n, logWindow) }

  /// ln of the likelihood of one interval-censored or left-truncated observation inside the window.
  func logProbability(_ interval: LengthInterval) -> Double {
    interval.logProbability(of: law, in: window) - (interval.entry > window.minimum ? 0 : logWindow)
  }

  /// Akaike's criterion, 2k - 2 ln L; k counts all free parameters of the family, also those on a boundary.
  ///
  /// For fractional weights it treats each record as one draw: it then leans towards small families, because the exact
  /// law of a record varies less than a draw from it.
  public var aic: Double { 2 * Double(freeParameters) - 2 * logLikelihood }

  /// Akaike's criterion with the correction for small samples (Hurvich and Tsai 1989); nil unless n > k + 1.
  public var aicc: Double? {
    let k = Double(freeParameters)
    guard observations > k + 1 else { return nil }
    return aic + 2 * k * (k + 1) / (observations - k - 1)
  }

  /// Schwarz's criterion, k ln n - 2 ln L.
  public var bic: Double { Double(freeParameters) * .log(observations) - 2 * logLikelihood }
}
