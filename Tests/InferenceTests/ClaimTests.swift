import GSLNumerics
import RealModule
import TestSupport
import Testing

@testable import Inference

@Suite struct ConformalTests {
  /// By hand, with ties against the score and infinite scores.
  @Test func pValues() {
    #expect(Conformal.pValues(of: [2, 5, -.infinity, .infinity], controls: [1, 2, 2, 3]) == [0.8, 0.2, 1, 0.2])
    #expect(Conformal.pValues(of: [1], controls: []) == [1])
  }

  /// All 462 orders of six scores and five controls, counted elsewhere.
  @Test(arguments: [
    ([3, 4, 5, 6, 6], 407), ([2, 3, 4, 5, 6], 297), ([5, 5, 6, 6, 6], 455), ([0, 1, 2, 3, 4], 42),
  ]) func pathsAreCounted(bounds: [Int], count: Int) {
    expectClose(FalseDiscoveryEnvelope.coverage(6, 5, bounds), Double(count) / 462, relative: 1e-14)
  }

  /// The envelope holds in at least its level of all orders, and not in many more where it can be that fine.
  @Test(arguments: [(1, 1), (10, 50), (500, 50), (120, 120), (5000, 300), (50, 5000), (0, 3)])
  func envelopesHold(scores: Int, controls: Int) {
    let envelope = FalseDiscoveryEnvelope(scores: scores, controls: controls)
    #expect(envelope.coverage >= 0.95 && envelope.bounds.allSatisfy { (0...scores).contains($0) })
    if scores >= 120 { #expect(envelope.coverage < 0.965) }
    #expect(zip(envelope.bounds, envelope.bounds.dropFirst()).allSatisfy(<=))
  }

  /// The false discovery rate and the simultaneous bounds, simulated, with continuous scores and with many ties.
  @Test(arguments: [(50, false), (50, true), (400, false), (5000, true)])
  func ratesHold(controls: Int, areTied: Bool) {
    let rounds = slowTestsAreEnabled ? 4000 : 300
    let (nulls, memorized) = (150, 50)
    let envelope = FalseDiscoveryEnvelope(scores: nulls + memorized, controls: controls)
    var (rate, broken) = (0.0, 0)
    for round in 0..<rounds {
      var generator = SeededGenerator(seed: 11, stream: UInt64(round))
      func score(_ shift: Double) -> Double {
        let value = generator.normal() + shift
        return areTied ? (2 * value).rounded() : value
      }
      let others = (0..<controls).map { _ in score(0) }
      let scores = (0..<nulls).map { _ in score(0) } + (0..<memorized).map { _ in score(3) }
      let adjusted = MultipleComparisons.benjaminiHochberg(Conformal.pValues(of: scores, controls: others))
      let listed = adjusted.indices.filter { adjusted[$0] <= 0.1 }
      rate += Double(listed.count { $0 < nulls }) / Double(max(1, listed.count))
      let passed = Conformal.passed(by: scores, controls: others)
      let isBroken = envelope.discoveries(passed: passed).enumerated().contains { j, found in
        passed[..<nulls].count { $0 <= j } > found.falseAtMost
      }
      if isBroken { broken += 1 }
    }
    // Nominal 0.1 · 150/200, and 5 %; three standard errors on top.
    let error = (0.1 / Double(rounds)).squareRoot()
    #expect(rate / Double(rounds) <= 0.075 + 3 * error)
    #expect(Double(broken) / Double(rounds) <= 0.05 + 3 * (0.0475 / Double(rounds)).squareRoot())
  }
}

@Suite struct EpsilonBoundTests {
  /// mpmath, 15 digits: Theorem 5.2 of arXiv 2305.08846.
  @Test(arguments: [
    (1000, 240, 240, 0, 4.37720262217551), (1000, 200, 150, 0, 0.821396243064341),
    (1000, 100, 60, 0, 0.0519149377991937), (1000, 100, 52, 0, 0), (1000, 240, 240, 1e-5, 4.35013703950146),
    (1000, 200, 150, 1e-4, 0.806511587729991), (10000, 1000, 990, 1e-6, 4.05924692207464),
    (10000, 1000, 700, 1e-3, 0), (100, 100, 100, 1e-5, 3.49021595532640),
    (100_000, 5000, 5000, 1e-8, 7.41703992208332),
  ]) func values(canaries: Int, guesses: Int, right: Int, delta: Double, expected: Double) {
    let bound = EpsilonBound(canaries: canaries, guesses: guesses, right: right, delta: delta)
    // Bin(1000, q) tails have 12 digits.
    expectClose(bound.lowerLimit(), expected, relative: 1e-11)
  }

  @Test func nothingGuessed() {
    #expect(EpsilonBound(canaries: 10, guesses: 0, right: 0).lowerLimit() == 0)
    #expect(EpsilonBound(canaries: 10, guesses: 10, right: 0, delta: 0.1).pValue(epsilon: 1) == 1)
    #expect(EpsilonBound(canaries: 10, guesses: 10, right: 10, delta: 0.5).lowerLimit() == 0)
  }

  /// A mechanism with a known ε, randomized response, is bounded above ε in at most 5 % of runs.
  @Test(arguments: [0.5, 2]) func randomizedResponse(epsilon: Double) {
    let rounds = slowTestsAreEnabled ? 20_000 : 2000
    let q = 1 / (1 + Double.exp(-epsilon))
    var above = 0
    for round in 0..<rounds {
      var generator = SeededGenerator(seed: 3, stream: UInt64(round))
      let right = generator.binomial(200, q)
      if EpsilonBound(canaries: 1000, guesses: 200, right: right).lowerLimit() > epsilon { above += 1 }
    }
    #expect(Double(above) / Double(rounds) <= 0.05 + 3 * (0.0475 / Double(rounds)).squareRoot())
  }
}

@Suite struct RarefactionTests {
  /// Every subset of five samples, by enumeration.
  @Test func subsets() {
    let sets: [Set<Int>] = [[1, 2, 3], [2, 3], [3, 4, 9], [9], [3]]
    let counts = Dictionary(grouping: sets.joined(), by: \.self).mapValues(\.count)
    let frequencies = Dictionary(grouping: counts.values, by: \.self).mapValues(\.count)
    let rarefaction = Rarefaction(samples: 5, items: 12, frequencies: frequencies)
    #expect(rarefaction.covered == 5)
    for t in 0...5 {
      let chosen = (0..<32).filter { $0.nonzeroBitCount == t }
      let sum = chosen.reduce(0) { sum, mask in
        sum + (0..<5).reduce(into: Set<Int>()) { if mask >> $1 & 1 == 1 { $0.formUnion(sets[$1]) } }.count
      }
      expectClose(rarefaction.expected(samples: t), Double(sum) / Double(chosen.count), relative: 1e-13)
    }
    // Q1 = 2 (1, 4), Q2 = 2 (2, 9): 4/5 · 4/4.
    expectClose(rarefaction.unseen, 0.8)
    expectClose(rarefaction.expected(samples: 6), 5 + 0.8 * (1 - (1 - 2 / (5 * 0.8 + 2))), relative: 1e-13)
    #expect(Rarefaction(samples: 3, items: 5, frequencies: [:]).expected(samples: 100) == 0)
    #expect(Rarefaction(samples: 3, items: 2, frequencies: [1: 2]).unseen == 0)
  }
}
