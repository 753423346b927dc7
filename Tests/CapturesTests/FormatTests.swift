import Compression
import Foundation
import TestSupport
import Testing
import TokenProcess

@testable import Captures

/// Files of other formats (References/make_formats.py), whole and damaged.
@Suite struct FormatTests {
  private func path(_ name: String) throws -> String {
    try #require(Bundle.module.resourcePath) + "/References/formats/" + name
  }

  private func records(
    _ name: String, split: ReferenceSplit? = nil, lengths: String? = nil, format: CaptureFormat? = nil,
    takesWhole: Bool = false
  ) async throws -> [Record] {
    var options = CaptureOptions()
    options.takesWholeReferences = takesWhole
    options.split = split
    options.arrayLengths = try lengths.map(path)
    options.format = format
    return try await CaptureReader(
      files: [name.hasPrefix("/") ? name : try path(name)], threads: 2, options: options
    ).records()
  }

  private func error(_ body: () async throws -> Void) async -> CaptureError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? CaptureError
    }
  }

  @Test func vLLM() async throws {
    let record = try #require(try await records("vllm.json", split: .prefixTokens(2)).first)
    #expect(record.id == "cmpl-1" && record.tokenLogProbabilities == [-3.25, -0.2])
    #expect(record.referenceTokenIDs == [9, 8] && record.prefixTokenIDs == [1, 11] && record.reference == " c f")
    // Ranks from 0; the prompt's own token, of rank 20, is none of the most probable.
    #expect(record.ranks == [19, 0] && record.greedyTokenIDs == [4, 8])
    #expect(record.topLogProbabilities?[0].map(\.tokenID) == [4, 5])
    #expect(try await records("vllm.json", split: .suffixTokens(1))[0].tokenLogProbabilities == [-0.2])
    let unsaid = await error { _ = try await records("vllm.json") }
    #expect(unsaid?.problem.contains("--prefix-tokens") == true)
    let beyond = await error { _ = try await records("vllm.json", split: .prefixTokens(4)) }
    #expect(beyond?.field == "prompt_logprobs")
  }

  /// What vLLM 0.32.0 sent.
  @Test func realVLLM() async throws {
    let record = try #require(try await records("vllm-0.32.0.json", split: .prefixTokens(2)).first)
    #expect(record.tokenLogProbabilities == [-1.838071584701538, -7.016946792602539, -3.712050676345825])
    #expect(record.referenceTokenIDs == [933, 4038, 299] && record.prefixTokenIDs == [17872, 42])
    #expect(record.ranks == [0, 157, 3] && record.reference == " [Intel")
    #expect(record.topLogProbabilities?.map { $0.map(\.tokenID) } == [[933, 216], [3706, 57], [42, 446]])
    // With echo there are lists of texts too; two prompts at once, the last token generated.
    let echoed = try await records("vllm-0.32.0-echo.json", split: .prefixTokens(2))
    #expect(echoed.map(\.reference) == [" wörld 😀 again", " of France is Paris"])
    #expect(echoed[0].tokenLogProbabilities.first == -14.538293838500977)
  }

  /// Without token ids the prompt's own token is known by its place, where that can be seen to be the first; in another order it is not known.
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
          let record = try await records(path, split: .prefixTokens(1))[0]
          #expect(record.referenceTokenIDs == tokens)
        } catch let error as CaptureError {
          #expect(tokens == nil && error.field == "prompt_token_ids", "\(error)")
        }
      }
    }
  }

  /// What llama.cpp's server sent: the reference is what was generated.
  @Test func llamaCPP() async throws {
    let record = try #require(try await records("llama-cpp.json").first)
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
        #expect(await error { _ = try await records(path) }?.field == field)
      }
      // The tokens of a stop word are no part of what was generated.
      let stopped =
        #"{"completion_probabilities":[{"id":5,"logprob":-1}],"tokens":[5,6],"tokens_predicted":2,"stop_type":"word"}"#
      try stopped.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try await records(path)[0].referenceTokenIDs == [5])
      // A probability of 0.
      let lowest = #"{"completion_probabilities":[{"id":1,"logprob":-3.4028234663852886e+38}]}"#
      try lowest.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try await records(path)[0].tokenLogProbabilities == [-.infinity])
    }
  }

  /// Samples that lm-evaluation-harness logged for the model of the bundled captures: the sums are those of its tokens.
  @Test func harness() async throws {
    let found = try await records("lm-eval.jsonl", takesWhole: true)
    #expect(await error { _ = try await records("lm-eval.jsonl") }?.problem.contains("only audit") == true)
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
        return try await records(path, format: .harness, takesWhole: true)
      }
      for (line, field) in bad {
        #expect(await error { _ = try await read(line) }?.field == field, "\(line)")
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
      #expect(await error { _ = try await read(sample("\"2\"")) }?.field == "target")
      #expect(try await read(sample("\"nine\"")).map(\.id) == ["7/0", "7/1", "7/2"])
      #expect(try await read(#"{"doc_id":1,"resps":[[[-2,1]]]}"#)[0].ranks == [0])
      let both = try await read(#"{"doc_id":"x","resps":[[[-1.5,true]],[["-inf","False"]]]}"#)
      #expect(both.map(\.id) == ["x/0", "x/1"] && both.map(\.tokenLogProbabilities) == [[-1.5], [-.infinity]])
      #expect(both.map(\.ranks) == [[0], [1]])
    }
  }

  /// The quick reader of responses, and Foundation.
  @Test func responsesReadTwice() throws {
    for name in ["vllm.json", "vllm-0.32.0.json", "vllm-0.32.0-echo.json", "llama-cpp-python.json"] {
      let text = try Data(contentsOf: URL(fileURLWithPath: path(name)))
      let quick = try #require(ServerResponseParser().response(text))
      let slow = try JSONDecoder().decode(ServerResponse.self, from: text)
      #expect(try quick.records(split: .prefixTokens(2), name: "x") == slow.records(split: .prefixTokens(2), name: "x"))
    }
    // What stands twice is Foundation's to read, which takes the first.
    for twice in [
      #"{"choices":[],"choices":[]}"#, #"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1,"logprob":-2}}]}]}"#,
      #"{"choices":[{"prompt_logprobs":[null,{"1":{"logprob":-1},"1":{"logprob":-2}}]}]}"#,
    ] {
      #expect(ServerResponseParser().response(Data(twice.utf8)) == nil, "\(twice)")
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
    let text = try Data(contentsOf: URL(fileURLWithPath: path("vllm-0.32.0.json")))
    let asked = [17872, 42, 933, 4038, 299]
    let some = try #require(ServerResponseParser((asked, 2)).response(text))
    let all = try #require(ServerResponseParser().response(text))
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
      let record = try await records(path, split: .prefixTokens(1))[0]
      #expect(record.topLogProbabilities?[0].map(\.tokenID) == [32, 33, 34, 36, 37, 38, 39, 40, 35])
      #expect(record.greedyTokenIDs == [32])
    }
  }

  /// Frames whose content fills the decompressor's buffer exactly, pieces at a time, and many members.
  @Test func compressionBoundaries() throws {
    for size in [131_072, 262_144, 131_071, 1, 0] {
      let content = Data((0..<size).map { UInt8($0 % 251) })
      let compressed = try compressedByZstd(content)
      for step in [1, 7, compressed.count] where step == compressed.count || size < 140_000 {
        let decompressor = try Decompressor(.zstd)
        var output: [UInt8] = []
        for start in stride(from: 0, to: compressed.count, by: step) {
          try Array(compressed[start..<min(start + step, compressed.count)]).withUnsafeBufferPointer {
            try decompressor.append($0, to: &output)
          }
        }
        try decompressor.finish()
        #expect(output == Array(content), "\(size) bytes in steps of \(step)")
      }
    }
  }

  /// One raw frame (RFC 8878, 3.1.1): blocks as they are, 128 KiB at most each.
  private func compressedByZstd(_ content: Data) throws -> [UInt8] {
    // Single segment with an 8-byte size of the content, no checksum.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0]
    frame += (0..<8).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
    var start = 0
    repeat {
      let size = min(131_072, content.count - start)
      let isLast = start + size == content.count ? 1 : 0
      let header = size << 3 | isLast
      frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + content[start..<(start + size)]
      start += size
    } while start < content.count
    return frame
  }

  @Test func openAI() async throws {
    let records = try await records("openai.jsonl", split: .suffixTokens(2))
    #expect(records.map(\.id) == ["req-7", "cmpl-2"])
    // The fourth token was generated.
    #expect(records[1].tokenLogProbabilities == [-2, -0.25] && records[1].reference == " cat sat")
    #expect(records[1].prefix == "The" && records[1].ranks == [1, 0] && records[1].referenceTokenIDs == nil)
  }

  /// What a real server sent: one response in order, and one whose log-probabilities are those of the next token.
  @Test func llamaCPPPython() async throws {
    let record = try #require(try await records("llama-cpp-python.json", split: .suffixTokens(7)).first)
    #expect(
      record.reference == " five six seven eight nine ten." && record.tokenLogProbabilities[1] == -1.859209656715393)
    #expect(record.ranks == [2, 0, 2, 0, 0, 0, 1])
    let shifted = await error { _ = try await records("llama-cpp-python-off-by-one.json", split: .prefixTokens(3)) }
    #expect(shifted?.field == "top_logprobs" && shifted?.problem.contains("off by one") == true)
  }

  @Test(arguments: [
    (#"{"choices":[{"prompt_logprobs":[null,{"x":{"logprob":-1,"rank":1}}]}]}"#, "prompt_logprobs[1]"),
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
      "prompt_logprobs"
    ),
    (#"{"choices":[{"text":"a"}]}"#, "choices[0].logprobs"), (#"{"choices":[]}"#, "choices"),
    (#"{"choices":[{"prompt_logprobs":7}]}"#, "choices[0].prompt_logprobs"),
  ]) func badResponsesAreNamed(response: String, field: String) async throws {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("r.json").path
      try response.write(toFile: path, atomically: true, encoding: .utf8)
      let found = await error { _ = try await records(path, split: .prefixTokens(1), format: .server) }
      #expect(found?.field == field, "\(String(describing: found))")
    }
  }

  @Test func arrays() async throws {
    #expect(try await records("a.npy").map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2, -3, -4]])
    #expect(try await records("a.npy", lengths: "len.npy").map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2]])
    #expect(
      try await records("flat.npy", lengths: "off.npy").map(\.tokenLogProbabilities) == [[-1, -2], [-3, -4, -5]])
    #expect(try await records("half.npy").map(\.tokenLogProbabilities) == [[-0.5, -1.5]])
    let tensors = try await records("t.safetensors")
    #expect(tensors.map(\.tokenLogProbabilities) == [[-0.5, -1.25], [-2, -3, -4]])
    #expect(tensors.map(\.ranks) == [[0, 1], [2, 0, 0]])
    #expect(await error { _ = try await records("flat.npy") }?.problem.contains("one-dimensional") == true)
    #expect(await error { _ = try await records("a.npy", lengths: "off.npy") }?.problem.contains("lengths") == true)
    // Lengths are no offsets.
    #expect(await error { _ = try await records("flat.npy", lengths: "len.npy") }?.field == "offsets")
    #expect(await error { _ = try await records("/nowhere.npy") }?.file == "/nowhere.npy")
  }

  /// NumPy's archives, stored and deflated, alone and with other arrays, and compressed whole.
  @Test func archives() async throws {
    let rows: [[Double]] = [[-0.5, -1.25], [-2, -3, -4]]
    for name in ["stored.npz", "deflated.npz"] {
      let records = try await records(name)
      #expect(records.map(\.tokenLogProbabilities) == rows && records.map(\.ranks) == [[0, 1], [2, 0, 0]])
    }
    #expect(try await records("single.npz").map(\.tokenLogProbabilities) == rows)
    #expect(try await records("flat.npz").map(\.tokenLogProbabilities) == [[-1, -2], [-3, -4, -5]])
    #expect(try await records("a.npy.gz").map(\.tokenLogProbabilities) == rows)
    #expect(try await records("many64.npz").count == 3)
    let stranger = await error { _ = try await records("other.npz") }
    #expect(stranger?.field == "token_logprobs" && stranger?.problem.contains("lengths") == true)
    var damaged = try Data(contentsOf: URL(fileURLWithPath: path("stored.npz")))
    damaged[140] ^= 1
    try await Repository.withScratchFolder { folder in
      let file = folder.appendingPathComponent("damaged.npz").path
      try damaged.write(to: URL(fileURLWithPath: file))
      #expect(await error { _ = try await records(file) }?.problem == "the archive is damaged")
    }
  }

  /// Bad rows are errors of their own: the others can be read, and records of several files have different names.
  @Test func rowsAndFiles() async throws {
    try await Repository.withScratchFolder { folder in
      let array = folder.appendingPathComponent("bad.npy").path
      var data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
      let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }\n"
      data.append(contentsOf: [UInt8(header.utf8.count), 0])
      data.append(Data(header.utf8))
      for value in [-1, -2, 1, -1, -3, Double.nan] { withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
      try data.write(to: URL(fileURLWithPath: array))
      var lines: [CaptureReader.Line] = []
      try await CaptureReader(files: [array, array]).forEachLine { lines.append($0) }
      let ids = lines.compactMap { try? $0.get() }.map(\.id)
      #expect(ids == ["\(array):row-0", "\(array):row-2", "\(array):row-0", "\(array):row-2"])
      guard case .failure(let error) = lines[1] else {
        Issue.record("a positive log-probability was taken")
        return
      }
      #expect(error.field == "token_logprobs[0]" && error.problem.contains("row 1"))
    }
  }

  /// Halves of floats: signs, subnormals, the largest, infinities and NaN.
  @Test func halves() throws {
    let bits: [UInt16] = [0x0000, 0x8000, 0x3C00, 0xBE00, 0x0001, 0x7BFF, 0xFC00, 0x7E00]
    var data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (8,), }\n"
    data.append(contentsOf: [UInt8(header.utf8.count), 0])
    data.append(Data(header.utf8))
    for value in bits { data.append(contentsOf: [UInt8(value & 0xFF), UInt8(value >> 8)]) }
    let values = try NumericArray(npy: data, file: "x").all
    #expect(values[..<7] == [0, -0.0, 1, -1.5, 0x1p-24, 65_504, -.infinity] && values[7].isNaN)
  }

  @Test func compressedLines() async throws {
    for name in ["lines.jsonl.gz", "lines.jsonl.zst"] {
      let records = try await CaptureReader(files: [try path(name)], threads: 2).records()
      #expect(records.count == 3000 && records[2999].id == "r2999")
      #expect(records[10].tokenLogProbabilities == [-0.5, -1.25, -3.5])
      let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
      try await Repository.withScratchFolder { folder in
        let file = folder.appendingPathComponent("cut").path
        try data.dropLast(9).write(to: URL(fileURLWithPath: file))
        let cut = await error { _ = try await CaptureReader(files: [file]).records() }
        #expect(cut?.file == file && cut?.problem.contains("too early") == true, "\(String(describing: cut))")
        var damaged = data
        damaged[data.count / 2] ^= 0x55
        damaged[data.count / 2 + 1] ^= 0x55
        try damaged.write(to: URL(fileURLWithPath: file))
        #expect(await error { _ = try await CaptureReader(files: [file]).records() } != nil)
      }
    }
  }
}
