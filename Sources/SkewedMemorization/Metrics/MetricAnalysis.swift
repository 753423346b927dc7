import Captures
import GSLNumerics
import Inference
import MemorizationMetrics
import TokenProcess

/// Every established metric of a data set beside the exact law of its match lengths: what `skewmem metrics` does.
public struct MetricAnalysis: Sendable {
  /// What metrics are computed with.
  public var settings = MetricSettings()
  /// Whether `settings.length` is chosen: the largest of at most 16 tokens that nine of ten records have.
  public var choosesLength = true
  /// Tasks to spread the records over; the result does not depend on it.
  public var threads = 1

  /// The usual analysis.
  public init() {}

  /// The captures of an analysis; only records are needed.
  public struct Data: Sendable {
    /// The records in question, members of the training set.
    public var records: [Record]
    /// Records that are not in the training set.
    public var heldOut: [Record] = []
    /// Sampled continuations, of any decoding scheme.
    public var generations: [SampledGenerations] = []
    /// The same records under a model that was not trained on them.
    public var referenceModel: [Record] = []
    /// The same references after unrelated prefixes that are no members, any number of lines a record.
    public var otherPrefixes: [Record] = []
    /// Captures of the same records at other checkpoints or of other runs.
    public var runs: [[Record]] = []

    /// Records alone.
    public init(records: [Record]) { self.records = records }
  }

  /// Computes every metric that the data allow.
  ///
  /// - Throws: `ArgumentError` for settings out of range or no records; `RecordError` for a capture whose lengths differ from
  ///   those of the records that it repeats.
  /// - Complexity: O(tokens), O(M log M) for the rankings, and what the text metrics of the generations take.
  public func report(on data: Data, file: String, heldOutFile: String? = nil) async throws -> MetricsReport {
    guard !data.records.isEmpty else { throw ArgumentError(name: "records", value: "none", allowed: "one or more") }
    var settings = settings
    if choosesLength {
      let lengths = data.records.map(\.tokenLogProbabilities.count).sorted()
      settings.length = min(16, lengths[lengths.count / 10])
    }
    try settings.check()
    let longest = data.records.map(\.tokenLogProbabilities.count).max() ?? 0
    guard settings.length <= longest else {
      throw ArgumentError(
        name: "length", value: "\(settings.length)", allowed: "1 to \(longest), the longest reference")
    }
    var warnings: [String] = []
    let inputs = try inputs(data, settings, &warnings)
    let table = try await table(inputs.records)
    let others = try await self.table(inputs.heldOut) { $0.isMembershipScore }
    let risk = inputs.records.map(\.logTailRisk)
    var report = MetricsReport(file: file, heldOut: heldOutFile, settings: settings)
    report.records = Self.rows(data.records, table)
    for (column, values) in table {
      let known = values.compactMap(\.self)
      guard !known.isEmpty else {
        report.unavailable.append(.init(metric: column.name, needs: column.needs))
        continue
      }
      report.dataset[column.name] = .init(known)
      if column.name != "tail_risk" {
        report.agreement.append(agreement(column, values, risk, data.records, settings.level))
      }
    }
    report.rankAgreement = Self.rankAgreement(table, report.agreement)
    for (index, (column, values)) in table.enumerated() where column.isMembershipScore && !data.heldOut.isEmpty {
      func scores(_ values: [Double?]) -> [Double] { values.compactMap { $0.map(column.oriented) } }
      if let found = Discrimination(
        members: scores(values), others: scores(others[index].values), level: settings.level)
      {
        report.discrimination.append(.init(column.name, found))
      }
    }
    dataSetMetrics(inputs.records, settings, &report)
    report.warnings = warnings + self.warnings(data, inputs.records, table, settings)
    return report
  }

  private static func rows(_ records: [Record], _ table: [Column]) -> [MetricsReport.RecordMetrics] {
    records.indices.map { index in
      .init(
        id: records[index].id,
        metrics: Dictionary(
          uniqueKeysWithValues: table.map { ($0.column.name, OrNull(wrappedValue: $0.values[index])) }))
    }
  }

