import RealModule
import TestSupport
import Testing

@testable import GSLNumerics

@Suite struct RandomTests {
  /// The published first outputs of SplitMix64 from the state 1234567.
  @Test func splitMixMatchesItsPublishedValues() {
    var generator = SplitMix64(state: 1_234_567)
    let values = (0..<5).map { _ in generator.next() }
    #expect(
      values == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  /// xoshiro256** from the state (1, 2, 3, 4), as its authors' C code gives it.
  @Test func xoshiroMatchesItsPublishedValues() {
    var generator = SeededGenerator(state: (1, 2, 3, 4))
    let values = (0..<4).map { _ in generator.next() }
    #expect(values == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
  }

  @Test func streamsOfASeedAreReproducibleAndDiffer() {
    func first(_ seed: UInt64, _ stream: UInt64) -> UInt64 {
      var generator = SeededGenerator(seed: seed, stream: stream)
      return generator.next()
    }
    #expect(first(1, 0) == first(1, 0))
    #expect(Set((0..<1000).map { first(1, $0) }).count == 1000)
    #expect(first(1, 1) != first(2, 0))
  }

  /// Means of ln X over 10⁵ variates against ψ(a) - ψ(a + b), within five standard errors.
  @Test func betaVariatesHaveTheirMoments() throws {
    for (a, b) in [(2.0, 1.5), (0.01, 3), (300, 0.02), (1, 1)] {
      var generator = SeededGenerator(seed: 7)
      let count = 100_000
      var sum = CompensatedSum()
      for _ in 0..<count { sum.add(generator.logBetaVariate(a, b)) }
      let expected = try digamma(a) - digamma(a + b)
      let deviation = try (trigamma(a) - trigamma(a + b)).squareRoot()
      let error = (sum.value / Double(count) - expected).magnitude
      #expect(error < 5 * deviation / Double(count).squareRoot(), "Beta(\(a), \(b))")
    }
  }

  @Test func normalVariatesHaveTheirMoments() {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<100_000).map { _ in generator.normal() }
    let mean = values.reduce(0, +) / 1e5
    let square = values.reduce(0) { $0 + $1 * $1 } / 1e5
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 1e5
    #expect(mean.magnitude < 0.016)
    #expect((square - 1).magnitude < 0.023)
    #expect((fourth - 3).magnitude < 0.16)
  }
}
