import Foundation

/// A server, and how it is spoken to.
struct Server: Sendable {
  let scoring: Scoring
  let scorer: any PassageScorer
  let tokenizer: Tokenizer?
  let sampler: GenerationSampler?

  init(_ client: HTTPClient, _ settings: CaptureRun.Settings) async throws {
    if let asked = settings.scoring { scoring = asked } else { scoring = try await Self.scoring(client) }
    switch scoring {
    case .echo:
      tokenizer = nil
      scorer = EchoScorer(client: client, model: settings.model, alternatives: settings.alternatives)
    case .promptLogprobs:
      tokenizer = Tokenizer(client: client, dialect: .vllm(model: settings.model ?? ""))
      scorer = PromptLogprobsScorer(
        client: client, model: settings.model, alternatives: settings.alternatives)
    case .tokenByToken:
      let tokenizer = Tokenizer(client: client, dialect: .llamaCpp)
      self.tokenizer = tokenizer
      scorer = try await TokenByTokenScorer(
        client: client, tokenizer: tokenizer, alternatives: settings.alternatives)
    }
    if let plan = settings.generations {
      guard tokenizer != nil else {
        throw ServerError(
          .notFound, "v1/completions",
          "servers with echo give texts and no token ids: no generations can be compared with them")
      }
      sampler = GenerationSampler(
        client: client, isLlama: scoring == .tokenByToken, model: settings.model, plan: plan)
    } else {
      sampler = nil
    }
  }

  /// llama.cpp has `/props`, vLLM `/version`; what has neither may know `echo`.
  private static func scoring(_ client: HTTPClient) async throws -> Scoring {
    func object(_ path: String) async throws -> [String: Any]? {
      try await client.probe(path).flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] }
    }
    if try await object("props")?["default_generation_settings"] != nil { return .tokenByToken }
    if try await object("version")?["version"] != nil { return .promptLogprobs }
    return .echo
  }
}
