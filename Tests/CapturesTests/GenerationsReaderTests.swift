import Captures
import Foundation
import TestSupport
import Testing
import TokenProcess

@Suite struct GenerationsReaderTests {
  private func read(_ text: String) async throws -> [SampledGenerations] {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("g.jsonl").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try GenerationsReader.read(path: path)
    }
  }

  /// What lm-evaluation-harness logs for a task that generates, in both of its forms of arguments.
  @Test func harnessGenerations() async throws {
    let sets = try await read(
      """
      {"doc_id": 7, "doc": {"q": "?"}, "target": "x", "arguments": {"gen_args_0": {"arg_0": "Once", "arg_1": \
      {"until": ["\\n"], "do_sample": false, "temperature": 0.0}}}, "resps": [["upon a time"]], \
      "filtered_resps": ["upon a time"]}
      {"doc_id": "b", "arguments": [["Twice", {"temperature": 0.7, "top_p": 0.9}]], "resps": [["a", "b"]]}
      """)
    #expect(sets.map(\.id) == ["7", "b"] && sets.map(\.prompt) == ["Once", "Twice"])
    #expect(sets[0].texts == ["upon a time"] && sets[0].decoding == .greedy && sets[1].texts == ["a", "b"])
    #expect(sets[1].decoding == (try Decoding(temperature: 0.7, topP: 0.9)))
    // A line for each filter of one document is one document.
    let filtered = try await read(
      #"{"doc_id":1,"resps":[["x"]],"filter":"a"}"# + "\n" + #"{"doc_id":1,"resps":[["x"]],"filter":"b"}"# + "\n"
        + #"{"doc_id":2,"resps":[["y"]],"filter":"b"}"#)
    #expect(filtered.map(\.id) == ["1", "2"])
    await #expect { try await read("{\"doc_id\": 1, \"resps\": [[[-1.5, false]]]}") } throws: {
      ($0 as? CaptureError)?.field == "resps"
    }
  }

  @Test func fields() async throws {
    let sets = try await read(
      """
      {"id": "a", "generations": [[1, 2], []]}

      {"id": "b", "temperature": 0.8, "top_k": 20, "top_p": 0.9, "min_p": 0.05, "draws": 1, "generations": [[3]]}
      {"id": "c", "temperature": 1.0, "top_k": 0, "generations": []}
      """)
    let texts = try await read("{\"id\": \"t\", \"texts\": [\"x\", \"y z\"], \"draws\": 2}")
    #expect(texts[0].texts == ["x", "y z"] && texts[0].generations.isEmpty)
    #expect(sets.map(\.id) == ["a", "b", "c"])
    #expect(sets[0].decoding == .plain && sets[2].decoding == .plain && sets[0].generations == [[1, 2], []])
    #expect(sets[1].decoding == (try Decoding(temperature: 0.8, topK: 20, topP: 0.9, minP: 0.05)))
  }

  @Test(arguments: [
    ("{\"generations\": []}", "id"), ("{\"id\": \"a\"}", "generations"),
    ("{\"id\": \"a\", \"draws\": 2, \"generations\": [[1]]}", "draws"),
    ("{\"id\": \"a\", \"top_p\": 7, \"generations\": [[1]]}", "top_p"),
    ("{\"id\": \"a\", \"temperature\": -1, \"generations\": [[1]]}", "temperature"),
    ("{\"id\": \"a\", \"generations\": [[\"x\"]]}", "generations[0][0]"),
    ("{\"id\": \"a\", \"generations\": [[1]], \"texts\": []}", "texts"),
    ("{\"id\": \"a\", \"generations\": [[1], [2, -3]]}", "generations[1]"), ("nonsense", nil), ("[1]", nil),
  ]) func badLinesAreNamed(line: String, field: String?) async throws {
    do {
      _ = try await read("{\"id\": \"a\", \"generations\": []}\n" + line + "\n")
      Issue.record("\(line) was read")
    } catch let error as CaptureError {
      #expect(error.line == 2 && error.field == field, "\(error)")
    }
  }
}
