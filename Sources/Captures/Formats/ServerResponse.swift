import Foundation
import Inference
import TokenProcess

/// A response of a model server to a completion that scores its prompt: OpenAI's completions with `echo` and `logprobs`, and vLLM's
/// `prompt_logprobs`; plain, as a line of a batch output (`custom_id`, `response.body`), one or many.
struct ServerResponse: Decodable {
  let id: String?
  let customID: String?
  let response: Body?
  let choices: [Choice]?
  let usage: Usage?
  let promptLogprobs: [[String: Entry]?]?
  let promptTokenIDs: [Int]?

  enum CodingKeys: String, CodingKey {
    case id, response, choices, usage
    case customID = "custom_id"
    case promptLogprobs = "prompt_logprobs"
    case promptTokenIDs = "prompt_token_ids"
  }

  /// What a batch output wraps.
  struct Body: Decodable {
    let body: Wrapped
  }

  /// One step of indirection, as a structure cannot hold itself.
  final class Wrapped: Decodable {
    let response: ServerResponse

    init(from decoder: any Decoder) throws { response = try ServerResponse(from: decoder) }
  }

  struct Usage: Decodable {
    let promptTokens: Int?
    let completionTokens: Int?

    enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }

    /// How many of a choice's tokens are of its prompt. Servers count a beginning-of-text token that they do not list: what was generated
    /// is the safer number.
    func prompt(of tokens: Int, choices: Int) -> Int {
      let generated = completionTokens.map { max(0, $0) / max(1, choices) }
      let count = generated.map { tokens - $0 } ?? promptTokens ?? tokens
      return min(max(0, count), tokens)
    }
  }

  struct Choice: Decodable {
    let index: Int?
    let logprobs: Logprobs?
    let promptLogprobs: [[String: Entry]?]?
    let promptTokenIDs: [Int]?

    enum CodingKeys: String, CodingKey {
      case index, logprobs
      case promptLogprobs = "prompt_logprobs"
      case promptTokenIDs = "prompt_token_ids"
    }
  }

  /// OpenAI's lists, one entry a token.
  struct Logprobs: Decodable {
    let tokens: [String]
    let tokenLogprobs: [Double?]
    let topLogprobs: [[String: Double]?]?

    enum CodingKeys: String, CodingKey {
      case tokens
      case tokenLogprobs = "token_logprobs"
      case topLogprobs = "top_logprobs"
    }
  }

  /// vLLM's value of a token id.
  struct Entry: Decodable {
    let logprob: Double
    /// 1 is the most probable token.
    let rank: Int?
    let decodedToken: String?

    enum CodingKeys: String, CodingKey {
      case logprob, rank
      case decodedToken = "decoded_token"
    }
  }

  /// The records of a response, one a choice.
  ///
  /// - Parameters:
  ///   - name: What to call them where the response has no id.
  ///   - asked: The tokens of the prompt, where they are known; a response that names others is refused.
  /// - Throws: `RecordError` for what is no scored prompt.
  func records(split: ReferenceSplit, name: String, asked: [Int]? = nil) throws -> [Record] {
    if let response {
      var records = try response.body.response.records(split: split, name: name)
      // A batch's own names are those that its maker knows.
      if let customID {
        for index in records.indices { records[index].id = records.count == 1 ? customID : "\(customID)/\(index)" }
      }
      return records
    }
    let name = id ?? name
    if let promptLogprobs {
      return [try Self.record(name, promptLogprobs, promptTokenIDs, split)]
    }
    guard let choices, !choices.isEmpty else {
      throw RecordError(field: "choices", problem: "is missing or empty, and so is prompt_logprobs")
    }
    return try choices.enumerated().map { index, choice in
      let name = choices.count == 1 ? name : "\(name)/\(choice.index ?? index)"
      if let scored = choice.promptLogprobs {
        let ids = choice.promptTokenIDs ?? promptTokenIDs
        if let ids, let asked, ids != asked {
          throw RecordError(field: "prompt_token_ids", problem: "are not those that were asked for")
        }
        return try Self.record(name, scored, ids ?? asked, split)
      }
      guard let logprobs = choice.logprobs else {
        throw RecordError(
          field: "choices[\(index)].logprobs",
          problem: "is missing: ask for logprobs with echo (OpenAI's completions), or for prompt_logprobs (vLLM)")
      }
      return try Self.record(
        name, logprobs, scored: usage?.prompt(of: logprobs.tokens.count, choices: choices.count), split)
    }
  }

  /// From OpenAI's lists. Alternatives have no token ids there; of a token that is not among them the rank is the number of them, which
  /// is the least that it can be.
  private static func record(
    _ name: String, _ logprobs: Logprobs, scored: Int?, _ split: ReferenceSplit
  ) throws -> Record {
    guard logprobs.tokens.count == logprobs.tokenLogprobs.count else {
      throw RecordError(
        field: "token_logprobs",
        problem: "has \(logprobs.tokenLogprobs.count) values for \(logprobs.tokens.count) tokens")
    }
    // Tokens beyond the prompt were generated.
    let positions = try split.reference(of: scored ?? logprobs.tokens.count)
    try checkAlignment(logprobs)
    var record = Record(
      id: name,
      tokenLogProbabilities: try positions.map { position in
        guard let value = logprobs.tokenLogprobs[position] else {
          throw RecordError(field: "token_logprobs[\(position)]", problem: "is null inside the reference")
        }
        return value
      })
    record.prefix = logprobs.tokens[..<positions.lowerBound].joined()
    record.reference = logprobs.tokens[positions].joined()
    if let top = logprobs.topLogprobs, top.count == logprobs.tokens.count,
      positions.allSatisfy({ top[$0]?.isEmpty == false })
    {
      record.ranks = zip(positions, record.tokenLogProbabilities).map { position, value in
        (top[position] ?? [:]).count { $0.key != logprobs.tokens[position] && $0.value > value }
      }
    }
    return record
  }

  /// Throws where the log-probabilities are those of the next token, as llama-cpp-python (0.3.36) sends them for models whose tokenizer adds
  /// no beginning-of-text token: the most probable tokens are then often the next one and seldom the token itself.
  private static func checkAlignment(_ logprobs: Logprobs) throws(RecordError) {
    guard let top = logprobs.topLogprobs, top.count == logprobs.tokens.count else { return }
    let best = top.map { $0?.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    let own = zip(best, logprobs.tokens).count { $0 == $1 }
    let next = zip(best, logprobs.tokens.dropFirst()).count { $0 == $1 }
    // Texts that the model cannot guess agree with neither but by chance: a sign test that fails one in a million of those.
    let signs = Array(repeating: 1.0, count: next) + Array(repeating: -1.0, count: own)
    guard next > own, let test = SignTest(differences: signs), test.pValue < 2e-6 else { return }
    throw RecordError(
      field: "top_logprobs",
      problem:
        "are those of the next token: the server is off by one (llama-cpp-python is, for models without a beginning-of-text token)"
    )
  }

  /// From vLLM's objects keyed by token ids.
  private static func record(
    _ name: String, _ scored: [[String: Entry]?], _ ids: [Int]?, _ split: ReferenceSplit
  ) throws -> Record {
    if let ids, ids.count != scored.count {
      throw RecordError(
        field: "prompt_token_ids", problem: "has \(ids.count) tokens, but prompt_logprobs \(scored.count)")
    }
    let positions = try split.reference(of: scored.count)
    var values: [Double] = []
    var ranks: [Int?] = []
    var tokens: [Int] = []
    var texts: [String?] = []
    var alternatives: [[Record.Alternative]] = []
    for position in positions {
      let field = "prompt_logprobs[\(position)]"
      guard let entries = scored[position] else {
        throw RecordError(field: field, problem: "is null inside the reference")
      }
      let parsed = try entries.map { key, entry in
        guard let token = Int(key), token >= 0 else {
          throw RecordError(field: field, problem: "has the key \"\(key.prefix(40))\", which is no token id")
        }
        if let rank = entry.rank, rank < 1 {
          throw RecordError(field: field, problem: "has the rank \(rank); ranks count from 1")
        }
        return (token, entry)
      }
      guard let token = ids?[position] ?? (parsed.count == 1 ? parsed[0].0 : nil) else {
        throw RecordError(
          field: "prompt_token_ids",
          problem: "is missing: without it nothing says which of \(parsed.count) tokens was scored")
      }
      guard let own = parsed.first(where: { $0.0 == token })?.1 else {
        throw RecordError(field: field, problem: "has no value for the prompt's token \(token)")
      }
      values.append(own.logprob)
      ranks.append(own.rank.map { $0 - 1 })
      tokens.append(token)
      texts.append(own.decodedToken)
      // The most probable tokens only: the prompt's own comes in addition where it is not among them.
      let ranked = parsed.compactMap { key, entry in entry.rank.map { (rank: $0, token: key, entry: entry) } }
        .sorted { ($0.rank, $0.token == token ? 1 : 0, $0.token) < ($1.rank, $1.token == token ? 1 : 0, $1.token) }
      alternatives.append(
        zip(1..., ranked).prefix { $0 >= $1.rank }.map { .init(tokenID: $1.token, logProbability: $1.entry.logprob) })
    }
    var record = Record(id: name, tokenLogProbabilities: values)
    record.referenceTokenIDs = tokens
    record.prefixTokenIDs = ids.map { Array($0[..<positions.lowerBound]) }
    if ranks.allSatisfy({ $0 != nil }) { record.ranks = ranks.compactMap(\.self) }
    if alternatives.allSatisfy({ !$0.isEmpty }) {
      record.topLogProbabilities = alternatives
      record.greedyTokenIDs = alternatives.map { $0[0].tokenID }
    }
    if texts.allSatisfy({ $0 != nil }) { record.reference = texts.compactMap(\.self).joined() }
    return record
  }
}

/// The records of a server's response to a scored prompt, one a choice.
///
/// - Throws: `RecordError` for what is no scored prompt; `DecodingError` for what is no JSON of this kind.
package func scoredRecords(
  _ response: Data, split: ReferenceSplit, name: String, asked: [Int]? = nil
) throws -> [Record] {
  try JSONDecoder().decode(ServerResponse.self, from: response).records(split: split, name: name, asked: asked)
}