  private typealias Column = (column: MetricColumn, values: [Double?])

  /// The values of each column that `isAsked`; a value that is not defined, such as a difference of infinities, is none.
  private func table(
    _ inputs: [MetricInput], where isAsked: @escaping @Sendable (MetricColumn) -> Bool = { _ in true }
  ) async throws -> [Column] {
    let rows = try await inParallel(0..<inputs.count, threads: threads) { index in
      MetricColumn.all.map { column -> Double? in
        guard isAsked(column), let value = column.value(inputs[index]), !value.isNaN else { return nil }
        return value
      }
    }
    return MetricColumn.all.indices.map { column in (MetricColumn.all[column], rows.map { $0[column] }) }
  }

  /// How a metric ranks the records beside the tail risk, and which of the riskiest it puts below its median.
  private func agreement(
    _ column: MetricColumn, _ values: [Double?], _ risk: [Double?], _ records: [Record], _ level: Double
  ) -> MetricsReport.Agreement {
    let pairs = records.indices.compactMap { index -> (index: Int, metric: Double, risk: Double)? in
      guard let value = values[index], let risk = risk[index], !value.isNaN else { return nil }
      return (index, column.oriented(value), risk)
    }
    let spearman = RankCorrelation.spearman(pairs.map(\.metric), pairs.map(\.risk), level: level)
    let kendall = RankCorrelation.kendall(pairs.map(\.metric), pairs.map(\.risk), level: level)
    let sorted = pairs.map(\.metric).sorted()
    // With nothing below the median the question has no answer.
    let threshold = median(sorted).flatMap { middle in sorted.first.flatMap { $0 < middle ? middle : nil } }
    let riskiest = pairs.sorted { ($0.risk, -$0.index) > ($1.risk, -$1.index) }
    func missed(_ share: Double) -> [String]? {
      guard let threshold else { return nil }
      let top = Int((share * Double(pairs.count)).rounded(.up))
      return riskiest.prefix(top).filter { $0.metric < threshold }.map { records[$0.index].id }
    }
    return .init(
      metric: column.name, risesWithMemorization: column.risesWithMemorization, records: pairs.count,
      spearman: spearman?.value,
      spearmanInterval: spearman?.interval.map { Ends($0) },
      kendall: kendall?.value, kendallInterval: kendall?.interval.map { Ends($0) }, missedTop1Percent: missed(0.01),
      missedTop5Percent: missed(0.05))
  }

  /// Each metric's ranks beside every other's.
  ///
  /// - Complexity: O(k² M) for k metrics of M records, times log M for those that lack values of different records.
  private static func rankAgreement(
    _ table: [Column], _ agreement: [MetricsReport.Agreement]
  ) -> MetricsReport.RankAgreement {
    let withRisk = Dictionary(
      uniqueKeysWithValues: agreement.compactMap { row in row.spearman.map { (row.metric, $0) } })
    let columns = table.filter { $0.column.name == "tail_risk" || withRisk[$0.column.name] != nil }
      .map { RankedColumn($0.column, $0.values) }
      .sorted { (withRisk[$0.name] ?? 2, $1.name) > (withRisk[$1.name] ?? 2, $0.name) }
    var result = MetricsReport.RankAgreement(metrics: columns.map(\.name))
    for row in columns.indices {
      result.spearman.append(
        columns.indices.map { column in
          OrNull(
            wrappedValue: column < row
              ? result.spearman[column][row].wrappedValue : columns[row].spearman(columns[column]))
        })
    }
    return result
  }

