import Benchmark
import Foundation
import GSLNumerics
import HeavyTails

/// Word frequencies of Moby Dick, from the test data of the library.
private func mobyCounts() -> CensoredCounts? {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  let path = root.appendingPathComponent("Tests/HeavyTailsTests/References/moby.counts").path
  guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
  return try? CensoredCounts(
    text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ").compactMap { Int($0) }
      return .init(length: parts[0], exact: Double(parts[1]))
    })
}

/// The exact law of a beta-geometric as fractional weights, censored at 64: the shape of a capture's histogram.
private func censoredCounts() throws -> CensoredCounts {
  let law = try ZeroInflated(BetaGeometric(a: 3, b: 1.2), zero: 0.3)
  return try CensoredCounts(
    (0..<64).map { .init(length: $0, exact: 1000 * exp(law.logMass($0))) }
      + [.init(length: 64, exact: 0, censored: 1000 * exp(law.logSurvival(64)))])
}

private func zetaDraws(_ count: Int) throws -> [Int] {
  let law = try Zeta(alpha: 2.5)
  var generator = SeededGenerator(seed: 1)
  return (0..<count).map { _ in min(law.sample(using: &generator), 1 << 40) }
}

/// A hundred semi-parametric replicates: one measured iteration is a hundred times one replicate.
private func replicates(
  _ count: Int, _ fit: Fit, _ counts: CensoredCounts, threads: Int
) async throws -> BootstrapGoodness {
  try await BootstrapGoodness(
    fit, counts: counts, by: [.kolmogorovSmirnov], resampling: .semiparametric(smallestTail: 10), replicates: count,
    threads: threads)
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(2))

  Benchmark("moby: zeta with n_min scan") { benchmark in
    guard let counts = mobyCounts() else { return benchmark.error("moby.counts is not there") }
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try MinimumSelection(Zeta.self, counts: counts)) }
  }

  Benchmark("moby: zeta-cutoff from 7") { benchmark in
    guard let counts = mobyCounts() else { return benchmark.error("moby.counts is not there") }
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      blackHole(try MaximumLikelihood(window: LengthWindow(from: 7)).fit(ZetaCutoff.self, to: counts))
    }
  }

  Benchmark("moby: bootstrap replicates with n_min scan, one thread") { benchmark in
    guard let counts = mobyCounts() else { return benchmark.error("moby.counts is not there") }
    let choice = try MinimumSelection(Zeta.self, counts: counts, smallestTail: 10)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try await replicates(100, choice.fit, counts, threads: 1)) }
  }

  Benchmark("moby: bootstrap replicates with n_min scan, two threads") { benchmark in
    guard let counts = mobyCounts() else { return benchmark.error("moby.counts is not there") }
    let choice = try MinimumSelection(Zeta.self, counts: counts, smallestTail: 10)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try await replicates(100, choice.fit, counts, threads: 2)) }
  }

  Benchmark("1e6 zeta(2.5) draws: grouping alone") { benchmark in
    let draws = try zetaDraws(1_000_000)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try CensoredCounts(exact: draws)) }
  }

  Benchmark("1e6 zeta(2.5) draws: grouping and n_min scan") { benchmark in
    let draws = try zetaDraws(1_000_000)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      blackHole(try MinimumSelection(Zeta.self, counts: CensoredCounts(exact: draws)))
    }
  }

  for family in Family.plain {
    Benchmark("log mass and survival, n = 0 ..< 1000: \(family.familyName)") { benchmark in
      let law = try MaximumLikelihood().fit(family, to: censoredCounts()).law
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        var sum = 0.0
        for n in 1..<1001 { sum += law.logMass(n) + law.logSurvival(n) }
        blackHole(sum)
      }
    }
  }

  for family in Family.all {
    Benchmark("censored fit: \(family.familyName)") { benchmark in
      let counts = try censoredCounts()
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try? MaximumLikelihood().fit(family, to: counts)) }
    }
  }
}
