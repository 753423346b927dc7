import TokenProcess

/// Predictions against sampled generations: the JSON of `skewmem validate --format json`, schema `skewmem.validate/1`.
public struct ValidateReport: Codable, Sendable, Equatable {
  /// `skewmem.validate/1`.
  public var schema = "skewmem.validate/1"
  /// The capture that predicts.
  public var capture: String
  /// The generations.
  public var file: String
  /// One group for each decoding scheme.
  public var groups: [Group]
  /// What to know before using the numbers.
  public var warnings: [Warning]

  /// The generations of one decoding scheme.
  public struct Group: Codable, Sendable, Equatable {
    /// The scheme.
    public var decoding: Decoding
    /// Records with generations.
    public var records: Int
    /// Generations.
    public var draws: Int
    /// The test of agreement: small when the generations are not what was predicted.
    public var pValue: Double
    /// Its statistic; null where a draw was predicted to be impossible.
    @OrNull public var deviance: Double?
    /// The simulations behind it.
    public var simulations: Int
    /// The mean over draws and lengths n of (1{N >= n} - S(n))².
    @OrNull public var brier: Double?
    /// The mean over draws of ln P(N = its length); null where a draw was predicted to be impossible.
    @OrNull public var logScore: Double?
    /// Observed frequencies of N >= n by the predicted probability.
    public var calibration: [Bin]
    /// P(N >= n) of each draw's record beside whether the draw matched n tokens, for the n at which that says most;
    /// null where no probability is between 0 and 1.
    @OrNull public var reliability: CalibrationSummary?
    /// The longest compared length.
    public var length: Int
    /// The mean predicted probability of matching so far.
    @OrNull public var meanProbability: Double?
    /// How many draws a record would take to know that mean to 1 % by sampling; null where it is 0.
    @OrNull public var samplingEquivalentDraws: Double?
    /// Whether all predictions are exact; otherwise the middle of proved bounds is compared.
    public var exact: Bool
    /// Of greedy decoding, the positions at which a first choice within the allowance of another one may be either;
    /// null for other schemes.
    @OrNull public var nearTies: Int?
    /// Draws that matched to their end and ended before others of their line did; null where there are none.
    @OrNull public var earlyEnds: EarlyEnds?

    /// Near-copies: the share of draws within a distance of the reference beside its bounds; null where captures have
    /// no bounds, and under other schemes than plain sampling.
    @OrNull public var near: [Near]?

    enum CodingKeys: String, CodingKey {
      case decoding, records, draws, deviance, simulations, brier, calibration, reliability, length, exact, near
      case nearTies = "near_ties"
      case earlyEnds = "early_ends"
      case pValue = "p_value"
      case logScore = "log_score"
      case meanProbability = "mean_probability"
      case samplingEquivalentDraws = "sampling_equivalent_draws"
    }
  }

  /// Draws within a distance of the reference.
  public struct Near: Codable, Sendable, Equatable {
    /// What is compared.
    public var distance: TokenDistance
    /// The largest distance that counts.
    public var e: Int
    /// The tokens that are compared.
    public var n: Int
    /// Records with bounds and draws of n tokens.
    public var records: Int
    /// Their draws.
    public var draws: Int
    /// Draws within the distance.
    public var within: Int
    /// Clopper–Pearson limits of their share.
    @OrNull public var interval: Interval?
    /// The mean of the proved lower bounds, over draws.
    public var lower: Double
    /// The mean of the proved upper bounds.
    public var upper: Double
  }

  /// Draws that ended of themselves although they matched.
  public struct EarlyEnds: Codable, Sendable, Equatable {
    /// Their number.
    public var draws: Int
    /// The test of agreement with each end as a mismatch, which it is: the reference goes on. Small where draws end
    /// more often than the predictions leave room for.
    public var pValue: Double

    enum CodingKeys: String, CodingKey {
      case draws
      case pValue = "p_value"
    }
  }

  /// Draws whose predicted probability is about the same.
  public struct Bin: Codable, Sendable, Equatable {
    /// The mean predicted probability.
    public var predicted: Double
    /// The observed frequency.
    public var observed: Double
    /// The standard deviation of the observed frequency when the predictions are true: draws are independent, the
    /// lengths of one are not.
    public var deviation: Double
    /// The number of comparisons of one draw at one length.
    public var draws: Int
  }
}

extension ValidateReport: WarnedReport {}
