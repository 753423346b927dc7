import Foundation
import GSLNumerics
import RealModule
import SkewedMemorization
import TestSupport
import Testing

private struct AuditValues: Decodable {
  struct Values: Decodable {
    let file: String
    let records: Int
    let tokens: Int
    let survival: [String]
    let expected: String
    let variance: String
    let thirdCumulant: String
    let varianceBetween: String
    let maximumExpected: String
    let greedyMean: String
    let greedyMedian: Double
    let greedyMaximum: Int
    let greedyCensored: Int
    let worst: String
    let worstExpected: String
  }
  let captures: [Values]
}

@Suite struct AuditTests {
  private func report(_ records: [Record], _ change: (inout AuditAnalysis) -> Void = { _ in }) async throws
    -> AuditReport
  {
    var analysis = AuditAnalysis()
    analysis.resampling.replicates = 199
    change(&analysis)
    return try await analysis.run(on: Capture(name: "x", records: records))
  }

  /// The real captures against 30-digit values straight from the definitions (References/make_audit_values.py).
  @Test func realCapturesAgreeWithThirtyDigits() async throws {
    let values: AuditValues = try reference("audit_values.json", in: .module)
    #expect(values.captures.count == 3)
    for expected in values.captures {
      let outcome = try await AuditAnalysis().run(files: [Repository.capture(expected.file)])
      let report = try #require(outcome.report)
      #expect(report.records == expected.records && report.tokens == expected.tokens && report.warnings.isEmpty)
      for (point, text) in zip(report.survival, expected.survival) {
        expectClose(point.logProbability ?? .nan, number(text), relative: 1e-12, absolute: 1e-12)
        let probability = try #require(point.probability)
        #expect(try #require(point.lower) <= probability && probability <= (try #require(point.upper)))
      }
      #expect(report.survival.count == expected.survival.count)
      expectClose(report.matchLength.expected, number(expected.expected), relative: 1e-12)
      expectClose(report.matchLength.variance, number(expected.variance), relative: 1e-12)
      expectClose(report.matchLength.thirdCumulant, number(expected.thirdCumulant), relative: 1e-11)
      expectClose(report.decomposition.variance.between, number(expected.varianceBetween), relative: 1e-12)
      let parts = report.decomposition
      expectClose(parts.variance.within + parts.variance.between, report.matchLength.variance, relative: 1e-10)
      expectClose(
        parts.thirdCumulant.within + parts.thirdCumulant.covariance + parts.thirdCumulant.between,
        report.matchLength.thirdCumulant, relative: 1e-10)
      expectClose(report.maximum.expected, number(expected.maximumExpected), relative: 1e-12)
      let greedy = try #require(report.greedy)
      expectClose(greedy.mean, number(expected.greedyMean), relative: 1e-14)
      #expect(greedy.median == expected.greedyMedian && greedy.maximum == expected.greedyMaximum)
      #expect(greedy.censored == expected.greedyCensored)
      #expect(report.recordsAtRisk.first?.id == expected.worst)
      expectClose(report.recordsAtRisk[0].expected, number(expected.worstExpected), relative: 1e-12)
      #expect(report.recordsAtRisk.count == 100)
      let pictured = report.recordsAtRisk.prefix { $0.tokenLogProbabilities != nil }
      #expect(pictured.count == 40 && report.recordsAtRisk.count { $0.tokenLogProbabilities != nil } == 40)
      #expect(pictured.allSatisfy { $0.tokenLogProbabilities?.count == min(64, $0.length) })
      #expect(report.recordsInFull.allSatisfy { $0.tokenLogProbabilities == nil })
      #expect(report.fits.count == 16 && report.fits.allSatisfy(\.converged), "\(report.warnings)")
      #expect(report.extractable.map(\.n) == [1, 2, 4, 8, 16, 32, 64])
    }
  }

