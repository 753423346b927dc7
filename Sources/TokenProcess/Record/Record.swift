/// One training example as a model saw it: the log-probability of each reference token, and what else was captured.
///
/// Required are an identifier and at least one log-probability; everything else may be absent. Every array that runs
/// over the reference has as many elements as ``tokenLogProbabilities``.
public struct Record: Sendable, Equatable {
  /// A token that was offered in place of the reference token.
  public struct Alternative: Sendable, Equatable {
    /// The token's number in the vocabulary.
    public var tokenID: Int
    /// ln of its probability at temperature 1.
    public var logProbability: Double

    /// A token with its log-probability.
    public init(tokenID: Int, logProbability: Double) {
      self.tokenID = tokenID
      self.logProbability = logProbability
    }
  }

  /// The record's name in the data set.
  public var id: String
  /// ln p_j for each reference token, given the prefix and the reference tokens before it, at temperature 1.
  public var tokenLogProbabilities: [Double]
  /// The reference tokens' numbers.
  public var referenceTokenIDs: [Int]?
  /// The token that the model ranks first at each position.
  public var greedyTokenIDs: [Int]?
  /// The rank of the reference token at each position; 0 is the model's first choice.
  public var ranks: [Int]?
  /// The most probable tokens at each position.
  public var topLogProbabilities: [[Alternative]]?
  /// The mean of ln p over the vocabulary at each position.
  public var logProbabilityMeans: [Double]?
  /// The standard deviation of ln p over the vocabulary at each position.
  public var logProbabilityDeviations: [Double]?
  /// The text before the reference.
  public var prefix: String?
  /// The text whose repetition is in question.
  public var reference: String?
  /// The prefix's token numbers.
  public var prefixTokenIDs: [Int]?
  /// Sampled continuations as token numbers.
  public var generations: [[Int]]?
  /// Where the text is from.
  public var source: String?
  /// The name of the training run.
  public var run: String?
  /// Which part of the data the record belongs to, e.g. `train`.
  public var split: String?
  /// The epoch of the checkpoint.
  public var epoch: Double?
  /// The mean training loss at the checkpoint.
  public var trainLoss: Double?
  /// How often the record was shown in an epoch.
  public var repetitions: Double?
  /// The number of tokens in the vocabulary.
  public var vocabularySize: Int?
  /// An embedding of the prefix.
  public var embeddingPrefix: [Double]?
  /// An embedding of prefix and reference together.
  public var embeddingFull: [Double]?

  /// Whether the one token stands for a whole reference, as in samples of lm-evaluation-harness.
  package var isWholeReference = false

  /// A record with what is required; set the other properties as they are known, then ``validate()``.
  public init(id: String, tokenLogProbabilities: [Double]) {
    self.id = id
    self.tokenLogProbabilities = tokenLogProbabilities
  }
}

/// What is wrong with a record, by the name of the field in a capture.
public struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The field, e.g. `token_logprobs[3]`.
  public let field: String
  /// What is wrong with it.
  public let problem: String

  /// A problem with a field.
  public init(field: String, problem: String) {
    self.field = field
    self.problem = problem
  }

  public var description: String { "\(field): \(problem)" }
}
