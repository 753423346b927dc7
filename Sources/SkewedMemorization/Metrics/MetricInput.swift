import Captures
import Compression
import GSLNumerics
import MemorizationMetrics
import TokenProcess

/// What the metrics of one record can draw on.
struct MetricInput: Sendable {
  let record: Record
  let settings: MetricSettings
  /// ln S(n) at the length of the settings; nil for a shorter reference.
  let logTailRisk: Double?
  /// E[min(N, L)].
  let expectedMatch: Double
  /// Sampled continuations and the reference, both as far as was asked for.
  var generations: [[Int]] = []
  var reference: [Int] = []
  /// Whether some continuation was ended when it had left the reference, so that similarity is not known.
  var isEnded = false
  /// Whether there are continuations, all of them empty.
  var isEmpty: Bool { !generations.isEmpty && reference.isEmpty }
  /// The greedy continuation to the same length; nil where there is none or it was ended.
  var greedyGeneration: [Int]?
  /// The mean of its ln p; nil where it is not given.
  var greedyGuess: Double?
  /// The same as texts.
  var texts: [String] = []
  var referenceText = ""
  /// Its tokens' log-probabilities under a reference model.
  var underReferenceModel: [Double]?
  /// The same without any prefix.
  var unconditional: [Double]?
  /// The same after unrelated prefixes.
  var afterOtherPrefixes: [[Double]] = []
  /// The same after members of the training set.
  var afterMembers: [[Double]] = []
  /// Perturbed versions of the text.
  var perturbed: [[Double]] = []
  /// The text in lower case.
  var lowercased: [Double]?
  /// Wrong answers to its question.
  var wrong: [[Double]] = []
  /// ln of the frequency of a token in other text; nil where there is none.
  var frequencies: (@Sendable (Int) -> Double)?
  /// What a token of held-out texts gains from training; the place of the record's own, if it is one of them.
  var gains: [Double] = []
  var ownGain: Int?
  /// The statistics of the likelihood-ratio attack under models trained with it and without it.
  var statisticsWith: [Double] = []
  var statisticsWithout: [Double] = []
  /// What it is compared with for exposure.
  var exposure: Exposure?
  /// Whether it is reproduced at each checkpoint of its run.
  var isReproduced: [Bool] = []
  /// Its share of right tokens under models trained with it and without it.
  var included: [Double] = []
  var excluded: [Double] = []

  /// The bounds for near-copies at temperature 1 with the largest e, and of these the largest n.
  var nearBounds: NearVerbatimBounds? {
    record.near?.filter { $0.decoding == .plain }.max { ($0.limit, $0.length) < ($1.limit, $1.length) }
  }

  init(_ record: Record, _ settings: MetricSettings) {
    self.record = record
    self.settings = settings
    // Of the law no more is kept: it is ten times as large as the record.
    let law = MatchLengthLaw(record)
    logTailRisk = law.length >= settings.length ? law.logSurvival[settings.length] : nil
    expectedMatch = law.moments.mean
  }

  /// What a token of the other held-out texts gains: a record is not compared with itself.
  var gainsOfOthers: [Double] {
    guard let ownGain else { return gains }
    return Array(gains[..<ownGain] + gains[(ownGain + 1)...])
  }

  /// The mean log-probability of the first choices, each given the reference before it; nil where one is neither the
  /// reference token nor listed.
  var greedyLogProbability: Double? {
    guard let isFirstChoice = record.isFirstChoice else { return nil }
    var sum = 0.0
    for (index, isRight) in isFirstChoice.enumerated() {
      if isRight {
        sum += record.tokenLogProbabilities[index]
      } else if let best = record.topLogProbabilities?[index].map(\.logProbability).max() {
        sum += best
      } else {
        return nil
      }
    }
    return sum / Double(isFirstChoice.count)
  }

  /// Continuations that were not ended early; nil where there are none, or no reference.
  var wholeSamples: [[Int]]? { isEnded || generations.isEmpty || reference.isEmpty ? nil : generations }

  /// The words of continuations and of the reference; nil where there are none.
  var words: (samples: [[String]], reference: [String])? {
    let reference = settings.tokenizer.words(referenceText)
    return texts.isEmpty || reference.isEmpty ? nil : (texts.map(settings.tokenizer.words), reference)
  }

  /// The mean of a metric of a continuation and its reference.
  func overGenerations(_ metric: ([Int], [Int]) -> Double) -> Double? {
    guard !generations.isEmpty, !reference.isEmpty else { return nil }
    return Self.mean(generations.map { metric($0, reference) })
  }

  /// The mean of a metric of a continuation's text and the reference's.
  func overTexts(_ metric: (String, String) -> Double) -> Double? {
    guard !texts.isEmpty, !referenceText.isEmpty else { return nil }
    return Self.mean(texts.map { metric($0, referenceText) })
  }

  private static func mean(_ values: [Double]) -> Double {
    CompensatedSum(of: values).value / Double(values.count)
  }
}

/// What metrics are computed with.
public struct MetricSettings: Sendable, Equatable {
  /// n of the tail risk S(n), of windows of (l, b)-inextractability, and of what counts as reproduced at a checkpoint.
  public var length = 16
  /// q of (q, p)-discoverable extraction.
  public var draws = 100.0
  /// p of (q, p)-discoverable extraction.
  public var probability = 0.5
  /// k of Min-K % and Min-K %++.
  public var minKShare = 0.2
  /// The threshold of approximate memorization.
  public var similarityThreshold = ApproximateMemorization.usualThreshold
  /// Errors of the recall of the lm-extraction-benchmark.
  public var errors = 100
  /// n of the n-gram model of the other records; 0 for none, as it takes most of the time.
  public var nGramOrder = 0
  /// What words of text metrics are.
  public var tokenizer = Tokenizer.rouge
  /// The confidence level of all limits.
  public var level = 0.95

  /// What words are.
  public enum Tokenizer: String, Sendable, CaseIterable, Codable {
    /// Those of rouge_score: runs of a–z and 0–9.
    case rouge
    /// Runs of letters of any script, and single letters of scripts without spaces.
    case unicode

    func words(_ text: String) -> [String] {
      self == .rouge ? TextUnits.rougeWords(text) : TextUnits.unicodeWords(text)
    }
  }

  /// The usual settings.
  public init() {}

  func check() throws(ArgumentError) {
    try ArgumentError.check(length, "length", in: 1...Record.longestReference)
    guard draws >= 1, draws < .infinity else {
      throw ArgumentError(name: "draws", value: "\(draws)", allowed: "1 or more")
    }
    try ArgumentError.check(share: probability, "probability")
    for (value, name) in [(minKShare, "minK"), (similarityThreshold, "threshold")] where !(value > 0 && value <= 1) {
      throw ArgumentError(name: name, value: "\(value)", allowed: "above 0 and at most 1")
    }
    guard errors >= 1 else { throw ArgumentError(name: "errors", value: "\(errors)", allowed: "1 or more") }
    try ArgumentError.check(nGramOrder, "ngram", in: 0...8)
    try ArgumentError.check(share: level, "level")
  }
}
