import Captures
import Foundation
import GSLNumerics
import TokenProcess

/// Draws continuations of a prefix: whole ones, or only as far as they repeat the reference, when a draw ends with the
/// first piece in which it goes another way.
struct GenerationSampler: Sendable {
  let client: HTTPClient
  let isLlama: Bool
  let model: String?
  let plan: GenerationPlan

  /// Tokens of the first piece; later ones are twice as long each.
  private static let firstPiece = 8

  private struct LlamaAnswer: Decodable {
    let tokens: [Int]
    let stopType: String?
  }

  private struct VLLMAnswer: Decodable {
    struct Choice: Decodable {
      let tokenIds: [Int]?
      let finishReason: String?
    }
    let choices: [Choice]
  }

  /// The lines of a passage's generations, one a decoding scheme, as `skewmem validate` reads them.
  ///
  /// - Parameter number: The passage's place, of which seeds are made.
  func lines(_ passage: Passage, number: Int) async throws -> [Data] {
    guard let prefix = passage.prefixTokenIDs, let reference = passage.referenceTokenIDs, !prefix.isEmpty else {
      throw PassageError("generations need a prefix of at least a token")
    }
    var lines: [Data] = []
    for (index, scheme) in plan.schemes.enumerated() {
      var draws: [[Int]] = []
      for draw in 0..<(scheme.temperature == 0 ? 1 : plan.draws) {
        let seed = [number, index, draw].reduce(plan.seed) { Self.mixed($0, UInt64($1)) }
        draws.append(try await self.draw(prefix, reference, scheme, seed))
      }
      lines.append(line(passage, scheme, draws))
    }
    return lines
  }

  /// One continuation, whole or up to the piece with the first token that is not the reference's.
  private func draw(_ prefix: [Int], _ reference: [Int], _ scheme: Decoding, _ seed: UInt64) async throws
    -> [Int]
  {
    var tokens: [Int] = []
    var piece = plan.isWhole == true ? reference.count : Self.firstPiece
    while tokens.count < reference.count, plan.isWhole == true || tokens[...] == reference[..<tokens.count] {
      let wanted = min(piece, reference.count - tokens.count)
      let part = UInt32(truncatingIfNeeded: Self.mixed(seed, UInt64(tokens.count)))
      let next = try await continuation(of: prefix + tokens, wanted, scheme, part)
      tokens += next.tokens.prefix(wanted)
      // A draw that ended of itself did not go on with the reference, which has no end-of-text token: a number that no
      // token has says so.
      if next.tokens.count < wanted {
        if next.hasEnded { tokens.append(SampledGenerations.endOfText) }
        break
      }
      piece *= 2
    }
    return tokens
  }

  private func continuation(
    of prompt: [Int], _ count: Int, _ scheme: Decoding, _ seed: UInt32
  ) async throws -> (tokens: [Int], hasEnded: Bool) {
    var request = JSONObjectWriter(capacity: 256 + 6 * prompt.count)
    request.add("prompt", prompt)
    request.add("temperature", scheme.temperature)
    request.add("top_p", scheme.topP ?? 1)
    request.add("min_p", scheme.minP ?? 0)
    request.add("seed", Int(seed))
    if isLlama {
      request.add("n_predict", count)
      request.add("cache_prompt", true)
      request.add("return_tokens", true)
      // In the order that predictions assume.
      request.add("samplers", ["temperature", "top_k", "top_p", "min_p"])
      request.add("top_k", scheme.temperature == 0 ? 1 : scheme.topK ?? 0)
      return try await client.post("completion", request) { data in
        guard let answer = try? HTTPClient.decoder.decode(LlamaAnswer.self, from: data) else {
          throw ServerError(.malformed, "completion", "the answer has no tokens")
        }
        return try Self.checked(answer.tokens, hasEnded: answer.stopType == "eos", count, "completion")
      }
    }
    request.add("model", model)
    request.add("max_tokens", count)
    request.add("top_k", scheme.topK ?? -1)
    request.add("return_token_ids", true)
    return try await client.post("v1/completions", request) { data in
      guard let choice = (try? HTTPClient.decoder.decode(VLLMAnswer.self, from: data))?.choices.first,
        let tokens = choice.tokenIds
      else { throw ServerError(.malformed, "v1/completions", "the answer has no token_ids: generations need them") }
      // vLLM counts the end-of-text token among those of the answer.
      return try Self.checked(tokens, hasEnded: choice.finishReason == "stop", count, "v1/completions")
    }
  }

  /// Throws where there are fewer tokens than were asked for, without an end.
  private static func checked(
    _ tokens: [Int], hasEnded: Bool, _ count: Int, _ path: String
  ) throws -> (tokens: [Int], hasEnded: Bool) {
    guard hasEnded || tokens.count >= count else {
      throw ServerError(.malformed, path, "the answer has \(tokens.count) tokens of \(count), and did not end")
    }
    return (tokens, hasEnded)
  }

  private func line(_ passage: Passage, _ scheme: Decoding, _ draws: [[Int]]) -> Data {
    var line = JSONObjectWriter()
    line.add("draws", draws.count)
    line.add("epoch", passage.epoch)
    line.add("generations", draws)
    line.add("id", passage.id)
    // Whole draws are as long as they were to be.
    if plan.isWhole != true {
      line.add("max_tokens", max(passage.referenceTokenIDs?.count ?? 0, draws.map(\.count).max() ?? 0))
    }
    line.add("min_p", scheme.minP)
    line.add("run", passage.run)
    line.add("split", passage.split)
    line.add("temperature", scheme.temperature)
    line.add("top_k", scheme.topK ?? 0)
    line.add("top_p", scheme.topP)
    return Data(line.finished())
  }

  /// Numbers that do not look alike from numbers that do.
  private static func mixed(_ seed: UInt64, _ number: UInt64) -> UInt64 {
    var mixer = SplitMix64(state: seed ^ (number &* 0xD1B5_4A32_D192_ED03))
    return mixer.next()
  }
}

/// Which generations are asked for.
public struct GenerationPlan: Sendable, Encodable, Equatable {
  /// How tokens are drawn.
  public var schemes: [Decoding]
  /// Draws of each prefix under a scheme with randomness.
  public var draws: Int
  /// What seeds are made of.
  public var seed: UInt64
  /// Whether draws go on when they have left the reference, to its length or their own end; nil for not.
  public var isWhole: Bool?

  /// A plan.
  public init(schemes: [Decoding], draws: Int, seed: UInt64, isWhole: Bool = false) {
    // Left out of a store's settings where it is not asked for, as stores without it were made.
    self.isWhole = isWhole ? true : nil
    self.schemes = schemes
    self.draws = draws
    self.seed = seed
  }
}
