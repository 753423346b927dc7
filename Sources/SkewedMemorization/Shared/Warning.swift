/// Something to know before using a report's numbers: a code, the numbers in it, and the names.
///
/// In JSON `{"code": "few-replicates", "numbers": {"replicates": 100, "level": 0.99}, "text": "…"}`, with `names` where
/// something has a name. Codes and numbers are an interface, the text is for people.
public struct Warning: Codable, Sendable, Equatable {
  /// What it is about.
  public let code: Code
  /// The numbers, by what they count or measure.
  public let numbers: [String: Double]
  /// Files, families, fields and the like, by what they are.
  public let names: [String: String]

  /// A warning.
  init(_ code: Code, _ numbers: [String: Double] = [:], names: [String: String] = [:]) {
    self.code = code
    self.numbers = numbers
    self.names = names
  }

  /// A warning with counts.
  init(_ code: Code, counts: [String: Int], names: [String: String] = [:]) {
    self.init(code, counts.mapValues(Double.init), names: names)
  }

  /// The same warning, said of one of several things.
  func of(_ name: String) -> Warning { Warning(code, numbers, names: names.merging(["of": name]) { _, new in new }) }

  private enum CodingKeys: String, CodingKey { case code, numbers, names, text }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    code = try container.decode(Code.self, forKey: .code)
    numbers = try container.decode([String: Double].self, forKey: .numbers)
    names = try container.decodeIfPresent([String: String].self, forKey: .names) ?? [:]
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(code, forKey: .code)
    try container.encode(numbers, forKey: .numbers)
    if !names.isEmpty { try container.encode(names, forKey: .names) }
    try container.encode(text, forKey: .text)
  }

  /// What warnings are about.
  public enum Code: String, Codable, Sendable, CaseIterable {
    // Evidence: values that cannot be what they are taken for.
    case allZero = "all-zero"
    case overfullLists = "overfull-lists"
    case underfullLists = "underfull-lists"
    case negatedProbabilities = "negated-probabilities"
    case repeatedAlternatives = "repeated-alternatives"
    case contradictingRanks = "contradicting-ranks"
    case padded
    case nearlyOverfullLists = "nearly-overfull-lists"
    case clipped
    case scoredTwice = "scored-twice"
    case copies
    case doubleStart = "double-start"
    case certainStarts = "certain-starts"
    case overlappingWindows = "overlapping-windows"
    case onePrefix = "one-prefix"
    // Data sets.
    case skippedLines = "skipped-lines"
    case pooled
    case repeatedIDs = "repeated-ids"
    case impossibleTokens = "impossible-tokens"
    case wholeReferences = "whole-references"
    case someWholeReferences = "some-whole-references"
    case greedyUnknown = "greedy-unknown"
    case lengthNotReached = "length-not-reached"
    case unknownSurvival = "unknown-survival"
    case fewAtRisk = "few-at-risk"
    case fewReplicates = "few-replicates"
    case sketchedConcentration = "sketched-concentration"
    // Fits.
    case notFitted = "not-fitted"
    case notConverged = "not-converged"
    case impossibleFamily = "impossible-family"
    case noTail = "no-tail"
    case censoredBelowMaximum = "censored-below-n-max"
    case ownMinimum = "own-n-min"
    case farFromData = "far-from-data"
    case nothingToTest = "nothing-to-test"
    case notTested = "not-tested"
    // Predictions.
    case noAlternatives = "no-alternatives"
    case noVocabulary = "no-vocabulary"
    case listEndsAtTopK = "list-ends-at-top-k"
    case nothingToPredictFrom = "nothing-to-predict-from"
    case carriedOver = "carried-over"
    case fewToPredictFrom = "few-to-predict-from"
    case notEvaluated = "not-evaluated"
    case noEvaluation = "no-evaluation"
    case learnedFromSample = "learned-from-sample"
    case namedOnly = "named-only"
    case sketchedDraws = "sketched-draws"
    case moreWarnings = "more-warnings"
    // Probes.
    case shorterThanProbed = "shorter-than-probed"
    case rowsByPlace = "rows-by-place"
    case noOrders = "no-orders"
    case probeNotConverged = "probe-not-converged"
    // Metrics.
    case oneScheme = "one-scheme"
    case shortRecords = "short-records"
    case otherRuns = "other-runs"
    case endedDraws = "ended-draws"
    case rougeDropsText = "rouge-drops-text"
    case unmatched
    case noHeldOut = "no-held-out"
    case sharedIDs = "shared-ids"
    case repeatedLines = "repeated-lines"
    case coarseRates = "coarse-rates"
    case noOtherEpoch = "no-other-epoch"
    // Comparisons and drivers.
    case notPaired = "not-paired"
    case commonRecords = "common-records"
    case otherReferences = "other-references"
    case missingPredictor = "missing-predictor"
    case termSimilarity = "term-similarity"
    case constantHazard = "constant-hazard"
    case fewClusters = "few-clusters"
    case noRegression = "no-regression"
    case highLeverage = "high-leverage"
    // Controls.
    case trainedControls = "trained-controls"
    case noReference = "no-reference"
    // Works.
    case mixedContexts = "mixed-contexts"
    case unknownCopies = "unknown-copies"
    case noWindows = "no-windows"
    case unknownEnd = "unknown-end"
    case splitWork = "split-work"
    case noText = "no-text"
    case repeatedWindows = "repeated-windows"
    case otherTokens = "other-tokens"
    // Training sets, similarity, mitigation, validation.
    case noPrefixTokens = "no-prefix-tokens"
    case repetitions
    case noCorrelations = "no-correlations"
    case noCauses = "no-causes"
    case zeroVectors = "zero-vectors"
    case copiedPrefixes = "copied-prefixes"
    case shortReferences = "short-references"
    case notRetrained = "not-retrained"
    case unknownRecords = "unknown-records"
  }
}
