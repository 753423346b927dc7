import GSLNumerics
import TestSupport
import Testing

@testable import MemorizationMetrics

@Suite struct OverlapTests {
  /// Every pair of places is tried.
  private func bruteForce(_ work: [UInt64], _ generations: [[UInt64]], _ k: Int) -> Set<[Int]> {
    var found: Set<[Int]> = []
    for (index, generation) in generations.enumerated() {
      for i in work.indices {
        for j in generation.indices where work[i] == generation[j] {
          if i > 0, j > 0, work[i - 1] == generation[j - 1] { continue }
          var length = 0
          while i + length < work.count, j + length < generation.count, work[i + length] == generation[j + length] {
            length += 1
          }
          if length >= k { found.insert([index, j, i, length]) }
        }
      }
    }
    return found
  }

  @Test(arguments: [(1, 2), (2, 2), (3, 3), (5, 6)]) func spansAreThoseOfBruteForce(k: Int, letters: Int) {
    for seed in 0..<40 {
      var generator = SeededGenerator(seed: UInt64(seed), stream: UInt64(k))
      func text(_ count: Int) -> [UInt64] {
        (0..<count).map { _ in UInt64(Int.random(in: 1...letters, using: &generator)) &* 0x9E37_79B9_7F4A_7C15 }
      }
      let work = text(60)
      let generations = [text(20), [], text(1), text(35)]
      let spans = TextOverlap(generations: generations, words: k).spans(in: work)
      #expect(Set(spans.map { [$0.generation, $0.start, $0.work, $0.length] }) == bruteForce(work, generations, k))
      #expect(Set(spans.map { [$0.generation, $0.start, $0.work] }).count == spans.count)
    }
  }

  /// What the prompt gives does not count.
  @Test func promptsAreLeftOut() {
    let generation: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    let overlap = TextOverlap(generations: [generation], words: 3, prompts: [[0, 1, 2, 3, 4, 0]], promptWords: 3)
    #expect(overlap.spans(in: generation).map { [$0.start, $0.work, $0.length] } == [[4, 4, 5]])
    #expect(TextOverlap(generations: [], words: 3).spans(in: generation).isEmpty)
    #expect(TextOverlap(generations: [generation], words: 3).spans(in: []).isEmpty)
  }

  /// Spans on either side of a changed, a missing or an added word are one block; others are not.
  @Test func blocks() {
    func blocks(_ work: [UInt64], _ generation: [UInt64], gap: Int) -> [Range<Int>] {
      TextOverlap.blocks(of: TextOverlap(generations: [generation], words: 2).spans(in: work), gap: gap)
    }
    let work: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]
    #expect(blocks(work, [1, 2, 3, 99, 5, 6, 7, 8], gap: 1) == [0..<8])
    #expect(blocks(work, [1, 2, 3, 5, 6, 7, 8], gap: 1) == [0..<8])
    #expect(blocks(work, [1, 2, 3, 98, 99, 4, 5, 6], gap: 1) == [0..<3, 3..<6])
    #expect(blocks(work, [1, 2, 3, 98, 99, 4, 5, 6], gap: 2) == [0..<6])
    #expect(blocks(work, [5, 6, 7, 8, 1, 2, 3], gap: 3) == [0..<3, 4..<8])
  }

  /// The words of a stream are those of `TextUnits.unicodeWords`.
  @Test(arguments: [
    "It’s 12 o'clock, NOT 13.5!", "", "  ", "naïve Ünïcode Straße ΑΒΓ привет МИР", "日本語のテキスト and text", "สวัสดี ครับ",
    "e\u{301}clair A\u{300} \u{301}x", "क्षेत्र हिन्दी", "a\u{FFFD}b 𝒳𝒴 𐐀𐐁", "İstanbul ǅ ﬁne",
  ]) func wordsOfStreams(text: String) {
    let words = TextUnits.unicodeWords(text)
    let stream = WordStream(utf8: Array(text.utf8))
    #expect(
      stream.fingerprints
        == words.map { word in
          let hash = word.unicodeScalars.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64($1.value)) &* 0x100_0000_01B3
          }
          return hash == 0 ? 1 : hash
        }, "\(text): \(words)")
    #expect(stream.starts.count == words.count + 1 && stream.starts.last == text.utf8.count)
  }

  /// Bytes that are no text end words, and nothing crashes.
  @Test func brokenBytes() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let bytes = (0..<12).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(WordStream(utf8: bytes).starts.last == 12)
    }
    #expect(WordStream(utf8: [0x61, 0xFF, 0x62]).fingerprints.count == 2)
  }
}

