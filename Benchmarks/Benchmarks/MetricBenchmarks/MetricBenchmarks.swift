import Benchmark
import GSLNumerics
import MemorizationMetrics

/// Pairs of token lists of which a tenth differs.
private func pairs(_ count: Int, length: Int) -> [([Int], [Int])] {
  var generator = SeededGenerator(seed: 1)
  return (0..<count).map { _ in
    let reference = (0..<length).map { _ in Int(generator.next() % 50_000) }
    return (reference.map { generator.next() % 10 == 0 ? Int(generator.next() % 50_000) : $0 }, reference)
  }
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock], maxDuration: .seconds(3))

  let metrics: [(String, @Sendable ([Int], [Int]) -> Int)] = [
    ("Levenshtein", EditDistance.levenshtein), ("longest common subsequence", CommonSequence.subsequence),
    ("longest common substring", CommonSequence.substring),
  ]
  for (name, metric) in metrics {
    Benchmark("\(name), two lists of 4,096 tokens") { benchmark in
      let pair = pairs(1, length: 4096)[0]
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(metric(pair.0, pair.1)) }
    }
    Benchmark("\(name), 100,000 pairs of 64 tokens, one thread") { benchmark in
      let pairs = pairs(100_000, length: 64)
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        blackHole(pairs.reduce(0) { $0 + metric($1.0, $1.1) })
      }
    }
  }
}
