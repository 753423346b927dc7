import Captures
import Foundation
import RealModule
import SkewedMemorization
import TestSupport
import Testing
import TokenProcess

/// Bounds of near-copies in every report that shows them, by hand.
@Suite struct NearCopiesTests {
  /// A window of ten tokens with S(10) = e^logVerbatim.
  private func window(_ start: Int, _ logVerbatim: Double, _ lower: Double, _ upper: Double) throws -> Record {
    var record = try Record(
      id: "w\(start)", tokenLogProbabilities: Array(repeating: logVerbatim / 10, count: 10),
      place: .init(document: "poem", start: start, documentTokens: 40))
    record.near = [
      NearVerbatimBounds(
        distance: .hamming, limit: 2, length: 10, logLower: lower, logUpper: upper, requests: 7,
        estimate: .init(probability: .exp(lower), lower: 0, upper: 1, draws: 10))
    ]
    return record
  }

  private func capture() throws -> Capture {
    let windows = [try window(5, -3, -2, -1.5), try window(10, -1, -0.5, -0.4), try window(30, -12, -9, -4)]
    return try Capture(name: "poem", records: windows)
  }

  @Test func works() async throws {
    var analysis = WorksAnalysis()
    analysis.lengths = [10]
    analysis.thresholds = [0.01, 0.2, 0.5]
    let report = try await analysis.run(on: capture())
    let near = try #require(report.works[0].near)
    #expect(near.count == 1 && near[0].windows == 3 && near[0].e == 2 && near[0].n == 10)
    // Tokens 5 to 19 of 40 in the first two windows, and 30 to 39 in the last.
    let coverage = near[0].coverage
    #expect(coverage.map(\.threshold) == [0.01, 0.2, 0.5])
    #expect(coverage.map { Int(40 * $0.verbatim) } == [15, 10, 0])
    #expect(coverage.map { Int(40 * $0.lower) } == [15, 10, 10])
    #expect(coverage.map { Int(40 * $0.upper) } == [25, 15, 10])
    #expect(report.text().contains("Near-copies"))
  }

  @Test func predict() async throws {
    var analysis = try PredictAnalysis(length: 10)
    analysis.draws = [1, 5]
    let report = try await analysis.run(on: capture())
    let near = try #require(report.near?.first)
    func sum(_ logs: [Double], _ draws: Double) -> Double {
      logs.reduce(0) { $0 + 1 - .pow(1 - .exp($1), draws) }
    }
    for (index, draws) in [1.0, 5].enumerated() {
      expectClose(near.inDraws[index].verbatim, sum([-3, -1, -12], draws), relative: 1e-9)
      expectClose(near.inDraws[index].lower, sum([-2, -0.5, -9], draws), relative: 1e-9)
      expectClose(near.inDraws[index].upper, sum([-1.5, -0.4, -4], draws), relative: 1e-9)
    }
    func needed(_ log: Double) -> Double { (Double.log(0.5) / .log(onePlus: -.exp(log))).rounded(.up) }
    expectClose(near.drawsNeeded.verbatim ?? 0, needed(-1), relative: 1e-9)
    expectClose(near.drawsNeeded.lower ?? 0, needed(-0.4), relative: 1e-9)
    expectClose(near.drawsNeeded.upper ?? 0, needed(-0.5), relative: 1e-9)
    expectClose(near.estimated ?? 0, Double.exp(-2) + .exp(-0.5) + .exp(-9), relative: 1e-12)
    #expect(near.requests == 21 && near.records == 3)
    #expect(near.thresholds.map(\.lower) == [2, 2, 2, 1] && near.thresholds.map(\.upper) == [3, 3, 2, 1])
    #expect(near.thresholds.map(\.verbatim) == [2, 2, 1, 0])
  }

  @Test func audit() async throws {
    let report = try await AuditAnalysis().run(on: [capture()])
    let near = try #require(report.near?.first)
    #expect(near.inDraws.map(\.draws) == [10, 100, 1000] && near.decoding == .plain)
    expectClose(near.verbatim, Double.exp(-3) + .exp(-1) + .exp(-12), relative: 1e-12)
  }

  @Test func metrics() async throws {
    var analysis = MetricsAnalysis()
    analysis.settings.length = 10
    let report = try await analysis.run(on: capture())
    #expect(report.records.map { $0["near_verbatim_lower"] } == [-2, -0.5, -9])
  }

  /// A scheme and an estimate survive being written and read.
  @Test func lines() throws {
    var record = try window(5, -3, -2, -1.5)
    record.near?[0].decoding = try Decoding(temperature: 0.7, topK: 20, topP: 0.9, minP: 0.05)
    let line = try captureLine(record)
    #expect(try captureRecord(line) == record)
    for (text, problem) in [
      (#""estimate":[0.1,0,1,0]"#, "estimate"), (#""estimate":[0.1,0]"#, "estimate"), (#""temperature":-1"#, "range"),
    ] {
      let wrong =
        #"{"id":"a","token_logprobs":[-1],"near":[{"distance":"hamming","e":1,"n":1,"log_lower":-2,"log_upper":-1,"#
        + text + "}]}"
      #expect { try captureRecord(Data(wrong.utf8)) } throws: { "\($0)".contains(problem) }
    }
  }
}
