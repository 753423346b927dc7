import Benchmark
import Foundation
import SkewedMemorization

/// 20,000 simulated records of 64 tokens in a file of about 28 MB.
private func simulatedCapture() throws -> String {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("skewmem-benchmark.jsonl").path
  let simulator = try RecordSimulator(law: BetaGeometric(a: 2, b: 1.5), length: 64, seed: 1)
  var writer = try CaptureWriter(path: path)
  for index in 0..<20_000 { try writer.write(simulator.record(index)) }
  try writer.finish()
  return path
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(5))

  Benchmark("read 20,000 records of 64 tokens, two threads") { benchmark in
    let path = try simulatedCapture()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      var tokens = 0
      try await CaptureReader(files: [path], threads: 2).forEachLine {
        tokens += try $0.get().tokenLogProbabilities.count
      }
      blackHole(tokens)
    }
  }

  Benchmark("law and histogram of 20,000 records of 64 tokens") { benchmark in
    let records = try await CaptureReader(files: [try simulatedCapture()], threads: 2).records()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      var accumulator = try AuditAccumulator()
      for record in records { accumulator.add(record) }
      blackHole(accumulator.records)
    }
  }
}
