import Foundation
import TokenProcess

/// A response of a model server to a completion that scores its prompt: OpenAI's completions with `echo` and
/// `logprobs`, vLLM's `prompt_logprobs`, SGLang's `input_token_logprobs` and TGI's `prefill`. It is plain, or a line of
/// a batch output (`custom_id`, `response.body`). Of llama.cpp the reference is what was generated
/// (`completion_probabilities`).
package struct ServerResponse: Sendable {
  var id: String?
  var customID: String?
  var response: Body?
  package var choices: [Choice]?
  package var usage: Usage?
  var promptLogprobs: [Position?]?
  var promptTokenIDs: [Int]?
  var generated: [Generated]?
  /// The prompt, where it is a text and not token ids.
  var prompt: String?
  var content: String?
  var tokens: [Int]?
  var tokensPredicted: Int?
  var stopType: String?
  var error: Failure?
  /// SGLang's and TGI's values of the prompt: tokens with their values, the first without.
  var scoredPrompt: [ScoredToken]?
  /// How many tokens of the prompt are before the reference, where somebody added it.
  var prefixTokens: Int?

  /// Where the reference begins, where the response says it.
  var ownSplit: ReferenceSplit? {
    (prefixTokens ?? response?.body.response.prefixTokens).map { .prefixTokens($0) }
  }

  /// What a server says in place of values.
  struct Failure: Sendable {
    let message: String?
  }

  /// What a batch output wraps.
  struct Body: Sendable {
    let body: Wrapped
  }

  /// One step of indirection, as a structure cannot hold itself.
  final class Wrapped: Sendable {
    let response: ServerResponse

    init(_ response: ServerResponse) { self.response = response }
  }

  package struct Usage: Sendable {
    var promptTokens: Int?
    package var completionTokens: Int?

    /// How many of a choice's tokens are of its prompt. Servers count a beginning-of-text token that they do not list:
    /// what was generated is the safer number.
    func prompt(of tokens: Int, choices: Int) -> Int {
      let generated = completionTokens.map { max(0, $0) / max(1, choices) }
      let count = generated.map { tokens - $0 } ?? promptTokens ?? tokens
      return min(max(0, count), tokens)
    }
  }

  package struct Choice: Sendable {
    var index: Int?
    package var logprobs: Logprobs?
    var promptLogprobs: [Position?]?
    var promptTokenIDs: [Int]?
    /// Whether it is a message of a chat, whose log-probabilities are of what was generated alone.
    var isMessage = false
  }

  /// OpenAI's lists, one entry a token.
  package struct Logprobs: Sendable {
    package let tokens: [String]
    let tokenLogprobs: [Double?]
    /// Whether some token has a value.
    package var hasValues: Bool { tokenLogprobs.contains { $0 != nil } }
    let topLogprobs: [[String: Double]?]?
  }

  /// llama.cpp's values of a generated token.
  struct Generated: Sendable {
    let id: Int
    /// nil where probabilities are those after sampling.
    let logprob: Double?
    let topLogprobs: [Listed]?
  }

  /// One of the most probable tokens.
  struct Listed: Sendable {
    let id: Int
    let logprob: Double
  }

  /// A token of a prompt in SGLang's `input_token_logprobs` or TGI's `prefill`.
  struct ScoredToken: Sendable {
    let id: Int
    let text: String?
    let logprob: Double?
    /// SGLang's most probable tokens; empty where there are none.
    var top: [Listed] = []
  }

  /// vLLM's values at a position: an object keyed by token ids.
  struct Position: Sendable {
    var entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }
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

extension ServerResponse {
  /// Of one response.
  ///
  /// - Parameter asked: The tokens of the prompt, where they are known, and how many of them are before the reference:
  ///   other values are then left out.
  /// - Throws: `JSONFault` for what is no JSON of this kind.
  package init(_ text: Data, asked: (prompt: [Int], prefix: Int)? = nil) throws(JSONFault) {
    self = try ServerResponseParser(asked).response(text)
  }
}
