import Captures
import Foundation
import ModelServers
import Synchronization
import TestSupport
import Testing
import TokenProcess

/// Servers that fail, for a while or for good.
extension CaptureRunTests {
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
    var retryPolicy = quick()
    retryPolicy.retries = 30
    retryPolicy.wait = 0.0001
    let few = try input(Array(lines().prefix(kind == .llamaCpp ? 3 : 12)))
    try await Repository.withScratchFolder { folder in
      let disturbed = try await run(server, few, in: folder, retryPolicy: retryPolicy)
      #expect(disturbed.outcome.failed == 0)
      try await Repository.withScratchFolder { other in
        let undisturbed = try await run(quiet, few, in: other)
        #expect(disturbed.records == undisturbed.records)
      }
    }
  }

  /// A server that asks for time gets it, and whoever waits is told why.
  @Test func waiting() async throws {
    let model = ToyModel(.vllm)
    let counter = Mutex(0)
    let server = try LoopbackServer { request in
      guard request.method == "POST", request.path.hasSuffix("/completions") else { return model.answer(request) }
      let isFirst = counter.withLock { count in
        count += 1
        return count == 1
      }
      return isFirst ? .answer(status: 429, headers: ["Retry-After": "0.75"], Data()) : model.answer(request)
    }
    defer { server.stop() }
    let waits = Mutex<[HTTPClient.Wait]>([])
    let client = try HTTPClient(address: server.address, key: nil) { wait in waits.withLock { $0.append(wait) } }
    try await Repository.withScratchFolder { folder in
      let file = folder.appendingPathComponent("in.jsonl")
      try input(Array(lines().prefix(1))).write(to: file)
      let outcome = try await CaptureRun(client: client, settings: CaptureRun.Settings())
        .run(input: file.path, store: folder.appendingPathComponent("x.store").path)
      #expect(outcome.finished == 1)
    }
    let told = waits.withLock { $0 }
    #expect(told.map(\.problem) == ["status 429"] && told.map(\.seconds) == [0.75] && told.map(\.attempts) == [1])
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
    for (behavior, kind, text) in answers {
      let model = ToyModel(.echo)
      let count = Mutex(0)
      let server = try LoopbackServer { request in
        guard request.method == "POST",
          count.withLock({
            $0 += 1; return $0
          }) > 2
        else { return model.answer(request) }
        return behavior
      }
      defer { server.stop() }
      try await Repository.withScratchFolder { folder in
        var retryPolicy = quick()
        retryPolicy.retries = 2
        let error = await #expect(throws: ServerError.self) {
          try await run(server, try input(lines()), in: folder, key: "s3cret", retryPolicy: retryPolicy, concurrency: 1)
        }
        #expect(error?.kind == kind && error?.description.contains(text) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("s3cret") == false && error?.description.contains("\n") == false)
        let records = try await CaptureReader(
          files: [folder.appendingPathComponent("x.store").path], options: .withStores
        ).records()
        // Which two were answered first is the server's affair.
        #expect(records.count == 2)
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
      #expect(refused?.kind == .unreachable && refused?.problem.hasPrefix("the connection is refused") == true)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == ["in.jsonl"])
      var retryPolicy = quick()
      (retryPolicy.timeout, retryPolicy.retries) = (0.5, 1)
      let silent = await #expect(throws: ServerError.self) {
        try await run(mute, try input(lines()), in: folder, retryPolicy: retryPolicy)
      }
      #expect(silent?.kind == .failing && silent?.problem.contains("no answer") == true, "\(silent?.description ?? "")")
    }
    for address in ["ftp://x", "nonsense", "http://user:pass@host", "http://h/?key=1"] {
      let error = #expect(throws: ServerError.self) { try HTTPClient(address: address, key: nil) }
      #expect(error?.kind == .noAddress)
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
        var retryPolicy = quick()
        retryPolicy.retries = 0
        let many = (0..<60).map { ["id": "r\($0)", "prefix": "x ", "reference": "y\($0)"] }
        let error = await #expect(throws: ServerError.self) {
          try await run(server, try input(many), in: folder, retryPolicy: retryPolicy, concurrency: 4)
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

  /// An answer with another model's name ends the run, and what it says is not kept.
  @Test(arguments: [ToyModel.Kind.vllm, .llamaCpp]) func anotherModelInTheMiddle(kind: ToyModel.Kind) async throws {
    let model = ToyModel(kind)
    let count = Mutex(0)
    let server = try LoopbackServer { request in
      guard case .answer(let status, let headers, let body) = model.answer(request),
        request.path.hasSuffix("completion") || request.path.hasSuffix("completions"),
        var json = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
      else { return model.answer(request) }
      let asked = count.withLock { count in
        count += 1
        return count
      }
      json["model"] = asked > (kind == .vllm ? 6 : 120) ? "other" : "one"
      return .answer(status: status, headers: headers, (try? JSONSerialization.data(withJSONObject: json)) ?? Data())
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let error = await #expect(throws: ServerError.self) { try await run(server, try input(lines()), in: folder) }
      #expect(error?.kind == .otherModel && error?.problem.contains("other") == true)
      let store = folder.appendingPathComponent("x.store").path
      let records = try await CaptureReader(files: [store], options: .withStores).records()
      #expect(records.count < 12)
      for record in records {
        let passage = try #require(passages.first { $0.id == record.id })
        #expect(record.tokenLogProbabilities == ToyModel.reference(passage.prefix, passage.reference))
      }
    }
  }

  /// The same name and other values, as with an adapter that is gone: a run that goes on finds out.
  @Test func otherValuesUnderOneName() async throws {
    let model = ToyModel(.echo)
    let isShifted = Mutex(false)
    let server = try LoopbackServer { request in
      let answer = model.answer(request)
      guard isShifted.withLock({ $0 }), case .answer(let status, let headers, let body) = answer else { return answer }
      return .answer(status: status, headers: headers, Self.shifted(body, by: 1))
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      _ = try await run(server, try input(Array(lines().prefix(5))), in: folder)
      isShifted.withLock { $0 = true }
      let error = await #expect(throws: ServerError.self) { try await run(server, try input(lines()), in: folder) }
      #expect(error?.kind == .otherModel && error?.problem.contains("another model, adapter or setting") == true)
    }
  }

  /// Another model that answers in the middle of one run is found out: every so often a finished record is scored
  /// again.
  @Test func otherValuesInTheMiddle() async throws {
    let model = ToyModel(.echo)
    let count = Mutex(0)
    let server = try LoopbackServer { request in
      let answer = model.answer(request)
      let asked = count.withLock { count in
        count += 1
        return count
      }
      guard asked > 60, case .answer(let status, let headers, let body) = answer else { return answer }
      return .answer(status: status, headers: headers, Self.shifted(body, by: 1))
    }
    defer { server.stop() }
    let many = (0..<120).map {
      ["id": "r\($0)", "prefix": "Question \($0): ", "reference": "it is."] as [String: Any]
    }
    try await Repository.withScratchFolder { folder in
      let (file, store) = (folder.appendingPathComponent("in.jsonl"), folder.appendingPathComponent("x.store").path)
      try input(many).write(to: file)
      let client = try HTTPClient(address: server.address, key: nil, retryPolicy: quick())
      let run = CaptureRun(client: client, settings: CaptureRun.Settings(), recheckInterval: 20)
      let error = await #expect(throws: ServerError.self) {
        _ = try await run.run(input: file.path, store: store).noise
      }
      #expect(error?.kind == .otherModel)
      // The checks before the change agreed, and are kept as the server's noise.
      let noise = try #require(try CaptureStore.noise(path: store))
      #expect(noise.first == 0 && noise.count >= 2)
      // Nothing stays of what the other model answered.
      for record in try await CaptureReader(files: [store], options: .withStores).records() {
        #expect(record.tokenLogProbabilities == ToyModel.reference(record.prefix ?? "", "it is."))
      }
    }
  }

  /// A record of which some tokens were scored when the process ended goes on there; with another model it begins
  /// again.
  @Test(arguments: [false, true]) func halfScoredRecords(isOther: Bool) async throws {
    let model = ToyModel(.llamaCpp)
    let count = Mutex(0)
    let failsFrom = Mutex(20)
    let server = try LoopbackServer { request in
      guard request.path.hasSuffix("completion") else { return model.answer(request) }
      let asked = count.withLock { count in
        count += 1
        return count
      }
      if asked > failsFrom.withLock({ $0 }) { return .answer(status: 503, headers: [:], Data()) }
      let answer = model.answer(request)
      // The model of the first run is another one.
      guard isOther, failsFrom.withLock({ $0 < .max }), case .answer(let status, let headers, let body) = answer,
        var json = try? JSONSerialization.jsonObject(with: body) as? [String: Any],
        var positions = json["completion_probabilities"] as? [[String: Any]], !positions.isEmpty,
        let tokens = positions[0]["top_logprobs"] as? [[String: Any]]
      else { return answer }
      positions[0]["top_logprobs"] = tokens.map { token in
        token.merging(["logprob": (token["logprob"] as? Double ?? 0) - 2]) { $1 }
      }
      positions[0]["logprob"] = (positions[0]["logprob"] as? Double ?? 0) - 2
      json["completion_probabilities"] = positions
      return .answer(status: status, headers: headers, (try? JSONSerialization.data(withJSONObject: json)) ?? body)
    }
    defer { server.stop() }
    var retryPolicy = quick()
    retryPolicy.retries = 0
    let one = try input([["id": "a", "prefix": "Question: ", "reference": "it is the number sixteen or so."]])
    try await Repository.withScratchFolder { folder in
      let cut = try await run(server, one, in: folder, retryPolicy: retryPolicy, concurrency: 1)
      #expect(cut.outcome.failed == 1)
      failsFrom.withLock { $0 = .max }
      let before = count.withLock { $0 }
      let whole = try await run(server, one, in: folder, retryPolicy: retryPolicy, concurrency: 1)
      let truth = ToyModel.reference("Question: ", "it is the number sixteen or so.")
      #expect(whole.records[0].tokenLogProbabilities == truth)
      let asked = count.withLock { $0 } - before
      // Two questions about the server and one about the first token, and the rest of the 31; or all of them.
      #expect(isOther ? asked >= 31 : asked < 20, "\(asked)")
    }
  }

  private static func shifted(_ body: Data, by change: Double) -> Data {
    guard var json = try? JSONSerialization.jsonObject(with: body) as? [String: Any],
      var choices = json["choices"] as? [[String: Any]], var lists = choices[0]["logprobs"] as? [String: Any],
      let values = lists["token_logprobs"] as? [Any]
    else { return body }
    lists["token_logprobs"] = values.map { ($0 as? Double).map { $0 - change as Any } ?? $0 }
    choices[0]["logprobs"] = lists
    json["choices"] = choices
    return (try? JSONSerialization.data(withJSONObject: json)) ?? body
  }

  /// Scoring again, one at a time, finds the one record in ten whose values depend on more than the text.
  @Test func verifying() async throws {
    let model = ToyModel(.echo)
    let seen = Mutex<Set<String>>([])
    let server = try LoopbackServer { request in
      let answer = model.answer(request)
      guard let prompt = request.json["prompt"] as? String, case .answer(let status, let headers, let body) = answer,
        seen.withLock({ $0.insert(prompt).inserted }), prompt.hasPrefix("Question 3:")
      else { return answer }
      return .answer(status: status, headers: headers, Self.shifted(body, by: 0.7))
    }
    defer { server.stop() }
    try await Repository.withScratchFolder { folder in
      let file = folder.appendingPathComponent("in.jsonl")
      try input(Array(lines().prefix(10))).write(to: file)
      let client = try HTTPClient(address: server.address, key: nil, retryPolicy: quick())
      let outcome = try await CaptureRun(client: client, settings: CaptureRun.Settings(), verified: 10)
        .run(input: file.path, store: folder.appendingPathComponent("x.store").path)
      let found = try #require(outcome.verification)
      #expect(found.records == 10 && found.disagreeing == ["r3"])
      expectClose(found.largest, 0.7, relative: 1e-9)
      #expect(found.largestOfSurvival > 0.7)
    }
  }

  /// A server that cannot do it is told by its first answer.
  @Test func serversThatCannotEcho() async throws {
    for (answer, word) in [
      (
        [
          "choices": [["text": " z", "logprobs": ["tokens": [" z"], "token_logprobs": [-0.5]]]],
          "usage": ["completion_tokens": 1],
        ] as [String: Any], "ignores echo"
      ),
      (
        [
          "choices": [
            [
              "text": "x",
              "logprobs": ["tokens": ["the prompt"], "token_logprobs": [NSNull()]],
            ]
          ]
        ], "null"
      ),
    ] {
      let data = try JSONSerialization.data(withJSONObject: answer)
      let count = Mutex(0)
      let server = try LoopbackServer { request in
        guard request.method == "POST" else { return .json([:], status: 404) }
        count.withLock { $0 += 1 }
        // Which passage is asked for first is not told.
        let prompt = (request.json["prompt"] as? String).map { $0.replacingOccurrences(of: "\"", with: "\\\"") } ?? ""
        let text = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "the prompt", with: prompt)
        return .answer(status: 200, headers: [:], Data(text.utf8))
      }
      defer { server.stop() }
      try await Repository.withScratchFolder { folder in
        let error = await #expect(throws: ServerError.self) {
          try await run(server, try input(lines()), in: folder, concurrency: 1)
        }
        #expect(error?.kind == .incapable && error?.problem.contains(word) == true, "\(String(describing: error))")
        // As many as are under way when the first answer comes.
        #expect(count.withLock { $0 } <= 1 + ProcessInfo.processInfo.activeProcessorCount)
      }
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
      var retryPolicy = quick()
      retryPolicy.retries = 1
      let first = try await run(server, try input(lines()), in: folder, retryPolicy: retryPolicy, concurrency: 1)
      #expect(first.outcome.finished == 11 && first.outcome.problems.map(\.id) == ["r2"])
      isWell.withLock { $0 = true }
      let second = try await run(server, try input(lines()), in: folder, retryPolicy: retryPolicy, concurrency: 1)
      #expect(second.outcome.failed == 0 && second.records.map(\.id) == passages.map(\.id))
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
        var retryPolicy = quick()
        retryPolicy.timeout = timeout
        let began = ContinuousClock.now
        let result = try await run(server, try input(lines()), in: folder, retryPolicy: retryPolicy, concurrency: 2)
        #expect(result.outcome.failed == 0 && result.records.map(\.id) == passages.map(\.id))
        #expect((ContinuousClock.now - began > .seconds(59)) == (timeout > 60))
      }
    }
  }
}
