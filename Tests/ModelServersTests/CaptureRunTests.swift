import CaptureStore
import Captures
import Foundation
import ModelServers
import Synchronization
import TestSupport
import Testing
import TokenProcess

/// Captures from a model whose probabilities are known, behind the protocols of real servers.
@Suite struct CaptureRunTests {
  private let passages = (0..<12).map { index in
    (id: "r\(index)", prefix: "Question \(index): what is it?", reference: " It is number \(index * index).")
  }

  private func input(_ lines: [[String: Any]]) throws -> Data {
    try lines.map { try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys) + Data("\n".utf8) }.reduce(
      Data(), +)
  }

  private func lines() -> [[String: Any]] {
    passages.map { ["id": $0.id, "prefix": $0.prefix, "reference": $0.reference, "run": "toy", "epoch": 3] }
  }

  private func quick() -> HTTPClient.Patience {
    var patience = HTTPClient.Patience()
    patience.wait = 0.01
    patience.timeout = 5
    return patience
  }

  private struct Run {
    let outcome: CaptureRun.Outcome
    let records: [Record]
  }

  /// A run against a server in a folder of its own, which may have been begun.
  private func run(
    _ server: LoopbackServer, _ data: Data, in folder: URL, key: String? = nil, patience: HTTPClient.Patience? = nil,
    concurrency: Int = 4, _ change: (inout CaptureRun.Settings) -> Void = { _ in }
  ) async throws -> Run {
    var settings = CaptureRun.Settings()
    settings.alternatives = 5
    change(&settings)
    let (file, store) = (folder.appendingPathComponent("in.jsonl").path, folder.appendingPathComponent("x.store").path)
    try data.write(to: URL(fileURLWithPath: file))
    let client = try HTTPClient(
      address: server.address, key: key, patience: patience ?? quick(), concurrency: concurrency)
    let outcome = try await CaptureRun(client: client, settings: settings)
      .run(input: file, store: store)
    return Run(outcome: outcome, records: try await CaptureReader(files: [store]).records())
  }

  /// Each way of scoring gives the model's own log-probabilities; which one is found out.
  @Test(arguments: ToyModel.Kind.allCases) func waysOfScoring(kind: ToyModel.Kind) async throws {
    let model = ToyModel(kind)
    let server = try LoopbackServer(model.answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let result = try await run(server, try input(lines()), in: folder)
      #expect(result.outcome.finished == 12 && result.outcome.failed == 0 && result.outcome.problems.isEmpty)
      #expect(result.records.map(\.id) == passages.map(\.id))
      for (record, passage) in zip(result.records, passages) {
        let truth = ToyModel.reference(passage.prefix, passage.reference)
        #expect(record.tokenLogProbabilities.count == truth.count)
        for (found, expected) in zip(record.tokenLogProbabilities, truth) {
          // By a bias the value goes through a single-precision probability near one half.
          expectClose(found, expected, relative: 1e-12, absolute: kind == .biasedLlamaCpp ? 2e-6 : 1e-12)
        }
        #expect(record.run == "toy" && record.epoch == 3 && record.prefix == passage.prefix)
        #expect(record.reference == passage.reference)
        guard kind != .echo else { continue }
        let tokens = ToyModel.tokens(passage.prefix + passage.reference)
        #expect((record.prefixTokenIDs ?? []) + (record.referenceTokenIDs ?? []) == tokens)
        let start = ToyModel.tokens(passage.prefix).count
        for (index, best) in (record.greedyTokenIDs ?? []).enumerated() {
          let law = ToyModel.logProbabilities(after: Array(tokens[..<(start + index)]))
          #expect(law[best] == law.max())
          #expect(record.topLogProbabilities?[index].count == 5)
        }
        #expect(record.greedyTokenIDs?.count == truth.count)
      }
    }
  }

  /// A server that fails in every way that may pass gives the same capture in the end.
  @Test(arguments: [ToyModel.Kind.vllm, .llamaCpp, .echo]) func misbehaviour(kind: ToyModel.Kind) async throws {
    let model = ToyModel(kind)
    let counter = Mutex(0)
    let server = try LoopbackServer { request in
      let good = model.answer(request)
      guard request.method == "POST", case .answer(_, _, let body) = good else { return good }
      let number = counter.withLock { count in
        count += 1
        return count
      }
      // Every second request goes wrong, one after the other in each way.
      guard number % 2 == 1 else { return good }
      switch number / 2 % 6 {
      case 0: return .drop
      case 1: return .cut(body, after: body.count / 2)
      case 2: return .answer(status: 429, headers: ["Retry-After": "0"], Data())
      case 3: return .answer(status: 500, headers: [:], Data("oops".utf8))
      case 4: return .answer(status: 200, headers: [:], body.prefix(body.count / 2))
      default:
        return .answer(status: 200, headers: [:], Data("{\"choices\":[],\"completion_probabilities\":[]}".utf8))
      }
    }
    defer { server.stop() }
    let quiet = try LoopbackServer(ToyModel(kind).answer)
    defer { quiet.stop() }
    var patience = quick()
    patience.retries = 30
    patience.wait = 0.0001
    let few = try input(Array(lines().prefix(kind == .llamaCpp ? 3 : 12)))
    try await Repository.withScratchFolder { folder in
      let disturbed = try await run(server, few, in: folder, patience: patience)
      #expect(disturbed.outcome.failed == 0)
      try await Repository.withScratchFolder { other in
        let undisturbed = try await run(quiet, few, in: other)
        #expect(disturbed.records == undisturbed.records)
      }
    }
  }

  /// What will not pass is said at once, with its kind; what was finished is kept.
  @Test func whatWillNotPass() async throws {
    let answers: [(LoopbackServer.Behaviour, ServerError.Kind, String)] = [
      (.json(["error": ["message": "bad key\nsecond line"]], status: 401), .unauthorized, "status 401"),
      (.json(["error": ["message": "no model m"]], status: 404), .notFound, "no model m"),
      (.answer(status: 307, headers: ["Location": "http://elsewhere/"], Data()), .notFound, "http://elsewhere/"),
      (.answer(status: 503, headers: ["Retry-After": "0"], Data()), .failing, "asked 3 times"),
      (.json(["message": "Bearer s3cret is wrong"], status: 500), .failing, "Bearer [key] is wrong"),
    ]
    for (behaviour, kind, text) in answers {
      let model = ToyModel(.echo)
      let count = Mutex(0)
      let server = try LoopbackServer { request in
        guard request.method == "POST",
          count.withLock({
            $0 += 1; return $0
          }) > 2
        else { return model.answer(request) }
        return behaviour
      }
      defer { server.stop() }
      try await Repository.withScratchFolder { folder in
        var patience = quick()
        patience.retries = 2
        let error = await #expect(throws: ServerError.self) {
          try await run(server, try input(lines()), in: folder, key: "s3cret", patience: patience, concurrency: 1)
        }
        #expect(error?.kind == kind && error?.description.contains(text) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("s3cret") == false && error?.description.contains("\n") == false)
        let records = try await CaptureReader(files: [folder.appendingPathComponent("x.store").path]).records()
        #expect(records.map(\.id) == ["r0", "r1"])
        #expect(model.keys.withLock { $0 } == ["Bearer s3cret"])
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
          let data = try Data(contentsOf: folder.appendingPathComponent(name))
          #expect(data.range(of: Data("s3cret".utf8)) == nil, "\(name)")
        }
      }
    }
    // Nobody there, and a server that does not answer.
    let gone = try LoopbackServer { _ in .drop }
    gone.stop()
    let mute = try LoopbackServer { _ in .silence(seconds: 60) }
    defer { mute.stop() }
    try await Repository.withScratchFolder { folder in
      let refused = await #expect(throws: ServerError.self) {
        try await run(gone, try input(lines()), in: folder)
      }
      #expect(refused?.kind == .unreachable && refused?.problem == "the connection is refused")
      var patience = quick()
      (patience.timeout, patience.retries) = (0.5, 1)
      let silent = await #expect(throws: ServerError.self) {
        try await run(mute, try input(lines()), in: folder, patience: patience)
      }
      #expect(silent?.kind == .failing && silent?.problem.contains("no answer") == true, "\(silent?.description ?? "")")
    }
    for address in ["ftp://x", "nonsense", "http://user:pass@host", "http://h/?key=1"] {
      let error = #expect(throws: ServerError.self) { try HTTPClient(address: address, key: nil) }
      #expect(error?.description.contains("pass@") != true && error?.description.contains("key=1") != true)
    }
  }

  /// A server of another kind, or one that wants none of all this, is not asked through the whole file.
  @Test func notAtAll() async throws {
    for status in [200, 400] {
      let count = Mutex(0)
      let server = try LoopbackServer { request in
        guard request.method == "POST" else { return .json([:], status: 404) }
        count.withLock { $0 += 1 }
        return .json(["message": "this is a blog"], status: status)
      }
      defer { server.stop() }
      try await Repository.withScratchFolder { folder in
        var patience = quick()
        patience.retries = 0
        let many = (0..<60).map { ["id": "r\($0)", "prefix": "x ", "reference": "y\($0)"] }
        let error = await #expect(throws: ServerError.self) {
          try await run(server, try input(many), in: folder, patience: patience, concurrency: 4)
        }
        #expect(error?.kind == (status == 200 ? .malformed : .rejected) && count.withLock { $0 } < 20)
      }
    }
  }

  /// Another model is not taken for the one that a store was begun with.
  @Test func otherModels() async throws {
    let model = ToyModel(.vllm)
    let name = Mutex("one")
    let server = try LoopbackServer { request in
      request.path == "/v1/models" ? .json(["data": [["id": name.withLock { $0 }]]]) : model.answer(request)
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      _ = try await run(server, try input(Array(lines().prefix(3))), in: folder)
      name.withLock { $0 = "two" }
      let error = await #expect(throws: StoreError.self) { try await run(server, try input(lines()), in: folder) }
      #expect(error?.problem == "was begun with the model one, and now it is two")
      let settings = await #expect(throws: StoreError.self) {
        try await run(server, try input(lines()), in: folder) { $0.alternatives = 7 }
      }
      #expect(settings?.problem == "was begun with other settings: alternatives was 5, and is now 7")
    }
  }

  /// A server that fails for one passage only does not keep the others from being scored; another run tries again.
  @Test func oneTooMany() async throws {
    let model = ToyModel(.echo)
    let isWell = Mutex(false)
    let server = try LoopbackServer { request in
      let isHard = (request.json["prompt"] as? String ?? "").hasPrefix("Question 2:")
      return isHard && !isWell.withLock { $0 } ? .json([:], status: 500) : model.answer(request)
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      var patience = quick()
      patience.retries = 1
      let first = try await run(server, try input(lines()), in: folder, patience: patience, concurrency: 1)
      #expect(first.outcome.finished == 11 && first.outcome.problems.map(\.id) == ["r2"])
      isWell.withLock { $0 = true }
      let second = try await run(server, try input(lines()), in: folder, patience: patience, concurrency: 1)
      #expect(second.outcome.failed == 0 && second.records.map(\.id) == passages.map(\.id))
    }
  }

  /// One process at a time; another way of scoring, once there are results, is refused; somebody else's database is left as it is.
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

  /// A passage that cannot be scored is said and does not stop the others; a boundary that the tokenizer moves is one.
  @Test(arguments: [ToyModel.Kind.vllm, .llamaCpp, .echo]) func movedBoundary(kind: ToyModel.Kind) async throws {
    let server = try LoopbackServer(ToyModel(kind).answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let data = try input([
        ["id": "good", "prefix": "say ", "reference": "this"], ["id": "bad", "prefix": "say t", "reference": "his"],
      ])
      let result = try await run(server, data, in: folder)
      #expect(result.records.map(\.id) == ["good"] && result.outcome.failed == 1)
      #expect(result.outcome.problems.map(\.id) == ["bad"])
      #expect(result.outcome.problems[0].problem.contains("boundary"))
    }
  }

  /// What stands before an answer is what the model's chat template makes of it.
  @Test(arguments: [ToyModel.Kind.vllm, .llamaCpp]) func chatTemplates(kind: ToyModel.Kind) async throws {
    let server = try LoopbackServer(ToyModel(kind).answer)
    defer { server.stop() }
    let question = ["role": "user", "content": "Why?"]
    let chat = try input([
      ["id": "answer", "messages": [question, ["role": "assistant", "content": "So."]]],
      ["id": "field", "messages": [question], "reference": "So."],
      ["id": "both", "messages": [question, ["role": "assistant", "content": "So."]], "reference": "So."],
    ])
    let plain = try input([["id": "answer", "prefix": "user: Why?\nassistant: ", "reference": "So."]])
    try await Repository.withScratchFolder { folder in
      let found = try await run(server, chat, in: folder)
      #expect(found.outcome.failed == 0)
      try await Repository.withScratchFolder { other in
        let expected = try await run(server, plain, in: other).records
        #expect(Array(found.records.prefix(1)) == expected)
        for record in found.records { #expect(record.tokenLogProbabilities == expected[0].tokenLogProbabilities) }
      }
    }
    let echo = try LoopbackServer(ToyModel(.echo).answer)
    defer { echo.stop() }
    try await Repository.withScratchFolder { folder in
      let outcome = try await run(echo, chat, in: folder).outcome
      #expect(outcome.failed == 3 && outcome.problems[0].problem.contains("chat template"))
    }
  }

  /// Of a token that is a part of a letter llama.cpp says nothing when it is drawn: its value is taken from the list of all tokens.
  @Test func partsOfLetters() async throws {
    let server = try LoopbackServer(ToyModel(.llamaCpp).answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let (prefix, reference) = ("say ", "a~b~~c")
      let record = try await run(
        server, try input([["id": "a", "prefix": prefix, "reference": reference]]), in: folder
      )
      .records[0]
      #expect(record.referenceTokenIDs == ToyModel.tokens(reference) && record.topLogProbabilities?.count == 6)
      for (found, expected) in zip(record.tokenLogProbabilities, ToyModel.reference(prefix, reference)) {
        expectClose(found, expected, relative: 1e-12)
      }
    }
    // Servers that say probabilities after the bias are asked until another token is drawn.
    let biased = try LoopbackServer(ToyModel(.biasedLlamaCpp).answer)
    defer { biased.stop() }
    try await Repository.withScratchFolder { folder in
      let data = try input([["id": "a", "prefix": "x", "reference": "~"]])
      let result = try await run(biased, data, in: folder)
      let record = try #require(result.records.first, "\(result.outcome.problems)")
      expectClose(
        record.tokenLogProbabilities[0], ToyModel.reference("x", "~")[0], relative: 1e-12, absolute: 2e-6)
    }
  }

  /// llama-cpp-python lists no generated token, and the values of the next tokens, for models without a beginning-of-text token.
  @Test func valuesOfTheNextToken() async throws {
    let model = ToyModel(.echo)
    let server = try LoopbackServer { request in
      guard request.path == "/v1/completions" else { return model.answer(request) }
      let tokens = ToyModel.tokens(request.json["prompt"] as? String ?? "").map { String(UnicodeScalar(UInt8($0))) }
      let lists: [String: Any] = [
        "tokens": tokens, "token_logprobs": [NSNull()] + tokens.dropFirst().map { _ in -1.0 },
      ]
      return .json(["choices": [["text": "x", "logprobs": lists]], "usage": ["completion_tokens": 1]])
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let data = try input([["id": "a", "prefix": "say ", "reference": "so"]])
      let outcome = try await run(server, data, in: folder).outcome
      #expect(outcome.finished == 0 && outcome.problems[0].problem.contains("of the next token"))
    }
  }

  /// A minute in which nothing comes is waited for, or not, as asked.
  @Test(.enabled(if: slowTestsAreEnabled)) func aMinuteOfSilence() async throws {
    let model = ToyModel(.vllm)
    let wasSilent = Mutex(false)
    let server = try LoopbackServer { request in
      let answer = model.answer(request)
      guard request.path == "/v1/completions", case .answer(_, _, let body) = answer,
        wasSilent.withLock({ was in
          defer { was = true }
          return !was
        })
      else { return answer }
      return .late(seconds: 60, body)
    }
    defer { server.stop() }
    for timeout in [90.0, 3] {
      wasSilent.withLock { $0 = false }
      try await Repository.withScratchFolder { folder in
        var patience = quick()
        patience.timeout = timeout
        let began = ContinuousClock.now
        let result = try await run(server, try input(lines()), in: folder, patience: patience, concurrency: 2)
        #expect(result.outcome.failed == 0 && result.records.map(\.id) == passages.map(\.id))
        #expect((ContinuousClock.now - began > .seconds(59)) == (timeout > 60))
      }
    }
  }

  /// Bad lines are named by line and field; nothing is asked for then.
  @Test func badInput() async throws {
    let server = try LoopbackServer(ToyModel(.echo).answer)
    defer { server.stop() }
    let cases = [
      (#"{"id":"a","prefix":"x","reference":"y"}"# + "\n{", "in.jsonl:2: is no JSON object"),
      (#"{"id":"a","prefix":"x"}"#, "in.jsonl:1: reference: is missing or empty"),
      (#"{"id":"a","prefix":3,"reference":"y"}"#, "in.jsonl:1: prefix: is no string"),
      (#"{"id":"a","reference":"y"}"#, "in.jsonl:1: prefix: is missing"), ("", "no passages"),
      (#"{"id":"","prefix":"x","reference":"y"}"#, "in.jsonl:1: id: is empty"),
      (#"{"id":"a","text":"y"}"#, "to cut text give --prefix-tokens"),
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
        let error = await #expect(throws: CaptureError.self) {
          try await run(server, Data(text.utf8), in: folder)
        }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
      }
    }
  }

  /// A second run asks for nothing that is finished, goes on with new lines, and refuses other settings and other input.
  @Test func goingOn() async throws {
    let model = ToyModel(.vllm)
    let server = try LoopbackServer(model.answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      _ = try await run(server, try input(Array(lines().prefix(5))), in: folder)
      #expect(model.prompts.withLock(\.count) == 5)
      let whole = try await run(server, try input(lines()), in: folder)
      #expect(whole.records.count == 12 && model.prompts.withLock { Set($0).count == 12 && $0.count == 12 })
      _ = try await run(server, try input(lines()), in: folder)
      #expect(model.prompts.withLock(\.count) == 12)
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
      #expect(result.records.map(\.id) == ["book@0", "book@5", "book@10"])
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

  /// Draws follow the model's law, end with the piece that leaves the reference, and are the same again.
  @Test func generations() async throws {
    let server = try LoopbackServer(ToyModel(.llamaCpp).answer)
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      // Two tokens, so that some draws match.
      let data = try input((0..<4).map { ["id": "r\($0)", "prefix": "x\($0)", "reference": "ab"] })
      func generations(_ folder: URL) async throws -> [SampledGenerations] {
        _ = try await run(server, data, in: folder) {
          $0.generations = GenerationPlan(
            schemes: [.greedy, .plain], draws: 30, seed: 7)
        }
        return try GenerationsReader.read(path: folder.appendingPathComponent("x.store").path)
      }
      let first = try await generations(folder)
      #expect(first.count == 8 && first.map(\.generations.count) == Array(repeating: [1, 30], count: 4).flatMap { $0 })
      #expect(Set(first[1].generations).count > 5)
      for set in first where set.decoding.temperature == 0 {
        let law = ToyModel.logProbabilities(after: ToyModel.tokens("x" + set.id.dropFirst()))
        #expect(law[set.generations[0][0]] == law.max())
      }
      try await Repository.withScratchFolder { other in
        let again = try await generations(other)
        #expect(again == first)
      }
    }
  }
}