@Suite struct ClaimMetricTests {
  /// By hand.
  @Test func samples() {
    #expect(SampledSimilarity.coverage(samples: [[1, 2, 3, 9, 4]], reference: [0, 1, 2, 3, 4, 5]) == 0.5)
    #expect(SampledSimilarity.coverage(samples: [[2, 3], [1, 2]], reference: [1, 2, 3], order: 2) == 2.0 / 3)
    #expect(SampledSimilarity.coverage(samples: [[1]], reference: [1, 2], order: 3) == 0)
    #expect(SampledSimilarity.samia(samples: [[1, 1, 2], []], reference: [1, 2, 3, 4]) == 0.25)
    // Twenty tokens: one edit is within 5 %.
    let greedy = Array(0..<20)
    let samples = [greedy, Array(1..<20), Array(2..<20), greedy.reversed()]
    #expect(SampledSimilarity.peak(samples: samples, greedy: greedy) == 0.5)
  }

  @Test func unlearning() {
    #expect(Unlearning.extractionStrength([true, false, true, true]) == 0.5)
    #expect(Unlearning.extractionStrength([true, false]) == 0)
    #expect(Unlearning.extractionStrengthOfOpenUnlearning([true, false]) == 0.5)
    expectClose(Unlearning.truthRatio(right: [-1, -3], wrong: [[-2], [-4, -4]]), (1 + .exp(-2)) / 2, relative: 1e-14)
    // 26,300/11 of the bundled checkpoints 0 and 1, counted elsewhere.
    expectClose(
      Unlearning.privacyLeakage(areaUnderCurve: 0.9619444444444444, retrained: 0.9984722222222222) ?? 0, 26300.0 / 11,
      relative: 1e-11)
    #expect(Unlearning.privacyLeakage(areaUnderCurve: 0.5, retrained: 1) == nil)
  }

  @Test func calibrated() {
    expectClose(
      CalibratedLikelihood.conReCaLL(unconditional: [-2], afterNonMembers: [[-3], [-5]], afterMembers: [[-1]]), 1.5)
    #expect(CalibratedLikelihood.neighbourhood([-1, -1], perturbed: [[-3], [-2, -2]]) == 1.5)
    #expect(CalibratedLikelihood.lowercaseRatio([-2], lowercased: [-3, -5]) == 2)
    #expect(CalibratedLikelihood.surp([-1, -1], entropies: [1, 1]) == nil)
    #expect(CalibratedLikelihood.unintendedBits([-3], reference: [-1]) == 0)
    #expect(LikelihoodRatioAttack.offline(0, without: [1]) == nil)
    #expect(LikelihoodRatioAttack.offline(0, without: [1, 1]) == nil)
    #expect(RobustMembership.score(gain: 1, population: [0, 0.5, 2], gamma: 2) == 1.0 / 3)
  }

  /// Sets that are alike have small p-values as seldom as they say; sets that are not, have them.
  @Test func datasetInference() {
    let rounds = slowTestsAreEnabled ? 2000 : 200
    func rows(_ count: Int, _ shift: Double, _ generator: inout SeededGenerator) -> [[Double]] {
      (0..<count).map { _ in
        let common = generator.normal()
        return [common + shift, common * common, generator.normal() + shift]
      }
    }
    var (rejected, found) = (0, 0)
    for round in 0..<rounds {
      var generator = SeededGenerator(seed: 21, stream: UInt64(round))
      let others = rows(60, 0, &generator)
      let (same, trained) = (rows(60, 0, &generator), rows(60, 1, &generator))
      if let p = DatasetInference(suspects: same, others: others)?.pValue, p <= 0.05 { rejected += 1 }
      if let p = DatasetInference(suspects: trained, others: others)?.pValue, p <= 0.05 { found += 1 }
    }
    #expect(Double(rejected) <= 0.05 * Double(rounds) + 3 * (0.0475 * Double(rounds)).squareRoot())
    #expect(Double(found) > 0.9 * Double(rounds))
    #expect(DatasetInference(suspects: [], others: []) == nil)
  }
}
