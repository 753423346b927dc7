import Foundation

/// A server, and how it is spoken to.
struct Server: Sendable {
  let scoring: Scoring
  let scorer: any PassageScorer
  let tokenizer: Tokenizer?
  let sampler: GenerationSampler?
  /// How many passages may be asked for at a time without one driving the other's prefix out of the server's cache; nil
  /// where that is no matter.
  let slots: Int?
  /// llama.cpp's adapters with their scales; nil where it does not say.
  let adapters: String?
  /// The model's name, as the server has it; nil where it does not say.
  let identity: String?

  init(_ client: HTTPClient, _ settings: CaptureRun.Settings) async throws {
    // llama.cpp's alone.
    let mayBeLlama = settings.scoring == nil || settings.scoring == .tokenByToken
    let properties = mayBeLlama ? try await Self.object(client, "props") : nil
    if let asked = settings.scoring { scoring = asked } else { scoring = try await Self.scoring(client, properties) }
    identity = try await Self.identity(client, settings.model)
    adapters = mayBeLlama && properties != nil ? try await Self.adapters(client) : nil
    slots = scoring == .tokenByToken ? max(1, properties?["total_slots"] as? Int ?? client.concurrency) : nil
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

  private static func object(_ client: HTTPClient, _ path: String) async throws -> [String: Any]? {
    try await client.probe(path).flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] }
  }

  private static func adapters(_ client: HTTPClient) async throws -> String? {
    guard let data = try await client.probe("lora-adapters"),
      let list = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
    else { return nil }
    return list.map { "\($0["path"] as? String ?? "?") × \(($0["scale"] as? NSNumber)?.doubleValue ?? 1)" }
      .joined(separator: ", ")
  }

  private static func identity(_ client: HTTPClient, _ name: String?) async throws -> String? {
    let models = try await object(client, "v1/models")?["data"] as? [[String: Any]] ?? []
    let names = models.compactMap { $0["id"] as? String }
    return names.first { $0 == name } ?? (name == nil ? names.first : nil)
  }

  /// llama.cpp has `/props`, vLLM `/version`; what has neither may know `echo`.
  private static func scoring(_ client: HTTPClient, _ properties: [String: Any]?) async throws -> Scoring {
    if properties?["default_generation_settings"] != nil { return .tokenByToken }
    if try await object(client, "version")?["version"] != nil { return .promptLogprobs }
    return .echo
  }
}
