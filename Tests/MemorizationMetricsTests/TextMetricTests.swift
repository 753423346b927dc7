import Compression
import GSLNumerics
import MemorizationMetrics
import TestSupport
import Testing

private struct Cases: Decodable {
  struct Text: Decodable {
    let candidate: String
    let reference: String
    let levenshtein: Int
    let levenshteinSimilarity: Double
    let indel: Int
    let indelRatio: Double
    let hamming: Int
    let prefix: Int
    let subsequence: Int
    let substring: Int
    let rouge: [[Double]]
    let bleu: Double
    let zlib: Int
  }
  struct Tokens: Decodable {
    let candidate: [Int]
    let reference: [Int]
    let levenshtein: Int
    let indel: Int
    let hamming: Int
    let prefix: Int
    let subsequence: Int
    let substring: Int
  }
  let texts: [Text]
  let tokens: [Tokens]
}

/// Against sacrebleu, rouge_score, RapidFuzz, Levenshtein and zlib (References/make_text.py).
@Suite struct TextMetricTests {
  private let cases: Cases

  init() throws {
    cases = try reference("text.json", in: .module)
  }

  @Test func characters() {
    #expect(cases.texts.count >= 200)
    for text in cases.texts {
      let (a, b) = (TextUnits.scalars(text.candidate), TextUnits.scalars(text.reference))
      #expect(EditDistance.levenshtein(a, b) == text.levenshtein, "\(text)")
      #expect(EditDistance.indel(a, b) == text.indel, "\(text)")
      #expect(EditDistance.hamming(a, b) == text.hamming, "\(text)")
      #expect(CommonSequence.prefix(a, b) == text.prefix, "\(text)")
      #expect(CommonSequence.subsequence(a, b) == text.subsequence, "\(text)")
      #expect(CommonSequence.substring(a, b) == text.substring, "\(text)")
      expectClose(EditDistance.levenshteinSimilarity(a, b), text.levenshteinSimilarity, relative: 1e-15)
      expectClose(EditDistance.indelRatio(a, b), text.indelRatio, relative: 1e-15)
    }
  }

  @Test func words() {
    for text in cases.texts {
      let (a, b) = (TextUnits.rougeWords(text.candidate), TextUnits.rougeWords(text.reference))
      let scores = [
        Rouge.nGrams(a, b, order: 1), Rouge.nGrams(a, b, order: 2), Rouge.longestCommonSubsequence(a, b),
      ]
      for (score, expected) in zip(scores, text.rouge) {
        expectClose(score.precision, expected[0], relative: 1e-14)
        expectClose(score.recall, expected[1], relative: 1e-14)
        expectClose(score.fMeasure, expected[2], relative: 1e-14)
      }
      expectClose(Bleu.sentence(text.candidate, text.reference), text.bleu, relative: 1e-12, "\(text)")
      #expect(zlibLength(of: text.reference) == text.zlib)
    }
  }

  @Test func tokens() {
    #expect(cases.tokens.count >= 200)
    for pair in cases.tokens {
      let (a, b) = (pair.candidate, pair.reference)
      #expect(EditDistance.levenshtein(a, b) == pair.levenshtein, "\(pair)")
      #expect(EditDistance.levenshtein(b, a) == pair.levenshtein, "\(pair)")
      #expect(EditDistance.indel(a, b) == pair.indel, "\(pair)")
      #expect(EditDistance.hamming(a, b) == pair.hamming, "\(pair)")
      #expect(CommonSequence.prefix(a, b) == pair.prefix, "\(pair)")
      #expect(CommonSequence.subsequence(b, a) == pair.subsequence, "\(pair)")
      #expect(CommonSequence.substring(a, b) == pair.substring, "\(pair)")
    }
  }

