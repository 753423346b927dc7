import TokenProcess

/// Everything that an audit of a capture can tell; the JSON of `skewmem audit --format json` is this value.
///
/// Schema `skewmem.audit/1`. Numbers that do not exist are null: a logarithm of 0, a standard error on a boundary, a
/// greedy length without ranks.
public struct AuditReport: Codable, Sendable, Equatable {
  /// `skewmem.audit/1`.
  public var schema = "skewmem.audit/1"
  /// The files, in the order read.
  public var files: [String]
  /// Records that were read.
  public var records: Int
  /// Lines that were skipped as invalid.
  public var skipped: Int
  /// Reference tokens in all records.
  public var tokens: Int
  /// The longest reference.
  public var maxLength: Int
  /// The mean of -ln p over all tokens, in nats: what a training loss reports. Null with a token of probability 0.
  @OrNull public var meanLoss: Double?
  /// The confidence level of all limits.
  public var level: Double
  /// min(N, L) over records drawn uniformly.
  public var matchLength: MatchLength
  /// Greedy decoding; null when no record has ranks or greedy tokens.
  @OrNull public var greedy: Greedy?
  /// S̄(n) for n = 1 … the longest reference.
  public var survival: [SurvivalPoint]
  /// Where variance, skew and the tail come from.
  public var decomposition: Decomposition
  /// Where a heavy tail comes from: differences between records, or the course of each; null where it cannot be told.
  @OrNull public var heterogeneity: Heterogeneity?
  /// The longest match when every record is drawn once.
  public var maximum: Maximum
  /// How many records repeat at least n tokens in one draw each.
  public var extractable: [Extractable]
  /// Near-copies, for each distance, e and n that were searched for; null where none were.
  @OrNull public var near: [NearCopies]?
  /// The works that records are windows of; null where no record is. Where the risk is in them, ``WorksReport`` says.
  @OrNull public var works: [WorkCoverage]?
  /// All works together at each length; null without works.
  @OrNull public var worksTotal: [WorksTotal]?
  /// The records beside controls; null without controls.
  @OrNull public var controls: Controls?
  /// The riskiest records, by decreasing expected match.
  public var recordsAtRisk: [RecordAtRisk]
  /// The records most likely to be repeated whole, by decreasing ln S(L).
  public var recordsInFull: [RecordAtRisk]
  /// Families fitted to the law of N, by increasing AIC.
  public var fits: [FamilyFit]
  /// What a reader should know before using the numbers.
  public var warnings: [Warning]

  enum CodingKeys: String, CodingKey {
    case schema, files, records, skipped, tokens, level, greedy, survival, decomposition, heterogeneity, maximum,
      extractable,
      fits
    case warnings
    case near, works, controls
    case worksTotal = "works_total"
    case maxLength = "max_length"
    case meanLoss = "mean_loss"
    case matchLength = "match_length"
    case recordsAtRisk = "records_at_risk"
    case recordsInFull = "records_in_full"
  }

  /// Moments of min(N, L).
  public struct MatchLength: Codable, Sendable, Equatable {
    /// E.
    public var expected: Double
    /// κ2.
    public var variance: Double
    /// κ3.
    public var thirdCumulant: Double
    /// κ3 / κ2^(3/2); null where the variance is 0.
    @OrNull public var skewness: Double?

    enum CodingKeys: String, CodingKey {
      case expected, variance, skewness
      case thirdCumulant = "third_cumulant"
    }
  }

  /// Lengths matched by greedy decoding, cut at L.
  public struct Greedy: Codable, Sendable, Equatable {
    /// Records that say what greedy decoding does.
    public var records: Int
    /// The mean.
    public var mean: Double
    /// The median.
    public var median: Double
    /// The maximum.
    public var maximum: Int
    /// Records matched to their end.
    public var censored: Int
  }

  /// S̄ at one length.
  public struct SurvivalPoint: Codable, Sendable, Equatable {
    /// The length.
    public var n: Int
    /// S̄(n) = P(N >= n), product-limit over records; null where no record that is long enough can be reached.
    @OrNull public var probability: Double?
    /// ln S̄(n); null where it is 0.
    @OrNull public var logProbability: Double?
    /// Records with at least n tokens.
    public var atRisk: Int
    /// Lower limit of S(n) in the population that the records were drawn from (BCa bootstrap over records).
    @OrNull public var lower: Double?
    /// Upper limit.
    @OrNull public var upper: Double?

    enum CodingKeys: String, CodingKey {
      case n, probability, lower, upper
      case logProbability = "log_probability"
      case atRisk = "at_risk"
    }
  }

