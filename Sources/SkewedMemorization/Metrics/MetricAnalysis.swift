import Captures
import GSLNumerics
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
    let inputs = try inputs(data, settings)
    let table = try await table(inputs.records)
    let others = try await membershipScores(inputs.heldOut, of: table)
    let risk = inputs.records.map(\.logTailRisk)
    var report = MetricsReport(file: file, heldOut: heldOutFile, settings: settings)
    report.records = zip(data.records.indices, data.records).map { index, record in
      .init(
        id: record.id,
        metrics: Dictionary(
          uniqueKeysWithValues: table.map { ($0.column.name, OrNull(wrappedValue: $0.values[index])) }))
    }
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
    for (index, (column, values)) in table.enumerated() where column.isMembershipScore && !data.heldOut.isEmpty {
      func scores(_ values: [Double?]) -> [Double] { values.compactMap { $0.map(column.oriented) } }
      if let found = Discrimination(
        members: scores(values), others: scores(others[index].values), level: settings.level)
      {
        report.discrimination.append(.init(column.name, found))
      }
    }
    report.dataSetMetrics = dataSetMetrics(inputs.records, settings)
    report.warnings = warnings(data, inputs.records, settings)
    return report
  }

  private typealias Column = (column: MetricColumn, values: [Double?])

  private func table(_ inputs: [MetricInput]) async throws -> [Column] {
    let rows = try await inParallel(0..<inputs.count, threads: threads) { index in
      MetricColumn.all.map { $0.value(inputs[index]) }
    }
    return MetricColumn.all.indices.map { column in (MetricColumn.all[column], rows.map { $0[column] }) }
  }

  /// The membership scores of other records; other columns are left empty.
  private func membershipScores(_ inputs: [MetricInput], of table: [Column]) async throws -> [Column] {
    let rows = try await inParallel(0..<inputs.count, threads: threads) { index in
      table.map { $0.column.isMembershipScore ? $0.column.value(inputs[index]) : nil }
    }
    return table.indices.map { column in (table[column].column, rows.map { $0[column] }) }
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
    let median = median(pairs.map(\.metric).sorted())
    let riskiest = pairs.sorted { ($0.risk, -$0.index) > ($1.risk, -$1.index) }
    func missed(_ share: Double) -> [String] {
      let top = Int((share * Double(pairs.count)).rounded(.up))
      return riskiest.prefix(top).filter { $0.metric < median ?? -.infinity }.map { records[$0.index].id }
    }
    return .init(
      metric: column.name, records: pairs.count, spearman: spearman?.value,
      spearmanInterval: spearman?.interval.map { Ends($0) },
      kendall: kendall?.value, kendallInterval: kendall?.interval.map { Ends($0) }, missedTop1Percent: missed(0.01),
      missedTop5Percent: missed(0.05))
  }

  /// Metrics of the data set as a whole.
  private func dataSetMetrics(_ inputs: [MetricInput], _ settings: MetricSettings) -> [MetricsReport.DataSetMetric] {
    var metrics: [MetricsReport.DataSetMetric] = []
    let bits = inputs.compactMap { Inextractability.bits($0.record.tokenLogProbabilities, length: settings.length) }
    if let least = bits.min() { metrics.append(.init("inextractability_bits", least)) }
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
      metrics.append(.init("recall_at_errors", recall))
    }
    let paired = inputs.compactMap { input in
      input.nGramLogProbability.map { (-Likelihood.loss(input.record.tokenLogProbabilities), $0) }
    }
    if let correlation = RankCorrelation.spearman(paired.map(\.0), paired.map(\.1), level: settings.level) {
      metrics.append(
        .init("distributional_memorization", correlation.value, correlation.interval.map { Ends($0) }))
    }
    return metrics
  }

  private func warnings(_ data: Data, _ inputs: [MetricInput], _ settings: MetricSettings) -> [String] {
    var warnings: [String] = []
    let short = inputs.count { $0.logTailRisk == nil }
    if short > 0 {
      warnings.append("\(short) records are shorter than \(settings.length) tokens and are not in the agreement")
    }
    func unmatched(_ ids: [String], _ what: String) {
      let known = Set((data.records + data.heldOut).map(\.id))
      let missing = Set(ids).subtracting(known).count
      if missing > 0 { warnings.append("\(missing) ids of \(what) are not in the capture") }
    }
    unmatched(data.generations.map(\.id), "the generations")
    unmatched(data.referenceModel.map(\.id), "the reference model's capture")
    unmatched(data.otherPrefixes.map(\.id), "the capture after other prefixes")
    let repeated = data.records.count - Set(data.records.map(\.id)).count
    if repeated > 0 { warnings.append("\(repeated) records repeat the id of another") }
    return warnings
  }
}

