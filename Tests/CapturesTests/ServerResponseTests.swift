import Foundation
import TestSupport
import Testing
import TokenProcess

@testable import Captures

/// Responses of servers, as the real programs sent them and damaged.
@Suite struct ServerResponseTests {
  @Test func vLLM() async throws {
    let record = try #require(try await FormatFile.records("vllm.json", split: .prefixTokens(2)).first)
    #expect(record.id == "cmpl-1" && record.tokenLogProbabilities == [-3.25, -0.2])
    #expect(record.referenceTokenIDs == [9, 8] && record.prefixTokenIDs == [1, 11] && record.reference == " c f")
    // Ranks from 0; the prompt's own token, of rank 20, is none of the most probable.
    #expect(record.ranks == [19, 0] && record.greedyTokenIDs == [4, 8])
    #expect(record.topLogProbabilities?[0].map(\.tokenID) == [4, 5])
    #expect(try await FormatFile.records("vllm.json", split: .suffixTokens(1))[0].tokenLogProbabilities == [-0.2])
    let unsaid = await FormatFile.error { _ = try await FormatFile.records("vllm.json") }
    #expect(unsaid?.option == "split")
    let beyond = await FormatFile.error { _ = try await FormatFile.records("vllm.json", split: .prefixTokens(4)) }
    #expect(beyond?.field == "prompt_logprobs")
  }

  /// What vLLM 0.32.0 sent.
  @Test func realVLLM() async throws {
    let record = try #require(try await FormatFile.records("vllm-0.32.0.json", split: .prefixTokens(2)).first)
    #expect(record.tokenLogProbabilities == [-1.838071584701538, -7.016946792602539, -3.712050676345825])
    #expect(record.referenceTokenIDs == [933, 4038, 299] && record.prefixTokenIDs == [17872, 42])
    #expect(record.ranks == [0, 157, 3] && record.reference == " [Intel")
    #expect(record.topLogProbabilities?.map { $0.map(\.tokenID) } == [[933, 216], [3706, 57], [42, 446]])
    // With echo there are lists of texts too; two prompts at once, the last token generated.
    let echoed = try await FormatFile.records("vllm-0.32.0-echo.json", split: .prefixTokens(2))
    #expect(echoed.map(\.reference) == [" wörld 😀 again", " of France is Paris"])
    #expect(echoed[0].tokenLogProbabilities.first == -14.538293838500977)
  }

