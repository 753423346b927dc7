import MemorizationMetrics
import RealModule
import TestSupport
import Testing

@Suite struct ExtractionMetricTests {
  @Test func greedy() {
    let choices = [true, true, false, true, true, true, false]
    #expect(!GreedyExtraction.isExtractable(choices) && GreedyExtraction.isExtractable([true, true]))
    #expect(GreedyExtraction.teacherForcedAccuracy(choices) == 5.0 / 7)
    #expect(GreedyExtraction.windowRate(choices, length: 2) == 0.5)
    #expect(GreedyExtraction.windowRate(choices, length: 3) == 0.2)
    #expect(GreedyExtraction.windowRate(choices, length: 7) == 0)
    #expect(GreedyExtraction.windowRate(choices, length: 8) == nil)
  }

  /// As the benchmark's script counts: the recall at the last right guess with fewer wrong ones before it than allowed.
  @Test func recallAtErrors() {
    let guesses: [(record: Int, isRight: Bool)] = [(1, true), (2, false), (1, true), (3, true), (2, false), (4, true)]
    #expect(RecallAtErrors.recall(guesses, records: 10, errors: 100) == 0.3)
    #expect(RecallAtErrors.recall(guesses, records: 10, errors: 3) == 0.3)
    #expect(RecallAtErrors.recall(guesses, records: 10, errors: 2) == 0.2)
    #expect(RecallAtErrors.recall(guesses, records: 10, errors: 1) == 0.1)
    #expect(RecallAtErrors.recall([(record: 1, isRight: false)], records: 10, errors: 1) == nil)
  }

  /// b is the cheapest window's: here tokens 3 and 4, of probability 1/2 and 1/4.
  @Test func inextractability() throws {
    let values = [1.0 / 1024, 1.0 / 8, 0.5, 0.25, 1.0 / 64].map { Double.log($0) }
    expectClose(try #require(Inextractability.bits(values, length: 2)), 3, relative: 1e-14)
    expectClose(try #require(Inextractability.bits(values, length: 1)), 1, relative: 1e-14)
    expectClose(try #require(Inextractability.bits(values, length: 5)), 22, relative: 1e-14)
    #expect(Inextractability.bits(values, length: 6) == nil)
    #expect(Inextractability.bits([0, 0], length: 2) == 0)
    // A small window beside tokens of probability e^-1e17 keeps its digits.
    expectClose(
      try #require(Inextractability.bits([-1e17, -1e-5, -1e17], length: 1)), 1e-5 / 0.6931471805599453, relative: 1e-14)
  }

  /// Windows against their plain sums, at every length.
  @Test func inextractabilityOfWindows() throws {
    let values = (0..<57).map { -Double(($0 * 7919) % 101) / 10 }
    for length in 1...57 {
      let best = (0...(57 - length)).map { values[$0..<($0 + length)].reduce(0, +) }.max() ?? 0
      expectClose(
        try #require(Inextractability.bits(values, length: length)), -best / 0.6931471805599453, relative: 1e-12,
        absolute: 1e-12)
    }
  }

  @Test func learningEvents() {
    let events = LearningEvents(isReproduced: [false, true, false, true, true])
    #expect(events.learned == 2 && events.forgotten == 1 && events.firstLearned == 1 && events.isReproducedAtLast)
    #expect(!events.isUnforgettable)
    let always = LearningEvents(isReproduced: [true, true])
    #expect(always.learned == 1 && always.isUnforgettable && always.firstLearned == 0)
    let never = LearningEvents(isReproduced: [false])
    #expect(never.learned == 0 && never.firstLearned == nil && !never.isUnforgettable && !never.isReproducedAtLast)
  }

  @Test func counterfactual() throws {
    expectClose(
      try #require(CounterfactualMemorization.difference(included: [0.9, 0.7], excluded: [0.5, 0.3, 0.1])), 0.5,
      relative: 1e-14)
    #expect(CounterfactualMemorization.difference(included: [], excluded: [1]) == nil)
  }
}
