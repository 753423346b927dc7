import Foundation
import SkewedMemorization
import TestSupport
import Testing

@testable import Reports

@Suite struct DocumentTests {
  private func report(_ records: [Record]) async throws -> AuditReport {
    try await AuditAnalysis().run(on: Capture(name: "x.jsonl", records: records))
  }

  @Test func numbersAsPeopleReadThem() {
    let cases: [(Double?, String)] = [
      (0, "0"), (1, "1.00"), (0.99999, "1.00"), (12.345, "12.3"), (123.45, "123"), (0.00123, "0.00123"),
      (4.5e-7, "4.50e-7"), (-2.5, "-2.50"), (1.5e9, "1.50e9"), (nil, "—"), (.infinity, "∞"), (.nan, "—"),
    ]
    for (value, text) in cases { #expect(NumberText.text(value) == text) }
    #expect(
      NumberText.count(1_234_567) == "1,234,567" && NumberText.count(12) == "12" && NumberText.count(-1000) == "-1,000")
    #expect(NumberText.probability(log: -2000) == "2.58e-869")
    #expect(NumberText.probability(log: nil) == "0" && NumberText.probability(log: 0) == "1.00")
    #expect(NumberText.probability(log: -.infinity) == "0" && NumberText.probability(log: 800) == "2.73e347")
    // 9.9999e-402 rounds to the next power.
    #expect(NumberText.probability(log: -401 * 2.302585092994046 - 1e-5) == "1.00e-401")
    #expect(NumberText.percent(0.123) == "12.3 %" && NumberText.percent(1e-29) == "0 %")
    #expect(NumberText.level(0.9999) == "99.99 %" && NumberText.level(0.95) == "95 %")
    #expect(NumberText.count(1, "record") == "1 record" && NumberText.count(2, "record") == "2 records")
  }

  @Test func textAnswersTheQuestionFirst() async throws {
    let outcome = try await AuditAnalysis().run(files: [Repository.capture("jargon-train-epoch06.jsonl")])
    let text = try #require(outcome.report).text()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("Memorization audit:") && !text.contains("\u{1B}"))
    let worst = try #require(lines.firstIndex { $0.contains("jargon-0064") })
    // After the answer in plain words and the numbers.
    #expect(worst < 20)
    for phrase in [
      "P(N >= n)", "mean loss is 0.479 nats", "By AIC", "zero-inflated-geometric", "differences between records",
    ] {
      #expect(text.contains(phrase), "\(phrase)")
    }
    #expect(try #require(outcome.report).text(isStyled: true).contains("\u{1B}[1m"))
  }

  /// Names from captures are shown and not interpreted, in the terminal and in Markdown.
  @Test func textFromCapturesIsEscaped() async throws {
    let report = try await report([
      Record(unchecked: "<script>|*x*|\u{1B}[31m\n", tokenLogProbabilities: [-0.5, -1]),
      Record(unchecked: "b", tokenLogProbabilities: [-2]),
    ])
    #expect(!report.text().contains("\u{1B}"))
    let row = try #require(report.markdown.split(separator: "\n").first { $0.contains("script") })
    #expect(row.contains("\\<script\\>\\|\\*x\\*\\|") && !row.contains("\u{1B}"))
  }

  /// Every table row of the Markdown has the columns of its heading.
  @Test func markdownTablesAreRegular() async throws {
    let outcome = try await AuditAnalysis().run(files: [Repository.capture("jargon-train-epoch12.jsonl")])
    let markdown = try #require(outcome.report).markdown
    var width: Int?
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("|") else {
        width = nil
        continue
      }
      let columns = line.replacingOccurrences(of: "\\|", with: "").count { $0 == "|" }
      #expect(columns == width ?? columns)
      width = columns
    }
    #expect(markdown.hasPrefix("# Memorization audit"))
  }

  @Test func degenerateReportsAreReadable() async throws {
    for tokens: [Double] in [[0, 0], [-.infinity], [-1e-300], [-2000, -2000]] {
      let text = try await report([Record(unchecked: "a", tokenLogProbabilities: tokens)]).text()
      #expect(!text.contains(" nan") && !text.contains("NaN"), "\(text)")
    }
  }

  @Test func plansAndSimulations() throws {
    let plan = try PlanReport(records: 100_000, risky: 20, sample: 500, observed: 2)
    #expect(plan.text().contains("13,910 records misses all of 20"))
    #expect(plan.markdown.hasPrefix("# Audit plan"))
    let simulator = try RecordSimulator(law: Geometric(p: 0.5), length: 8, seed: 2)
    let summary = SimulateReport(simulator: simulator, records: 10, output: "x.jsonl")
    #expect(summary.text().contains("10 records of 8 tokens from geometric (p = 0.5), seed 2"))
  }
}
