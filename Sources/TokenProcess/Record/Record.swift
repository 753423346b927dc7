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

  /// Where a record stands in a longer text, its document: records of one document are not independent.
  public struct Place: Sendable, Equatable {
    /// The document's name.
    public var document: String
    /// The index in the document's tokens, from 0, of the first reference token.
    public var start: Int
    /// The offset in the document's text, in Unicode scalars, of each reference token, and the end of the last.
    public var tokenOffsets: [Int]?
    /// The number of tokens of the document.
    public var documentTokens: Int?
    /// Whether the reference is a long stretch of the document that was scored in one pass, so that a window begins at
    /// every token; otherwise the reference is one window.
    public var isLongPass: Bool

    /// A place in a document.
    public init(
      document: String, start: Int, tokenOffsets: [Int]? = nil, documentTokens: Int? = nil, isLongPass: Bool = false
    ) {
      self.document = document
      self.start = start
      self.tokenOffsets = tokenOffsets
      self.documentTokens = documentTokens
      self.isLongPass = isLongPass
    }
  }

  /// The record's name in the data set.
  public package(set) var id: String
  /// ln p_j for each reference token, given the prefix and the reference tokens before it, at temperature 1.
  public package(set) var tokenLogProbabilities: [Double]
  /// The reference tokens' numbers.
  public package(set) var referenceTokenIDs: [Int]? {
    get { details.isEmpty ? nil : details[0].referenceTokenIDs }
    set { change(to: newValue) { $0.referenceTokenIDs = newValue } }
  }
  /// The token that the model ranks first at each position.
  public package(set) var greedyTokenIDs: [Int]? {
    get { details.isEmpty ? nil : details[0].greedyTokenIDs }
    set { change(to: newValue) { $0.greedyTokenIDs = newValue } }
  }
  /// The rank of the reference token at each position; 0 is the model's first choice.
  public package(set) var ranks: [Int]? {
    get { details.isEmpty ? nil : details[0].ranks }
    set { change(to: newValue) { $0.ranks = newValue } }
  }
  /// The most probable tokens at each position.
  public package(set) var topLogProbabilities: [[Alternative]]? {
    get { details.isEmpty ? nil : details[0].topLogProbabilities }
    set { change(to: newValue) { $0.topLogProbabilities = newValue } }
  }
  /// The mean of ln p over the vocabulary at each position.
  public package(set) var logProbabilityMeans: [Double]? {
    get { details.isEmpty ? nil : details[0].logProbabilityMeans }
    set { change(to: newValue) { $0.logProbabilityMeans = newValue } }
  }
  /// The standard deviation of ln p over the vocabulary at each position.
  public package(set) var logProbabilityDeviations: [Double]? {
    get { details.isEmpty ? nil : details[0].logProbabilityDeviations }
    set { change(to: newValue) { $0.logProbabilityDeviations = newValue } }
  }
  /// The text before the reference.
  public package(set) var prefix: String? {
    get { details.isEmpty ? nil : details[0].prefix }
    set { change(to: newValue) { $0.prefix = newValue } }
  }
  /// The text whose repetition is in question.
  public package(set) var reference: String? {
    get { details.isEmpty ? nil : details[0].reference }
    set { change(to: newValue) { $0.reference = newValue } }
  }
  /// The prefix's token numbers.
  public package(set) var prefixTokenIDs: [Int]? {
    get { details.isEmpty ? nil : details[0].prefixTokenIDs }
    set { change(to: newValue) { $0.prefixTokenIDs = newValue } }
  }
  /// Which of several prefixes of the same reference this is; nil where there is one.
  public package(set) var prefixID: String? {
    get { details.isEmpty ? nil : details[0].prefixID }
    set { change(to: newValue) { $0.prefixID = newValue } }
  }
  /// Where the record stands in a longer text.
  public package(set) var place: Place? {
    get { details.isEmpty ? nil : details[0].place }
    set { change(to: newValue) { $0.place = newValue } }
  }
  /// Bounds of the probability of near-copies.
  public package(set) var near: [NearVerbatimBounds]? {
    get { details.isEmpty ? nil : details[0].near }
    set { change(to: newValue) { $0.near = newValue } }
  }
  /// Sampled continuations as token numbers.
  public package(set) var generations: [[Int]]? {
    get { details.isEmpty ? nil : details[0].generations }
    set { change(to: newValue) { $0.generations = newValue } }
  }
  /// Where the text is from.
  public package(set) var source: String? {
    get { details.isEmpty ? nil : details[0].source }
    set { change(to: newValue) { $0.source = newValue } }
  }
  /// The name of the training run.
  public package(set) var run: String? {
    get { details.isEmpty ? nil : details[0].run }
    set { change(to: newValue) { $0.run = newValue } }
  }
  /// Which part of the data the record belongs to, e.g. `train`.
  public package(set) var split: String? {
    get { details.isEmpty ? nil : details[0].split }
    set { change(to: newValue) { $0.split = newValue } }
  }
  /// The epoch of the checkpoint.
  public package(set) var epoch: Double? {
    get { details.isEmpty ? nil : details[0].epoch }
    set { change(to: newValue) { $0.epoch = newValue } }
  }
  /// The mean training loss at the checkpoint.
  public package(set) var trainLoss: Double? {
    get { details.isEmpty ? nil : details[0].trainLoss }
    set { change(to: newValue) { $0.trainLoss = newValue } }
  }
  /// How often the record was shown in an epoch.
  public package(set) var repetitions: Double? {
    get { details.isEmpty ? nil : details[0].repetitions }
    set { change(to: newValue) { $0.repetitions = newValue } }
  }
  /// The number of tokens in the vocabulary.
  public package(set) var vocabularySize: Int? {
    get { details.isEmpty ? nil : details[0].vocabularySize }
    set { change(to: newValue) { $0.vocabularySize = newValue } }
  }
  /// An embedding of the prefix.
  public package(set) var embeddingPrefix: [Double]? {
    get { details.isEmpty ? nil : details[0].embeddingPrefix }
    set { change(to: newValue) { $0.embeddingPrefix = newValue } }
  }
  /// An embedding of prefix and reference together.
  public package(set) var embeddingFull: [Double]? {
    get { details.isEmpty ? nil : details[0].embeddingFull }
    set { change(to: newValue) { $0.embeddingFull = newValue } }
  }
  /// Whether the one token stands for a whole reference, as in samples of lm-evaluation-harness.
  package var isWholeReference: Bool {
    get { details.isEmpty ? false : details[0].isWholeReference }
    set { change(to: newValue ? newValue : nil) { $0.isWholeReference = newValue } }
  }

  /// What a record may have beside its probabilities.
  private struct Details: Sendable, Equatable {
    var referenceTokenIDs: [Int]?
    var greedyTokenIDs: [Int]?
    var ranks: [Int]?
    var topLogProbabilities: [[Alternative]]?
    var logProbabilityMeans: [Double]?
    var logProbabilityDeviations: [Double]?
    var prefix: String?
    var reference: String?
    var prefixTokenIDs: [Int]?
    var prefixID: String?
    var place: Place?
    var near: [NearVerbatimBounds]?
    var generations: [[Int]]?
    var source: String?
    var run: String?
    var split: String?
    var epoch: Double?
    var trainLoss: Double?
    var repetitions: Double?
    var vocabularySize: Int?
    var embeddingPrefix: [Double]?
    var embeddingFull: [Double]?
    var isWholeReference: Bool = false
  }

  /// One or none: a record of probabilities alone stays small, and what a record has is copied when it is changed only.
  private var details: [Details] = []

  /// Whether it has probabilities alone, so that no other rule can be broken.
  package var isBare: Bool { details.isEmpty }

  /// Changes a field to a value; nil is what a record without details has already.
  private mutating func change<Value>(to value: Value?, _ body: (inout Details) -> Void) {
    if details.isEmpty {
      guard value != nil else { return }
      details.append(Details())
    }
    body(&details[0])
  }

  /// Whether two records say the same.
  public static func == (a: Record, b: Record) -> Bool {
    a.id == b.id && a.tokenLogProbabilities == b.tokenLogProbabilities
      && (a.details.first ?? Details()) == (b.details.first ?? Details())
  }

  /// A record that has been checked: no invalid one can be made.
  ///
  /// ```swift
  /// let record = try Record(id: "poem-7", tokenLogProbabilities: [-0.1, -0.02, -1.5], ranks: [0, 0, 2])
  /// print(MatchLengthLaw(record).logSurvival[3])  // prints -1.62
  /// ```
  ///
  /// Log-probabilities that rounding put above 0, by at most ``roundingAllowance``, become 0. The parameters are the
  /// properties of the same names.
  ///
  /// - Complexity: O(tokens).
  /// - Throws: `RecordError` with the first field that breaks a rule. The identifier and the reference are not empty.
  ///   Log-probabilities are numbers and not positive. Arrays over the reference have its length. Ranks, token numbers
  ///   and counts are not negative, and a token of rank r > 0 has a probability of at most 1.02 / (r + 1). Epoch, loss
  ///   and embeddings are finite. A place lies in its document, and its offsets do not fall.
  public init(
    id: String,
    tokenLogProbabilities: [Double],
    referenceTokenIDs: [Int]? = nil,
    greedyTokenIDs: [Int]? = nil,
    ranks: [Int]? = nil,
    topLogProbabilities: [[Alternative]]? = nil,
    logProbabilityMeans: [Double]? = nil,
    logProbabilityDeviations: [Double]? = nil,
    prefix: String? = nil,
    reference: String? = nil,
    prefixTokenIDs: [Int]? = nil,
    prefixID: String? = nil,
    place: Place? = nil,
    near: [NearVerbatimBounds]? = nil,
    generations: [[Int]]? = nil,
    source: String? = nil,
    run: String? = nil,
    split: String? = nil,
    epoch: Double? = nil,
    trainLoss: Double? = nil,
    repetitions: Double? = nil,
    vocabularySize: Int? = nil,
    embeddingPrefix: [Double]? = nil,
    embeddingFull: [Double]? = nil
  ) throws(RecordError) {
    self.id = id
    self.tokenLogProbabilities = tokenLogProbabilities
    details = [
      Details(
        referenceTokenIDs: referenceTokenIDs, greedyTokenIDs: greedyTokenIDs, ranks: ranks,
        topLogProbabilities: topLogProbabilities, logProbabilityMeans: logProbabilityMeans,
        logProbabilityDeviations: logProbabilityDeviations, prefix: prefix, reference: reference,
        prefixTokenIDs: prefixTokenIDs, prefixID: prefixID, place: place, near: near, generations: generations,
        source: source, run: run, split: split, epoch: epoch, trainLoss: trainLoss, repetitions: repetitions,
        vocabularySize: vocabularySize, embeddingPrefix: embeddingPrefix, embeddingFull: embeddingFull)
    ]
    try validate()
  }

  /// A record that nothing has been checked of: for readers, which call ``validate()`` once everything is there.
  package init(unchecked id: String, tokenLogProbabilities: [Double]) {
    self.id = id
    self.tokenLogProbabilities = tokenLogProbabilities
  }
}
