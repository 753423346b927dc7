import Captures
import Foundation
import Synchronization
import TestSupport
import Testing
import TokenProcess

@testable import ModelServers

/// What is to be scored, and what has been.
extension CaptureRunTests {
  /// Bad lines are named by line and field; nothing is asked for then.
  @Test func badInput() async throws {
    let server = try LoopbackServer(ToyModel(.echo).answer)
    defer { server.stop() }
    let cases = [
      (#"{"id":"a","prefix":"x","reference":"y"}"# + "\n{", "in.jsonl:2: is not valid JSON"),
      (#"{"id":"a","prefix":"x"}"#, "in.jsonl:1: reference: is missing or empty"),
      (#"{"id":"a","prefix":3,"reference":"y"}"#, "in.jsonl:1: prefix: is no string"),
      (#"{"id":"a","reference":"y"}"#, "in.jsonl:1: prefix: is missing"), ("", "no passages"),
      (#"{"id":"","prefix":"x","reference":"y"}"#, "in.jsonl:1: id: is empty"),
      (#"{"id":"a","text":"y"}"#, "to cut text into windows, say how long they are"),
      (#"{"prefix_token_ids":[1],"reference_token_ids":[-2]}"#, "reference_token_ids: is no list of token ids"),
      (
        #"{"id":"a","prefix":"x","reference":"y"}"# + "\n\n" + #"{"id":"a","prefix":"z","reference":"y"}"#,
        "in.jsonl:3: id: is that of an earlier line"
      ),
      (#"{"messages":[]}"#, "messages: does not end with the assistant's"),
      (#"{"messages":[{"role":"assistant","content":"y"}]}"#, "messages: has nothing before the answer"),
      (
        #"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}],"reference":"z"}"#,
        "reference: is another than the last answer"
      ),
      (#"{"messages":[{"role":"user","content":["x"]}],"reference":"y"}"#, "messages[0]: has no role and content"),
      (
        #"{"messages":[{"role":"user","content":"x"}],"prefix":"x","reference":"y"}"#,
        "prefix: is there, and so is messages"
      ),
    ]
    for (text, problem) in cases {
      try await Repository.withScratchFolder { folder in
        let error = await #expect(throws: (any Error).self) {
          try await run(server, Data(text.utf8), in: folder)
        }
        #expect(error.map { "\($0)" }?.contains(problem) == true, "\(error.map { "\($0)" } ?? "")")
      }
    }
  }

  /// All bad lines are named, and nothing is planned or asked; or they are left out, and the others are scored.
  @Test func allBadLines() async throws {
    let model = ToyModel(.vllm)
    let server = try LoopbackServer(model.answer)
    defer { server.stop() }
    var text = try lines().map { try input([$0]) }
    text.insert(Data("{\n".utf8), at: 3)
    text.insert(Data("{\"id\":\"x\"}\n".utf8), at: 7)
    text.append(text[0])
    let data = text.reduce(Data(), +)
    try await Repository.withScratchFolder { folder in
      _ = try await run(server, try input(Array(lines().prefix(2))), in: folder)
      let error = await #expect(throws: InvalidLines.self) { try await run(server, data, in: folder) }
      #expect(error?.errors.map(\.line) == [4, 8, 15] && error?.count == 3)
      // What was begun before is as it was, and goes on with mended lines.
      #expect(model.prompts.withLock(\.count) == 2)
      let mended = try await run(server, try input(lines()), in: folder)
      #expect(mended.records.count == 12)
    }
    try await Repository.withScratchFolder { folder in
      let (file, store) = (folder.appendingPathComponent("in.jsonl"), folder.appendingPathComponent("x.store").path)
      try data.write(to: file)
      let client = try HTTPClient(address: server.address, key: nil, retryPolicy: quick())
      let outcome = try await CaptureRun(client: client, settings: CaptureRun.Settings(), skipsInvalid: true)
        .run(input: file.path, store: store)
      #expect(outcome.finished == 12 && outcome.failed == 0 && outcome.invalid.errors.map(\.line) == [4, 8, 15])
    }
  }

  /// A reference is asked for after prefixes of several lengths; a prefix that is shorter is asked for once, whole.
  @Test func prefixLengths() async throws {
    let server = try LoopbackServer(ToyModel(.llamaCpp).answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let lines = [
        #"{"id":"a","prefix_token_ids":[1,2,3,4],"reference_token_ids":[5,6]}"#,
        #"{"id":"b","prefix_token_ids":[7],"reference_token_ids":[5,6]}"#,
      ]
      let result = try await run(server, Data(lines.joined(separator: "\n").utf8), in: folder) {
        $0.passages.prefixLengths = [1, 3, 9]
      }
      #expect(result.records.map(\.id) == ["a", "a", "a", "b"])
      #expect(result.records.map(\.prefixTokenIDs) == [[4], [2, 3, 4], [1, 2, 3, 4], [7]])
      #expect(result.records.map(\.prefixID) == ["1 tokens", "3 tokens", "4 tokens", "1 tokens"])
      for record in result.records {
        let law = ToyModel.logProbabilities(after: record.prefixTokenIDs ?? [])
        expectClose(record.tokenLogProbabilities[0], law[5], relative: 1e-5)
      }
    }
  }

  /// Texts are cut into windows by the server's tokens.
  @Test func windows() async throws {
    let model = ToyModel(.llamaCpp)
    let server = try LoopbackServer(model.answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let text = "the quick brown fox"
      let data = try input([
        ["id": "short", "text": "the"], ["id": "book", "text": text, "source": "s"], ["id": "none", "text": ""],
      ])
      let result = try await run(server, data, in: folder) {
        ($0.passages.prefixTokens, $0.passages.suffixTokens, $0.passages.stride) = (4, 3, 5)
      }
      let tokens = ToyModel.tokens(text)
      #expect(result.records.map(\.id) == ["book@4", "book@9", "book@14"])
      #expect(result.outcome.leftOut == 2 && result.outcome.failed == 0)
      for (record, start) in zip(result.records, [0, 5, 10]) {
        #expect(record.prefixTokenIDs == Array(tokens[start..<start + 4]) && record.source == "s")
        #expect(record.referenceTokenIDs == Array(tokens[start + 4..<start + 7]))
        for index in 0..<3 {
          let law = ToyModel.logProbabilities(after: Array(tokens[start..<start + 4 + index]))
          expectClose(record.tokenLogProbabilities[index], law[tokens[start + 4 + index]], relative: 1e-12)
        }
      }
    }
  }

  /// Whole texts become windows, or long passes, that say where they are; cut off, a capture goes on.
  @Test(arguments: [ToyModel.Kind.llamaCpp, .vllm])
  func wholeTexts(_ kind: ToyModel.Kind) async throws {
    let model = ToyModel(kind)
    let server = try LoopbackServer(model.answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let text = "the thick brown fox jumps over the other fox"
      let texts = folder.appendingPathComponent("texts")
      try FileManager.default.createDirectory(at: texts, withIntermediateDirectories: true)
      try text.write(to: texts.appendingPathComponent("fox.txt"), atomically: true, encoding: .utf8)
      try "no more than this".write(to: texts.appendingPathComponent("note.md"), atomically: true, encoding: .utf8)
      try "{}".write(to: texts.appendingPathComponent("other.json"), atomically: true, encoding: .utf8)
      let store = folder.appendingPathComponent("store").path
      func records(_ input: String, _ change: (inout PassageOptions) -> Void) async throws -> [Record] {
        var settings = CaptureRun.Settings()
        (settings.passages.prefixTokens, settings.passages.suffixTokens) = (4, 3)
        change(&settings.passages)
        let path = "\(store)-\(UUID().uuidString)"
        _ = try await CaptureRun(client: try HTTPClient(address: server.address, key: nil), settings: settings)
          .run(input: input, store: path)
        var options = CaptureOptions()
        (options.sources, options.takesLongPasses) = ([StoreSource()], true)
        return try await CaptureReader(files: [path], options: options).records()
      }
      let tokens = ToyModel.tokens(text)
      let windows = try await records(texts.path) { $0.stride = 5 }
      #expect(windows.first?.id == "fox@4" && windows.last?.place?.document == "note")
      let scalars = Array(text.unicodeScalars)
      for record in windows where record.place?.document == "fox" {
        let place = try #require(record.place)
        #expect(record.referenceTokenIDs == Array(tokens[place.start..<place.start + 3]))
        #expect(place.documentTokens == tokens.count && !place.isLongPass)
        let offsets = try #require(place.tokenOffsets)
        let shown = String(String.UnicodeScalarView(scalars[offsets[0]..<offsets[3]]))
        #expect(ToyModel.tokens(shown) == record.referenceTokenIDs)
      }
      let chosen = try await records(texts.path + "/fox.txt") { $0.starts = [7, 2, 12, 1000] }
      #expect(chosen.map { $0.place?.start } == [7, 12])
      guard kind == .vllm else {
        await #expect(throws: ServerError.self) { try await records(texts.path) { $0.passTokens = 20 } }
        return
      }
      let passes = try await records(texts.path + "/fox.txt") { $0.passTokens = 20 }
      // 20 tokens each, 6 of which are those of the one before; the first token has no log-probability.
      #expect(passes.map { $0.place?.start } == [1, 15, 29] && passes.allSatisfy { $0.place?.isLongPass == true })
      for pass in passes {
        let start = try #require(pass.place?.start)
        for (index, value) in pass.tokenLogProbabilities.enumerated() {
          let context = Array(tokens[(start - 1)..<(start + index)])
          expectClose(value, ToyModel.logProbabilities(after: context)[tokens[start + index]], relative: 1e-12)
        }
      }
      #expect(passes.last.map { ($0.place?.start ?? 0) + $0.tokenLogProbabilities.count } == tokens.count)
      await #expect(throws: CaptureError.self) { try await records(texts.path) { $0.prefixTokens = nil } }
    }
  }

  /// Near-copies are searched for by asking the server, and the bounds are kept with the record: they hold the truth of
  /// the model, counted string by string.
  @Test(arguments: [ToyModel.Kind.llamaCpp, .vllm])
  func nearCopies(_ kind: ToyModel.Kind) async throws {
    let server = try LoopbackServer(ToyModel(kind).answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let (prefix, reference) = (ToyModel.tokens("the quick "), ToyModel.tokens("bro"))
      let data = try input([["id": "a", "prefix_token_ids": prefix, "reference_token_ids": reference]])
      let result = try await run(server, data, in: folder) {
        var plan = NearPlan(limits: [0, 1], lengths: [2, 9])
        (plan.distance, plan.budget, plan.relativeWidth) = (.hamming, 60, 0)
        ($0.near, $0.alternatives) = (plan, 20)
      }
      let record = try #require(result.records.first)
      let near = try #require(record.near)
      #expect(near.map(\.limit) == [0, 1, 0, 1] && near.map(\.length) == [2, 2, 3, 3])
      func law(_ tokens: [Int]) -> [Double] { ToyModel.logProbabilities(after: prefix + tokens) }
      for bounds in near {
        // The sum over all strings with at most one other token.
        let own = Array(reference.prefix(bounds.length))
        var truth = Double.exp((0..<own.count).reduce(0) { $0 + law(Array(own[..<$1]))[own[$1]] })
        for place in own.indices where bounds.limit == 1 {
          for token in 0..<128 where token != own[place] {
            var text = own
            text[place] = token
            truth += .exp((0..<text.count).reduce(0) { $0 + law(Array(text[..<$1]))[text[$1]] })
          }
        }
        let (lower, upper) = (Double.exp(bounds.logLower), Double.exp(bounds.logUpper))
        #expect(lower <= truth && truth <= upper, "\(bounds.limit) \(bounds.length): \(lower) \(truth) \(upper)")
        // No edits: nothing but how the server writes its values is open.
        if bounds.limit == 0 { expectClose(upper, lower, relative: 1e-5) }
        #expect(bounds.requests <= 60 && bounds.found.first?.tokenIDs.count == bounds.length)
      }
    }
  }

  /// Under another scheme the bounds hold that scheme's truth, and an estimate is beside those that stay apart.
  @Test func nearCopiesUnderAScheme() async throws {
    let server = try LoopbackServer(ToyModel(.vllm).answer)
    defer { server.stop() }
    let scheme = try Decoding(temperature: 0.8, topK: 6)
    try await Repository.withScratchFolder { folder in
      let (prefix, reference) = (ToyModel.tokens("the quick "), ToyModel.tokens("br"))
      let data = try input([["id": "a", "prefix_token_ids": prefix, "reference_token_ids": reference]])
      func run(_ budget: Int) async throws -> NearVerbatimBounds {
        let store = folder.appendingPathComponent("\(budget)")
        try FileManager.default.createDirectory(at: store, withIntermediateDirectories: true)
        let result = try await self.run(server, data, in: store) {
          var plan = NearPlan(limits: [1], lengths: [2])
          (plan.distance, plan.budget, plan.relativeWidth, plan.decoding) = (.hamming, budget, 0, scheme)
          (plan.draws, plan.seed) = (200, 3)
          ($0.near, $0.alternatives) = (plan, 20)
        }
        return try #require(result.records.first?.near?.first)
      }
      func law(_ tokens: [Int]) throws -> [Double] {
        try scheme.logProbabilities(logits: ToyModel.logProbabilities(after: prefix + tokens))
      }
      var truth = 0.0
      for first in 0..<128 {
        for second in 0..<128 where first == reference[0] || second == reference[1] {
          truth += .exp(try law([])[first] + law([first])[second])
        }
      }
      // At temperature 1 an estimate needs nothing else either.
      let plain = try await self.run(server, data, in: folder) {
        var plan = NearPlan(limits: [1], lengths: [2])
        (plan.distance, plan.budget, plan.relativeWidth, plan.draws) = (.hamming, 1, 0, 50)
        ($0.near, $0.alternatives) = (plan, 20)
      }
      #expect(plain.records.first?.near?.first?.estimate?.draws == 50)
      for budget in [1, 100] {
        let bounds = try await run(budget)
        #expect(bounds.decoding == scheme)
        #expect(.exp(bounds.logLower) <= truth + 1e-6 && truth <= .exp(bounds.logUpper) + 1e-6)
        if budget == 1 {
          let estimate = try #require(bounds.estimate)
          #expect(estimate.draws == 200 && estimate.lower <= truth && truth <= estimate.upper)
        }
      }
    }
  }

  /// Tokens of every vocabulary are found in their text, also where one is a part of a character.
  @Test func tokensInTheirText() {
    func offsets(_ pieces: [String], _ text: String) -> [Int]? {
      TokenOffsets.offsets(of: pieces.map { .text($0) }, in: text)
    }
    #expect(offsets(["a", " b", "é"], "a bé") == [0, 1, 3, 4])
    #expect(offsets(["a", "\u{120}b", "Ã©"], "a bé") == [0, 1, 3, 4])
    #expect(offsets(["\u{2581}a", "\u{2581}b", "<0xC3>", "<0xA9>"], "a bé") == [0, 1, 3, 3, 4])
    #expect(offsets(["\u{2581}a", "b"], "a b") == nil && offsets([], "") == [0])
    #expect(
      TokenOffsets.offsets(of: [.bytes([0xF0, 0x9F]), .bytes([0x98, 0x80]), .bytes([0x21])], in: "😀!") == [0, 0, 1, 2])
  }

  /// Where every text is too short there is nothing to do; how far planning is can be seen.
  @Test func shortTexts() async throws {
    let server = try LoopbackServer(ToyModel(.vllm).answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let data = try input((0..<5).map { ["id": "\($0)", "text": "abc"] })
      let error = await #expect(throws: CaptureError.self) {
        try await run(server, data, in: folder) { ($0.passages.prefixTokens, $0.passages.suffixTokens) = (3, 3) }
      }
      #expect(error?.problem == "no passages: its 5 texts have too few tokens")
      var settings = CaptureRun.Settings()
      (settings.passages.prefixTokens, settings.passages.suffixTokens) = (2, 3)
      let steps = Mutex<[CaptureRun.Progress]>([])
      let outcome = try await CaptureRun(
        client: try HTTPClient(address: server.address, key: nil, concurrency: 2), settings: settings
      ).run(
        input: folder.appendingPathComponent("in.jsonl").path, store: folder.appendingPathComponent("y.store").path
      ) { step in steps.withLock { $0.append(step) } }
      #expect(outcome.finished == 5 && outcome.leftOut == 0)
      #expect(
        steps.withLock { $0 }
          == [2, 4, 5].map { .planning(lines: $0) } + (0...5).map { .scoring(done: $0, of: 5) })
    }
  }

  /// One process at a time; another way of scoring, once there are results, is refused; somebody else's database is
  /// left as it is.
  @Test func stores() async throws {
    let echo = try LoopbackServer(ToyModel(.echo).answer)
    let vllm = try LoopbackServer(ToyModel(.vllm).answer)
    defer {
      echo.stop()
      vllm.stop()
    }
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.store").path
      // Without a result nothing depends on settings.
      let gone = try LoopbackServer { _ in .drop }
      gone.stop()
      await #expect(throws: ServerError.self) {
        try await run(gone, try input(lines()), in: folder) { $0.alternatives = 9 }
      }
      _ = try await run(echo, try input(Array(lines().prefix(4))), in: folder)
      let other = await #expect(throws: StoreError.self) { try await run(vllm, try input(lines()), in: folder) }
      #expect(other?.problem == "was begun with the scoring echo, and now it is prompt-logprobs")
      // Whoever is refused leaves the lock to its owner.
      var held: CaptureStore? = try CaptureStore(path: folder.appendingPathComponent("y").path, settings: Data())
      let busy = #expect(throws: StoreError.self) {
        try CaptureStore(path: folder.appendingPathComponent("y").path, settings: Data())
      }
      #expect(busy?.problem == "is being written by another process" && held != nil)
      #expect(throws: StoreError.self) {
        try CaptureStore(path: folder.appendingPathComponent("y").path, settings: Data())
      }
      held = nil
      _ = try CaptureStore(path: folder.appendingPathComponent("y").path, settings: Data())
      #expect(FileManager.default.fileExists(atPath: path))
      try Data("a diary".utf8).write(to: folder.appendingPathComponent("z"))
      #expect(throws: StoreError.self) {
        try CaptureStore(path: folder.appendingPathComponent("z").path, settings: Data())
      }
      #expect(try Data(contentsOf: folder.appendingPathComponent("z")) == Data("a diary".utf8))
    }
  }

  /// A second run asks for nothing that is finished but three records, goes on with new lines, and refuses other
  /// settings and other input.
  @Test func goingOn() async throws {
    let model = ToyModel(.vllm)
    let server = try LoopbackServer(model.answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      _ = try await run(server, try input(Array(lines().prefix(5))), in: folder)
      #expect(model.prompts.withLock(\.count) == 5)
      let whole = try await run(server, try input(lines()), in: folder)
      // Three finished records tell whether the same model answers.
      #expect(whole.records.count == 12 && model.prompts.withLock { Set($0).count == 12 && $0.count == 15 })
      _ = try await run(server, try input(lines()), in: folder)
      #expect(model.prompts.withLock(\.count) == 15)
      await #expect(throws: StoreError.self) {
        try await run(server, try input(lines()), in: folder) { $0.alternatives = 6 }
      }
      for changed in [Array(lines().dropFirst()), Array(lines().prefix(3))] {
        await #expect(throws: CaptureError.self) { try await run(server, try input(changed), in: folder) }
      }
      try Data("SQLite format 3\u{0} and then nonsense".utf8).write(to: folder.appendingPathComponent("x.store"))
      await #expect(throws: StoreError.self) { try await run(server, try input(lines()), in: folder) }
    }
  }
}