  /// Metrics of the data set as a whole.
  private func dataSetMetrics(_ inputs: [MetricInput], _ settings: MetricSettings, _ report: inout MetricsReport) {
    let bits = inputs.compactMap { Inextractability.bits($0.record.tokenLogProbabilities, length: settings.length) }
    if let least = bits.min() { report.dataSetMetrics.append(.init("inextractability_bits", least)) }
    // A guess is the teacher-forced greedy continuation, ranked by its own mean log-probability.
    let guesses = inputs.compactMap { input -> (record: String, isRight: Bool, confidence: Double)? in
      guard let choices = input.record.isFirstChoice, let confidence = input.record.greedyLogProbability else {
        return nil
      }
      return (input.record.id, GreedyExtraction.isExtractable(choices), confidence)
    }
    if guesses.count == inputs.count {
      let ranked = guesses.sorted { ($0.confidence, $1.record) > ($1.confidence, $0.record) }
      let recall = RecallAtErrors.recall(
        ranked.map { (record: $0.record, isRight: $0.isRight) }, records: inputs.count, errors: settings.errors)
      report.dataSetMetrics.append(.init("recall_at_errors", recall))
    } else {
      report.unavailable.append(
        .init(metric: "recall_at_errors", needs: "ranks, and top_logprobs where the first choice is wrong"))
    }
    let paired = inputs.compactMap { input in
      input.nGramLogProbability.map { (-Likelihood.loss(input.record.tokenLogProbabilities), $0) }
    }
    if let correlation = RankCorrelation.spearman(paired.map(\.0), paired.map(\.1), level: settings.level) {
      report.dataSetMetrics.append(
        .init("distributional_memorization", correlation.value, correlation.interval.map { Ends($0) }))
    } else {
      report.unavailable.append(
        .init(metric: "distributional_memorization", needs: "reference_token_ids of several records that differ"))
    }
  }

  private func warnings(
    _ data: Data, _ inputs: [MetricInput], _ table: [Column], _ settings: MetricSettings
  ) -> [String] {
    var warnings: [String] = []
    let short = inputs.count { $0.logTailRisk == nil }
    if short > 0 {
      warnings.append(
        "\(short) of \(inputs.count) records are shorter than \(settings.length) tokens and not in the agreement")
    }
    let ids = Set(data.records.map(\.id))
    let others = Set(data.heldOut.map(\.id))
    func unmatched(_ files: [(ids: [String], what: String)]) {
      for file in files {
        let missing = Set(file.ids).subtracting(ids).subtracting(others).count
        if missing > 0 { warnings.append("\(missing) ids of \(file.what) are not in the capture") }
      }
    }
    unmatched([
      (data.generations.map(\.id), "the generations"), (data.referenceModel.map(\.id), "the reference model's capture"),
      (data.otherPrefixes.map(\.id), "the capture after other prefixes"),
      (data.runs.joined().map(\.id), "the other runs"),
    ])
    for (records, what) in [
      (data.referenceModel, "the reference model's capture"), (data.otherPrefixes, "the capture after other prefixes"),
    ]
    where !records.isEmpty && !others.isEmpty && others.isDisjoint(with: records.map(\.id)) {
      warnings.append("\(what) has no held-out record: its scores cannot tell the two apart")
    }
    let shared = ids.intersection(others).count
    if shared > 0 {
      warnings.append("\(shared) ids are those of a record and of a held-out one: are they the same records?")
    }
    for (records, what) in [(data.records, "the capture"), (data.referenceModel, "the reference model's capture")] {
      let repeated = records.count - Set(records.map(\.id)).count
      if repeated > 0 { warnings.append("lines of \(what) that repeat the id of another: \(repeated)") }
    }
    if (1..<1000).contains(data.heldOut.count) {
      warnings.append(
        "with \(data.heldOut.count) held-out records false positive rates are multiples of 1/\(data.heldOut.count): rates asked for "
          + "that are smaller mean none")
    }
    if !data.runs.isEmpty, inputs.allSatisfy({ $0.isReproduced.count < 2 }) {
      warnings.append(
        "no other run has a record at another epoch of the same run: learning and forgetting are not counted")
    }
    return warnings
  }
}

