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

  /// Computes every metric that the data allow.
  ///
  /// - Parameters:
  ///   - capture: The records in question, members of the training set.
  ///   - evidence: What there is beside them.
  /// - Throws: `ArgumentError` for settings out of range; `CaptureError` for a capture whose lengths differ from those
  ///   of the records that it repeats.
  /// - Complexity: O(tokens), O(M log M) for the rankings, and what the text metrics of the generations take.
  public func run(on capture: Capture, beside evidence: Evidence = Evidence()) async throws -> MetricsReport {
    try await naming(capture) {
      try await report(on: RecordSource(capture, threads: threads), beside: evidence)
    }
  }

  /// The same of the capture in a file. A file that can be opened again is read twice, and its records are not kept in
  /// memory unless they are compared with those of other runs.
  ///
  /// - Parameters:
  ///   - file: The capture; `-` is standard input.
  ///   - captureOptions: How it is read.
  ///   - evidence: What there is beside its records.
  /// - Throws: As ``run(on:beside:)``, and as reading a `Capture` does.
  public func run(
    file: String, captureOptions: CaptureOptions = CaptureOptions(), beside evidence: Evidence = Evidence()
  ) async throws -> MetricsReport {
    try ArgumentError.check(threads: threads)
    let opened = try InputFile(path: file, sources: captureOptions.sources)
    guard evidence.runs.isEmpty, opened.canBeOpenedAgain else {
      let capture = try await Capture(opened, options: captureOptions, threads: threads)
      return try await run(on: capture, beside: evidence)
    }
    try Capture.refuseSummary(opened)
    let (outline, warnings) = try await checkedReading(
      of: opened, options: captureOptions, threads: threads, from: outline(beside: evidence), add: { $0.add($1) },
      merge: { $0.merge($1) })
    let source = RecordSource(file: file, options: captureOptions, threads: threads)
    do {
      var report = try await report(on: source, outline: outline, beside: evidence)
      report.warnings = warnings + report.warnings
      return report
    } catch let error as RecordError {
      throw CaptureError(file: file, field: error.field, problem: error.problem)
    }
  }

  /// An outline of no records, with what will be asked of it.
  private func outline(beside evidence: Evidence) -> RecordsOutline {
    RecordsOutline(keepsNames: evidence.generations != nil, keepsTexts: settings.nGramOrder > 0)
  }

  private func report(
    on records: RecordSource, outline known: RecordsOutline? = nil, beside evidence: Evidence
  ) async throws -> MetricsReport {
    try ArgumentError.check(threads: threads)
    let outline: RecordsOutline
    if let known {
      outline = known
    } else {
      outline = try await records.reduce(
        from: self.outline(beside: evidence), add: { $0.add($1) }, merge: { $0.merge($1) })
    }
    var settings = settings
    if choosesLength { settings.length = min(16, outline.length(ofAllBut: 0.1)) }
    try settings.check()
    guard settings.length <= outline.longest else {
      throw ArgumentError(
        name: "length", value: "\(settings.length)", allowed: "1 to \(outline.longest), the longest reference")
    }
    var warnings: [Warning] = []
    let history = try RunHistory(records.inMemory, evidence.runs.map(\.records), settings)
    let context = try MetricContext(outline, evidence, history, settings, &warnings)
    var others = MetricRows(MetricColumn.all.filter(\.isMembershipScore))
    for input in context.heldOut { others.add(input) }
    let rows = try await rows(of: records, context, outline, settings)
    var report = MetricsReport(file: records.name, settings: settings)
    report.inputs = MetricsReport.Inputs(evidence)
    report.heldOut = evidence.heldOut?.name
    report.records = rows.table.rows(of: rows.ids)
    report.heldOutRecords = others.table.rows(of: others.ids)
    try await addColumns(rows, &report)
    for column in others.table.columns {
      func scores(_ table: MetricTable) -> [Double] {
        (table[column] ?? []).filter { !$0.isNaN }.map(column.oriented)
      }
      if let found = Discrimination(
        members: scores(rows.table), others: scores(others.table), level: settings.level)
      {
        report.discrimination.append(.init(column.name, found))
      }
    }
    addDataSetMetrics(rows, settings, &report)
    addDatasetInference(rows.table, others.table, &report)
    report.warnings = warnings + self.warnings(rows, evidence, history, settings)
    return report
  }

  /// The metrics of the records one by one.
  private func rows(
    of records: RecordSource, _ context: MetricContext, _ outline: RecordsOutline, _ settings: MetricSettings
  ) async throws -> MetricRows {
    var rows = try await records.reduce(
      from: MetricRows(MetricColumn.all),
      add: { rows, records in
        for record in records { rows.add(try context.member(record)) }
      }, merge: { $0.merge($1) })
    guard rows.ids == outline.ids else {
      throw CaptureError(file: records.name, problem: "changed while it was read")
    }
    if let texts = outline.texts, texts.count > 1 {
      let known = outline.largestToken ?? 0
      let sums = try await NGramModel.leaveOneOut(
        texts, order: settings.nGramOrder,
        vocabularySize: max(outline.vocabularySize ?? 0, known < .max ? known + 1 : known, 1), threads: threads)
      rows.set(.nGram, to: zip(sums, texts.lengths).map { $0 / Double($1) })
    }
    return rows
  }

  /// Each column over the records, and how it ranks them.
  private func addColumns(_ rows: MetricRows, _ report: inout MetricsReport) async throws {
    let table = rows.table
    let known = table.columns.filter { table[$0] != nil }
    let risk = table[.tailRisk] ?? []
    let level = report.settings.level
    let found = try await inParallel(0..<known.count, threads: threads) { index in
      let values = table[known[index]] ?? []
      return (
        summary: MetricsReport.Summary(values.filter { !$0.isNaN }),
        agreement: known[index].name == MetricColumn.tailRisk.name || risk.isEmpty
          ? nil : Self.agreement(known[index], values, risk, rows.ids, level),
        ranks: RankedColumn(known[index], values)
      )
    }
    for (column, found) in zip(known, found) {
      report.dataset[column.name] = found.summary
      if let agreement = found.agreement { report.agreement.append(agreement) }
    }
    report.unavailable += table.columns.filter { table[$0] == nil }.map {
      .init(metric: $0.name, needs: Self.missing($0, rows))
    }
    report.rankAgreement = Self.rankAgreement(found.map(\.ranks), report.agreement)
  }

  /// What a column without a value lacks.
  private static func missing(_ column: MetricColumn, _ rows: MetricRows) -> String {
    guard column.kind == .text else { return column.needs }
    if rows.ended > 0 {
      return "whole continuations: these were ended when they had left the reference (capture --draws … --whole)"
    }
    return rows.hasEmpty ? "a continuation that is not empty: all are" : column.needs
  }

  /// How a metric ranks the records beside the tail risk, and which of the riskiest it puts below its median.
  private static func agreement(
    _ column: MetricColumn, _ values: [Double], _ risk: [Double], _ ids: [String], _ level: Double
  ) -> MetricsReport.Agreement {
    let places = ids.indices.filter { !values[$0].isNaN && !risk[$0].isNaN }
    let metric = places.map { column.oriented(values[$0]) }
    let risks = places.map { risk[$0] }
    let spearman = RankCorrelation.spearman(metric, risks, level: level)
    let kendall = RankCorrelation.kendall(metric, risks, level: level)
    let sorted = metric.sorted()
    // With nothing below the median the question has no answer.
    let threshold = median(ofSorted: sorted).flatMap { middle in sorted.first.flatMap { $0 < middle ? middle : nil } }
    let riskiest = places.indices.sorted { (risks[$0], $1) > (risks[$1], $0) }
    func missed(_ share: Double) -> [String]? {
      guard let threshold else { return nil }
      let top = Int((share * Double(places.count)).rounded(.up))
      return riskiest.prefix(top).filter { metric[$0] < threshold }.map { ids[places[$0]] }
    }
    return .init(
      metric: column.name, risesWithMemorization: column.risesWithMemorization, records: places.count,
      spearman: spearman?.value,
      spearmanInterval: spearman?.interval.map { Interval($0) },
      kendall: kendall?.value, kendallInterval: kendall?.interval.map { Interval($0) }, missedTop1Percent: missed(0.01),
      missedTop5Percent: missed(0.05))
  }

  /// Each metric's ranks beside every other's.
  ///
  /// - Complexity: O(k² M) for k metrics of M records, times log M for those that lack values of different records.
  private static func rankAgreement(
    _ ranked: [RankedColumn], _ agreement: [MetricsReport.Agreement]
  ) -> MetricsReport.RankAgreement {
    let withRisk = Dictionary(
      uniqueKeysWithValues: agreement.compactMap { row in row.spearman.map { (row.metric, $0) } })
    let columns = ranked.filter { $0.name == MetricColumn.tailRisk.name || withRisk[$0.name] != nil }
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
  private func addDataSetMetrics(_ rows: MetricRows, _ settings: MetricSettings, _ report: inout MetricsReport) {
    let bits = (rows.table[.inextractability] ?? []).filter { !$0.isNaN }
    if let least = bits.min() { report.dataSetMetrics.append(.init("inextractability_bits", least)) }
    addRecall(
      "recall_at_errors", needs: "whole greedy generations (temperature 0) with logprobs", rows.generated, rows.ids,
      &report)
    addRecall(
      "teacher_forced_recall_at_errors", needs: "ranks, and top_logprobs where the first choice is wrong",
      rows.teacherForced, rows.ids, &report)
    let paired = zip(rows.table[.loss] ?? [], rows.table[.nGram] ?? []).filter { !$0.0.isNaN && !$0.1.isNaN }
    if let correlation = RankCorrelation.spearman(paired.map { -$0.0 }, paired.map(\.1), level: settings.level) {
      report.dataSetMetrics.append(
        .init("ngram_correlation", correlation.value, correlation.interval.map { Interval($0) }))
    } else {
      report.unavailable.append(
        .init(
          metric: "ngram_correlation", needs: "reference_token_ids of all records, of which several differ, and --ngram"
        ))
    }
  }

  /// One p-value for the set, from all membership scores that every record and held-out record has.
  private func addDatasetInference(_ table: MetricTable, _ others: MetricTable, _ report: inout MetricsReport) {
    let known = others.columns.filter { column in
      [table[column], others[column]].allSatisfy { $0?.allSatisfy(\.isFinite) ?? false }
    }
    let found = DatasetInference(
      suspects: table.scores(known), others: others.scores(known), width: known.count)
    if let found {
      report.dataSetMetrics.append(.init("dataset_inference_p", found.pValue))
    } else {
      report.unavailable.append(
        .init(metric: "dataset_inference_p", needs: "eight or more records and held-out records"))
    }
  }

  /// The recall of guesses, where every record has one.
  private func addRecall(
    _ name: String, needs: String, _ guesses: MetricRows.Guesses, _ ids: [String], _ report: inout MetricsReport
  ) {
    guard let guesses = guesses.all else {
      report.unavailable.append(.init(metric: name, needs: needs))
      return
    }
    let order = guesses.indices.sorted {
      (guesses[$0].confidence, ids[$1]) > (guesses[$1].confidence, ids[$0])
    }
    let recall = RecallAtErrors.recall(
      order.map { (record: ids[$0], isRight: guesses[$0].isRight) }, records: guesses.count,
      errors: report.settings.errors)
    report.dataSetMetrics.append(.init(name, recall))
  }
}
