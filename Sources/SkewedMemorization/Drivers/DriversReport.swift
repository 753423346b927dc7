/// What goes with longer matches: the JSON of `skewmem drivers --format json`, schema `skewmem.drivers/1`.
public struct DriversReport: Codable, Sendable, Equatable {
  /// `skewmem.drivers/1`.
  public var schema = "skewmem.drivers/1"
  /// Where the records are from.
  public var files: [String]
  /// Records in all files.
  public var records: Int
  /// Hazard regressions of the first mismatch: of greedy decoding where every record says, and of sampling.
  public var models: [HazardModel]
  /// Regressions of the scale of a family of laws, of the same outcomes; empty where none was asked for.
  public var scales: [ScaleModel]
  /// Memorization by how often a record was shown, in the last file; empty where records do not say or are alike.
  public var doses: [Dose]
  /// Whether positions are recalled independently, in the last file; null where no record says what greedy decoding
  /// does.
  @OrNull public var independence: Independence?
  /// How attention on the prefix goes with ln S(n); null where none was given.
  @OrNull public var attention: Attention?
  /// What to know before using the numbers.
  public var warnings: [Warning]

  /// A discrete-time hazard regression.
  public struct HazardModel: Codable, Sendable, Equatable {
    /// `greedy`, a mismatch at each position or none; or `sampling`, its probability 1 - p_j.
    public var outcome: String
    /// `cloglog` (ratios are hazard ratios) or `logit` (odds ratios).
    public var link: String
    /// `jackknife` or `sandwich`: where standard errors are from.
    public var errors: String
    /// The constant.
    public var constant: Double
    /// What the hazard is regressed on.
    public var predictors: [Predictor]
    /// Σ w (y ln h + (1 - y) ln(1 - h)).
    public var logLikelihood: Double
    /// The deviance.
    public var deviance: Double
    /// That of the constant alone.
    public var nullDeviance: Double
    /// The share of the constant's deviance that the predictors take away.
    public var explained: Double
    /// Positions of records.
    public var rows: Int
    /// Records by name: the clusters of the standard errors.
    public var clusters: Int
    /// Fitted beside observed hazards, by rising fitted hazard.
    public var calibration: [Calibration]

    enum CodingKeys: String, CodingKey {
      case outcome, link, errors, constant, predictors, deviance, explained, rows, clusters, calibration
      case logLikelihood = "log_likelihood"
      case nullDeviance = "null_deviance"
    }
  }

  /// A regression of the scale of the match length's law: the logarithm of the scale is linear in the predictors.
  public struct ScaleModel: Codable, Sendable, Equatable {
    /// `greedy` or `sampling`.
    public var outcome: String
    /// The family.
    public var family: String
    /// The logarithm of the scale where all predictors are 0.
    public var constant: Double
    /// The name of the shape.
    public var shapeName: String
    /// The shape, the same for all records.
    public var shape: Double
    /// Its 95 % limits; null where there are none.
    @OrNull public var shapeInterval: Interval?
    /// What the scale is regressed on.
    public var predictors: [Stretch]
    /// The maximum of the log-likelihood.
    public var logLikelihood: Double
    /// That without predictors.
    public var nullLogLikelihood: Double
    /// Records by name: the clusters of the standard errors.
    public var clusters: Int

    enum CodingKeys: String, CodingKey {
      case outcome, family, constant, shape, predictors, clusters
      case shapeName = "shape_name"
      case shapeInterval = "shape_interval"
      case logLikelihood = "log_likelihood"
      case nullLogLikelihood = "null_log_likelihood"
    }

    /// One predictor of a scale.
    public struct Stretch: Codable, Sendable, Equatable {
      /// Its name.
      public var name: String
      /// Its coefficient.
      public var coefficient: Double
      /// The standard error by the clustered sandwich; null where there is none.
      @OrNull public var standardError: Double?
      /// P of an effect as far from 0 or farther where there is none, from permutations of the predictor over records.
      public var p: Double
      /// e^coefficient: by how much lengths stretch for one more unit.
      public var stretch: Double
      /// Its 95 % limits; null where there are none.
      @OrNull public var stretchInterval: Interval?

      enum CodingKeys: String, CodingKey {
        case name, coefficient, p, stretch
        case standardError = "standard_error"
        case stretchInterval = "stretch_interval"
      }
    }
  }

