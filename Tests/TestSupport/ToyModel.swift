import Foundation
import Synchronization

/// A language model of 128 tokens whose probabilities are known, behind the protocols of real servers. Letters are
/// tokens, and so is "th".
public final class ToyModel: Sendable {
  /// Which server it plays.
  public enum Kind: Sendable, CaseIterable {
    case vllm
    case llamaCpp
    /// A llama.cpp that says probabilities after the bias.
    case biasedLlamaCpp
    case echo
  }

  private static let pair = 127
  /// ~ is a part of a letter, of which llama.cpp says nothing before the rest is there.
  private static let partOfLetter = 126

  /// Which server it plays.
  public let kind: Kind
  /// The prompts of completions in the order that they came.
  public let prompts = Mutex<[String]>([])
  /// The values of the header `Authorization`.
  public let keys = Mutex<Set<String>>([])

  /// A model.
  public init(_ kind: Kind) { self.kind = kind }

  // MARK: The model

  /// The tokens of a text.
  public static func tokens(_ text: String) -> [Int] {
    var tokens: [Int] = []
    var rest = text.unicodeScalars.map { Int($0.value) % 127 }[...]
    while let first = rest.popFirst() {
      if first == 116, rest.first == 104 {
        rest.removeFirst()
        tokens.append(pair)
      } else {
        tokens.append(first)
      }
    }
    return tokens
  }

  private static func text(_ token: Int) -> String {
    token == pair ? "th" : String(UnicodeScalar(UInt8(token)))
  }

