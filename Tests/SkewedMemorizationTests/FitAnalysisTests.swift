import Captures
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
    analysis.goodnessReplicates = 19
    let report = try await analysis.run(on: counts(), name: "x")
    #expect(report.best == "zero-inflated-geometric" && report.observations == 400)
    #expect(report.fits.map(\.family) == ["zero-inflated-geometric", "discrete-weibull", "geometric"])
    #expect(report.warnings.map(\.text) == ["zeta cannot have produced these lengths"])
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

  @Test func fixedParametersAreTested() async throws {
    var analysis = FitAnalysis()
    analysis.families = try ["geometric", "zero-inflated-geometric"].map { try FamilyChoice(named: $0) }
    analysis.fixed = ["zero": 0.3]
    analysis.hasIntervals = true
    let report = try await analysis.run(on: counts(), name: "x")
    let fit = try #require(report.fits.first { $0.family == "zero-inflated-geometric" })
    #expect(fit.fixed == ["zero"] && fit.parameters["zero"] == 0.3 && fit.standardErrors["zero"] == nil)
    #expect(fit.intervals?["p"] != nil && report.intervalMethod == "delta")
    // The truth is 0.3, and geometric has no such parameter.
    let test = try #require(report.comparisons.first)
    #expect(report.comparisons.count == 1 && test.first == "zero-inflated-geometric with zero = 0.3")
    #expect(test.pValue > 0.01 && test.test == "likelihood-ratio")
    analysis.fixed = ["zero": 0.9]
    #expect(try #require(try await analysis.run(on: counts(), name: "x").comparisons.first).pValue < 1e-10)
    for (name, change) in [
      ("minimum", { (analysis: inout FitAnalysis) in analysis.minimum = .automatic }),
      ("goodnessReplicates", { $0.goodnessReplicates = 19 }), ("intervalMethod", { $0.intervalMethod = .profile }),
      ("fixed", { $0.fixed = ["alpha": 2] }), ("startingValues", { $0.startingValues = ["p": .nan] }),
    ] {
      var wrong = analysis
      change(&wrong)
      await #expect { try await wrong.run(on: counts(), name: "x") } throws: { ($0 as? ArgumentError)?.name == name }
    }
    analysis.fixed = ["zero": 2]
    await #expect(throws: DistributionError.self) { try await analysis.run(on: counts(), name: "x") }
  }

  /// A share fixed at 0 is at the end of its range: half of χ², as where the smaller family is compared.
  @Test func aShareFixedAtItsEnd() async throws {
    var analysis = FitAnalysis()
    analysis.families = [try FamilyChoice(named: "zero-inflated-geometric")]
    analysis.fixed = ["zero": 0]
    let fixed = try #require(try await analysis.run(on: counts(), name: "x").comparisons.first)
    analysis.fixed = [:]
    analysis.families = try ["geometric", "zero-inflated-geometric"].map { try FamilyChoice(named: $0) }
    let pair = try #require(
      try await analysis.run(on: counts(), name: "x").comparisons.first { $0.test == "likelihood-ratio" })
    expectClose(fixed.statistic, pair.statistic, relative: 1e-9)
    expectClose(fixed.pValue, pair.pValue, relative: 1e-6)
  }

  /// Of a length in an interval that a window cuts it is not known whether it is inside.
  @Test func windowsDoNotCutIntervals() async throws {
    let data = try CensoredCounts(
      [.init(length: 0, exact: 100), .init(length: 1, exact: 50), .init(length: 9, exact: 5)],
      intervals: [.init(from: 3, through: 5, weight: 20)])
    var analysis = FitAnalysis()
    for (minimum, maximum, isCut) in [(4, nil, true), (0, 4, true), (3, nil, false), (0, 12, false), (6, nil, false)] {
      (analysis.minimum, analysis.maximum) = (.fixed(minimum), maximum)
      if isCut {
        await #expect(throws: ArgumentError.self) { try await analysis.run(on: data, name: "x") }
      } else {
        let report = try await analysis.run(on: data, name: "x")
        #expect(report.warnings.contains { $0.code == .notTested } == true)
      }
    }
    let twice = try FamilyChoice(named: "geometric")
    analysis.families = [twice, twice]
    await #expect(throws: ArgumentError.self) { try await analysis.run(on: data, name: "x") }
  }

  /// Lengths drawn from a fit are those of its law: the p-value of fitting them with the law's own parameters.
  @Test func drawsFromAFit() async throws {
    var analysis = FitAnalysis()
    analysis.families = [try FamilyChoice(named: "discrete-weibull"), try FamilyChoice(named: "geometric")]
    analysis.minimum = .fixed(2)
    analysis.maximum = 40
    let report = try await analysis.run(on: counts(), name: "x")
    let fitted = try FittedLaw(report, family: "discrete-weibull")
    let simulation = try CountsSimulation(law: fitted.law, window: fitted.window, seed: 9)
    let drawn = try simulation.counts(50_000)
    #expect(drawn.total == 50_000 && drawn.cells[0].length == 2 && drawn.maximum <= 40)
    for n in [3, 5, 10, 20, 35] {
      let expected = Double.exp(fitted.window.logSurvival(of: fitted.law, n))
      let share = drawn.restricted(from: n).total / 50_000
      // Five standard errors.
      #expect(abs(share - expected) < 5 * (expected * (1 - expected) / 50_000).squareRoot())
    }
    #expect(throws: ArgumentError.self) { try FittedLaw(report, family: "zeta") }
    #expect(throws: ArgumentError.self) {
      try CountsSimulation(law: fitted.law, window: fitted.window, length: 1, seed: 9)
    }
    let lines = CountsReader.lines(of: try CountsSimulation(law: Geometric(p: 0.5), length: 3, seed: 1).counts(100))
    #expect(lines.count == 4 && lines[3].hasPrefix("3+ "))
  }

  /// What pictures are drawn from, counted by hand: survival and quantiles from n_min on.
  @Test func pictures() async throws {
    // 0 × 5, 1 × 3, 2 × 2, 4 × 1, and one that is at least 6.
    let counts = try CensoredCounts([
      .init(length: 0, exact: 5), .init(length: 1, exact: 3), .init(length: 2, exact: 2), .init(length: 4, exact: 1),
      .init(length: 6, exact: 0, censored: 1),
    ])
    var analysis = FitAnalysis()
    analysis.families = [try FamilyChoice(named: "geometric")]
    let whole = try await analysis.run(on: counts, name: "x")
    #expect(whole.survival.map(\.n) == Array(1...6))
    for (point, share) in zip(whole.survival, [7, 4, 2, 2, 1, 1]) {
      expectClose(try #require(point.logSurvival), .log(Double(share) / 12), relative: 1e-13)
      #expect(try #require(point.lower) < Double(share) / 12 && Double(share) / 12 < (try #require(point.upper)))
    }
    let p = try #require(whole.fits[0].parameters["p"])
    for point in whole.survival {
      expectClose(try #require(point.fitted["geometric"]?.wrappedValue), Double(point.n) * .log(p), relative: 1e-9)
    }
    // The largest is only known as a bound; of the others each has its rank's quantile.
    #expect(whole.quantiles.map(\.observed) == whole.quantiles.map(\.observed).sorted())
    #expect(whole.quantiles.map(\.observed).max() == 4)
    for pair in whole.quantiles {
      // The smallest n with p^(n + 1) <= tail.
      #expect(pair.fitted == (0..<100).first { Double.pow(p, Double($0 + 1)) <= pair.tail })
    }
    analysis.minimum = .fixed(1)
    let tail = try await analysis.run(on: counts, name: "x")
    #expect(tail.survival.map(\.n) == Array(2...6))
    expectClose(try #require(tail.survival[0].logSurvival), .log(4.0 / 7), relative: 1e-13)
    #expect(tail.quantiles.allSatisfy { $0.observed >= 1 && $0.fitted >= 1 })
  }

  @Test(arguments: FitAnalysis.IntervalMethod.allCases) func intervals(method: FitAnalysis.IntervalMethod) async throws
  {
    var analysis = FitAnalysis()
    analysis.families = try ["geometric-mixture", "zero-inflated-geometric"].map { try FamilyChoice(named: $0) }
    analysis.hasIntervals = true
    analysis.intervalMethod = method
    analysis.resampling.replicates = 100
    analysis.comparesAll = true
    let report = try await analysis.run(on: counts(), name: "x")
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
    let report = try await analysis.run(on: counts(), name: "x")
    let extremes = try #require(report.extremes)
    #expect(extremes.returnLevels.map(\.times) == [1, 10, 100, 1000])
    #expect(!extremes.peaksOverThreshold.isEmpty && !extremes.meanExcess.isEmpty)
    let data = try JSONEncoder().encode(report)
    #expect(try JSONDecoder().decode(FitReport.self, from: data) == report)
    // Nothing ends: there is no tail, and nothing fails.
    let none = try await analysis.run(on: CensoredCounts([.init(length: 9, exact: 0, censored: 100)]), name: "x")
    #expect(none.extremes?.threshold == nil)
  }

  /// With an n_min of their own families are not ranked.
  @Test func automaticMinimum() async throws {
    var analysis = FitAnalysis()
    analysis.families = [FamilyChoice(Zeta.self), FamilyChoice(Geometric.self)]
    analysis.minimum = .automatic
    let report = try await analysis.run(
      on: CensoredCounts(exact: (1...300).map { 1 + 1000 / ($0 * $0) }), name: "x")
    #expect(report.fits.count == 2)
    if Set(report.fits.map(\.nMin)).count > 1 {
      #expect(report.best == nil && report.comparisons.isEmpty && report.fits.allSatisfy { $0.weight == nil })
    }
  }

  /// The exact law of records: units of a comparison are records, and nested families are not tested.
  @Test func fractionalWeights() async throws {
    let records = try await CaptureReader(files: [Repository.capture("jargon-train-epoch06.jsonl")]).records()
    var analysis = FitAnalysis()
    analysis.families = try ["zero-inflated-geometric", "geometric", "beta-geometric"].map {
      try FamilyChoice(named: $0)
    }
    let report = try await analysis.run(on: Capture(name: "x", records: records))
    #expect(report.comparisons.map(\.second) == ["beta-geometric"])
    await #expect(throws: DistributionError.noData) { try await analysis.run(on: CensoredCounts([]), name: "x") }
  }

  /// A distance is called large only beside its distribution: of samples of 20 from a geometric law hardly any is far
  /// from its geometric fit, though many have a distance above 0.1; lengths of another law are.
  @Test func distancesHaveADistribution() async throws {
    var analysis = FitAnalysis()
    analysis.families = [FamilyChoice(Geometric.self)]
    let law = try Geometric(p: 0.8)
    var generator = SeededGenerator(seed: 4)
    var (far, large) = (0, 0)
    for _ in 0..<12 {
      let lengths = (0..<20).map { _ in law.sample(using: &generator) }
      let report = try await analysis.run(on: try CensoredCounts(exact: lengths), name: "sample")
      far += report.warnings.count { $0.code == .farFromData }
      large += report.fits[0].ks > 0.1 ? 1 : 0
    }
    #expect(far <= 1 && large >= 3, "\(far) of \(large)")
    let two = try await analysis.run(
      on: try CensoredCounts(exact: Array(repeating: 0, count: 200) + Array(repeating: 40, count: 200)), name: "two")
    #expect(two.warnings.map(\.code) == [.farFromData])
  }

  /// Every family has its own bootstrap test on request.
  @Test func everyFamilyIsTested() async throws {
    var analysis = FitAnalysis()
    analysis.families = [FamilyChoice(Geometric.self), FamilyChoice(BetaGeometric.self)]
    analysis.goodnessReplicates = 40
    analysis.testsAll = true
    let report = try await analysis.run(on: try counts(), name: "counts")
    #expect(report.fits.allSatisfy { $0.goodnessOfFit?.family == $0.family })
    #expect(report.goodnessOfFit == report.fits[0].goodnessOfFit)
    analysis.goodnessReplicates = 0
    let untested = analysis
    await #expect(throws: ArgumentError.self) { try await untested.run(on: try counts(), name: "counts") }
  }
}
