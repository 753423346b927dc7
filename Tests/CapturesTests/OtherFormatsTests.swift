import Captures
import Foundation
import TestSupport
import Testing
import TokenProcess

/// Shapes of other servers, tables, whole-suffix values, and the records that were sent.
@Suite struct OtherFormatsTests {
  private func records(
    _ text: String, _ change: (inout CaptureOptions) throws -> Void = { _ in }
  ) async throws -> [Record] {
    try await Repository.withScratchFolder { folder in
      let file = folder.appendingPathComponent("capture").path
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      var options = CaptureOptions()
      try change(&options)
      return try await CaptureReader(files: [file], options: options).records()
    }
  }

  @Test func sglang() async throws {
    let response = #"""
      {"text": "x", "meta_info": {"id": "q", "input_token_logprobs": [[null, 5, null], [-0.5, 6, "b"], [-2.0, 7, "c"],
      [-4.0, 8, "d"]], "input_top_logprobs": [null, [[-0.5, 6, null]], [[-0.2, 1, null], [-2.0, 7, null]],
      [[-0.1, 2, null], [-3.0, 3, null]]]}}
      """#
    let found = try await records(response.replacing("\n", with: "")) { $0.split = .prefixTokens(2) }
    #expect(found[0].id == "q" && found[0].tokenLogProbabilities == [-2, -4] && found[0].referenceTokenIDs == [7, 8])
    #expect(found[0].prefixTokenIDs == [5, 6] && found[0].ranks == [1, 2] && found[0].greedyTokenIDs == [1, 2])
    // A list of the token itself alone says nothing about its rank.
    let whole = try await records(response.replacing("\n", with: "")) { $0.split = .prefixTokens(1) }
    #expect(whole[0].ranks == nil && whole[0].tokenLogProbabilities.count == 3)
  }

  @Test func textGenerationInference() async throws {
    let found = try await records(
      #"{"generated_text":" z","details":{"prefill":[{"id":1,"text":"The","logprob":null},{"id":2,"text":" cat","logprob":-1.5},{"id":3,"text":" sat","logprob":-0.25}]}}"#
    ) { $0.split = .prefixTokens(1) }
    #expect(found[0].tokenLogProbabilities == [-1.5, -0.25] && found[0].reference == " cat sat")
    #expect(found[0].prefix == "The" && found[0].ranks == nil)
  }

  /// LiteLLM writes null as the text "None".
  @Test func noneAsText() async throws {
    let found = try await records(
      #"{"choices":[{"logprobs":{"tokens":["a","b","c"],"token_logprobs":["None",-1,-2],"top_logprobs":["None",{"b":-1,"x":-2},{"c":-2,"y":-0.5}]}}]}"#
    ) { $0.split = .prefixTokens(1) }
    #expect(found[0].tokenLogProbabilities == [-1, -2] && found[0].ranks == [0, 1])
  }

  /// What `logprobs=0` gives: only the token itself is listed, and no rank is known.
  @Test func onlyTheOwnToken() async throws {
    let found = try await records(
      #"{"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-9],"top_logprobs":[null,{"b":-9}]}}]}"#
    ) { $0.split = .prefixTokens(1) }
    #expect(found[0].ranks == nil)
  }

  @Test func tables() async throws {
    let rows = """
      ,id,token_logprobs,prefix,note
      0,7,"[-0.5, -1.25]","He said ""yes"",
      then no",x
      1,b,"[-2e-05]",,y

      """
    for text in [rows, rows.replacing("\n", with: "\r\n")] {
      let found = try await records(text)
      #expect(found.map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2e-5]] && found[1].id == "b")
      #expect(found[0].prefix?.hasPrefix("He said \"yes\",") == true && found[1].prefix == nil)
    }
    let tabs = try await records("id\ttoken_logprobs\na\t[-1, -2]\n")
    #expect(tabs[0].tokenLogProbabilities == [-1, -2])
    for bad in [
      "id,token_logprobs\na\n", "id,token_logprobs\na,\"[-1\n", "x,token_logprobs\na,[-1]\n",
      "id,token_logprobs\na,[1]\n",
    ] {
      await #expect(throws: CaptureError.self) { try await records(bad) }
    }
  }

  @Test func wholeNumbersAsNames() async throws {
    #expect(try await records(#"{"id": 12, "token_logprobs": [-1]}"#)[0].id == "12")
    await #expect(throws: CaptureError.self) { try await records(#"{"id": 1.5, "token_logprobs": [-1]}"#) }
  }

  @Test func wholeSuffixes() async throws {
    let text =
      #"{"config":{},"results":{"b":{"prob":0.0,"logprob":null,"suffix_ids":[1],"suffix_text":"s"},"a":{"prob":0.5,"logprob":-0.6931,"prefix_text":"p"}}}"#
    let found = try await records(text) { $0.takesWholeReferences = true }
    #expect(found.map(\.id) == ["a", "b"] && found.map(\.tokenLogProbabilities) == [[-0.6931], [-.infinity]])
    await #expect(throws: CaptureError.self) { try await records(text) }
  }

  /// Each response's boundary from the records that were sent: by name, by line, by the text of the reference or the
  /// number of prefix tokens.
  @Test func boundariesFromRecords() async throws {
    func response(_ id: String, _ prefix: Int) -> String {
      let tokens = (0..<prefix).map { "p\($0)" } + ["re", "fe"]
      let values = ["null"] + (1..<tokens.count).map { "-\($0)" }
      return
        "{\"id\":\"\(id)\",\"choices\":[{\"logprobs\":{\"tokens\":[\(tokens.map { "\"\($0)\"" }.joined(separator: ","))],"
        + "\"token_logprobs\":[\(values.joined(separator: ","))]}}]}"
    }
    try await Repository.withScratchFolder { folder in
      let sent = folder.appendingPathComponent("records.jsonl").path
      try
        ("{\"id\":\"x\",\"prefix\":\"p\",\"reference\":\"refe\",\"document\":\"d\",\"start\":7}\n"
        + "{\"id\":\"y\",\"prefix_token_ids\":[1,2,3]}\n").write(
          toFile: sent, atomically: true, encoding: .utf8)
      // By line, since the server made up names of its own.
      let text = response("s1", 1) + "\n" + response("s2", 3) + "\n"
      let found = try await records(text) { $0.promptRecords = try PromptRecords(path: sent) }
      #expect(found.map(\.id) == ["x", "y"] && found.map(\.tokenLogProbabilities) == [[-1, -2], [-3, -4]])
      #expect(found[0].place == Record.Place(document: "d", start: 7) && found[1].place == nil)
      // By name, in another order.
      let named = response("y", 3) + "\n" + response("x", 1) + "\n"
      let other = try await records(named) { $0.promptRecords = try PromptRecords(path: sent) }
      #expect(other.map(\.id) == ["y", "x"] && other.map(\.tokenLogProbabilities) == [[-3, -4], [-1, -2]])
      // More responses than records; a capture that is no server's.
      let more = text + response("s3", 2) + "\n"
      await #expect(throws: CaptureError.self) {
        try await records(more) { $0.promptRecords = try PromptRecords(path: sent) }
      }
      await #expect(throws: CaptureError.self) {
        try await records(#"{"id":"a","token_logprobs":[-1]}"#) { $0.promptRecords = try PromptRecords(path: sent) }
      }
    }
    // A field of the response.
    let own = response("s", 2).replacing("{\"id\"", with: "{\"prefix_tokens\":2,\"id\"")
    #expect(try await records(own)[0].tokenLogProbabilities == [-2, -3])
  }
}
