import Foundation
import SkewedMemorization
import Testing

/// Settings are checked when an analysis runs, however they were set, and reports come back from their JSON.
@Suite struct SettingsTests {
  private func capture() throws -> Capture {
    try Capture(
      name: "thirty",
      records: (1...30).map { index in
        try Record(
          id: "r\(index)", tokenLogProbabilities: (1...6).map { -0.02 * Double(index) - 0.01 * Double($0 % 3) })
      })
  }

  @Test(arguments: [[], [0], [-3], [2_000_000]])
  func lengthsOfPredictions(lengths: [Int]) async throws {
    var analysis = try PredictAnalysis(length: 4)
    analysis.lengths = lengths
    await #expect(throws: ArgumentError.self) { try await analysis.run(on: try capture()) }
    #expect(throws: ArgumentError.self) { try PredictAnalysis(lengths: lengths) }
  }

  @Test func threads() async throws {
    let capture = try capture()
    for threads in [0, -1] {
      var prediction = try PredictAnalysis(length: 4)
      prediction.threads = threads
      await #expect(throws: ArgumentError.self) { try await prediction.run(on: capture) }
      var metrics = MetricsAnalysis()
      metrics.threads = threads
      await #expect(throws: ArgumentError.self) { try await metrics.run(on: capture) }
      var audit = AuditAnalysis()
      audit.resampling.threads = threads
      await #expect(throws: ArgumentError.self) { try await audit.run(on: capture) }
    }
  }

  @Test func emptyLists() async throws {
    let capture = try capture()
    await #expect(throws: ArgumentError.self) { try await AuditAnalysis().run(files: []) }
    var comparison = CompareAnalysis()
    comparison.lengths = []
    await #expect(throws: ArgumentError.self) {
      try await comparison.run(on: [capture, Capture(name: "b", records: capture.records)])
    }
    var fit = FitAnalysis()
    fit.families = []
    await #expect(throws: ArgumentError.self) { try await fit.run(on: capture) }
  }

  @Test func reportsComeBackFromJSON() async throws {
    let capture = try capture()
    let audit = try await AuditAnalysis().run(on: capture)
    #expect(try JSONDecoder().decode(AuditReport.self, from: JSONEncoder().encode(audit)) == audit)
    let fit = try await FitAnalysis().run(on: capture)
    #expect(fit.fits.contains { $0.parameters.items.count > 1 })
    #expect(try JSONDecoder().decode(FitReport.self, from: JSONEncoder().encode(fit)) == fit)
  }
}