extension MetricAnalysis {
  /// Records with all that is known of them.
  private func inputs(
    _ data: Data, _ settings: MetricSettings, _ warnings: inout [String]
  ) throws -> (records: [MetricInput], heldOut: [MetricInput]) {
    let generations = Dictionary(grouping: Self.ofOneScheme(data.generations, &warnings), by: \.id)
    let shared = Set(data.records.map(\.id)).intersection(data.heldOut.map(\.id))
    guard shared.isEmpty || data.referenceModel.isEmpty && data.otherPrefixes.isEmpty else {
      throw ArgumentError(
        name: "held-out", value: "a capture with \(shared.count) ids of the records",
        allowed: "of other ids, as lines of other captures are found by id")
    }
    // What lies beyond the longest continuation was never asked for.
    let sampled = generations.values.joined()
    let longest =
      (sampled.flatMap(\.generations) + data.records.flatMap { $0.generations ?? [] }).map(\.count).max() ?? 0
    let longestText = sampled.flatMap(\.texts).map(\.unicodeScalars.count).max() ?? 0
    let reference = Dictionary(data.referenceModel.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let others = Dictionary(grouping: data.otherPrefixes, by: \.id)
    let exposure = Exposure(referenceLosses: data.heldOut.map { Likelihood.loss($0.tokenLogProbabilities) })
    let nGrams = nGramLogProbabilities(data.records, order: settings.nGramOrder)
    let history = try RunHistory(data, settings)
    func input(_ record: Record) throws -> MetricInput {
      func tokens(_ other: Record, _ what: String) throws -> [Double] {
        if let own = record.referenceTokenIDs, let theirs = other.referenceTokenIDs, own != theirs {
          throw RecordError(
            field: "reference_token_ids", problem: "those of record \(record.id) are others in \(what)")
        }
        guard other.tokenLogProbabilities.count == record.tokenLogProbabilities.count else {
          throw RecordError(
            field: "token_logprobs",
            problem: "record \(record.id) has \(record.tokenLogProbabilities.count) tokens, but "
              + "\(other.tokenLogProbabilities.count) in \(what)")
        }
        return other.tokenLogProbabilities
      }
      var input = MetricInput(record, settings)
      let sets = generations[record.id] ?? []
      input.generations = ((record.generations ?? []) + sets.flatMap(\.generations)).map { Array($0.prefix(longest)) }
      input.reference = Array((record.referenceTokenIDs ?? []).prefix(longest))
      // A continuation may go on where the reference ends.
      input.generations = input.generations.map { Array($0.prefix(input.reference.count)) }
      input.texts = sets.flatMap(\.texts)
      input.referenceText = Self.prefix(record.reference ?? "", longestText)
      let length = input.referenceText.unicodeScalars.count
      input.texts = input.texts.map { Self.prefix($0, length) }
      input.underReferenceModel = try reference[record.id].map { try tokens($0, "the reference model's capture") }
      input.afterOtherPrefixes = try (others[record.id] ?? []).map {
        try tokens($0, "the capture after other prefixes")
      }
      return input
    }
    let heldOut = try data.heldOut.map(input)
    let records = try data.records.enumerated().map { index, record in
      var input = try input(record)
      input.exposure = exposure
      input.nGramLogProbability = nGrams?[index]
      input.isReproduced = history.isReproduced[record.id] ?? []
      input.included = history.included[record.id] ?? []
      input.excluded = history.excluded[record.id] ?? []
      return input
    }
    return (records, heldOut)
  }

  /// The generations of one decoding scheme: plain sampling, which the tail risk is about, or the first.
  private static func ofOneScheme(
    _ generations: [SampledGenerations], _ warnings: inout [String]
  ) -> [SampledGenerations] {
    guard let first = generations.first else { return [] }
    let scheme = generations.contains { $0.decoding == .plain } ? .plain : first.decoding
    let chosen = generations.filter { $0.decoding == scheme }
    if chosen.count < generations.count {
      warnings.append(
        "of several decoding schemes only \(scheme == .plain ? "plain sampling" : "the first in the file") is compared: "
          + "\(chosen.count) of \(generations.count) lines")
    }
    return chosen
  }

  /// The first Unicode scalars of a text.
  private static func prefix(_ text: String, _ count: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
  }

  /// The mean log-probability a token of each record by the n-gram model of all others; nil where token ids are missing.
  private func nGramLogProbabilities(_ records: [Record], order: Int) -> [Double]? {
    let texts = records.compactMap(\.referenceTokenIDs)
    guard texts.count == records.count, texts.count > 1 else { return nil }
    let known = texts.lazy.joined().max() ?? 0
    let vocabulary = max(records.compactMap(\.vocabularySize).max() ?? 0, known < .max ? known + 1 : known, 1)
    var model = NGramModel(order: order, vocabularySize: vocabulary)
    for text in texts { model.add(text) }
    return texts.map { text in
      model.remove(text)
      defer { model.add(text) }
      return model.logProbability(text) / Double(text.count)
    }
  }
}

/// A metric's values, turned round where it falls with memorization, and their ranks.
private struct RankedColumn {
  let name: String
  private let values: [Double?]
  private let isKnown: [Bool]
  /// Ranks of the known values about their mean, of length 1; nil where all are equal.
  private let direction: [Double]?

