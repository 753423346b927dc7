import HeavyTails

/// Families fitted to lengths: the JSON of `skewmem fit --format json`, schema `skewmem.fit/1`.
public struct FitReport: Codable, Sendable, Equatable {
  /// `skewmem.fit/1`.
  public var schema = "skewmem.fit/1"
  /// Where the lengths are from.
  public var file: String
  /// Total weight: the number of observations.
  public var observations: Double
  /// Weight known only as a lower bound.
  public var censored: Double
  /// Weight known only to lie in an interval.
  public var intervalCensored: Double
  /// Weight with an entry length, below which it could not have been observed.
  public var withEntry: Double
  /// n_max, beyond which the data are left out; null for none.
  @OrNull public var nMax: Int?
  /// The family with the smallest AIC among fits to the same data; null without any.
  @OrNull public var best: String?
  /// How intervals were made: `delta`, `profile` or `bootstrap`; null when not asked for. Their level is 0.95.
  @OrNull public var intervalMethod: String?
  /// The fits, by increasing AIC.
  public var fits: [FamilyFit]
  /// Tests between the best family and the others.
  public var comparisons: [Comparison]
  /// The lengths themselves beside the first fits, from the first fit's n_min on.
  public var survival: [SurvivalPoint]
  /// Quantiles of the first fit beside those of the lengths.
  public var quantiles: [QuantilePair]
  /// The bootstrap test of the best family; null when not asked.
  @OrNull public var goodnessOfFit: Goodness?
  /// The largest lengths; null when not asked for.
  @OrNull public var extremes: ExtremesReport?
  /// What to know before using the numbers.
  public var warnings: [Warning]

  enum CodingKeys: String, CodingKey {
    case schema, file, observations, censored, best, fits, comparisons, survival, quantiles, extremes, warnings
    case nMax = "n_max"
    case intervalCensored = "interval_censored"
    case withEntry = "with_entry"
    case intervalMethod = "interval_method"
    case goodnessOfFit = "goodness_of_fit"
  }

  /// P(N >= n | n_min <= N <= n_max) by the product-limit estimate and by the first fits.
  public struct SurvivalPoint: Codable, Sendable, Equatable {
    /// n.
    public var n: Int
    /// ln Ŝ(n); null where it is 0.
    @OrNull public var logSurvival: Double?
    /// The lower end of Greenwood's 95 % interval of S(n); null where there is none.
    @OrNull public var lower: Double?
    /// The upper end.
    @OrNull public var upper: Double?
    /// ln S(n) by family, of up to three first fits with the same n_min.
    public var fitted: [String: OrNull<Double>]

    enum CodingKeys: String, CodingKey {
      case n, lower, upper, fitted
      case logSurvival = "log_survival"
    }
  }

  /// The lengths that a share of the weight does not exceed.
  public struct QuantilePair: Codable, Sendable, Equatable {
    /// The share above, from n_min on.
    public var tail: Double
    /// The length by the product-limit estimate.
    public var observed: Int
    /// The length by the first fit.
    public var fitted: Int
  }

  /// A test between two families.
  public struct Comparison: Codable, Sendable, Equatable {
    /// The first family.
    public var first: String
    /// The second family.
    public var second: String
    /// `vuong` or `likelihood-ratio`.
    public var test: String
    /// The statistic.
    public var statistic: Double
    /// The p-value.
    public var pValue: Double
    /// Vuong's statistic with AIC's correction for the numbers of parameters; null for other tests and an exact law.
    @OrNull public var correctedStatistic: Double?
    /// Its p-value.
    @OrNull public var correctedPValue: Double?

    enum CodingKeys: String, CodingKey {
      case first, second, test, statistic
      case pValue = "p_value"
      case correctedStatistic = "corrected_statistic"
      case correctedPValue = "corrected_p_value"
    }
  }

  /// A bootstrap test of fit.
  public struct Goodness: Codable, Sendable, Equatable {
    /// The family.
    public var family: String
    /// The Kolmogorov–Smirnov distance.
    public var statistic: Double
    /// The p-value: small when the family is wrong.
    public var pValue: Double
    /// 95 % limits of its Monte Carlo error.
    public var interval: Interval
    /// The same test by the Anderson–Darling distance, which weighs the tail.
    public var andersonDarling: Test
    /// The same test by the chi-squared of pooled cells.
    public var chiSquared: Test
    /// `parametric`, or `semiparametric` where n_min was chosen again in each replicate.
    public var resampling: String
    /// Replicates.
    public var replicates: Int
    /// Whether the decision was clear before all replicates asked for.
    public var stoppedEarly: Bool
    /// The seed.
    public var seed: UInt64

    /// A test by one distance.
    public struct Test: Codable, Sendable, Equatable {
      /// The distance.
      public var statistic: Double
      /// The p-value.
      public var pValue: Double
      /// 95 % limits of its Monte Carlo error.
      public var interval: Interval

      enum CodingKeys: String, CodingKey {
        case statistic, interval
        case pValue = "p_value"
      }

      init(_ test: BootstrapGoodness.Test) {
        statistic = test.statistic
        pValue = test.pValue
        interval = Interval(test.interval)
      }
    }

    enum CodingKeys: String, CodingKey {
      case family, statistic, interval, resampling, replicates, seed
      case pValue = "p_value"
      case andersonDarling = "anderson_darling"
      case chiSquared = "chi_squared"
      case stoppedEarly = "stopped_early"
    }

    /// nil unless the test is by all three distances.
    init?(_ test: BootstrapGoodness, resampling: String) {
      guard let distance = test.tests[.kolmogorovSmirnov].map({ Test($0) }),
        let andersonDarling = test.tests[.andersonDarling], let chiSquared = test.tests[.chiSquared]
      else { return nil }
      family = test.family
      statistic = distance.statistic
      pValue = distance.pValue
      interval = distance.interval
      self.andersonDarling = Test(andersonDarling)
      self.chiSquared = Test(chiSquared)
      self.resampling = resampling
      replicates = test.replicates
      stoppedEarly = test.isStoppedEarly
      seed = test.seed
    }
  }
}

extension FitReport: WarnedReport {}
