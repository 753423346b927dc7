import GSLNumerics
import MemorizationMetrics
import Similarity
import SkewedMemorization

// Times this library on what tasks.py gives to RapidFuzz, sacrebleu and faiss: the same texts and tokens, and as many vectors. Prints
// "skewmem<TAB>task<TAB>median milliseconds".

func measure(_ task: String, runs: Int = 5, _ work: () async throws -> Void) async rethrows {
  let clock = ContinuousClock()
  var times: [Duration] = []
  for _ in 0..<runs { times.append(try await clock.measure { try await work() }) }
  times.sort()
  print("skewmem\t\(task)\t\(times[runs / 2] / .milliseconds(1))")
}

/// Numbers below `count`, by the generator of tasks.py.
func numbers(_ length: Int, below count: UInt64, seed: UInt64) -> [Int] {
  var state = seed
  return (0..<length).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % count)
  }
}

let pairs = [
  ("two texts of 100,000 characters", 100_000, UInt64(27)), ("16,000 tokens of two symbols", 16_000, 2),
  ("two lists of 4,096 tokens of 50,000", 4096, 50_000),
]
for (name, length, symbols) in pairs {
  let (first, second) = (numbers(length, below: symbols, seed: 1), numbers(length, below: symbols, seed: 2))
  await measure("Levenshtein, \(name)") { _ = EditDistance.levenshtein(first, second) }
  await measure("Indel, \(name)") { _ = EditDistance.indel(first, second) }
}
let sentences = (0..<2000).map { seed in
  numbers(64, below: 50, seed: UInt64(seed)).map { "w\($0)" }.joined(separator: " ")
}
await measure("sentence BLEU, 1,000 pairs of 64 words") {
  for index in stride(from: 0, to: sentences.count, by: 2) { _ = Bleu.sentence(sentences[index], sentences[index + 1]) }
}
var generator = SeededGenerator(seed: 2)
let vectors = try DenseVectors(
  (0..<100_000).map { _ in (0..<384).map { _ in Double(generator.next() >> 11) * 0x1p-53 - 0.5 } })
try await measure("10 nearest of 100,000 vectors of 384, two threads", runs: 1) {
  _ = try await vectors.neighbors(10, threads: 2)
}
// 10⁷ tokens of 156,250 records, each three times.
let texts = (0..<52_084).flatMap { seed in
  Array(repeating: numbers(64, below: 5000, seed: UInt64(seed)), count: 3)
}
try await measure("Bayes-optimal limits of 10,000,000 tokens, contexts to 16", runs: 3) {
  _ = try BayesOptimalLimits(
    prefixes: texts.map { Array($0[..<32]) }, references: texts.map { Array($0[32...]) }, longestContext: 16)
}
