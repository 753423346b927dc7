import MemorizationMetrics
import TokenProcess

/// The metrics of records one by one, and what those of the data set as a whole take of each.
///
/// Records are added, and rows of parts of a data set are merged.
struct MetricRows: Sendable {
  private(set) var ids: [String] = []
  private(set) var table: MetricTable
  /// Guesses of the whole reference: greedy generations, and what the model would choose at each position.
  private(set) var generated = Guesses()
  private(set) var teacherForced = Guesses()
  /// Records of which a continuation was ended early, and whether some record has continuations that are all empty.
  private(set) var ended = 0
  private(set) var hasEmpty = false
  /// Records of whose text the words of rouge_score leave most out.
  private(set) var dropped = 0

  init(_ columns: [MetricColumn]) { table = MetricTable(columns) }

  var count: Int { ids.count }

  mutating func add(_ input: MetricInput) {
    ids.append(input.record.id)
    table.add(input)
    // A guess is a greedy generation, ranked by its own mean log-probability; or what the model would choose at each
    // position of the reference, which is another thing where a choice is wrong.
    generated.add(
      input.greedyGeneration.flatMap { tokens in input.greedyGuess.map { (tokens == input.reference, $0) } })
    teacherForced.add(
      input.record.isFirstChoice.flatMap { choices in
        input.greedyLogProbability.map { (GreedyExtraction.isExtractable(choices), $0) }
      })
    if input.isEnded { ended += 1 }
    hasEmpty = hasEmpty || input.isEmpty
    if input.settings.tokenizer == .rouge, !input.texts.isEmpty, TextUnits.rougeDropsText(input.referenceText) {
      dropped += 1
    }
  }

  mutating func merge(_ other: MetricRows) {
    ids += other.ids
    table.merge(other.table)
    generated.merge(other.generated)
    teacherForced.merge(other.teacherForced)
    ended += other.ended
    hasEmpty = hasEmpty || other.hasEmpty
    dropped += other.dropped
  }

  /// Puts values in a column of the table, one a record.
  mutating func set(_ column: MetricColumn, to values: [Double]) { table.set(column, to: values) }

  /// A guess for each record: whether it is right, and how confident the model is of it.
  struct Guesses: Sendable {
    /// Nil where a record has no guess.
    private(set) var all: [(isRight: Bool, confidence: Double)]? = []

    fileprivate mutating func add(_ guess: (isRight: Bool, confidence: Double)?) {
      if let guess { all?.append(guess) } else { all = nil }
    }

    fileprivate mutating func merge(_ other: Guesses) {
      if let others = other.all { all? += others } else { all = nil }
    }
  }
}
