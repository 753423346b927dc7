import TokenProcess

/// Extraction probabilities at one length: the JSON of `skewmem predict --format json`, schema `skewmem.predict/1`.
public struct PredictReport: Codable, Sendable, Equatable {
  /// `skewmem.predict/1`.
  public var schema = "skewmem.predict/1"
  /// Where the records are from.
  public var file: String
  /// n.
  public var length: Int
  /// m, the tokens used of each record; null for all.
  @OrNull public var given: Int?
  /// How tokens are drawn.
  public var decoding: DecodingDescription
  /// q.
  public var queries: Double
  /// The probability that `queries_for_probability` is for.
  public var probability: Double
  /// The records, in the order of the file.
  public var records: [RecordPrediction]
  /// The data set.
  public var dataset: DataSet
  /// What predicts tokens that are not known; null when all are.
  @OrNull public var predictor: Predictor?
  /// Predictions of records that were left out against what they are; null when not asked for or impossible.
  @OrNull public var evaluation: Evaluation?
  /// What to know before using the numbers.
  public var warnings: [String]

  /// How a record's probability is known.
  public enum Method: String, Codable, Sendable {
    /// It is exact.
    case exact
    /// It lies between proved bounds.
    case interval
    /// It is predicted; the interval holds for 90 % of new records.
    case extrapolated
  }

  /// One record.
  public struct RecordPrediction: Codable, Sendable, Equatable {
    /// The record's name.
    public var id: String
    /// ln of the probability of extraction in q draws: the value, the middle of the bounds or the median prediction; null for
    /// a probability of 0.
    @OrNull public var logProbability: Double?
    /// The lower bound or limit; null for a probability of 0.
    @OrNull public var lower: Double?
    /// The upper bound or limit; null for a probability of 0.
    @OrNull public var upper: Double?
    /// How it is known.
    public var method: Method
    /// The number of draws with which the probability reaches `probability`; null where none does.
    @OrNull public var queriesForProbability: Double?

    enum CodingKeys: String, CodingKey {
      case id, lower, upper, method
      case logProbability = "log_probability"
      case queriesForProbability = "queries_for_probability"
    }
  }

  /// The data set.
  public struct DataSet: Codable, Sendable, Equatable {
    /// The mean of the records' probabilities; null without records.
    @OrNull public var meanProbability: Double?
    /// Their sum: the expected number of records extracted.
    public var expectedRecords: Double
    /// The lower 95 % limit of that number (Poisson-binomial).
    @OrNull public var lower: Int?
    /// The upper one.
    @OrNull public var upper: Int?
    /// The expected longest match, of at most n tokens, over all records and draws.
    public var maximumExpected: Double
    /// The share of records extracted with at least `probability` in q draws.
    @OrNull public var discoverableRate: Double?
    /// Records computed exactly.
    public var exact: Int
    /// Records between proved bounds.
    public var bounded: Int
    /// Records predicted.
    public var extrapolated: Int

    enum CodingKeys: String, CodingKey {
      case lower, upper, exact, bounded, extrapolated
      case meanProbability = "mean_probability"
      case expectedRecords = "expected_records"
      case maximumExpected = "maximum_expected"
      case discoverableRate = "discoverable_rate"
    }
  }

  /// What predicts unknown tokens.
  public struct Predictor: Codable, Sendable, Equatable {
    /// `population-hazard`, `parametric-tail` or `shrinkage`: the best by leave-one-out log score.
    public var method: String
    /// The scale of its errors.
    public var scale: String
    /// The score.
    public var logScore: Double
    /// The number of tokens from which it was learned to predict.
    public var learnedFrom: Int
    /// The length that it was learned to predict.
    public var learnedTo: Int
    /// The records that it was learned from.
    public var records: Int
    /// The family of the parametric tail.
    @OrNull public var tailFamily: String?

    enum CodingKeys: String, CodingKey {
      case method, scale, records
      case logScore = "log_score"
      case learnedFrom = "learned_from"
      case learnedTo = "learned_to"
      case tailFamily = "tail_family"
    }
  }
}

extension PredictReport {
  /// Predictions of ln P of tokens m+1 … n of records that were left out, beside simpler ones: mean logarithms of the predictive
  /// density, higher is better.
  public struct Evaluation: Codable, Sendable, Equatable {
    /// The records predicted.
    public var records: Int
    /// The level of the intervals.
    public var level: Double
    /// The share of records inside their interval.
    public var coverage: Double
    /// The score of the predictions.
    public var logScore: Double
    /// That of the mean of the other records.
    public var populationMeanScore: Double
    /// That of the record's own mean carried on.
    public var ownMeanScore: Double
    /// That of a linear regression on the first tokens' mean.
    public var regressionScore: Double

    enum CodingKeys: String, CodingKey {
      case records, level, coverage
      case logScore = "log_score"
      case populationMeanScore = "population_mean_score"
      case ownMeanScore = "own_mean_score"
      case regressionScore = "regression_score"
    }

    init(_ evaluation: PredictionEvaluation) {
      records = evaluation.records
      level = evaluation.level
      coverage = evaluation.coverage
      logScore = evaluation.logScore
      populationMeanScore = evaluation.populationMeanScore
      ownMeanScore = evaluation.ownMeanScore
      regressionScore = evaluation.regressionScore
    }
  }
}

/// A decoding scheme as reports have it.
public struct DecodingDescription: Codable, Sendable, Equatable {
  /// The temperature; 0 is greedy.
  public var temperature: Double
  /// Top-k; null for all tokens.
  @OrNull public var topK: Int?
  /// Top-p; null for all tokens.
  @OrNull public var topP: Double?
  /// Min-p; null for all tokens.
  @OrNull public var minP: Double?

  enum CodingKeys: String, CodingKey {
    case temperature
    case topK = "top_k"
    case topP = "top_p"
    case minP = "min_p"
  }

  init(_ decoding: Decoding) {
    temperature = decoding.temperature
    _topK = OrNull(wrappedValue: decoding.topK)
    _topP = OrNull(wrappedValue: decoding.topP)
    _minP = OrNull(wrappedValue: decoding.minP)
  }
}
