import TokenProcess

/// What a prediction takes of records under a decoding scheme: some numbers of each, sums, and a sample to learn from,
/// so that the tokens of a large data set need not be in memory.
///
/// Records are added, and parts of a data set are merged.
struct DecodedRecords: Sendable {
  private let analysis: PredictAnalysis
  private(set) var ids: [String] = []
  /// For each of the lengths, what is known of each record.
  private(set) var firstTokens: [[FirstTokens]]
  private(set) var noMatch: NoMatchSums
  /// What predictions are learned from.
  private(set) var sample: LearningSample
  /// Of records that reach the first length, those with a token of probability 0 there.
  private(set) var impossible = 0
  /// Near-copies, by ``NearSums/key(_:)``.
  private(set) var near: [String: NearSums] = [:]
  private(set) var largestTokenID: Int?
  /// Of the records that are known within bounds: those without alternatives, those that do not say how large the
  /// vocabulary is, and those with a list of just top-k alternatives.
  private(set) var withoutAlternatives = 0
  private(set) var withoutVocabulary = 0
  private(set) var endingAtTopK = 0
  /// What the first record lacks that the scheme needs.
  private(set) var problem: RecordError?

  /// None yet.
  init(for analysis: PredictAnalysis) {
    let longest = analysis.lengths.max() ?? 0
    self.analysis = analysis
    firstTokens = analysis.lengths.map { _ in [] }
    noMatch = NoMatchSums(upTo: longest)
    sample = LearningSample(upTo: longest)
  }

  var count: Int { ids.count }

  mutating func add(_ records: some Sequence<Record>) {
    for record in records { add(record) }
  }

  private mutating func add(_ original: Record) {
    var record = original
    if record.vocabularySize == nil, let vocabularySize = analysis.vocabularySize {
      record.vocabularySize = vocabularySize
    }
    let law: DecodedLaw
    do throws(RecordError) {
      law = try DecodedLaw(record, under: analysis.decoding)
    } catch {
      problem = problem ?? error
      return
    }
    ids.append(record.id)
    let logSurvival = law.logSurvival
    let middles = law.middles
    let used = min(law.length, analysis.given ?? .max)
    for (index, length) in analysis.lengths.enumerated() {
      let count = min(used, length)
      firstTokens[index].append(FirstTokens(middles[..<count], logSurvival: logSurvival[count]))
    }
    noMatch.add(logSurvival, known: used)
    sample.add(middles, of: record.id)
    let first = analysis.lengths[0]
    if middles.count >= first, middles[..<first].contains(-.infinity) { impossible += 1 }
    NearSums.add(original, to: &near, draws: analysis.draws)
    if analysis.vocabularySize != nil {
      largestTokenID = [largestTokenID, record.largestTokenID].compactMap(\.self).max()
    }
    guard !law.isExact else { return }
    if record.topLogProbabilities == nil { withoutAlternatives += 1 }
    if record.vocabularySize == nil { withoutVocabulary += 1 }
    if let topK = analysis.decoding.topK, record.topLogProbabilities?.contains(where: { $0.count == topK }) == true {
      endingAtTopK += 1
    }
  }

  /// Adds records of the same scheme.
  mutating func merge(_ other: DecodedRecords) {
    ids += other.ids
    for index in firstTokens.indices { firstTokens[index] += other.firstTokens[index] }
    noMatch.merge(other.noMatch)
    sample.merge(other.sample)
    impossible += other.impossible
    NearSums.merge(other.near, into: &near)
    largestTokenID = [largestTokenID, other.largestTokenID].compactMap(\.self).max()
    withoutAlternatives += other.withoutAlternatives
    withoutVocabulary += other.withoutVocabulary
    endingAtTopK += other.endingAtTopK
    problem = problem ?? other.problem
  }

  /// What would make bounds narrower.
  var warnings: [Warning] {
    var warnings: [Warning] = []
    if withoutAlternatives > 0 {
      warnings.append(Warning(.noAlternatives, counts: ["bare": withoutAlternatives, "records": count]))
    }
    if analysis.decoding.temperature > 1, withoutVocabulary > 0 { warnings.append(Warning(.noVocabulary)) }
    if let topK = analysis.decoding.topK, endingAtTopK > 0 {
      warnings.append(Warning(.listEndsAtTopK, counts: ["top_k": topK, "records": endingAtTopK]))
    }
    return warnings
  }
}