  /// Without token ids the prompt's own token is known by its place, where that can be seen to be the first; in another
  /// order it is not known.
  @Test func ownTokenByItsPlace() async throws {
    func position(_ own: Int, _ rank: Int, isFirst: Bool) -> String {
      let mine = "\"\(own)\":{\"logprob\":-5.0,\"rank\":\(rank)}"
      let others = (1...3).map { "\"\(60 + $0)\":{\"logprob\":-1.\($0),\"rank\":\($0)}" }
      return "{" + (isFirst ? [mine] + others : others + [mine]).joined(separator: ",") + "}"
    }
    func response(_ positions: [String]) -> String {
      "{\"choices\":[{\"prompt_logprobs\":[null,\(positions.joined(separator: ","))]}]}"
    }
    let own = Array(10..<22)
    let top =
      "{\"63\":{\"logprob\":-1.3,\"rank\":3},\"61\":{\"logprob\":-1.1,\"rank\":1},\"62\":{\"logprob\":-1.2,\"rank\":2}}"
    let cases = [
      (own.map { position($0, 9, isFirst: true) } + [top], own + [63]),
      (own.map { position($0, 9, isFirst: false) } + [top], nil),
      // Too few places to tell an order from chance.
      (own.prefix(8).map { position($0, 9, isFirst: true) } + [top], nil),
    ]
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      for (positions, tokens) in cases {
        try response(positions).write(toFile: path, atomically: true, encoding: .utf8)
        do {
          let record = try await FormatFile.records(path, split: .prefixTokens(1))[0]
          #expect(record.referenceTokenIDs == tokens)
        } catch let error as CaptureError {
          #expect(tokens == nil && error.field == "prompt_token_ids", "\(error)")
        }
      }
    }
  }

  /// What llama.cpp's server sent: the reference is what was generated.
  @Test func llamaCPP() async throws {
    let record = try #require(try await FormatFile.records("llama-cpp.json").first)
    #expect(record.prefix == "The capital of France is" && record.reference == " Paris.\n\n")
    #expect(record.referenceTokenIDs == [7042, 30, 198, 198] && record.ranks == [0, 0, 0, 0])
    #expect(record.tokenLogProbabilities[0] == -0.25889989733695984)
    #expect(record.topLogProbabilities?[0].map(\.tokenID) == [7042, 260])
    let cases = [
      (#"[{"id":1,"prob":0.5}]"#, "completion_probabilities[0]"),
      (#"[{"logprob":-1}]"#, "completion_probabilities[0].id"),
      (#"[]"#, "token_logprobs"),
      // Parts of a letter of which llama.cpp says nothing.
      (#"[{"id":96,"logprob":-1}],"tokens":[500,96]"#, "completion_probabilities"),
      (#"[{"id":96,"logprob":-1}],"tokens":[],"tokens_predicted":2"#, "completion_probabilities"),
    ]
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      for (values, field) in cases {
        try "{\"completion_probabilities\":\(values)}".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(await FormatFile.error { _ = try await FormatFile.records(path) }?.field == field)
      }
      // The tokens of a stop word are no part of what was generated.
      let stopped =
        #"{"completion_probabilities":[{"id":5,"logprob":-1}],"tokens":[5,6],"tokens_predicted":2,"stop_type":"word"}"#
      try stopped.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try await FormatFile.records(path)[0].referenceTokenIDs == [5])
      // A probability of 0.
      let lowest = #"{"completion_probabilities":[{"id":1,"logprob":-3.4028234663852886e+38}]}"#
      try lowest.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try await FormatFile.records(path)[0].tokenLogProbabilities == [-.infinity])
    }
  }

  @Test func openAI() async throws {
    let records = try await FormatFile.records("openai.jsonl", split: .suffixTokens(2))
    #expect(records.map(\.id) == ["req-7", "cmpl-2"])
    // The fourth token was generated.
    #expect(records[1].tokenLogProbabilities == [-2, -0.25] && records[1].reference == " cat sat")
    #expect(records[1].prefix == "The" && records[1].ranks == [1, 0] && records[1].referenceTokenIDs == nil)
  }

  /// What a real server sent: one response in order, and one whose log-probabilities are those of the next token.
  @Test func llamaCPPPython() async throws {
    let record = try #require(try await FormatFile.records("llama-cpp-python.json", split: .suffixTokens(7)).first)
    #expect(
      record.reference == " five six seven eight nine ten." && record.tokenLogProbabilities[1] == -1.859209656715393)
    #expect(record.ranks == [2, 0, 2, 0, 0, 0, 1])
    let shifted = await FormatFile.error {
      _ = try await FormatFile.records("llama-cpp-python-off-by-one.json", split: .prefixTokens(3))
    }
    #expect(shifted?.field == "top_logprobs" && shifted?.problem.contains("off by one") == true)
  }

  @Test(arguments: [
    (#"{"choices":[{"prompt_logprobs":[null,{"x":{"logprob":-1,"rank":1}}]}]}"#, "choices[0].prompt_logprobs[1]"),
    (#"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1},"2":{"logprob":-2}}]}]}"#, "prompt_token_ids"),
    (#"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1}}],"prompt_token_ids":[5]}]}"#, "prompt_token_ids"),
    (#"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1}}],"prompt_token_ids":[5,6]}]}"#, "prompt_logprobs[1]"),
    (#"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":1}}]}]}"#, "token_logprobs[0]"),
    (#"{"choices":[{"prompt_logprobs":[null,null]}]}"#, "prompt_logprobs[1]"),
    (#"{"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[null]}}]}"#, "token_logprobs"),
    (#"{"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[null,null]}}]}"#, "token_logprobs[1]"),
    (
      #"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1,"rank":-9223372036854775808}}]}]}"#,
      "prompt_logprobs[1]"
    ),
    (
      #"{"choices":[{"logprobs":{"tokens":["a"],"token_logprobs":[null]}}],"usage":{"prompt_tokens":-9223372036854775808}}"#,
      "logprobs"
    ),
    (
      #"{"choices":[{"message":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1}]}}]}"#,
      "choices[0].message"
    ),
    (#"{"choices":[{"message":{"content":"a"},"logprobs":null}]}"#, "choices[0].message"),
    (#"{"error":{"message":"no such model"}}"#, "error"), (#"{"error":"no such model"}"#, "error"),
    (#"{"custom_id":"r","response":{"status_code":500,"body":{"error":{"message":"boom"}}}}"#, "error"),
    (
      #"{"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[-1,-2]}}],"usage":{"completion_tokens":2}}"#,
      "logprobs"
    ),
    (#"{"choices":[{"text":"a"}]}"#, "choices[0].logprobs"), (#"{"choices":[]}"#, "choices"),
    (#"{"choices":[{"prompt_logprobs":7}]}"#, "choices[0].prompt_logprobs"),
  ]) func badResponsesAreNamed(response: String, field: String) async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      try response.write(toFile: path, atomically: true, encoding: .utf8)
      let found = await FormatFile.error {
        _ = try await FormatFile.records(path, split: .prefixTokens(1), format: .server)
      }
      #expect(found?.field == field, "\(String(describing: found))")
    }
  }

  /// A chat's prompt as vLLM scores it, whatever it says of what it generated.
  @Test(arguments: ["null", #"{"content":[{"token":"a","logprob":-1,"top_logprobs":[]}]}"#])
  func chat(logprobs: String) throws {
    let response =
      #"{"choices":[{"index":0,"message":{"content":"a"},"logprobs":\#(logprobs)}],"prompt_logprobs":[null,{"7":{"logprob":-0.5,"rank":1}}]}"#
    let records = try ServerResponse(Data(response.utf8)).records(split: .prefixTokens(1), name: "x")
    #expect(records.map(\.tokenLogProbabilities) == [[-0.5]])
  }

  /// A message that is null is none, whoever reads the response.
  @Test(arguments: ["", #""k":1e-400,"#]) func noMessage(unusual: String) throws {
    let response =
      #"{\#(unusual)"choices":[{"message":null,"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-1]}}]}"#
    let records = try ServerResponse(Data(response.utf8)).records(split: .prefixTokens(1), name: "x")
    #expect(records.map(\.tokenLogProbabilities) == [[-1]])
  }

  /// A response that says something twice is refused, as nobody knows which counts; answers about other tokens are; and
  /// what is left out when the prompt is known is not part of the record.
  @Test func responsesThatAreNotWhatWasAsked() throws {
    for (twice, path) in [
      (#"{"choices":[],"choices":[]}"#, "choices"),
      (
        #"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1,"logprob":-2}}]}]}"#,
        "choices[0].prompt_logprobs[1].1.logprob"
      ),
      (
        #"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1},"1":{"logprob":-2}}]}]}"#,
        "choices[0].prompt_logprobs[1].1"
      ),
    ] {
      let fault = #expect(throws: JSONFault.self) { try ServerResponse(Data(twice.utf8)) }
      #expect(fault?.path == path && fault?.problem == "is there twice", "\(twice)")
    }
    // Answers about other tokens than were asked for, wherever they stand.
    for other in [
      #"{"prompt_logprobs":[null,{"9":{"logprob":-9}}],"prompt_token_ids":[1,9]}"#,
      #"{"prompt_logprobs":[null,{"9":{"logprob":-9}}]}"#,
      #"{"response":{"body":{"prompt_logprobs":[null,{"9":{"logprob":-9}}],"prompt_token_ids":[1,9]}}}"#,
    ] {
      let response = try ServerResponse(Data(other.utf8), asked: ([1, 7], 1))
      #expect(throws: RecordError.self) { try response.records(split: .prefixTokens(1), name: "x", asked: [1, 7]) }
    }
    // What is left out when the prompt is known is not part of the record.
    let text = try Data(contentsOf: URL(fileURLWithPath: FormatFile.path("vllm-0.32.0.json")))
    let asked = [17872, 42, 933, 4038, 299]
    let some = try ServerResponse(text, asked: (asked, 2))
    let all = try ServerResponse(text)
    #expect(
      try some.records(split: .prefixTokens(2), name: "x", asked: asked)
        == all.records(split: .prefixTokens(2), name: "x", asked: asked))
  }

  /// Tokens of the same rank come in the order of their ids, the prompt's own last, in every process.
  @Test func ties() async throws {
    let entries = (0..<9).map { "\"\(40 - $0)\":{\"logprob\":-2.0,\"rank\":1}" }.joined(separator: ",")
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      let response = #"{"choices":[{"prompt_logprobs":[null,{\#(entries)}],"prompt_token_ids":[1,35]}]}"#
      try response.write(toFile: path, atomically: true, encoding: .utf8)
      let record = try await FormatFile.records(path, split: .prefixTokens(1))[0]
      #expect(record.topLogProbabilities?[0].map(\.tokenID) == [32, 33, 34, 36, 37, 38, 39, 40, 35])
      #expect(record.greedyTokenIDs == [32])
    }
  }
}