  /// Long sequences, of which eight columns are done at once, against the matrix row by row: symbols that are frequent
  /// and rare, lengths around whole words and whole eights, and parts in common.
  @Test(arguments: [2, 5, 60, 5000])
  func longSequences(symbols: UInt64) {
    var generator = SeededGenerator(seed: symbols)
    for (m, n) in [(448, 449), (512, 520), (513, 700), (640, 641), (575, 1003), (900, 2011)] {
      let first = (0..<m).map { _ in Int(generator.next() % symbols) }
      var second = (0..<n).map { _ in Int(generator.next() % symbols) }
      second.replaceSubrange(100..<250, with: first[50..<200])
      var row = Array(0...n)
      for i in 1...m {
        var diagonal = row[0]
        row[0] = i
        for j in 1...n {
          let replaced = diagonal + (first[i - 1] == second[j - 1] ? 0 : 1)
          diagonal = row[j]
          row[j] = min(replaced, row[j] + 1, row[j - 1] + 1)
        }
      }
      #expect(EditDistance.levenshtein(first, second) == row[n] && EditDistance.levenshtein(second, first) == row[n])
    }
  }

  /// Beyond sixteen-bit lengths: a run of 20 inside 70,000 different tokens.
  @Test func longSequences() {
    let reference = Array(0..<70_000)
    let candidate = [-1] + reference[40_000..<40_020] + [-2, 5, 7]
    #expect(CommonSequence.substring(candidate, reference) == 20)
    #expect(CommonSequence.subsequence(candidate, reference) == 20)
    #expect(EditDistance.levenshtein(candidate, reference) == 70_000 - 20)
    #expect(CommonSequence.substring([], reference) == 0 && EditDistance.levenshtein(reference, reference) == 0)
  }

  /// The numbers of the design's references.
  @Test func publishedExample() {
    let (a, b) = ("the cat sat on the mat", "the cat is on the mat")
    let (words, other) = (TextUnits.rougeWords(a), TextUnits.rougeWords(b))
    expectClose(Rouge.longestCommonSubsequence(words, other).fMeasure, 0.8333333, relative: 1e-6)
    expectClose(Rouge.nGrams(words, other, order: 2).fMeasure, 0.6, relative: 1e-14)
    expectClose(Bleu.sentence(a, b), 37.9917842826, relative: 1e-11)
    #expect(EditDistance.levenshtein(TextUnits.scalars(a), TextUnits.scalars(b)) == 3)
    expectClose(
      EditDistance.levenshteinSimilarity(TextUnits.scalars(a), TextUnits.scalars(b)), 0.8636363636, relative: 1e-9)
    expectClose(EditDistance.indelRatio(TextUnits.scalars(a), TextUnits.scalars(b)), 0.9302325581, relative: 1e-9)
  }

  @Test func approximateMemorization() {
    let reference = Array(0..<20)
    var near = reference
    near[10] = 99
    #expect(ApproximateMemorization.editDistance.similarity(near, reference) == 0.95)
    #expect(ApproximateMemorization.editDistance.isMemorized(near, reference))
    #expect(!ApproximateMemorization.editDistance.isMemorized(near, reference, threshold: 0.96))
    #expect(ApproximateMemorization.bleu.isMemorized(reference, reference))
    #expect(!ApproximateMemorization.bleu.isMemorized(Array(50..<70), reference))
    // Numbers as words of a text are the same BLEU.
    expectClose(
      ApproximateMemorization.bleu.similarity(near, reference),
      Bleu.sentence(
        near.map(String.init).joined(separator: " "), reference.map(String.init).joined(separator: " ")) / 100,
      relative: 1e-14)
  }

  /// Frequent and rare symbols in patterns of several words, against the matrix of all prefixes.
  @Test(arguments: [1, 2, 5, 200]) func distancesOfFewSymbols(symbols: Int) {
    func matrix(_ a: [Int], _ b: [Int], substitution: Int) -> Int {
      var row = Array(0...b.count)
      for (i, x) in a.enumerated() {
        var before = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
          let best = min(before + (x == y ? 0 : substitution), row[j] + 1, row[j + 1] + 1)
          (before, row[j + 1]) = (row[j + 1], best)
        }
      }
      return row[b.count]
    }
    for seed in 0..<12 {
      var generator = SeededGenerator(seed: UInt64(seed), stream: UInt64(symbols))
      func text(_ count: Int) -> [Int] { (0..<count).map { _ in Int.random(in: 0..<symbols, using: &generator) } }
      let (a, b) = (text(150 + 17 * seed), text(260))
      #expect(EditDistance.levenshtein(a, b) == matrix(a, b, substitution: 1))
      #expect(EditDistance.indel(a, b) == matrix(a, b, substitution: 2))
    }
  }
}
