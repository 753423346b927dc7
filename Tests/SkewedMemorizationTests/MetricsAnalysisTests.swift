import Foundation
import MemorizationMetrics
import RealModule
import SkewedMemorization
import TestSupport
import Testing

@Suite struct MetricsAnalysisTests {
  private func records(_ name: String) async throws -> [Record] {
    try await CaptureReader(files: [Repository.capture(name)]).records()
  }

  /// Held-out records have the membership scores that they would have as records; none is compared with itself.
  @Test func heldOutRows() async throws {
    let records = try await records("jargon-train-epoch06.jsonl")
    let earlier = try await self.records("jargon-train-epoch04.jsonl")
    var data = MetricData(records: Array(records[..<80]))
    data.heldOut = Array(records[80...])
    data.referenceModel = earlier
    let report = try await MetricsAnalysis().run(data)
    #expect(report.heldOutRecords.map(\.id) == data.heldOut.map(\.id))
    let names = Set(report.heldOutRecords[0].metrics.keys)
    #expect(names.isSuperset(of: ["tail_risk", "loss", "min_k", "rmia"]) && !names.contains("perplexity"))
    #expect(names == Set(report.discrimination.map(\.metric)).union(names.filter { report.dataset[$0] == nil }))
    let gains = zip(data.heldOut, earlier[80...]).map {
      Likelihood.referenceDifference($0.tokenLogProbabilities, reference: $1.tokenLogProbabilities)
    }
    for (index, record) in data.heldOut.enumerated() {
      let row = report.heldOutRecords[index]
      #expect(row["loss"] == Likelihood.loss(record.tokenLogProbabilities) && row["perplexity"] == nil)
      let others = gains.indices.filter { $0 != index }.map { gains[$0] }
      #expect(row["rmia"] == RobustMembership.score(gain: gains[index], population: others))
    }
    let again = try JSONDecoder().decode(MetricsReport.self, from: try JSONEncoder().encode(report))
    #expect(again.heldOutRecords == report.heldOutRecords && again.records == report.records)
  }