  /// Where variance, skew and the tail come from (TheModel §3).
  public struct Decomposition: Codable, Sendable, Equatable {
    /// Law of total variance.
    public struct Variance: Codable, Sendable, Equatable {
      /// E[Var(N|record)].
      public var within: Double
      /// Var(E[N|record]).
      public var between: Double
    }

    /// Law of total cumulance.
    public struct ThirdCumulant: Codable, Sendable, Equatable {
      /// E[κ3(N|record)].
      public var within: Double
      /// 3 Cov(E[N|record], Var(N|record)).
      public var covariance: Double
      /// κ3(E[N|record]).
      public var between: Double
    }

    /// Shares of the variance of ln p.
    public struct TokenLogProbability: Codable, Sendable, Equatable {
      /// Differences between records.
      public var record: Double
      /// Differences between positions.
      public var position: Double
      /// The rest.
      public var residual: Double
    }

    /// Average against tail at one length, over the records with at least n tokens.
    public struct Length: Codable, Sendable, Equatable {
      /// The length.
      public var n: Int
      /// ln of the mean of S_i(n).
      @OrNull public var annealed: Double?
      /// The mean of ln S_i(n), what a mean loss sees.
      @OrNull public var quenched: Double?
      /// annealed - quenched >= 0.
      @OrNull public var penalty: Double?
      /// (Σ S_i)² / Σ S_i².
      @OrNull public var effectiveRecords: Double?
      /// The share of Σ S_i(n) in the 1 % of records with the largest.
      @OrNull public var top1PercentShare: Double?
      /// The share in the top 10 %.
      @OrNull public var top10PercentShare: Double?
      /// The Gini coefficient of S_i(n).
      @OrNull public var gini: Double?
      /// The Lorenz curve of S_i(n): [share of records from the least likely on, their share of Σ S_i(n)]; empty where
      /// Σ is 0.
      public var lorenz: [[Double]]

      enum CodingKeys: String, CodingKey {
        case n, annealed, quenched, penalty, gini, lorenz
        case effectiveRecords = "effective_records"
        case top1PercentShare = "top_1_percent_share"
        case top10PercentShare = "top_10_percent_share"
      }
    }

    /// Terms of the variance.
    public var variance: Variance
    /// Terms of the third cumulant.
    public var thirdCumulant: ThirdCumulant
    /// Shares of the variance of ln p; null where they are undefined.
    @OrNull public var tokenLogProbability: TokenLogProbability?
    /// Average against tail.
    public var lengths: [Length]

    enum CodingKeys: String, CodingKey {
      case variance, lengths
      case thirdCumulant = "third_cumulant"
      case tokenLogProbability = "token_log_probability"
    }
  }

  /// Whether unobserved heterogeneity of the records or duration dependence explains a heavy tail of N
  /// (TheModel §4): effects are ω², the share of the variance of ln p beyond chance, with 95 % limits by
  /// a jackknife over groups of records.
  public struct Heterogeneity: Codable, Sendable, Equatable {
    /// What the data say: `unobserved-heterogeneity`, `duration-dependence`, `both` or `neither`.
    public var verdict: TokenProcess.Heterogeneity.Verdict
    /// The effect of the record.
    public var record: Double
    /// Its limits.
    public var recordInterval: Interval
    /// The effect of the position.
    public var position: Double
    /// Its limits.
    public var positionInterval: Interval
    /// The slope of ln p on ln(position) within records.
    public var trend: Double
    /// Its limits.
    public var trendInterval: Interval

    enum CodingKeys: String, CodingKey {
      case verdict, record, position, trend
      case recordInterval = "record_interval"
      case positionInterval = "position_interval"
      case trendInterval = "trend_interval"
    }

    init(_ found: TokenProcess.Heterogeneity) {
      verdict = found.verdict
      record = found.effects.record
      recordInterval = Interval(found.record)
      position = found.effects.position
      positionInterval = Interval(found.position)
      trend = found.effects.trend
      trendInterval = Interval(found.trend)
    }
  }

  /// The law of the longest match.
  public struct Maximum: Codable, Sendable, Equatable {
    /// E[max].
    public var expected: Double
    /// Quantiles by level, e.g. "0.5".
    public var quantiles: [String: Int]
  }

  /// The number of records with N >= n in one draw each.
  public struct Extractable: Codable, Sendable, Equatable {
    /// The length.
    public var n: Int
    /// Σ S_i(n).
    public var expectedRecords: Double
    /// Lower limit of the number in one draw from every record.
    public var lower: Int
    /// Upper limit.
    public var upper: Int
    /// A proved bound on the error of the probabilities behind the limits: 0 where they are exact.
    public var errorBound: Double

    enum CodingKeys: String, CodingKey {
      case n, lower, upper
      case expectedRecords = "expected_records"
      case errorBound = "error_bound"
    }
  }
}

extension AuditReport: WarnedReport {}
