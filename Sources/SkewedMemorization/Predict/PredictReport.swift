import TokenProcess

/// Extraction probabilities: the JSON of `skewmem predict --format json`, schema `skewmem.predict/1`.
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
  public var decoding: Decoding
  /// q.
  public var draws: Double
  /// The probability that `draws_for_probability` is for.
  public var probability: Double
  /// The records, in the order of the file.
  public var records: [RecordPrediction]
  /// The data set.
  public var dataset: DataSet
  /// The data set at every length and number of draws asked for, the first of which `dataset` has.
  public var grid: [GridEntry]
  /// What predicts tokens that are not known; null when all are.
  @OrNull public var predictor: Predictor?
  /// Predictions of records that were left out against what they are; null when not asked for or impossible.
  @OrNull public var evaluation: Evaluation?
  /// Near-copies, for each distance, e and n that were searched for; null where none were.
  @OrNull public var near: [NearCopies]?
  /// What to know before using the numbers.
  public var warnings: [Warning]

  /// How a record's probability is known.
  public enum Method: String, Codable, Sendable {
    /// It is exact.
    case exact
    /// It lies between proved bounds.
    case bounds
    /// It is predicted; the interval holds for 90 % of new records.
    case extrapolated
  }

  /// One record.
  public struct RecordPrediction: Codable, Sendable, Equatable {
    /// The record's name.
    public var id: String
    /// ln of the probability of extraction in q draws: the value, the middle of the bounds or the median prediction;
    /// null for a probability of 0.
    @OrNull public var logProbability: Double?
    /// The lower bound or limit; null for a probability of 0.
    @OrNull public var lower: Double?
    /// The upper bound or limit; null for a probability of 0.
    @OrNull public var upper: Double?
    /// How it is known.
    public var method: Method
    /// The number of draws with which the probability reaches `probability`; null where none does.
    @OrNull public var drawsForProbability: Double?
    /// The fewest that it can be, by `upper`; null where none does.
    @OrNull public var drawsLower: Double?
    /// The most that it can be, by `lower`; null where none does.
    @OrNull public var drawsUpper: Double?

    enum CodingKeys: String, CodingKey {
      case id, lower, upper, method
      case logProbability = "log_probability"
      case drawsForProbability = "draws_for_probability"
      case drawsLower = "draws_lower"
      case drawsUpper = "draws_upper"
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
    /// Between what these numbers lie where records have proved bounds; null where none has. The numbers themselves are
    /// by the middle of the bounds.
    @OrNull public var bounds: Bounds?
    /// Records computed exactly.
    public var exact: Int
    /// Records between proved bounds.
    public var bounded: Int
    /// Records predicted.
    public var extrapolated: Int

    enum CodingKeys: String, CodingKey {
      case lower, upper, bounds, exact, bounded, extrapolated
      case meanProbability = "mean_probability"
      case expectedRecords = "expected_records"
      case maximumExpected = "maximum_expected"
      case discoverableRate = "discoverable_rate"
    }
  }

  /// Lower and upper bounds of the data set's numbers.
  public struct Bounds: Codable, Sendable, Equatable {
    /// Of the mean probability.
    public var meanProbability: [Double]
    /// Of the expected number of records.
    public var expectedRecords: [Double]
    /// Of the expected longest match.
    public var maximumExpected: [Double]
    /// Of the share of discoverable records.
    public var discoverableRate: [Double]

    enum CodingKeys: String, CodingKey {
      case meanProbability = "mean_probability"
      case expectedRecords = "expected_records"
      case maximumExpected = "maximum_expected"
      case discoverableRate = "discoverable_rate"
    }
  }

  /// The data set at one length and number of draws.
  public struct GridEntry: Codable, Sendable, Equatable {
    /// n.
    public var length: Int
    /// q.
    public var draws: Double
    /// The data set.
    public var dataset: DataSet
    /// Shares of (q, p)-discoverable records, for each probability asked for.
    public var discoverable: [Discoverable]
  }

  /// The share of records extracted with at least a probability.
  public struct Discoverable: Codable, Sendable, Equatable {
    /// p.
    public var probability: Double
    /// The share, by the middle of bounds; null without records.
    @OrNull public var rate: Double?
    /// By their lower ends.
    @OrNull public var lower: Double?
    /// By their upper ends.
    @OrNull public var upper: Double?
  }

  /// What predicts unknown tokens: a mixture.
  public struct Predictor: Codable, Sendable, Equatable {
    /// Its parts, by falling weight.
    public var components: [Component]
    /// The mixture's leave-one-out log score.
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
      case components, records
      case logScore = "log_score"
      case learnedFrom = "learned_from"
      case learnedTo = "learned_to"
      case tailFamily = "tail_family"
    }

    init(_ prediction: LengthPrediction) {
      components = prediction.predictor.components.map {
        .init(
          method: $0.predictor.method.rawValue, scale: $0.predictor.scale.rawValue, weight: $0.weight,
          logScore: $0.predictor.logScore)
      }
      logScore = prediction.predictor.logScore
      learnedFrom = prediction.learned.lowerBound
      learnedTo = prediction.learned.upperBound
      records = prediction.records
      _tailFamily = OrNull(wrappedValue: prediction.tailFamily)
    }
  }

  /// A part of the mixture that predicts.
  public struct Component: Codable, Sendable, Equatable {
    /// `population-mean`, `population-hazard`, `parametric-tail` or `shrinkage`.
    public var method: String
    /// The scale of its errors.
    public var scale: String
    /// Its weight.
    public var weight: Double
    /// Its own leave-one-out log score.
    public var logScore: Double

    enum CodingKeys: String, CodingKey {
      case method, scale, weight
      case logScore = "log_score"
    }
  }
}

