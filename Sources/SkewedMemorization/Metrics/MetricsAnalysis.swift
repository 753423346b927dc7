import Captures
import GSLNumerics
import Inference
import MemorizationMetrics
import TokenProcess

/// Every established metric of a data set beside the exact law of its match lengths: what `skewmem metrics` does.
public struct MetricsAnalysis: Sendable {
  /// What metrics are computed with.
  public var settings = MetricSettings()
  /// Whether `settings.length` is chosen: the largest of at most 16 tokens that nine of ten records have.
  public var choosesLength = true
  /// Tasks to spread the records over; the result does not depend on it.
  public var threads = 1

  /// The usual analysis.
  public init() {}

  /// What there is beside the records in question.
  public struct Evidence: Sendable {
    /// Records that are not in the training set.
    public var heldOut: Capture?
    /// Sampled continuations, of any decoding scheme, and where they are from.
    public var generations: (name: String, sets: [SampledGenerations])?
    /// The same records under a model that was not trained on them.
    public var reference: Capture?
    /// The same references without any prefix.
    public var unconditional: Capture?
    /// The same references after unrelated prefixes that are no members, any number of lines a record.
    public var otherPrefixes: Capture?
    /// The same references after prefixes that are members, any number of lines a record.
    public var memberPrefixes: Capture?
    /// Perturbed versions of the records' texts, any number of lines a record.
    public var perturbed: Capture?
    /// The records' texts in lower case.
    public var lowercased: Capture?
    /// The same prefixes with wrong answers as references, any number of lines a record.
    public var wrongAnswers: Capture?
    /// The same records at other checkpoints or of other runs.
    public var runs: [Capture] = []

    /// Nothing.
    public init() {}
  }

  /// The records in question, and what there is beside them; empty where there is nothing.
  struct Data: Sendable {
    let records: [Record]
    let heldOut: [Record]
    let generations: [SampledGenerations]
    let referenceModel: [Record]
    let unconditional: [Record]
    let otherPrefixes: [Record]
    let memberPrefixes: [Record]
    let perturbed: [Record]
    let lowercased: [Record]
    let wrongAnswers: [Record]
    let runs: [[Record]]

    init(_ capture: Capture, _ evidence: Evidence) {
      records = capture.records
      heldOut = evidence.heldOut?.records ?? []
      generations = evidence.generations?.sets ?? []
      referenceModel = evidence.reference?.records ?? []
      unconditional = evidence.unconditional?.records ?? []
      otherPrefixes = evidence.otherPrefixes?.records ?? []
      memberPrefixes = evidence.memberPrefixes?.records ?? []
      perturbed = evidence.perturbed?.records ?? []
      lowercased = evidence.lowercased?.records ?? []
      wrongAnswers = evidence.wrongAnswers?.records ?? []
      runs = evidence.runs.map(\.records)
    }
  }

  /// Computes every metric that the data allow.
  ///
  /// - Parameters:
  ///   - capture: The records in question, members of the training set.
  ///   - evidence: What there is beside them.
  /// - Throws: `ArgumentError` for settings out of range; `CaptureError` for a capture whose lengths differ from those
  ///   of the records that it repeats.
  /// - Complexity: O(tokens), O(M log M) for the rankings, and what the text metrics of the generations take.
  public func run(on capture: Capture, beside evidence: Evidence = Evidence()) async throws -> MetricsReport {
    var report = try await naming(capture) { () async throws -> MetricsReport in
      try await self.report(on: Data(capture, evidence), file: capture.name)
    }
    report.heldOut = evidence.heldOut?.name
    report.inputs.generations = evidence.generations?.name
    report.inputs.reference = evidence.reference?.name
    report.inputs.unconditional = evidence.unconditional?.name
    report.inputs.otherPrefixes = evidence.otherPrefixes?.name
    report.inputs.memberPrefixes = evidence.memberPrefixes?.name
    report.inputs.perturbed = evidence.perturbed?.name
    report.inputs.lowercased = evidence.lowercased?.name
    report.inputs.wrongAnswers = evidence.wrongAnswers?.name
    report.inputs.runs = evidence.runs.map(\.name)
    return report
  }

  private func report(on data: Data, file: String) async throws -> MetricsReport {
    var settings = settings
    if choosesLength {
      let lengths = data.records.map(\.tokenLogProbabilities.count).sorted()
      settings.length = min(16, lengths[lengths.count / 10])
    }
    try settings.check()
    try ArgumentError.check(threads: threads)
    let longest = data.records.map(\.tokenLogProbabilities.count).max() ?? 0
    guard settings.length <= longest else {
      throw ArgumentError(
        name: "length", value: "\(settings.length)", allowed: "1 to \(longest), the longest reference")
    }
    var warnings: [Warning] = []
    let inputs = try inputs(data, settings, &warnings)
    let table = try await table(inputs.records, of: MetricColumn.all)
    let others = try await self.table(inputs.heldOut, of: MetricColumn.all.filter(\.isMembershipScore))
    let risk = inputs.records.map(\.logTailRisk)
    var report = MetricsReport(file: file, settings: settings)
    report.records = table.rows(of: data.records)
    report.heldOutRecords = others.rows(of: data.heldOut)
    for column in table.columns {
      let values = table[column]
      let known = values.compactMap(\.self)
      guard !known.isEmpty else {
        report.unavailable.append(.init(metric: column.name, needs: missing(column, inputs.records)))
        continue
      }
      report.dataset[column.name] = .init(known)
      if column.name != "tail_risk" {
        report.agreement.append(agreement(column, values, risk, data.records, settings.level))
      }
    }
    report.rankAgreement = Self.rankAgreement(table, report.agreement)
    for column in others.columns where !data.heldOut.isEmpty {
      func scores(_ table: MetricTable) -> [Double] { table[column].compactMap { $0.map(column.oriented) } }
      if let found = Discrimination(members: scores(table), others: scores(others), level: settings.level) {
        report.discrimination.append(.init(column.name, found))
      }
    }
    dataSetMetrics(inputs.records, settings, &report)
    addDatasetInference(table, others, &report)
    report.warnings = warnings + self.warnings(data, inputs.records, settings)
    return report
  }

