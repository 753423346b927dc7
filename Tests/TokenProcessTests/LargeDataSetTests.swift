import Foundation
import TestSupport
import Testing
import TokenProcess

private struct LargeDataSets: Decodable {
  struct DataSet: Decodable {
    let records: Int
    let logSurvival: [String]
    let quenched: [String]
    let effective: [String]
    let moments: [String]
    let varianceBetween: String
    let thirdBetween: String
  }
  let sets: [DataSet]
}

/// Up to a million records against closed forms to 30 digits (References/make_large_data_sets.py).
@Suite struct LargeDataSetTests {
  @Test func agreesWithClosedForms() throws {
    let references: LargeDataSets = try reference("large_data_sets.json", in: .module)
    #expect(references.sets.map(\.records) == [100_000, 1_000_000])
    for expected in references.sets {
      var survival = SurvivalAccumulator()
      var histogram = MatchLengthHistogram()
      var cumulance = CumulanceAccumulator()
      for index in 1...expected.records {
        let law = try MatchLengthLaw(tokenLogProbabilities: Array(repeating: -Double(index) * 0x1p-20, count: 4))
        survival.add(law)
        histogram.add(law)
        cumulance.add(law.moments)
      }
      let logSurvival = survival.logSurvival
      for n in 1...4 {
        expectClose(logSurvival[n], number(expected.logSurvival[n]), relative: 1e-12)
        expectClose(survival.quenched(n), number(expected.quenched[n]), relative: 1e-12)
        expectClose(try #require(survival.effectiveRecords(n)), number(expected.effective[n]), relative: 1e-12)
      }
      let moments = try #require(histogram.moments)
      for (value, text) in zip([moments.mean, moments.variance, moments.third], expected.moments) {
        // The third cumulant is what is left of central moments a hundred times its size: absolute on that scale.
        expectClose(value, number(text), relative: 1e-12, absolute: 1e-13)
      }
      let parts = try #require(cumulance.decomposition)
      expectClose(parts.varianceBetween, number(expected.varianceBetween), relative: 1e-12)
      expectClose(parts.thirdBetween, number(expected.thirdBetween), relative: 1e-12, absolute: 1e-13)
      expectClose(parts.varianceWithin + parts.varianceBetween, moments.variance, relative: 1e-12)
    }
  }
}
