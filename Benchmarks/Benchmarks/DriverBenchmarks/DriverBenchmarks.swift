import Benchmark
import GSLNumerics
import Inference
import Similarity
import TokenProcess

/// 100,000 records of 100 tokens, of which a tenth repeat the one before.
private func trainingSet() -> (prefixes: [[Int]], references: [[Int]]) {
  var generator = SeededGenerator(seed: 1)
  var texts: [[Int]] = []
  for index in 0..<100_000 {
    if index > 0, index % 10 == 0 {
      texts.append(texts[index - 1])
    } else {
      // Few tokens are frequent, as in texts.
      texts.append(
        (0..<100).map { _ in
          let u = Double(generator.next() >> 11) * 0x1p-53
          return Int(49_152 * u * u * u * u)
        })
    }
  }
  return (texts.map { Array($0[..<36]) }, texts.map { Array($0[36...]) })
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .peakMemoryResident], warmupIterations: 0, maxDuration: .seconds(90), maxIterations: 3)

  Benchmark("Bayes-optimal limits of 10,000,000 tokens, contexts to 16") { benchmark in
    let (prefixes, references) = trainingSet()
    benchmark.startMeasurement()
    blackHole(try BayesOptimalLimits(prefixes: prefixes, references: references, longestContext: 16))
  }

  Benchmark("10 nearest neighbors of 100,000 vectors of 384, two threads") { benchmark in
    var generator = SeededGenerator(seed: 2)
    let vectors = try DenseVectors(
      (0..<100_000).map { _ in (0..<384).map { _ in Double(generator.next() >> 11) * 0x1p-53 - 0.5 } })
    benchmark.startMeasurement()
    blackHole(try await vectors.neighbors(10, threads: 2))
  }

  Benchmark("hazard regression, 1,000,000 rows, 5 predictors") { benchmark in
    var generator = SeededGenerator(seed: 3)
    func uniform() -> Double { Double(generator.next() >> 11) * 0x1p-53 }
    let columns = (0..<5).map { _ in (0..<1_000_000).map { _ in uniform() } }
    let outcomes = (0..<1_000_000).map { row in uniform() < 0.1 + 0.2 * columns[0][row] ? 1.0 : 0 }
    benchmark.startMeasurement()
    blackHole(
      try BinaryRegression(link: .complementaryLogLog).fit(
        predictors: columns, outcomes: outcomes, clusters: outcomes.indices.map { $0 / 50 }))
  }
}