  init(_ column: MetricColumn, _ values: [Double?]) {
    name = column.name
    self.values = values.map { value in value.flatMap { $0.isNaN ? nil : column.oriented($0) } }
    isKnown = self.values.map { $0 != nil }
    let ranks = ranks(self.values.compactMap(\.self))
    let mean = 0.5 * Double(ranks.count + 1)
    let size = ranks.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    direction = size > 0 ? ranks.map { ($0 - mean) / size } : nil
  }

  /// Spearman's ρ over the records that have both.
  func spearman(_ other: RankedColumn) -> Double? {
    guard isKnown == other.isKnown else {
      let pairs = zip(values, other.values).compactMap { a, b in a.flatMap { a in b.map { (a, $0) } } }
      return RankCorrelation.spearman(pairs.map(\.0), pairs.map(\.1))?.value
    }
    guard let direction, let others = other.direction else { return nil }
    return max(-1, min(1, zip(direction, others).reduce(0) { $0 + $1.0 * $1.1 }))
  }
}

/// What other captures of the same records say about them.
private struct RunHistory {
  /// Whether each record is reproduced at each epoch of its own run.
  var isReproduced: [String: [Bool]] = [:]
  /// Shares of right tokens by models trained with the record and without it.
  var included: [String: [Double]] = [:]
  var excluded: [String: [Double]] = [:]

  init(_ data: MetricAnalysis.Data, _ settings: MetricSettings) throws {
    guard !data.runs.isEmpty else { return }
    let own = Dictionary(data.records.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var checkpoints: [String: [Double: Bool]] = [:]
    for record in ([data.records] + data.runs).joined() {
      guard let mine = own[record.id], let choices = record.isFirstChoice else { continue }
      if let ids = mine.referenceTokenIDs, let theirs = record.referenceTokenIDs, ids != theirs {
        throw RecordError(
          field: "reference_token_ids", problem: "those of record \(record.id) are others in another run")
      }
      if record.run == mine.run, let epoch = record.epoch, checkpoints[record.id]?[epoch] == nil {
        let length = min(settings.length, choices.count)
        checkpoints[record.id, default: [:]][epoch] = choices[..<length].allSatisfy(\.self)
      }
      if let split = record.split {
        let score = GreedyExtraction.pythiaScore(choices)
        if split == "train" {
          included[record.id, default: []].append(score)
        } else {
          excluded[record.id, default: []].append(score)
        }
      }
    }
    isReproduced = checkpoints.mapValues { epochs in epochs.sorted { $0.key < $1.key }.map(\.value) }
  }
}

extension Record {
  /// The mean log-probability of the first choices, each given the reference before it; nil where one is neither the reference
  /// token nor listed.
  var greedyLogProbability: Double? {
    guard let isFirstChoice else { return nil }
    var sum = 0.0
    for (index, isRight) in isFirstChoice.enumerated() {
      if isRight {
        sum += tokenLogProbabilities[index]
      } else if let best = topLogProbabilities?[index].map(\.logProbability).max() {
        sum += best
      } else {
        return nil
      }
    }
    return sum / Double(isFirstChoice.count)
  }
}

/// The median of ascending values; nil for none.
func median(_ sorted: [Double]) -> Double? {
  guard !sorted.isEmpty else { return nil }
  let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
  return low == high ? low : 0.5 * (low + high)
}
