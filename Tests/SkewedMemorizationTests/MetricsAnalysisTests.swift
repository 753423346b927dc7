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
    #expect(names.isSuperset(of: ["loss", "zlib_ratio", "rouge_l", "bleu", "pythia_score", "min_k_plus_plus"]))
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
    data.otherPrefixes = data.records.flatMap { [record($0.id, [-3, -3, -3]), record($0.id, [-4, -4, -4])] }
    data.runs = [data.records.map { record($0.id, [-2, -2, -2], split: "validation") }]
    let report = try await MetricsAnalysis().run(data)
    #expect(report.settings.length == 3)
    let loss = try #require(report.discrimination.first { $0.metric == "loss" })
    #expect(loss.auc == 1 && loss.upper == 1 && loss.tprAtFPR["0.001"] == 1 && loss.members == 10 && loss.others == 16)
    let first = report.records[0].metrics
    expectClose(first["prior_aware"]?.wrappedValue ?? 0, -2.6 - .log((.exp(-9.0) + .exp(-12.0)) / 2), relative: 1e-13)
    expectClose(first["recall"]?.wrappedValue ?? 0, 10.5 / 2.6, relative: 1e-13)
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
    #expect(rows[1]["text_exact_match"]?.wrappedValue == 0)
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
    #expect(ties.warnings.contains { $0.text.contains("same records") })
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
}
