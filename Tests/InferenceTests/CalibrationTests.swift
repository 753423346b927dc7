import GSLNumerics
import Inference
import RealModule
import TestSupport
import Testing

@Suite struct CalibrationTests {
  /// Six statements by hand; areas with scikit-learn's roc_auc_score.
  @Test func byHand() throws {
    let found = try #require(
      Calibration(
        probabilities: [0.1, 0.4, 0.35, 0.8, 0.7, 0.2], outcomes: [false, false, true, true, false, false], bins: 3))
    expectClose(found.brier, (0.01 + 0.16 + 0.4225 + 0.04 + 0.49 + 0.04) / 6, relative: 1e-14)
    #expect(found.bins.map(\.count) == [2, 2, 2] && found.bins.map(\.share) == [0, 0.5, 0.5])
    // Means 0.15, 0.375 and 0.75.
    expectClose(found.expectedCalibrationError, (0.15 + 0.125 + 0.25) / 3, relative: 1e-14)
    expectClose(found.reliability, (0.0225 + 0.015625 + 0.0625) / 3, relative: 1e-14)
    expectClose(found.resolution, (1.0 / 9 + 1.0 / 36 + 1.0 / 36) / 3, relative: 1e-14)
    expectClose(found.uncertainty, 2.0 / 9, relative: 1e-14)
    // (0.0225 - 0) + (0.015625 - 0.25) + (0.0625 - 0.25) is below 0.
    #expect(found.debiasedCalibrationError == 0)
    expectClose(found.discrimination?.areaUnderCurve ?? .nan, 0.75, relative: 1e-14)
    // Kept from 0.8 down: wrong shares 0, 1/2, 2/3, 2/4, 3/5, 4/6.
    expectClose(found.riskCoverageArea, (0 + 0.5 + 2.0 / 3 + 0.5 + 0.6 + 2.0 / 3) / 6, relative: 1e-14)
  }

  /// With as many bins as different probabilities Brier's score is the sum of its parts.
  @Test func partsAddUp() throws {
    var generator = SeededGenerator(seed: 8)
    let probabilities = (0..<3000).map { _ in Double(Int.random(in: 0...4, using: &generator)) / 4 }
    let outcomes = probabilities.map { generator.uniform() < 0.2 + 0.6 * $0 }
    let found = try #require(Calibration(probabilities: probabilities, outcomes: outcomes, bins: 50))
    #expect(found.bins.count == 5)
    expectClose(found.brier, found.reliability - found.resolution + found.uncertainty, relative: 1e-12)
  }

  /// The debiased error is near the truth where the plain one is not: 0, and 0.1 everywhere.
  @Test(arguments: [0, 0.1]) func debiased(shift: Double) throws {
    var (sum, rounds) = (0.0, 200)
    for round in 0..<rounds {
      var generator = SeededGenerator(seed: 4, stream: UInt64(round))
      let truth = (0..<500).map { _ in 0.1 + 0.7 * generator.uniform() }
      let outcomes = truth.map { generator.uniform() < $0 }
      let error = Calibration(probabilities: truth.map { $0 + shift }, outcomes: outcomes)?.debiasedCalibrationError
      sum += (error ?? .nan) * (error ?? .nan)
    }
    // The root's positive part is kept at 0, so that the mean square is a little above the truth.
    expectClose((sum / Double(rounds)).squareRoot(), shift, relative: 0.05, absolute: 0.03)
  }

  @Test func edges() {
    #expect(Calibration(probabilities: [], outcomes: []) == nil)
    #expect(Calibration(probabilities: [1.2], outcomes: [true]) == nil)
    let one = Calibration(probabilities: [1], outcomes: [true])
    #expect(one?.brier == 0 && one?.riskCoverageArea == 0 && one?.discrimination == nil && one?.bins.count == 1)
    #expect(StableExplanations.logConfidence(entailment: [], answer: []) == nil)
    #expect(StableExplanations.logConfidence(entailment: [-1], answer: [-.infinity]) == -.infinity)
    // (0.5 · 0.2 + 0.25 · 0.8)/0.75.
    expectClose(
      StableExplanations.logConfidence(entailment: [.log(0.5), .log(0.25)], answer: [.log(0.2), .log(0.8)]) ?? 0,
      .log(0.4), relative: 1e-14)
  }
}