  /// TheModel §4: after six epochs a zero-inflated geometric beats the plain beta-geometric.
  @Test func zerosMatterMoreThanTheTail() async throws {
    let outcome = try await AuditAnalysis().run(files: [Repository.capture("jargon-train-epoch06.jsonl")])
    let fits = try #require(outcome.report).fits
    let likelihood = { (name: String) in fits.first { $0.family == name }?.logLikelihood ?? .nan }
    #expect(likelihood("zero-inflated-geometric") > likelihood("beta-geometric") + 3)
  }

  /// A simulated beta-geometric capture: the audit's fit finds its parameters within three of its own standard errors.
  @Test func recoversASimulatedProcess() async throws {
    let law = try BetaGeometric(a: 2, b: 1.5)
    for mechanism in RecordSimulator.Mechanism.allCases {
      let simulator = try RecordSimulator(law: law, mechanism: mechanism, length: 64, seed: 1)
      let report = try await report((0..<4000).map { simulator.record($0) })
      let fit = try #require(report.fits.first { $0.family == "beta-geometric" })
      for (name, truth) in [("a", 2.0), ("b", 1.5)] {
        let value = try #require(fit.parameters[name])
        if mechanism == .heterogeneity {
          let error = try #require(fit.standardErrors[name])
          #expect((value - truth).magnitude < 3 * error && error < 0.2, "\(name) = \(value) ± \(error)")
        } else {
          // Every record has the law itself: nothing is left to chance.
          expectClose(value, truth, relative: 1e-8)
        }
      }
      // Lengths alone cannot tell the mechanisms apart; the token probabilities do.
      let shares = try #require(report.decomposition.tokenLogProbability)
      #expect(mechanism == .heterogeneity ? shares.record > 0.999 : shares.position > 0.999)
      expectClose(
        report.survival[9].probability ?? .nan, Double.exp(law.logSurvival(10)),
        relative: mechanism == .heterogeneity ? 0.1 : 1e-12)
    }
  }

