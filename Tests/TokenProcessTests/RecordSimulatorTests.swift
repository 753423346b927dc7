import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing
import TokenProcess

@Suite struct RecordSimulatorTests {
  @Test func recordsAreReproducible() throws {
    let law = try BetaGeometric(a: 2, b: 1.5)
    let simulator = try RecordSimulator(law: law, length: 10, seed: 1)
    #expect(simulator.mechanism == .heterogeneity)
    #expect(simulator.record(3) == simulator.record(3))
    #expect(simulator.record(3).tokenLogProbabilities != simulator.record(4).tokenLogProbabilities)
    #expect(Set(simulator.record(3).tokenLogProbabilities).count == 1)
    var record = simulator.record(5)
    try record.validate()
  }

  /// Under common hazards each record's law is the family's.
  @Test func positionsReproduceTheLaw() throws {
    for name in ["discrete-weibull", "linear-hazard", "zero-inflated-cured-beta-geometric"] {
      let parameters: [String: [String: Double]] = [
        "discrete-weibull": ["q": 0.7, "beta": 0.6], "linear-hazard": ["p0": 0.3, "alpha": 0.02],
        "zero-inflated-cured-beta-geometric": ["a": 2, "b": 1.5, "zero": 0.3, "cured": 0.1],
      ]
      let law = try Family.law(named: name, parameters: try #require(parameters[name]))
      let simulator = try RecordSimulator(law: law, mechanism: .durationDependence, length: 30, seed: 0)
      let found = MatchLengthLaw(simulator.record(0))
      for n in 0...30 {
        expectClose(found.logSurvival[n], law.logSurvival(n), relative: 1e-12, absolute: 1e-13, "\(name) \(n)")
      }
    }
  }

  /// Under the mixing law the mean of S_i(n) is the family's S(n), with atoms at p = 0 and p = 1.
  @Test func recordsReproduceTheLawOnAverage() throws {
    let law = try Family.law(
      named: "zero-inflated-cured-beta-geometric", parameters: ["a": 2, "b": 1.5, "zero": 0.3, "cured": 0.1])
    let simulator = try RecordSimulator(law: law, length: 20, seed: 8)
    var survival = SurvivalAccumulator()
    for index in 0..<20_000 { survival.add(MatchLengthLaw(simulator.record(index))) }
    for n in [1, 2, 5, 20] {
      // Five standard errors of a mean of 20,000 values in [0, 1].
      expectClose(Double.exp(survival.logSurvival[n]), Double.exp(law.logSurvival(n)), relative: 0, absolute: 0.018)
    }
  }

  @Test func requestsAreChecked() throws {
    let law = try DiscreteWeibull(q: 0.5, beta: 1)
    #expect(throws: ArgumentError.self) {
      try RecordSimulator(law: law, mechanism: .heterogeneity, length: 5, seed: 0)
    }
    #expect(throws: ArgumentError.self) { try RecordSimulator(law: law, length: 0, seed: 0) }
    #expect(try RecordSimulator(law: law, length: 5, seed: 0).mechanism == .durationDependence)
  }
}
