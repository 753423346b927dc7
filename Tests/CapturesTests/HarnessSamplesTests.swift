import Foundation
import TestSupport
import Testing
import TokenProcess

@testable import Captures

/// Samples of lm-evaluation-harness.
@Suite struct HarnessSamplesTests {
  /// Samples that lm-evaluation-harness logged for the model of the bundled captures: the sums are those of its tokens.
  @Test func harness() async throws {
    let found = try await FormatFile.records("lm-eval.jsonl", takesWhole: true)
    #expect(
      await FormatFile.error { _ = try await FormatFile.records("lm-eval.jsonl") }?.problem.contains("only audit")
        == true)
    #expect(found.map(\.id) == ["0", "1", "4", "0", "1"])
    let capture = try await CaptureReader(files: [Repository.capture("jargon-train-epoch06.jsonl")]).records()
    for (sample, record) in zip(found, capture).prefix(2) {
      #expect(sample.reference == record.reference && sample.prefix == record.prefix && sample.ranks == [1])
      // The adapter's weights were rounded to half precision for the harness.
      expectClose(
        sample.tokenLogProbabilities[0], record.tokenLogProbabilities.reduce(0, +), relative: 0, absolute: 1e-3)
    }
    // Of several answers the right one.
    #expect(found[3].reference == " blue" && found[4].reference == " green")
    let bad = [
      (#"{"doc_id":1,"resps":[["some text"]]}"#, "resps[0]"), (#"{"doc_id":1,"resps":[]}"#, "resps"),
      (#"{"resps":[[[-1,true]]]}"#, "doc_id"),
      (#"{"doc_id":1,"arguments":{"gen_args_0":{"arg_0":"q","arg_1":{"until":["x"]}}},"resps":[["42"]]}"#, "arguments"),
      (#"{"doc_id":1,"arguments":[["q",{"until":[]}]],"resps":[["-42"]]}"#, "arguments"),
      (#"{"doc_id":1,"resps":[[["0.5","False"]]]}"#, "token_logprobs[0]"),
    ]
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("s.jsonl").path
      func read(_ line: String) async throws -> [Record] {
        try line.write(toFile: path, atomically: true, encoding: .utf8)
        return try await FormatFile.records(path, format: .harness, takesWhole: true)
      }
      for (line, field) in bad {
        #expect(await FormatFile.error { _ = try await read(line) }?.field == field, "\(line)")
      }
      // The right answer by its text or by its number, wherever something is unusual in the line.
      func sample(_ target: String, _ rest: String = "") -> String {
        let answers = [" 1", " 2", " 3"].enumerated()
          .map { "\"gen_args_\($0)\":{\"arg_0\":\"q\",\"arg_1\":\"\($1)\"}" }
        let values = #"[[[-3,false]],[["-0.1","True"]],[[-9,false]]]"#
        return
          "{\"doc_id\":7,\"target\":\(target),\"arguments\":{\(answers.joined(separator: ","))},\"resps\":\(values)\(rest)}"
      }
      for (target, id, value) in [("\" 3\"", "7", -9.0), ("0", "7", -3), ("\"0\"", "7", -3)] {
        for rest in ["", #","z":1e300"#] {
          let found = try await read(sample(target, rest))
          #expect(found.map(\.id) == [id] && found[0].tokenLogProbabilities == [value], "\(target)\(rest)")
        }
      }
      #expect(await FormatFile.error { _ = try await read(sample("\"2\"")) }?.field == "target")
      #expect(try await read(sample("\"nine\"")).map(\.id) == ["7/0", "7/1", "7/2"])
      #expect(try await read(#"{"doc_id":1,"resps":[[[-2,1]]]}"#)[0].ranks == [0])
      let both = try await read(#"{"doc_id":"x","resps":[[[-1.5,true]],[["-inf","False"]]]}"#)
      #expect(both.map(\.id) == ["x/0", "x/1"] && both.map(\.tokenLogProbabilities) == [[-1.5], [-.infinity]])
      #expect(both.map(\.ranks) == [[0], [1]])
    }
  }
}
