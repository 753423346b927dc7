import TokenProcess

/// What a prediction takes of records: their laws under a decoding scheme, without what the laws follow from, so that a
/// large data set fits in memory.
///
/// Records are added, and parts of a data set are merged.
struct DecodedRecords: Sendable {
  private let decoding: Decoding
  /// For records that do not say.
  private let vocabularySize: Int?
  private(set) var ids: [String] = []
  private(set) var laws: [DecodedLaw] = []
  /// The records with bounds of near-copies.
  private(set) var withNear: [Record] = []
  private(set) var largestTokenID: Int?
  /// Of the records that are known within bounds: those without alternatives, those that do not say how large the
  /// vocabulary is, and those with a list of just top-k alternatives.
  private(set) var withoutAlternatives = 0
  private(set) var withoutVocabulary = 0
  private(set) var endingAtTopK = 0
  /// What the first record lacks that the scheme needs.
  private(set) var problem: RecordError?

  init(under decoding: Decoding, vocabularySize: Int?) {
    self.decoding = decoding
    self.vocabularySize = vocabularySize
  }

  var count: Int { laws.count }

  mutating func add(_ records: some Sequence<Record>) {
    for record in records { add(record) }
  }

  private mutating func add(_ original: Record) {
    var record = original
    if record.vocabularySize == nil, let vocabularySize { record.vocabularySize = vocabularySize }
    let law: DecodedLaw
    do throws(RecordError) {
      law = try DecodedLaw(record, under: decoding)
    } catch {
      problem = problem ?? error
      return
    }
    ids.append(record.id)
    laws.append(law)
    if record.near != nil { withNear.append(original) }
    if vocabularySize != nil { largestTokenID = [largestTokenID, record.largestTokenID].compactMap(\.self).max() }
    guard !law.isExact else { return }
    if record.topLogProbabilities == nil { withoutAlternatives += 1 }
    if record.vocabularySize == nil { withoutVocabulary += 1 }
    if let topK = decoding.topK, record.topLogProbabilities?.contains(where: { $0.count == topK }) == true {
      endingAtTopK += 1
    }
  }

  /// Adds records of the same scheme.
  mutating func merge(_ other: DecodedRecords) {
    ids += other.ids
    laws += other.laws
    withNear += other.withNear
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
    if decoding.temperature > 1, withoutVocabulary > 0 { warnings.append(Warning(.noVocabulary)) }
    if let topK = decoding.topK, endingAtTopK > 0 {
      warnings.append(Warning(.listEndsAtTopK, counts: ["top_k": topK, "records": endingAtTopK]))
    }
    return warnings
  }
}