extension MetricAnalysis {
  /// Records with all that is known of them.
  private func inputs(
    _ data: Data, _ settings: MetricSettings
  ) throws -> (records: [MetricInput], heldOut: [MetricInput]) {
    let generations = Dictionary(grouping: data.generations, by: \.id)
    let reference = Dictionary(data.referenceModel.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let others = Dictionary(grouping: data.otherPrefixes, by: \.id)
    let exposure = Exposure(referenceLosses: data.heldOut.map { Likelihood.loss($0.tokenLogProbabilities) })
    let nGrams = nGramLogProbabilities(data.records, order: settings.nGramOrder)
    let history = try RunHistory(data, settings)
    func input(_ record: Record) throws -> MetricInput {
      func tokens(_ other: Record, _ what: String) throws -> [Double] {
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
      let sampled = (record.generations ?? []) + sets.flatMap(\.generations)
      if let tokens = record.referenceTokenIDs {
        // What lies beyond the longest continuation was never asked for.
        let longest = sampled.map(\.count).max() ?? 0
        let compared = Array(tokens.prefix(longest))
        input.generations = sampled.map { (Array($0.prefix(tokens.count)), compared) }
      }
      input.texts = sets.flatMap(\.texts)
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

  /// The mean log-probability a token of each record by the n-gram model of all others; nil where token ids are missing.
  private func nGramLogProbabilities(_ records: [Record], order: Int) -> [Double]? {
    let texts = records.compactMap(\.referenceTokenIDs)
    guard texts.count == records.count, texts.count > 1 else { return nil }
    let known = texts.lazy.joined().max() ?? 0
    let vocabulary = max(records.compactMap(\.vocabularySize).max() ?? 0, known + 1, 1)
    var model = NGramModel(order: order, vocabularySize: vocabulary)
    for text in texts { model.add(text) }
    return texts.map { text in
      model.remove(text)
      defer { model.add(text) }
      return model.logProbability(text) / Double(text.count)
    }
  }
}

/// What other captures of the same records say about them.
private struct RunHistory {
  /// Whether each record is reproduced at each checkpoint of its own run, by epoch.
  var isReproduced: [String: [Bool]] = [:]
  /// Shares of right tokens by models trained with the record and without it.
  var included: [String: [Double]] = [:]
  var excluded: [String: [Double]] = [:]

  init(_ data: MetricAnalysis.Data, _ settings: MetricSettings) throws {
    guard !data.runs.isEmpty else { return }
    let own = Dictionary(data.records.map { ($0.id, $0.run) }, uniquingKeysWith: { first, _ in first })
    let captures = ([data.records] + data.runs).enumerated()
      .sorted { ($0.element.first?.epoch ?? 0, $0.offset) < ($1.element.first?.epoch ?? 0, $1.offset) }
      .map(\.element)
    for record in captures.joined() {
      guard let run = own[record.id], let choices = record.isFirstChoice else { continue }
      if record.run == run {
        let length = min(settings.length, choices.count)
        isReproduced[record.id, default: []].append(choices[..<length].allSatisfy(\.self))
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
