import Foundation
import GSLNumerics
import RealModule
import SkewedMemorization
import TestSupport
import Testing

@Suite struct FitAnalysisTests {
  private func counts() throws -> CensoredCounts {
    let law = try ZeroInflated(Geometric(p: 0.8), zero: 0.3)
    var generator = SeededGenerator(seed: 3)
    return try CensoredCounts(
      (0..<400).map { _ in
        let n = law.sample(using: &generator)
        return n >= 20 ? .init(length: 20, exact: 0, censored: 1) : .init(length: n, exact: 1)
      })
  }

  @Test func fitsAndCompares() async throws {
    var analysis = FitAnalysis()
    analysis.families = try ["geometric", "zero-inflated-geometric", "discrete-weibull", "zeta"].map {
      try FamilyChoice(named: $0)
    }
    analysis.replicates = 19
    let report = try await analysis.report(on: counts(), file: "x")
    #expect(report.best == "zero-inflated-geometric" && report.observations == 400)
    #expect(report.fits.map(\.family) == ["zero-inflated-geometric", "discrete-weibull", "geometric"])
    #expect(report.warnings == ["zeta cannot have produced these lengths"])
    expectClose(report.fits.reduce(0) { $0 + ($1.weight ?? 0) }, 1, relative: 1e-12)
    let nested = try #require(report.comparisons.first { $0.test == "likelihood-ratio" })
    #expect(nested.first == "geometric" && nested.second == "zero-inflated-geometric" && nested.pValue < 1e-6)
    #expect(report.comparisons.contains { $0.test == "vuong" && $0.second == "discrete-weibull" })
    #expect(try #require(report.goodnessOfFit).pValue >= 0.05)
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
    #expect(json?["schema"] as? String == "skewmem.fit/1")
    let fit = try #require((json?["fits"] as? [[String: Any]])?.first)
    #expect(Set(fit.keys).isSuperset(of: ["n_min", "tail_observations", "ks", "weight", "aicc", "boundary"]))
  }

  @Test(arguments: FitAnalysis.IntervalMethod.allCases) func intervals(method: FitAnalysis.IntervalMethod) async throws
  {
    var analysis = FitAnalysis()
    analysis.families = try ["geometric-mixture", "zero-inflated-geometric"].map { try FamilyChoice(named: $0) }
    analysis.intervals = method
    analysis.intervalReplicates = 60
    analysis.comparesAll = true
    let report = try await analysis.report(on: counts(), file: "x")
    #expect(report.intervalMethod == method.rawValue)
    let fit = try #require(report.fits.first { $0.family == "zero-inflated-geometric" })
    let p = try #require(fit.intervals?["p"])
    #expect(try #require(p.lower) < 0.8 && 0.8 < (try #require(p.upper)))
    #expect(fit.survival.map(\.n) == [1, 2, 4, 8, 16, 32, 64])
    for point in fit.survival {
      #expect(try #require(point.lower) <= point.logSurvival && point.logSurvival <= (try #require(point.upper)))
    }
    // JSON: numbers by name, lists for the mixture; it reads back.
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(FitReport.self, from: data).fits.count == 2)
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let fits = try #require(json["fits"] as? [[String: Any]])
    let mixture = try #require(fits.first { $0["family"] as? String == "geometric-mixture" })
    let parameters = try #require(mixture["parameters"] as? [String: Any])
    #expect((parameters["weights"] as? [Any])?.count == 2 && (parameters["p"] as? [Any])?.count == 2)
  }

  @Test func extremesOfCounts() async throws {
    var analysis = FitAnalysis()
    analysis.families = [FamilyChoice(Geometric.self)]
    analysis.extremes = true
    let report = try await analysis.report(on: counts(), file: "x")
    let extremes = try #require(report.extremes)
    #expect(extremes.returnLevels.map(\.times) == [1, 10, 100, 1000])
    #expect(!extremes.peaksOverThreshold.isEmpty && !extremes.meanExcess.isEmpty)
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(FitReport.self, from: data) == report)
    // Nothing ends: there is no tail, and nothing fails.
    let none = try await analysis.report(on: CensoredCounts([.init(length: 9, exact: 0, censored: 100)]), file: "x")
    #expect(none.extremes?.threshold == nil)
  }

  /// With an n_min of their own families are not ranked.
  @Test func automaticMinimum() async throws {
    var analysis = FitAnalysis()
    analysis.families = [FamilyChoice(Zeta.self), FamilyChoice(Geometric.self)]
    analysis.minimum = .automatic
    let report = try await analysis.report(
      on: CensoredCounts(exact: (1...300).map { 1 + 1000 / ($0 * $0) }), file: "x")
    #expect(report.fits.count == 2)
    if Set(report.fits.map(\.nMin)).count > 1 {
      #expect(report.best == nil && report.comparisons.isEmpty && report.fits.allSatisfy { $0.weight == nil })
    }
  }

  /// The exact law of records: units of a comparison are records, and nested families are not tested.
  @Test func fractionalWeights() async throws {
    let records = try await CaptureReader(files: [Repository.capture("jargon-train-epoch06.jsonl")]).records()
    var histogram = MatchLengthHistogram()
    var groups = RecordGroups()
    for record in records {
      let law = MatchLengthLaw(record)
      histogram.add(law)
      groups.add(law)
    }
    var analysis = FitAnalysis()
    analysis.families = try ["zero-inflated-geometric", "geometric", "beta-geometric"].map {
      try FamilyChoice(named: $0)
    }
    let report = try await analysis.report(on: histogram.counts, clusters: groups.counts, file: "x")
    #expect(report.comparisons.map(\.second) == ["beta-geometric"])
    await #expect(throws: DistributionError.noData) { try await analysis.report(on: CensoredCounts([]), file: "x") }
  }
}