  /// One predictor of a model.
  public struct Predictor: Codable, Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its coefficient.
    public var coefficient: Double
    /// The standard error, robust to dependence within a record.
    public var standardError: Double
    /// P of an effect as far from 0 or farther where there is none. With `jackknife` from permutations of the
    /// predictor over records, or, for one that varies within a record, from flipped signs of the records' scores; at
    /// least 1/(resamples + 1). With `sandwich` by Student's law with as many degrees of freedom as records less one.
    public var p: Double
    /// How many permutations or flips the p-value is from; null for Student's law.
    @OrNull public var resamples: Int?
    /// e^coefficient: the hazard or odds ratio for one more unit. Below 1 means longer matches.
    public var ratio: Double
    /// Its 95 % limits.
    public var ratioInterval: Interval
    /// The same ratio for one standard deviation more, over the positions of the regression.
    public var ratioPerDeviation: Double
    /// The mean change of the hazard for one more unit.
    public var marginalEffect: Double
    /// Its standard error.
    public var marginalEffectError: Double

    enum CodingKeys: String, CodingKey {
      case name, coefficient, p, resamples, ratio
      case standardError = "standard_error"
      case ratioInterval = "ratio_interval"
      case ratioPerDeviation = "ratio_per_deviation"
      case marginalEffect = "marginal_effect"
      case marginalEffectError = "marginal_effect_error"
    }
  }

  /// A tenth of the positions.
  public struct Calibration: Codable, Sendable, Equatable {
    /// The mean fitted hazard.
    public var fitted: Double
    /// The mean outcome.
    public var observed: Double
    /// The positions' weight.
    public var weight: Double
  }

  /// Records shown equally often.
  public struct Dose: Codable, Sendable, Equatable {
    /// How often in an epoch.
    public var repetitions: Double
    /// Records.
    public var records: Int
    /// The mean greedy match; null where unknown.
    @OrNull public var greedy: Double?
    /// Its 95 % limits (BCa bootstrap over records).
    @OrNull public var greedyInterval: Interval?
    /// The mean of E[min(N, L)].
    public var expected: Double
    /// Its limits.
    @OrNull public var expectedInterval: Interval?

    enum CodingKeys: String, CodingKey {
      case repetitions, records, greedy, expected
      case greedyInterval = "greedy_interval"
      case expectedInterval = "expected_interval"
    }
  }

  /// Whether positions are recalled independently (TheModel §3d).
  public struct Independence: Codable, Sendable, Equatable {
    /// Records that say.
    public var records: Int
    /// The first positions, of which all pairs are tested.
    public var positions: Int
    /// Pairs of positions.
    public var pairs: Int
    /// Pairs whose adjusted p-value (Benjamini–Hochberg) is at most 0.05.
    public var dependentPairs: Int
    /// The mean corrected mutual information by the distance between positions, in nats.
    public var byDistance: [Distance]
    /// Each position against "all before it recalled".
    public var afterAll: [Position]

    enum CodingKeys: String, CodingKey {
      case records, positions, pairs
      case dependentPairs = "dependent_pairs"
      case byDistance = "by_distance"
      case afterAll = "after_all"
    }

    /// Pairs of positions at one distance.
    public struct Distance: Codable, Sendable, Equatable {
      /// The distance.
      public var distance: Int
      /// Pairs.
      public var pairs: Int
      /// The mean of their mutual information, Miller–Madow-corrected.
      public var information: Double
      /// Those that depend.
      public var dependent: Int
    }

    /// A position after all before it.
    public struct Position: Codable, Sendable, Equatable {
      /// j.
      public var position: Int
      /// The corrected mutual information of "j recalled" and "all before j recalled", in nats.
      public var information: Double
      /// Its permutation p-value.
      public var p: Double
      /// The same, adjusted after Benjamini and Hochberg.
      public var benjaminiHochberg: Double
      /// The share of records that recall j among those that recalled all before it; null where none did.
      @OrNull public var afterAll: Double?
      /// The share among the others.
      @OrNull public var otherwise: Double?

      enum CodingKeys: String, CodingKey {
        case position, information, p, otherwise
        case benjaminiHochberg = "benjamini_hochberg"
        case afterAll = "after_all"
      }
    }
  }
}

extension DriversReport: WarnedReport {}
