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
      var sums = try DataSetSums()
      for record in records { sums.add(record) }
      blackHole(sums.records)
    }
  }

  for (name, scheme) in [
    ("temperature 0.8, top-k 20", (0.8, 20 as Int?)), ("temperature 0.8", (0.8, nil)),
  ] {
    Benchmark("predict 100,000 records of 64 tokens with 20 alternatives: \(name), two threads") { benchmark in
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      let path = root.appendingPathComponent("notebooks-export/captures/jargon-train-epoch06.jsonl").path
      let few = try await CaptureReader(files: [path], threads: 2).records()
        .filter { $0.tokenLogProbabilities.count == 64 }
      let capture = try Capture(name: "x", records: (0..<100_000).map { few[$0 % few.count] })
      var prediction = try PredictAnalysis(length: 64)
      prediction.decoding = try Decoding(temperature: scheme.0, topK: scheme.1)
      prediction.threads = 2
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations { blackHole(try await prediction.run(on: capture)) }
    }
  }
}
