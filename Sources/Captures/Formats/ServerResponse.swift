import Foundation
import TokenProcess

/// A response of a model server to a completion that scores its prompt: OpenAI's completions with `echo` and `logprobs`, and vLLM's
/// `prompt_logprobs`; plain, as a line of a batch output (`custom_id`, `response.body`), one or many. Of llama.cpp the reference is what was
/// generated (`completion_probabilities`).
package struct ServerResponse: Decodable, Sendable {
  var id: String?
  var customID: String?
  var response: Body?
  package var choices: [Choice]?
  package var usage: Usage?
  var promptLogprobs: [Position?]?
  var promptTokenIDs: [Int]?
  var generated: [Generated]?
  var prompt: Prompt?
  var content: String?
  var tokens: [Int]?
  var tokensPredicted: Int?
  var stopType: String?
  var error: Failure?

  enum CodingKeys: String, CodingKey {
    case id, response, choices, usage, prompt, content, tokens, error
    case tokensPredicted = "tokens_predicted"
    case stopType = "stop_type"
    case generated = "completion_probabilities"
    case customID = "custom_id"
    case promptLogprobs = "prompt_logprobs"
    case promptTokenIDs = "prompt_token_ids"
  }

  /// What a server says in place of values.
  struct Failure: Decodable, Sendable {
    let message: String?

    private struct Described: Decodable { let message: String? }

    /// A text, or an object with one; anything else is a failure too.
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      message = (try? container.decode(String.self)) ?? (try? container.decode(Described.self))?.message
    }
  }

  /// What a batch output wraps.
  struct Body: Decodable, Sendable {
    let body: Wrapped
  }

  /// One step of indirection, as a structure cannot hold itself.
  final class Wrapped: Decodable, Sendable {
    let response: ServerResponse

    init(_ response: ServerResponse) { self.response = response }

    init(from decoder: any Decoder) throws { response = try ServerResponse(from: decoder) }
  }

  package struct Usage: Decodable, Sendable {
    var promptTokens: Int?
    package var completionTokens: Int?

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

  package struct Choice: Decodable, Sendable {
    var index: Int?
    package var logprobs: Logprobs?
    var promptLogprobs: [Position?]?
    var promptTokenIDs: [Int]?
    /// Whether it is a message of a chat, whose log-probabilities are of what was generated alone.
    var isMessage = false

    enum CodingKeys: String, CodingKey {
      case index, logprobs, message
      case promptLogprobs = "prompt_logprobs"
      case promptTokenIDs = "prompt_token_ids"
    }
  }

  /// OpenAI's lists, one entry a token.
  package struct Logprobs: Decodable, Sendable {
    package let tokens: [String]
    let tokenLogprobs: [Double?]
    let topLogprobs: [[String: Double]?]?

    enum CodingKeys: String, CodingKey {
      case tokens
      case tokenLogprobs = "token_logprobs"
      case topLogprobs = "top_logprobs"
    }
  }

  /// llama.cpp's values of a generated token.
  struct Generated: Decodable, Sendable {
    let id: Int
    /// nil where probabilities are those after sampling.
    let logprob: Double?
    let topLogprobs: [Listed]?

    enum CodingKeys: String, CodingKey {
      case id, logprob
      case topLogprobs = "top_logprobs"
    }
  }

  /// One of the most probable tokens.
  struct Listed: Decodable, Sendable {
    let id: Int
    let logprob: Double
  }

  /// A prompt, where it is a text and not token ids.
  struct Prompt: Decodable, Sendable {
    let text: String?

    init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
  }

  /// vLLM's values at a position: an object keyed by token ids.
  struct Position: Decodable, Sendable {
    var entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      entries = try container.decode([String: Value].self).map { key, value in
        guard let token = Int(key), token >= 0 else {
          throw RecordError(
            field: "prompt_logprobs[\(decoder.codingPath.last?.intValue ?? 0)]",
            problem: "has the key \"\(key.prefix(40))\", which is no token id")
        }
        return Entry(token: token, logprob: value.logprob, rank: value.rank, decodedToken: value.decodedToken)
      }
    }

    private struct Value: Decodable {
      let logprob: Double
      let rank: Int?
      let decodedToken: String?

      enum CodingKeys: String, CodingKey {
        case logprob, rank
        case decodedToken = "decoded_token"
      }
    }
  }

  /// vLLM's value of a token.
  struct Entry: Sendable {
    var token: Int
    var logprob: Double
    /// 1 is the most probable token.
    var rank: Int?
    var decodedToken: String?
  }
}

extension ServerResponse.Choice {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    index = try container.decodeIfPresent(Int.self, forKey: .index)
    isMessage = try container.contains(.message) && !container.decodeNil(forKey: .message)
    logprobs = isMessage ? nil : try container.decodeIfPresent(ServerResponse.Logprobs.self, forKey: .logprobs)
    promptLogprobs = try container.decodeIfPresent([ServerResponse.Position?].self, forKey: .promptLogprobs)
    promptTokenIDs = try container.decodeIfPresent([Int].self, forKey: .promptTokenIDs)
  }
}

extension ServerResponse {
  /// Of one response.
  ///
  /// - Throws: `DecodingError` for what is no JSON of this kind.
  ///
  /// - Parameter asked: The tokens of the prompt, where they are known, and how many of them are before the reference: other values are then left out.
  package init(_ text: Data, asked: (prompt: [Int], prefix: Int)? = nil) throws {
    self = try ServerResponseParser(asked).response(text) ?? JSONDecoder().decode(ServerResponse.self, from: text)
  }
}