  /// The table of a real capture: each column is its metric of the record.
  @Test func table() async throws {
    var data = MetricData(records: try await records("jargon-train-epoch06.jsonl"))
    data.generations = try GenerationsReader.read(path: Repository.capture("jargon-samples-epoch06.jsonl"))
    data.referenceModel = try await records("jargon-train-epoch04.jsonl")
    data.runs = [data.referenceModel]
    let report = try await MetricsAnalysis().run(data)
    #expect(report.settings.length == 16 && report.records.count == 120)
    // The two schemes of the generations are not mixed.
    #expect(report.warnings.count == 1 && report.warnings[0].text.contains("plain sampling"))
    let names = Set(report.records[0].metrics.keys)
    #expect(
      names.isSuperset(of: ["loss", "zlib_ratio", "rouge_l", "bleu", "teacher_forced_accuracy", "min_k_plus_plus"]))
    for (record, row) in zip(data.records, report.records) {
      func value(_ name: String) -> Double? { row.metrics[name]?.wrappedValue }
      let tokens = record.tokenLogProbabilities
      #expect(row.id == record.id)
      #expect(value("loss") == Likelihood.loss(tokens) && value("perplexity") == Likelihood.perplexity(tokens))
      #expect(value("tail_risk") == (tokens.count < 16 ? nil : MatchLengthLaw(record).logSurvival[16]))
      #expect(value("greedy_match_length") == GreedyMatch(record).map { Double($0.length) })
      #expect(value("greedy_extraction") == (record.ranks?.allSatisfy { $0 == 0 } == true ? 1 : 0))
      let sampled = data.generations.filter { $0.id == record.id && $0.decoding == .plain }.flatMap(\.generations)
      #expect((value("longest_common_prefix") == nil) == sampled.isEmpty)
      if !sampled.isEmpty, let reference = record.referenceTokenIDs {
        let expected = sampled.reduce(0) { $0 + CommonSequence.prefix($1, reference) }
        expectClose(value("longest_common_prefix") ?? .nan, Double(expected) / Double(sampled.count), relative: 1e-14)
        #expect((value("exact_match") ?? 1) <= (value("approximate_by_edit_distance") ?? 0))
      }
    }
    let unavailable = Set(report.unavailable.map(\.metric))
    #expect(unavailable.isSuperset(of: ["prior_aware", "recall", "exposure", "text_bleu"]))
    #expect(unavailable.isDisjoint(with: report.dataset.keys) && report.discrimination.isEmpty)
    #expect(Set(report.agreement.map(\.metric)).union(["tail_risk"]) == Set(report.dataset.keys))
    // Draws needed fall as the risk rises: a metric turned round ranks as the risk itself, but where both are rounded
    // to one.
    let draws = try #require(report.agreement.first { $0.metric == "discoverable_draws" })
    #expect(try #require(draws.spearman) > 0.9999 && draws.missedTop5Percent == [])
    // By hand: the riskiest six of 120 records by S(16), those whose loss is above the median.
    let loss = try #require(report.agreement.first { $0.metric == "loss" })
    let long = data.records.filter { $0.tokenLogProbabilities.count >= 16 }
    let riskiest = long.sorted { MatchLengthLaw($0).logSurvival[16] > MatchLengthLaw($1).logSurvival[16] }
    let losses = long.map { Likelihood.loss($0.tokenLogProbabilities) }.sorted()
    let median = (losses[(long.count - 1) / 2] + losses[long.count / 2]) / 2
    let missed = riskiest.prefix(Int((0.05 * Double(long.count)).rounded(.up)))
      .filter { Likelihood.loss($0.tokenLogProbabilities) > median }.map(\.id)
    #expect(loss.missedTop5Percent == missed && missed == ["jargon-0023"] && loss.records == long.count)
    var threaded = MetricsAnalysis()
    threaded.threads = 2
    #expect(try await threaded.run(data) == report)
  }

  /// A file that is read twice gives what its records in memory give.
  @Test func filesAsRecords() async throws {
    let file = Repository.capture("jargon-train-epoch06.jsonl")
    let options = CaptureOptions()
    var evidence = MetricsAnalysis.Evidence()
    evidence.heldOut = try await Capture(contentsOf: Repository.capture("jargon-heldout-epoch06.jsonl"))
    let samples = Repository.capture("jargon-samples-epoch06.jsonl")
    evidence.generations = ("samples", try GenerationsReader.read(path: samples))
    var analysis = MetricsAnalysis()
    analysis.settings.nGramOrder = 3
    let ofRecords = try await analysis.run(on: Capture(contentsOf: file, options: options), beside: evidence)
    let isKnown = ofRecords.dataset.keys
    #expect(["ngram_log_probability", "levenshtein", "dc_pdd"].allSatisfy { isKnown.contains($0) })
    for threads in [1, 2] {
      analysis.threads = threads
      #expect(try await analysis.run(file: file, captureOptions: options, beside: evidence) == ofRecords)
    }
    // Other runs are compared record by record: the records are in memory then.
    evidence.runs = [try await Capture(contentsOf: file)]
    let ofRuns = try await analysis.run(file: file, beside: evidence)
    #expect(ofRuns.inputs.runs == [file] && ofRuns.records == ofRecords.records)
    await #expect(throws: CaptureError.self) {
      try await analysis.run(file: Repository.root.appendingPathComponent("README.md").path)
    }
  }

  /// Discrimination, exposure, ReCaLL and prior-aware memorization of constructed captures.
  @Test func comparisons() async throws {
    func record(_ id: String, _ values: [Double], split: String = "train") -> Record {
      var record = Record(unchecked: id, tokenLogProbabilities: values)
      record.ranks = values.map { $0 > -1 ? 0 : 1 }
      record.split = split
      return record
    }
    var data = MetricData(records: (0..<10).map { record("m\($0)", [-0.1 * Double($0 + 1), -0.5, -2]) })
    data.heldOut = (0..<16).map { record("o\($0)", [-1, -2 - 0.1 * Double($0), -3]) }
    data.unconditional = data.records.map { record($0.id, [-1, -1, -5]) }
    data.otherPrefixes = data.records.flatMap { [record($0.id, [-3, -3, -3]), record($0.id, [-4, -4, -4])] }
    data.runs = [data.records.map { record($0.id, [-2, -2, -2], split: "validation") }]
    let report = try await MetricsAnalysis().run(data)
    #expect(report.settings.length == 3)
    let loss = try #require(report.discrimination.first { $0.metric == "loss" })
    #expect(loss.auc == 1 && loss.upper == 1 && loss.tprAtFPR["0.001"] == 1 && loss.members == 10 && loss.others == 16)
    let first = report.records[0].metrics
    expectClose(first["prior_aware"]?.wrappedValue ?? 0, -2.6 - .log((.exp(-9.0) + .exp(-12.0)) / 2), relative: 1e-13)
    expectClose(first["recall"]?.wrappedValue ?? 0, 10.5 / 7, relative: 1e-13)
    #expect(first["exposure"]?.wrappedValue == 4)
    #expect(try #require(first["exposure_extrapolated"]?.wrappedValue) > 4)
    // Two of three tokens right with the record in training, none without.
    expectClose(first["counterfactual"]?.wrappedValue ?? 0, 2.0 / 3, relative: 1e-14)
    #expect(report.dataSetMetrics.contains { $0.metric == "inextractability_bits" })
    #expect(!report.dataSetMetrics.contains { $0.metric == "recall_at_errors" })
  }

  /// Every pair of metrics, as the correlation of their columns is by itself; also where some values are missing.
  @Test func rankAgreement() async throws {
    var records = (0..<30).map { index in
      var record = Record(
        unchecked: "\(index)", tokenLogProbabilities: (0..<4).map { -0.1 - 0.37 * Double((index * 7 + $0 * 11) % 13) })
      record.ranks = record.tokenLogProbabilities.map { $0 > -1 ? 0 : 1 }
      if index % 3 > 0 { record.reference = String(repeating: "ab", count: 1 + index % 5) }
      return record
    }
    records[3].tokenLogProbabilities[0] = -9
    records[3].ranks?[0] = 5
    let report = try await MetricsAnalysis().run(.init(records: records))
    let names = report.rankAgreement.metrics
    #expect(names.count > 8 && names[0] == "tail_risk" && names.contains("zlib_ratio"))
    let rises = Dictionary(uniqueKeysWithValues: report.agreement.map { ($0.metric, $0.risesWithMemorization) })
    for (row, a) in names.enumerated() {
      for (column, b) in names.enumerated() {
        let pairs = report.records.compactMap { record -> (Double, Double)? in
          guard let x = record.metrics[a]?.wrappedValue, let y = record.metrics[b]?.wrappedValue else { return nil }
          return ((rises[a] ?? true) ? x : -x, (rises[b] ?? true) ? y : -y)
        }
        let alone = RankCorrelation.spearman(pairs.map(\.0), pairs.map(\.1))?.value
        let found = report.rankAgreement.spearman[row][column].wrappedValue
        if let alone, let found {
          expectClose(found, alone, relative: 1e-12, absolute: 1e-13, "\(a) \(b)")
        } else {
          #expect(alone == nil && found == nil, "\(a) \(b)")
        }
      }
    }
  }

  /// Learning and forgetting over checkpoints, in the order of epochs whatever that of the files.
  @Test func checkpoints() async throws {
    func capture(_ epoch: Double, _ isRight: Bool) -> [Record] {
      var record = Record(unchecked: "a", tokenLogProbabilities: [-1, -1])
      record.ranks = [0, isRight ? 0 : 3]
      record.epoch = epoch
      return [record]
    }
    var data = MetricData(records: capture(4, true))
    data.runs = [capture(3, false), capture(1, false), capture(2, true)]
    let metrics = try await MetricsAnalysis().run(data).records[0].metrics
    #expect(metrics["learning_events"]?.wrappedValue == 2 && metrics["forgetting_events"]?.wrappedValue == 1)
  }

  /// A continuation that stops early is no perfect one; texts alone are enough; a token number of any size is.
  @Test func continuations() async throws {
    func record(_ id: String) -> Record {
      var record = Record(unchecked: id, tokenLogProbabilities: [-1, -1, -1, -1])
      record.referenceTokenIDs = [1, 2, 3, .max]
      record.reference = "hello world again"
      return record
    }
    var data = MetricData(records: ["a", "b", "c"].map(record))
    data.generations = [
      .init(id: "a", decoding: .plain, generations: [[1], []], texts: ["hello", ""]),
      .init(id: "b", decoding: .plain, generations: [[1, 2, 3], [1, 2, 9]], texts: ["hello world", "hello there"]),
      .init(id: "c", decoding: .plain, generations: [], texts: ["hello world again and again"]),
    ]
    let rows = try await MetricsAnalysis().run(data).records.map(\.metrics)
    #expect(rows[0]["exact_match"]?.wrappedValue == 0 && rows[0]["compared_tokens"]?.wrappedValue == 3)
    expectClose(rows[0]["levenshtein_similarity"]?.wrappedValue ?? 9, (1.0 / 3 + 0) / 2, relative: 1e-14)
    #expect(rows[1]["exact_match"]?.wrappedValue == 0.5)
    #expect(rows[2]["exact_match"]?.wrappedValue == nil && rows[2]["text_exact_match"]?.wrappedValue == 1)
    #expect(rows[0]["text_exact_match"]?.wrappedValue == 0 && rows[1]["text_exact_match"]?.wrappedValue == 0.5)
    data.referenceModel = data.records
    data.referenceModel[1].referenceTokenIDs = [9, 9, 9, 9]
    await #expect(throws: CaptureError.self) { try await MetricsAnalysis().run(data) }
    // What is not defined of one record does not take the metric from the others.
    data.referenceModel = data.records
    data.records[0].tokenLogProbabilities[0] = -.infinity
    data.referenceModel[0].tokenLogProbabilities[0] = -.infinity
    let undefined = try await MetricsAnalysis().run(data)
    #expect(
      undefined.dataset["reference_difference"]?.records == 2 && undefined.dataset["reference_difference"]?.maximum == 0
    )
  }

  /// One record, constant metrics, tokens of probability 0: values or null, and JSON in any case.
  @Test func degenerateData() async throws {
    var analysis = MetricsAnalysis()
    let one = try await analysis.run(
      .init(records: [Record(unchecked: "a", tokenLogProbabilities: [-.infinity, -1])]))
    #expect(one.settings.length == 2 && one.agreement.allSatisfy { $0.spearman == nil && $0.kendall == nil })
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(one)) as? [String: Any]
    let row = try #require((json?["records"] as? [[String: Any]])?.first?["metrics"] as? [String: Any])
    #expect(row["loss"] is NSNull && row["expected_match"] as? Double == 0)
    let alike = (0..<30).map { Record(unchecked: "\($0)", tokenLogProbabilities: [-1, -1]) }
    var data = MetricData(records: alike)
    data.heldOut = alike
    let ties = try await analysis.run(data)
    #expect(ties.agreement.allSatisfy { $0.spearman == nil && $0.missedTop5Percent == nil })
    #expect(
      ties.discrimination.allSatisfy { $0.auc == 0.5 && $0.tprAtFPR["0.01"] == 0 && $0.lower == 0 && $0.upper == 1 })
    #expect(ties.warnings.contains { $0.text.contains("controls that are the records") })
    // Lines of other captures cannot be told apart when a record and a held-out one share an id.
    data.otherPrefixes = alike
    let (asked, shared) = (analysis, data)
    await #expect(throws: ArgumentError.self) { try await asked.run(shared) }
    data.heldOut = []
    // A capture after other prefixes that is of other tokens is named.
    data.otherPrefixes = [Record(unchecked: "3", tokenLogProbabilities: [-1])]
    await #expect(throws: CaptureError.self) { try await analysis.run(data) }
    analysis.settings.minKShare = 0
    await #expect(throws: ArgumentError.self) { try await analysis.run(.init(records: alike)) }
  }

  private func record(_ id: String, _ tokens: [Int], epoch: Double? = nil, text: String? = nil) -> Record {
    var record = Record(unchecked: id, tokenLogProbabilities: tokens.map { _ in -0.1 })
    record.referenceTokenIDs = tokens
    record.run = epoch == nil ? nil : "r"
    record.epoch = epoch
    record.reference = text
    return record
  }

  private func value(_ report: MetricsReport, _ row: Int, _ metric: String) -> Double? {
    report.records[row].metrics[metric]?.wrappedValue
  }

  /// Draws that were ended when they had left the reference: exact matches and common prefixes are known, similarity is
  /// not. The same draws in whole have all.
  @Test func drawsThatWereEnded() async throws {
    let reference = Array(0..<24)
    let whole = [Array(0..<9) + Array(100..<115), Array(0..<24), [50] + Array(1..<24)]
    let ended = [Array(whole[0].prefix(16)), whole[1], Array(whole[2].prefix(8))]
    func report(_ draws: [[Int]], _ asked: Int?) async throws -> MetricsReport {
      var data = MetricData(records: [record("a", reference)])
      data.generations = [.init(id: "a", decoding: .plain, generations: draws, maximumTokens: asked)]
      return try await MetricsAnalysis().run(data)
    }
    let (full, early) = (try await report(whole, nil), try await report(ended, 24))
    #expect(value(full, 0, "bleu") != nil && value(early, 0, "bleu") == nil)
    for metric in ["exact_match", "longest_common_prefix", "compared_tokens"] {
      #expect(value(full, 0, metric) == value(early, 0, metric) && value(full, 0, metric) != nil)
    }
    #expect(early.warnings.map(\.code).contains(.endedDraws) && !full.warnings.map(\.code).contains(.endedDraws))
    #expect(early.unavailable.first { $0.metric == "bleu" }?.needs.contains("--whole") == true)
  }

  /// Continuations are compared as far as was asked for, each record by itself, and with the record of their own epoch.
  @Test func eachRecordByItself() async throws {
    var data = MetricData(records: [
      record("a", [1, 2, 3, 4, 5, 6], text: "a b c d e f"),
      record("b", [1, 2, 3, 4, 5, 6], text: "alphabet brontosaurus cathedral diplodocus"),
    ])
    data.generations = [
      .init(id: "a", decoding: .plain, generations: [[1, 2, 3]], texts: ["a b c"], maximumTokens: 3),
      .init(
        id: "b", decoding: .plain, generations: [[1, 2, 3, 4, 5, 6]], texts: ["alphabet brontosaurus cathedral"],
        maximumTokens: 6),
    ]
    let report = try await MetricsAnalysis().run(data)
    for row in 0...1 {
      #expect(value(report, row, "exact_match") == 1 && value(report, row, "text_exact_match") == 1)
    }
    // One name at two epochs.
    data = MetricData(records: [record("a", [1, 2], epoch: 1), record("a", [1, 2], epoch: 2)])
    data.generations = [1.0, 2].map { epoch in
      var set = SampledGenerations(id: "a", decoding: .plain, generations: [epoch == 1 ? [9, 9] : [1, 2]])
      (set.run, set.epoch) = ("r", epoch)
      return set
    }
    let epochs = try await MetricsAnalysis().run(data)
    #expect(value(epochs, 0, "exact_match") == 0 && value(epochs, 1, "exact_match") == 1)
    // Generations of an epoch that the capture has not are not compared, and that is said.
    data.records = [record("a", [1, 2], epoch: 1)]
    let one = try await MetricsAnalysis().run(data)
    #expect(value(one, 0, "exact_match") == 0 && one.warnings.contains { $0.code == .otherRuns })
    // Only empty continuations.
    data.generations = [.init(id: "a", decoding: .plain, generations: [[]])]
    let empty = try await MetricsAnalysis().run(data)
    #expect(empty.unavailable.first { $0.metric == "exact_match" }?.needs.contains("not empty") == true)
  }

  /// Words of scripts that rouge_score's tokenizer drops: said, and compared by the other tokenizer.
  @Test func otherScripts() async throws {
    let texts = ["北京大学是中国最著名的大学之一", "สวัสดีครับ", "مرحبا بالعالم"]
    var data = MetricData(records: texts.map { record($0, [1], text: $0) })
    data.generations = texts.map { .init(id: $0, decoding: .plain, generations: [], texts: [$0]) }
    var analysis = MetricsAnalysis()
    let rouge = try await analysis.run(data)
    #expect(value(rouge, 0, "text_rouge_l") == 0)
    #expect(rouge.warnings.first { $0.code == .rougeDropsText }?.numbers["records"] == 3)
    analysis.settings.tokenizer = .unicode
    let unicode = try await analysis.run(data)
    for row in 0..<3 { #expect(value(unicode, row, "text_rouge_l") == 1 && value(unicode, row, "text_rouge_1") == 1) }
    #expect(!unicode.warnings.contains { $0.code == .rougeDropsText })
    #expect(TextUnits.unicodeWords("Ein Öl-Faß, 12 北京!") == ["ein", "öl", "faß", "12", "北", "京"])
  }

  /// Pythia's score and the benchmark's recall are of free-running greedy generations; the teacher-forced share is
  /// another number.
  @Test func freeRunningGeneration() async throws {
    var members = [record("a", [1, 2, 3, 4]), record("b", [5, 6, 7, 8])]
    members[0].ranks = [0, 1, 0, 0]
    members[1].ranks = [0, 0, 0, 0]
    var data = MetricData(records: members)
    data.generations = [
      .init(
        id: "a", decoding: .greedy, generations: [[1, 9, 9, 4]], logProbabilities: [[-0.1, -0.1, -0.1, -0.1]]),
      .init(
        id: "b", decoding: .greedy, generations: [[5, 6, 7, 8]], logProbabilities: [[-0.2, -0.2, -0.2, -0.2]]),
    ]
    var analysis = MetricsAnalysis()
    analysis.settings.errors = 1
    let report = try await analysis.run(data)
    #expect(value(report, 0, "pythia_score") == 0.5 && value(report, 1, "pythia_score") == 1)
    #expect(value(report, 0, "teacher_forced_accuracy") == 0.75)
    // The wrong guess is the more confident one: with no error allowed nothing is recalled.
    #expect(report.dataSetMetrics.first { $0.metric == "recall_at_errors" }.map { $0.value ?? -1 } == -1)
  }

  /// Means of the same values in another order tie.
  @Test func orderOfGenerationsIsNoRank() async throws {
    let draws = [[1, 2, 3], [1, 2, 9], [1, 9, 9], [9, 9, 9], [1, 2, 3], [9, 2, 3], [1, 9, 3]]
    var data = MetricData(records: (0..<2).map { record("\($0)", [1, 2, 3]) })
    data.generations = [
      .init(id: "0", decoding: .plain, generations: draws),
      .init(id: "1", decoding: .plain, generations: draws.reversed()),
    ]
    let report = try await MetricsAnalysis().run(data)
    for metric in ["rouge_l", "levenshtein_similarity", "bleu"] {
      let row = try #require(report.agreement.first { $0.metric == metric })
      #expect(row.spearman == nil, "\(row)")
    }
  }
}