  /// ln p of every token after these.
  public static func logProbabilities(after context: [Int]) -> [Double] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for token in context.suffix(3) { state = (state ^ UInt64(token)) &* 0x100_0000_01B3 }
    let logits = (0..<128).map { token -> Double in
      var z = (state ^ UInt64(token)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return 12 * Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
    let total = log(logits.reduce(0) { $0 + exp($1) })
    return logits.map { $0 - total }
  }

  /// ln p of each reference token.
  public static func reference(_ prefix: String, _ reference: String) -> [Double] {
    let before = tokens(prefix)
    let all = tokens(prefix + reference)
    return (before.count..<all.count).map { logProbabilities(after: Array(all[..<$0]))[all[$0]] }
  }

  // MARK: The protocols

  /// The answer to a request.
  public func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Behaviour {
    if let key = request.headers["authorization"] { keys.withLock { _ = $0.insert(key) } }
    let isLlama = kind == .llamaCpp || kind == .biasedLlamaCpp
    switch (request.method, request.path) {
    case ("GET", "/props") where isLlama: return .json(["default_generation_settings": [:]])
    case ("GET", "/version") where kind == .vllm: return .json(["version": "0.9"])
    case ("POST", "/apply-template") where isLlama: return .json(["prompt": Self.template(request.json)])
    case ("POST", "/tokenize") where kind == .vllm && request.json["messages"] != nil:
      return .json(["tokens": Self.tokens(Self.template(request.json))])
    case ("POST", "/detokenize") where kind == .vllm:
      return .json(["prompt": (request.json["tokens"] as? [Int] ?? []).map(Self.text).joined()])
    case ("POST", "/tokenize") where isLlama:
      let tokens = Self.tokens(request.json["content"] as? String ?? "")
      guard request.json["with_pieces"] as? Bool == true else { return .json(["tokens": tokens]) }
      // As the real one has them: bytes where a piece is no text by itself.
      return .json([
        "tokens": tokens.map { ["id": $0, "piece": $0 == 32 ? [32] : Self.text($0)] as [String: Any] }
      ])
    case ("POST", "/tokenize") where kind == .vllm:
      let tokens = Self.tokens(request.json["prompt"] as? String ?? "")
      guard request.json["return_token_strs"] as? Bool == true else { return .json(["tokens": tokens]) }
      // As byte-level vocabularies write a space.
      return .json(["tokens": tokens, "token_strs": tokens.map { $0 == 32 ? "\u{120}" : Self.text($0) }])
    case ("POST", "/completion") where isLlama: return completion(request.json)
    case ("POST", "/v1/completions") where kind == .vllm: return promptLogprobs(request.json)
    case ("POST", "/v1/completions") where kind == .echo: return echo(request.json)
    default: return .json(["error": ["message": "no such place"]], status: 404)
    }
  }

  /// The chat template: who says what, a line each, up to where the answer begins.
  private static func template(_ body: [String: Any]) -> String {
    let messages = body["messages"] as? [[String: String]] ?? []
    return messages.map { "\($0["role"] ?? ""): \($0["content"] ?? "")\n" }.joined() + "assistant: "
  }

  private func note(_ tokens: [Int]) {
    prompts.withLock { $0.append(tokens.map(Self.text).joined()) }
  }

  private func ranked(_ values: [Double], _ count: Int) -> [Int] {
    Array(values.indices.sorted { (values[$0], $1) > (values[$1], $0) }.prefix(count))
  }

  private func completion(_ body: [String: Any]) -> LoopbackServer.Behaviour {
    guard let prompt = body["prompt"] as? [Int] else { return .json(["error": ["message": "no prompt"]], status: 400) }
    if body["return_tokens"] as? Bool == true { return generation(prompt, body) }
    note(prompt)
    let plain = Self.logProbabilities(after: prompt)
    var logits = plain
    for pair in body["logit_bias"] as? [[Double]] ?? [] { logits[Int(pair[0])] += pair[1] }
    let top = logits.max() ?? 0
    let total = top + log(logits.reduce(0) { $0 + exp($1 - top) })
    // Single precision, as the real one has.
    let biased = logits.map { Double(Float(exp($0 - total))) }
    let drawn = ranked(logits, 1)[0]
    if drawn == Self.partOfLetter { return .json(["content": "", "tokens_predicted": 1]) }
    let count = body["n_probs"] as? Int ?? 0
    if body["post_sampling_probs"] as? Bool == true {
      let listed = ranked(logits, count).map { ["id": $0, "prob": biased[$0]] as [String: Any] }
      return .json(["completion_probabilities": [["id": drawn, "prob": biased[drawn], "top_probs": listed]]])
    }
    let shown = kind == .llamaCpp ? plain : logits.map { $0 - total }
    let listed = ranked(shown, count).map { ["id": $0, "logprob": shown[$0]] as [String: Any] }
    return .json(["completion_probabilities": [["id": drawn, "logprob": shown[drawn], "top_logprobs": listed]]])
  }

  /// Greedy, or drawn by the seed.
  private func generation(_ prompt: [Int], _ body: [String: Any]) -> LoopbackServer.Behaviour {
    var tokens: [Int] = []
    var state = UInt64(body["seed"] as? Int ?? 0)
    let isGreedy = body["temperature"] as? Double == 0
    for _ in 0..<(body["n_predict"] as? Int ?? 0) {
      let values = Self.logProbabilities(after: prompt + tokens)
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      var left = Double(state >> 11) * 0x1p-53
      tokens.append(
        isGreedy
          ? ranked(values, 1)[0]
          : values.indices.first {
            left -= exp(values[$0])
            return left < 0
          } ?? 0)
    }
    return .json(["tokens": tokens, "stop_type": "limit"])
  }

  private func promptLogprobs(_ body: [String: Any]) -> LoopbackServer.Behaviour {
    guard let prompt = body["prompt"] as? [Int] else { return .json(["error": ["message": "no prompt"]], status: 400) }
    note(prompt)
    let count = body["prompt_logprobs"] as? Int ?? 0
    let entries = prompt.indices.map { index -> Any in
      guard index > 0 else { return NSNull() }
      let values = Self.logProbabilities(after: Array(prompt[..<index]))
      let order = ranked(values, 128)
      var listed: [String: Any] = [:]
      for token in Set(order.prefix(count) + [prompt[index]]) {
        listed["\(token)"] =
          ["logprob": values[token], "rank": order.firstIndex(of: token)! + 1, "decoded_token": Self.text(token)]
          as [String: Any]
      }
      return listed
    }
    return .json(["choices": [["text": "x", "prompt_logprobs": entries]]])
  }

  private func echo(_ body: [String: Any]) -> LoopbackServer.Behaviour {
    let prompt = Self.tokens(body["prompt"] as? String ?? "")
    note(prompt)
    // A beginning-of-text token that is listed, and one token that is generated.
    let count = body["logprobs"] as? Int ?? 0
    var texts = ["<s>"]
    var values: [Any] = [NSNull()]
    var top: [Any] = [NSNull()]
    for index in prompt.indices {
      let law = Self.logProbabilities(after: Array(prompt[..<index]))
      texts.append(Self.text(prompt[index]))
      values.append(law[prompt[index]])
      var listed: [String: Double] = [:]
      for token in ranked(law, count) { listed[Self.text(token)] = law[token] }
      top.append(listed)
    }
    let law = Self.logProbabilities(after: prompt)
    texts.append(Self.text(ranked(law, 1)[0]))
    values.append(law.max() ?? 0)
    top.append([Self.text(ranked(law, 1)[0]): law.max() ?? 0])
    return .json([
      "choices": [["text": "x", "logprobs": ["tokens": texts, "token_logprobs": values, "top_logprobs": top]]],
      "usage": ["prompt_tokens": prompt.count + 1, "completion_tokens": 1],
    ])
  }
}
