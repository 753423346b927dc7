import Captures
import Foundation
import GSLNumerics
import RealModule
import SkewedMemorization
import TestSupport
import Testing

/// Activations and attention beside a capture, in files as `score.py` writes them.
@Suite struct InsideTests {
  /// A safetensors file with single-precision tensors, and the records' names beside them.
  private func write(
    _ tensors: [(name: String, shape: [Int], values: [Float])], offsets: [Int64]? = nil, ids: [String]? = nil,
    to path: String
  ) throws {
    var header: [String: Any] = [:]
    var data = Data()
    if let ids { header["__metadata__"] = ["ids": String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)] }
    for tensor in tensors {
      let begin = data.count
      for value in tensor.values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
      header[tensor.name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [begin, data.count]]
    }
    if let offsets {
      let begin = data.count
      for value in offsets { withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
      header["offsets"] = ["dtype": "I64", "shape": [offsets.count], "data_offsets": [begin, data.count]]
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    var file = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    file.append(text)
    file.append(data)
    try file.write(to: URL(fileURLWithPath: path))
  }

  /// Records of which two in five are repeated, and rows of which one feature says which.
  private func example(
    _ count: Int, dimension: Int, planted: Int, _ generator: inout SeededGenerator
  ) throws -> (capture: Capture, rows: [Float]) {
    var records: [Record] = []
    var rows: [Float] = []
    for index in 0..<count {
      let isKnown = index % 5 < 2
      records.append(
        try Record(
          id: "r\(index)",
          tokenLogProbabilities: (0..<(8 + index % 3)).map { _ in
            (isKnown ? 0.01 : 0.8) * Double.log(Double.random(in: 0.01...1, using: &generator))
          }))
      for feature in 0..<dimension {
        let noise = Float.random(in: -1...1, using: &generator)
        rows.append(feature == planted && isKnown ? noise + 3 : noise)
      }
    }
    return (try Capture(name: "example", records: records), rows)
  }

  @Test func layersAreSetSideBySide() async throws {
    var generator = SeededGenerator(seed: 1)
    let (capture, rows) = try example(80, dimension: 9, planted: 4, &generator)
    let noise = rows.map { _ in Float.random(in: -1...1, using: &generator) }
    // In another order than the records'.
    let order = Array((0..<80).reversed())
    func moved(_ values: [Float]) -> [Float] { order.flatMap { values[$0 * 9..<($0 + 1) * 9] } }
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("a.safetensors").path
      try write(
        [("layer.10", [80, 9], moved(rows)), ("layer.2", [80, 9], moved(noise))], ids: order.map { "r\($0)" }, to: path)
      let activations = try ActivationReader(path: path)
      #expect(activations.layers.map(\.name) == ["layer.2", "layer.10"] && activations.records == 80)
      var analysis = ProbeAnalysis()
      (analysis.permutations, analysis.top, analysis.randomSets) = (19, 3, 2)
      let report = try await analysis.run(on: capture, activations: activations, file: path)
      #expect(report.records == 80 && report.memorized == 32 && report.threshold == 0.5 && report.length == nil)
      #expect(report.baselines.map(\.name) == ["length", "mean loss", "first token", "all three"])
      let (first, second) = (report.layers[0], report.layers[1])
      #expect(first.auc < 0.7 && second.auc > 0.95 && second.p == 0.05 && second.adjusted == 0.05)
      #expect(second.named[0].index == 4 && second.named[0].sameSign == 5 && second.named[0].amongTop == 5)
      // The mean loss says it all, and the report that nothing is added.
      #expect(report.baselines[1].auc > 0.99 && (second.difference?.interval.lower ?? 1) <= 0)
      #expect(
        report.document.text(isStyled: false).replacing("\n", with: " ").contains(
          "These data do not say whether it is better than the best baseline"))
      let sets = second.ablation
      #expect(sets.map(\.name) == ["named", "random-1", "random-2"] && sets.allSatisfy { $0.features.count == 3 })
      #expect(Set(sets[1].features).isDisjoint(with: sets[0].features))
      // The mean over the records that are not memorized.
      let others = (0..<80).filter { $0 % 5 >= 2 }.map { Double(rows[$0 * 9 + 4]) }
      expectClose(sets[0].means[0], others.reduce(0, +) / 48, relative: 1e-5)
    }
  }

  @Test func badActivationsAreNamed() async throws {
    var generator = SeededGenerator(seed: 2)
    let (capture, rows) = try example(20, dimension: 2, planted: 0, &generator)
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("a.safetensors").path
      func problem(
        _ tensors: [(name: String, shape: [Int], values: [Float])], offsets: [Int64]? = nil, ids: [String]? = nil
      ) async throws -> String {
        try write(tensors, offsets: offsets, ids: ids, to: path)
        do {
          _ = try await ProbeAnalysis().run(on: capture, activations: try ActivationReader(path: path), file: path)
          return "nothing"
        } catch { return "\(error)" }
      }
      #expect(try await problem([("x", [40], rows)]).contains("no tensor of records × features"))
      #expect(
        try await problem([("x", [10, 2], Array(rows.prefix(20)))]).contains("10 rows and no ids, for 20 records"))
      #expect(
        try await problem([("x", [20, 2], rows)], ids: (1...20).map { "r\($0)" }).contains("have no record r0"))
      #expect(try await problem([("x", [20, 2], rows)], ids: ["r1"]).contains("is no list of 20, one for each record"))
      #expect(
        try await problem([("x", [20, 2], rows)], ids: Array(repeating: "r0", count: 20)).contains(
          "name a record twice"))
      #expect(try await problem([("x", [20, 2], [.infinity] + rows.dropFirst())]).contains("not finite in row 0"))
      #expect(
        try await problem([("x", [20, 2], rows), ("y", [10, 4], rows)]).contains("another layer has 20"))
      #expect(try await problem([("x", [20, 2], rows)], offsets: [0, 5, 5, 20]).contains("every record has a token"))
      // Ten records of two tokens each.
      try write([("x", [20, 2], rows)], offsets: (0...10).map { 2 * $0 }, to: path)
      let pooled = try ActivationReader(path: path)
      #expect(pooled.records == 10 && pooled.layers[0].rows[0] == 0.5 * (rows[0] + rows[2]))
      var analysis = ProbeAnalysis()
      try write([("x", [20, 2], rows)], to: path)
      let activations = try ActivationReader(path: path)
      analysis.layers = ["y"]
      await #expect(throws: ArgumentError.self) {
        try await analysis.run(on: capture, activations: activations, file: path)
      }
      analysis.layers = nil
      analysis.outcome = .greedy
      await #expect(throws: ArgumentError.self) {
        try await analysis.run(on: capture, activations: activations, file: path)
      }
      analysis.outcome = .probability(length: 10, threshold: 0.5)
      // Six of the records have ten tokens, and hardly five of them one outcome.
      await #expect(throws: ArgumentError.self) {
        try await analysis.run(on: capture, activations: activations, file: path)
      }
    }
  }

  /// A head whose entropy follows what loss and length leave of ln S(n) is found among others.
  @Test func aHeadThatFollowsTheTail() async throws {
    var generator = SeededGenerator(seed: 3)
    let records = try (0..<60).map { index in
      try Record(
        id: "r\(index)",
        tokenLogProbabilities: (0..<16).map { _ in Double.log(Double.random(in: 0.05...1, using: &generator)) })
    }
    let (layers, heads) = (3, 4)
    var values: [Float] = []
    for record in records {
      let start = record.tokenLogProbabilities.prefix(4).reduce(0, +)
      for place in 0..<layers * heads {
        values.append(
          place == 6
            ? Float(start + Double.random(in: -1...1, using: &generator)) : Float.random(in: -1...1, using: &generator))
      }
    }
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("a.safetensors").path
      try write(
        [("attention.entropy", [60, layers, heads], values), ("other", [1], [0])], ids: records.map(\.id), to: path)
      let reader = try AttentionReader(path: path)
      #expect(
        reader.measures.map(\.name) == ["entropy"]
          && reader.measures[0].values(layer: 1, head: 2)[0] == Double(values[6]))
      var analysis = DriversAnalysis()
      analysis.resampling.threads = 2
      let capture = try Capture(name: "records", records: records)
      let found = try await analysis.attention(of: capture, reader, file: path)
      let measure = try #require(found.measures.first)
      #expect(measure.length == 8 && measure.heads.count == 12)
      let best = try #require(measure.heads.min { $0.p < $1.p })
      #expect(best.layer == 1 && best.head == 2 && best.correlation > 0.3 && best.benjaminiHochberg < 0.05)
      try write([("attention.entropy", [30, 6, heads], values)], to: path)
      let short = try AttentionReader(path: path)
      await #expect(throws: CaptureError.self) { try await analysis.attention(of: capture, short, file: path) }
      try write([("attention.entropy", [60, 12], values)], to: path)
      #expect(throws: CaptureError.self) { try AttentionReader(path: path) }
    }
  }
}
