import GSLNumerics
import Inference
import RealModule
import TestSupport
import Testing

@Suite struct BoundedMeanTests {
  /// Limits hold at least as often as they say, for samples of 2 to 200 of skewed laws too.
  @Test(arguments: [2, 10, 200]) func limitsHold(_ count: Int) {
    let rounds = slowTestsAreEnabled ? 20_000 : 2000
    for (power, truth) in [(1.0, 0.5), (9, 0.1), (999, 0.001)] {
      var held = 0
      for round in 0..<rounds {
        var generator = SeededGenerator(seed: 5, stream: UInt64(round))
        // u^a has the mean 1/(a + 1).
        let values = (0..<count).map { _ in Double.pow(generator.uniform(), power) }
        if BoundedMean(values, level: 0.9).limits.contains(truth) { held += 1 }
      }
      #expect(Double(held) / Double(rounds) >= 0.9, "\(count) values of u^\(power): \(held) of \(rounds)")
    }
  }

  /// 20 zeros: (1 - u)^20 = (1 - level)/4.
  @Test func zerosAndOnes() {
    let zeros = BoundedMean(Array(repeating: 0, count: 20))
    expectClose(zeros.limits.upperBound, 1 - .pow(0.0125, 1.0 / 20), relative: 1e-12)
    #expect(zeros.limits.lowerBound == 0 && zeros.mean == 0)
    let ones = BoundedMean(Array(repeating: 1, count: 20))
    expectClose(ones.limits.lowerBound, .pow(0.0125, 1.0 / 20), relative: 1e-12)
    #expect(ones.limits.upperBound == 1)
    // Constant values: Bernstein's 7 ln(8/α) / 3(n - 1) alone.
    let same = BoundedMean(Array(repeating: 0.5, count: 10_001))
    expectClose(same.limits.upperBound - 0.5, 7 * Double.log(160) / 30_000, relative: 1e-9)
  }
}