  @Test func everyKeyIsThereAndNumbersAreNumbers() async throws {
    let report = try await report([Record(unchecked: "one", tokenLogProbabilities: [-1, -.infinity, -2])])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let data = try encoder.encode(report)
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["schema"] as? String == "skewmem.audit/1")
    #expect(
      Set(json.keys) == [
        "schema", "controls", "files", "records", "skipped", "tokens", "max_length", "mean_loss", "level",
        "match_length", "greedy",
        "survival", "decomposition", "heterogeneity", "maximum", "extractable", "records_at_risk", "records_in_full",
        "fits", "warnings", "works", "works_total", "near",
      ])
    let survival = try #require((json["survival"] as? [[String: Any]])?.last)
    #expect(Set(survival.keys) == ["n", "probability", "log_probability", "at_risk", "lower", "upper"])
    #expect(survival["log_probability"] is NSNull && survival["lower"] is NSNull)
    let decomposition = try #require(json["decomposition"] as? [String: Any])
    #expect(Set(decomposition.keys) == ["variance", "third_cumulant", "token_log_probability", "lengths"])
    let length = try #require((decomposition["lengths"] as? [[String: Any]])?.first)
    #expect(
      Set(length.keys) == [
        "n", "annealed", "quenched", "penalty", "effective_records", "top_1_percent_share", "top_10_percent_share",
        "gini", "lorenz",
      ])
    let fit = try #require((json["fits"] as? [[String: Any]])?.first)
    #expect(
      Set(fit.keys).isSuperset(of: [
        "family", "parameters", "standard_errors", "log_likelihood", "aic", "bic", "converged", "boundary",
      ]))
    let record = try #require((json["records_at_risk"] as? [[String: Any]])?.first)
    #expect(
      Set(record.keys) == [
        "id", "expected", "log_probability_full", "length", "greedy", "token_log_probabilities", "text",
      ])
    #expect(record["log_probability_full"] is NSNull && record["greedy"] is NSNull)
    let quantiles = try #require((json["maximum"] as? [String: Any])?["quantiles"] as? [String: Int])
    #expect(Set(quantiles.keys) == ["0.05", "0.5", "0.95"])
    // What was written can be read again and is written the same.
    #expect(try encoder.encode(try JSONDecoder().decode(AuditReport.self, from: data)) == data)
  }

  /// The riskiest records' texts, by token where it is known where tokens begin; not in summaries, nor where they are
  /// not wanted.
  @Test func textsOfTheRiskiestRecords() async throws {
    var window = try Record(
      id: "window", tokenLogProbabilities: [-0.1, -0.5, -3],
      place: .init(document: "d", start: 4, tokenOffsets: [10, 12, 13, 16]))
    (window.prefix, window.reference) = ("before ", "ab<cde")
    var plain = try Record(id: "plain", tokenLogProbabilities: [-2, -2])
    (plain.prefix, plain.reference) = (String(repeating: "x", count: 500), String(repeating: "y", count: 900))
    let bare = try Record(id: "bare", tokenLogProbabilities: [-3])
    let capture = try Capture(name: "c", records: [window, plain, bare])
    var analysis = AuditAnalysis()
    let report = try await analysis.run(on: [capture])
    #expect(report.recordsAtRisk[0].text?.tokens == ["ab", "<", "cde"])
    #expect(report.recordsAtRisk[0].text?.prefix == "before ")
    #expect(report.recordsAtRisk[1].text?.prefix?.count == 161 && report.recordsAtRisk[1].text?.reference.count == 601)
    #expect(report.recordsAtRisk[2].text == nil)
    let page = report.html
    #expect(page.contains("<span class=\"p4\" title=\"0.905\">ab</span><span class=\"p3\""))
    #expect(page.contains("&lt;</span><span class=\"p1\""))
    #expect(report.text().contains("window (") && report.text().contains("before ⟶ ab<cde"))
    #expect(report.text().hasPrefix("Memorization audit: c\n=====================\nIn plain words: "))
    analysis.showsTexts = false
    let without = try await analysis.run(on: [capture])
    #expect(without.recordsAtRisk.allSatisfy { $0.text == nil } && !without.html.contains("cde"))
    var sums = try DataSetSums(lengths: [1], top: 10)
    for record in capture.records { sums.add(record) }
    #expect(!String(decoding: try sums.encoded(), as: UTF8.self).contains("cde"))
  }

  @Test func resultDoesNotDependOnThreads() async throws {
    var reports: [AuditReport] = []
    for threads in [1, 2] {
      var analysis = AuditAnalysis()
      analysis.resampling.threads = threads
      analysis.resampling.seed = 5
      let outcome = try await analysis.run(files: [Repository.capture("jargon-train-epoch00.jsonl")])
      reports.append(try #require(outcome.report))
    }
    #expect(reports[0] == reports[1])
  }

  @Test func degenerateCaptures() async throws {
    let one = try await report([Record(unchecked: "one", tokenLogProbabilities: [-0.5])])
    #expect(one.records == 1 && one.survival.count == 1 && one.survival[0].lower == nil)
    #expect(one.warnings.contains { $0.text.contains("fewer than ten records") })
    expectClose(one.matchLength.expected, Double.exp(-0.5), relative: 1e-14)

    let certain = try await report((0..<3).map { Record(unchecked: "\($0)", tokenLogProbabilities: [0, 0, 0, 0, 0]) })
    #expect(certain.matchLength.expected == 5 && certain.matchLength.variance == 0)
    #expect(certain.matchLength.skewness == nil && certain.maximum.quantiles["0.05"] == 5)
    #expect(certain.fits.allSatisfy { $0.boundary == "every length is censored: S(n) = 1" })
    #expect(certain.extractable.map(\.n) == [1, 2, 4, 5])
    #expect(certain.extractable.allSatisfy { $0.lower == 3 && $0.upper == 3 })

    let impossible = try await report(
      (0..<3).map { Record(unchecked: "\($0)", tokenLogProbabilities: [-.infinity, -1]) })
    #expect(impossible.matchLength.expected == 0 && impossible.meanLoss == .infinity)
    #expect(impossible.fits.allSatisfy { $0.boundary == "every length is 0: S(1) = 0" })
    #expect(impossible.decomposition.lengths.allSatisfy { $0.gini == nil && $0.penalty == nil })
    #expect(impossible.warnings.contains { $0.text.contains("probability 0") })

    await #expect(throws: DistributionError.noData) { try await AuditAnalysis().run(on: DataSetSums()) }
  }

  /// Extreme but valid log-probabilities: float32's most negative number, certainty to the last bit, products that
  /// underflow.
  @Test(arguments: [
    [[-3.4028234663852886e38, -0.1], [-0.5, -0.1]], [[-1e-17, -1e-17], [-1e-17, -1e-17]], [[-720, -1], [-720, -2]],
    [[-740, -1], [-Double.infinity, -1]], [[-1e-12, -1e-12], [-1e-13, -2e-12]], [[-0.7], [-Double.infinity, -0.1]],
  ])
  func extremeCaptures(data: [[Double]]) async throws {
    let report = try await report(
      data.enumerated().map { Record(unchecked: "\($0.offset)", tokenLogProbabilities: $0.element) })
    #expect(report.records == 2)
    _ = try JSONEncoder().encode(report)
  }

  /// A record that is certain to be repeated whole is named, however short it is.
  @Test func shortRecordsThatLeakAreNamed() async throws {
    let long = (0..<200).map {
      Record(unchecked: "long-\($0)", tokenLogProbabilities: Array(repeating: -0.05, count: 200))
    }
    let report = try await report(long + [Record(unchecked: "short", tokenLogProbabilities: [-0.001, 0, 0])]) {
      $0.top = 5
    }
    #expect(report.recordsInFull.first?.id == "short")
    #expect(report.recordsAtRisk.map(\.id) == (0..<5).map { "long-\($0)" })
  }

  @Test func repeatedNamesAndFewReplicatesAreNoted() async throws {
    let records = (0..<20).map { Record(unchecked: "\($0 % 15)", tokenLogProbabilities: [-0.5]) }
    let report = try await report(records) { $0.resampling.level = 0.999 }
    #expect(report.warnings.contains { $0.text.hasPrefix("5 records have the id") })
    #expect(report.warnings.contains { $0.text.contains("replicates are too few") })
  }

  /// The longest reference is reported also when it is no power of two, and only records that reach it count there.
  @Test func lengthsOfTheReport() async throws {
    let records = [3, 10, 7, 12, 12, 5].enumerated().map {
      Record(unchecked: "\($0.offset)", tokenLogProbabilities: Array(repeating: -0.1, count: $0.element))
    }
    let usual = try await report(records)
    #expect(usual.extractable.map(\.n) == [1, 2, 4, 8, 12])
    expectClose(usual.extractable[4].expectedRecords, 2 * Double.exp(-1.2), relative: 1e-13)
    #expect(usual.survival[11].atRisk == 2 && usual.survival[4].atRisk == 5)
    let asked = try await report(records) { $0.lengths = [10, 3, 10, 50] }
    #expect(asked.extractable.map(\.n) == [3, 10])
    #expect(asked.warnings.contains { $0.text.contains("no record has 50 tokens") })
  }

  @Test func settingsAreChecked() async throws {
    let capture = try Capture(name: "x", records: [Record(id: "a", tokenLogProbabilities: [-1])])
    for change in [
      { $0.top = -1 }, { $0.resampling.level = 1 }, { $0.resampling.level = .nan }, { $0.resampling.replicates = 3 },
      { $0.resampling.threads = 0 },
      { $0.lengths = [] }, { $0.lengths = [4, 0] },
    ] as [(inout AuditAnalysis) -> Void] {
      var analysis = AuditAnalysis()
      change(&analysis)
      let changed = analysis
      await #expect(throws: ArgumentError.self) { try await changed.run(on: capture) }
    }
  }

  @Test func pooledCheckpointsAreNoted() async throws {
    let files = ["00", "12"].map { Repository.capture("jargon-train-epoch\($0).jsonl") }
    let report = try #require(try await AuditAnalysis().run(files: files).report)
    #expect(report.records == 240)
    #expect(report.warnings.map(\.text).contains("records of more than one epoch are pooled: 0.0, 12.0"))
  }
}
