import Captures
import Foundation
import ModelServers
import Synchronization
import TestSupport
import Testing
import TokenProcess

/// Captures from a model whose probabilities are known, behind the protocols of real servers.
@Suite struct CaptureRunTests {
  let passages = (0..<12).map { index in
    (id: "r\(index)", prefix: "Question \(index): what is it?", reference: " It is number \(index * index).")
  }

  func input(_ lines: [[String: Any]]) throws -> Data {
    try lines.map { try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys) + Data("\n".utf8) }.reduce(
      Data(), +)
  }

  func lines() -> [[String: Any]] {
    passages.map { ["id": $0.id, "prefix": $0.prefix, "reference": $0.reference, "run": "toy", "epoch": 3] }
  }

  func quick() -> HTTPClient.RetryPolicy {
    var retryPolicy = HTTPClient.RetryPolicy()
    retryPolicy.wait = 0.01
    retryPolicy.timeout = 5
    return retryPolicy
  }

  struct Run {
    let outcome: CaptureRun.Outcome
    let records: [Record]
  }

  /// A run against a server in a folder of its own, which may have been begun.
  func run(
    _ server: LoopbackServer, _ data: Data, in folder: URL, key: String? = nil,
    retryPolicy: HTTPClient.RetryPolicy? = nil,
    concurrency: Int = 4, _ change: (inout CaptureRun.Settings) -> Void = { _ in }
  ) async throws -> Run {
    var settings = CaptureRun.Settings()
    settings.alternatives = 5
    change(&settings)
    let (file, store) = (folder.appendingPathComponent("in.jsonl").path, folder.appendingPathComponent("x.store").path)
    try data.write(to: URL(fileURLWithPath: file))
    let client = try HTTPClient(
      address: server.address, key: key, retryPolicy: retryPolicy ?? quick(), concurrency: concurrency)
    let outcome = try await CaptureRun(client: client, settings: settings)
      .run(input: file, store: store)
    return Run(outcome: outcome, records: try await CaptureReader(files: [store], options: .withStores).records())
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

  /// Of a token that is a part of a letter llama.cpp says nothing when it is drawn: its value is taken from the list of
  /// all tokens.
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

  /// llama-cpp-python lists no generated token, and the values of the next tokens, for models without a
  /// beginning-of-text token.
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
        return try GenerationsReader.read(
          path: folder.appendingPathComponent("x.store").path, sources: [StoreSource()])
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

extension CaptureOptions {
  /// Captures in stores are read too.
  static var withStores: CaptureOptions {
    var options = CaptureOptions()
    options.sources = [StoreSource()]
    return options
  }
}