  /// What a column without a value lacks.
  private func missing(_ column: MetricColumn, _ inputs: [MetricInput]) -> String {
    guard column.kind == .text else { return column.needs }
    if inputs.contains(where: \.isEnded) {
      return "whole continuations: these were ended when they had left the reference (capture --draws … --whole)"
    }
    return inputs.contains(where: \.isEmpty) ? "a continuation that is not empty: all are" : column.needs
  }

  private func table(_ inputs: [MetricInput], of columns: [MetricColumn]) async throws -> MetricTable {
    let values = try await inParallel(0..<inputs.count, threads: threads) { index in
      let input = inputs[index]
      return columns.map { $0.value(input) ?? .nan }
    }
    return MetricTable(columns: columns, values: values)
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
    let threshold = median(ofSorted: sorted).flatMap { middle in sorted.first.flatMap { $0 < middle ? middle : nil } }
    let riskiest = pairs.sorted { ($0.risk, -$0.index) > ($1.risk, -$1.index) }
    func missed(_ share: Double) -> [String]? {
      guard let threshold else { return nil }
      let top = Int((share * Double(pairs.count)).rounded(.up))
      return riskiest.prefix(top).filter { $0.metric < threshold }.map { records[$0.index].id }
    }
    return .init(
      metric: column.name, risesWithMemorization: column.risesWithMemorization, records: pairs.count,
      spearman: spearman?.value,
      spearmanInterval: spearman?.interval.map { Interval($0) },
      kendall: kendall?.value, kendallInterval: kendall?.interval.map { Interval($0) }, missedTop1Percent: missed(0.01),
      missedTop5Percent: missed(0.05))
  }

  /// Each metric's ranks beside every other's.
  ///
  /// - Complexity: O(k² M) for k metrics of M records, times log M for those that lack values of different records.
  private static func rankAgreement(
    _ table: MetricTable, _ agreement: [MetricsReport.Agreement]
  ) -> MetricsReport.RankAgreement {
    let withRisk = Dictionary(
      uniqueKeysWithValues: agreement.compactMap { row in row.spearman.map { (row.metric, $0) } })
    let columns = table.columns.filter { $0.name == "tail_risk" || withRisk[$0.name] != nil }
      .map { RankedColumn($0, table[$0]) }
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
    // A guess is a greedy generation, ranked by its own mean log-probability; or what the model would choose at each
    // position of the reference, which is another thing where a choice is wrong.
    addRecall("recall_at_errors", needs: "whole greedy generations (temperature 0) with logprobs", inputs, &report) {
      input in
      guard let tokens = input.greedyGeneration, let confidence = input.greedyGuess else { return nil }
      return (tokens == input.reference, confidence)
    }
    addRecall(
      "teacher_forced_recall_at_errors", needs: "ranks, and top_logprobs where the first choice is wrong", inputs,
      &report
    ) { input in
      guard let choices = input.record.isFirstChoice, let confidence = input.greedyLogProbability else { return nil }
      return (GreedyExtraction.isExtractable(choices), confidence)
    }
    let paired = inputs.compactMap { input in
      input.nGramLogProbability.map { (-Likelihood.loss(input.record.tokenLogProbabilities), $0) }
    }
    if let correlation = RankCorrelation.spearman(paired.map(\.0), paired.map(\.1), level: settings.level) {
      report.dataSetMetrics.append(
        .init("ngram_correlation", correlation.value, correlation.interval.map { Interval($0) }))
    } else {
      report.unavailable.append(
        .init(metric: "ngram_correlation", needs: "reference_token_ids of several records that differ, and --ngram"))
    }
  }

  /// One p-value for the set, from all membership scores that every record and held-out record has.
  private func addDatasetInference(_ table: MetricTable, _ others: MetricTable, _ report: inout MetricsReport) {
    let known = others.columns.filter { column in
      (table[column] + others[column]).allSatisfy { $0.map(\.isFinite) ?? false }
    }
    if let found = DatasetInference(suspects: table.scores(known), others: others.scores(known)) {
      report.dataSetMetrics.append(.init("dataset_inference_p", found.pValue))
    } else {
      report.unavailable.append(
        .init(metric: "dataset_inference_p", needs: "eight or more records and held-out records"))
    }
  }

  /// The recall of guesses, where every record has one.
  private func addRecall(
    _ name: String, needs: String, _ inputs: [MetricInput], _ report: inout MetricsReport,
    guess: (MetricInput) -> (isRight: Bool, confidence: Double)?
  ) {
    let guesses = inputs.compactMap { input in guess(input).map { (record: input.record.id, guess: $0) } }
    guard guesses.count == inputs.count else {
      report.unavailable.append(.init(metric: name, needs: needs))
      return
    }
    let ranked = guesses.sorted { ($0.guess.confidence, $1.record) > ($1.guess.confidence, $0.record) }
    let recall = RecallAtErrors.recall(
      ranked.map { (record: $0.record, isRight: $0.guess.isRight) }, records: inputs.count,
      errors: report.settings.errors)
    report.dataSetMetrics.append(.init(name, recall))
  }
}