extension PredictReport {
  /// Predictions of ln P of tokens m+1 … n of records that were left out, beside simpler ones: mean logarithms of the
  /// predictive density, higher is better.
  public struct Evaluation: Codable, Sendable, Equatable {
    /// The records predicted.
    public var records: Int
    /// The level of the intervals.
    public var level: Double
    /// The share of records inside their interval.
    public var coverage: Double
    /// The mean predicted probability of n tokens.
    public var meanPredicted: Double
    /// The mean true probability.
    public var meanActual: Double
    /// The same in fifths of the records by rising prediction.
    public var reliability: [Bin]
    /// The score of the predictions.
    @OrNull public var logScore: Double?
    /// That of the mean of the other records.
    @OrNull public var populationMeanScore: Double?
    /// That of the record's own mean carried on.
    @OrNull public var ownMeanScore: Double?
    /// That of a linear regression on the first tokens' mean.
    @OrNull public var regressionScore: Double?

    enum CodingKeys: String, CodingKey {
      case records, level, coverage, reliability
      case meanPredicted = "mean_predicted"
      case meanActual = "mean_actual"
      case logScore = "log_score"
      case populationMeanScore = "population_mean_score"
      case ownMeanScore = "own_mean_score"
      case regressionScore = "regression_score"
    }

    /// Some records by their predicted probability.
    public struct Bin: Codable, Sendable, Equatable {
      /// Records.
      public var records: Int
      /// The mean of their predicted probabilities.
      public var predicted: Double
      /// The mean of their true probabilities.
      public var actual: Double
    }

    init(_ evaluation: PredictionEvaluation) {
      (meanPredicted, meanActual) = (evaluation.whole.predicted, evaluation.whole.actual)
      reliability = evaluation.bins.map { .init(records: $0.records, predicted: $0.predicted, actual: $0.actual) }
      records = evaluation.records
      level = evaluation.level
      coverage = evaluation.coverage
      _logScore = OrNull(wrappedValue: evaluation.logScore)
      _populationMeanScore = OrNull(wrappedValue: evaluation.populationMeanScore)
      _ownMeanScore = OrNull(wrappedValue: evaluation.ownMeanScore)
      _regressionScore = OrNull(wrappedValue: evaluation.regressionScore)
    }
  }
}

extension PredictReport: WarnedReport {}
