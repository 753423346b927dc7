import Foundation

/// The server's own tokenizer.
struct Tokenizer: Sendable {
  /// What its request looks like.
  enum Dialect: Sendable {
    /// llama.cpp: `content`.
    case llamaCpp
    /// vLLM: `model` and `prompt`.
    case vllm(model: String)
  }

  let client: HTTPClient
  let dialect: Dialect

  private struct LlamaRequest: Encodable {
    let content: String
    let addSpecial: Bool
  }

  private struct VLLMRequest: Encodable {
    let model: String
    let prompt: String
    let addSpecialTokens: Bool
  }

  private struct Answer: Decodable { let tokens: [Int] }

  /// The tokens of a text.
  ///
  /// - Parameter isBeginning: Whether the model's beginning-of-text token comes first, where it has one.
  func tokens(_ text: String, isBeginning: Bool) async throws -> [Int] {
    func parsed(_ data: Data) throws -> [Int] {
      guard let answer = try? HTTPClient.decoder.decode(Answer.self, from: data) else {
        throw ServerError(.malformed, "tokenize", "the answer has no list of tokens")
      }
      return answer.tokens
    }
    switch dialect {
    case .llamaCpp:
      return try await client.post(
        "tokenize", LlamaRequest(content: text, addSpecial: isBeginning), accept: parsed)
    case .vllm(let model):
      return try await client.post(
        "tokenize", VLLMRequest(model: model, prompt: text, addSpecialTokens: isBeginning), accept: parsed)
    }
  }

  /// A passage with the token ids of both sides, as the server makes them of the whole text.
  ///
  /// - Throws: `PassageError` where a token reaches over the boundary: the reference as its own text would be other tokens than the model
  ///   was trained on.
  func tokenized(_ passage: Passage) async throws -> Passage {
    if passage.prefixTokenIDs != nil, passage.referenceTokenIDs != nil { return passage }
    guard let prefix = passage.prefix, let reference = passage.reference else {
      throw PassageError("has neither prefix and reference nor their token ids")
    }
    let before = try await tokens(prefix, isBeginning: true)
    let whole = try await tokens(prefix + reference, isBeginning: true)
    guard whole.starts(with: before), whole.count > before.count else {
      throw PassageError(
        "the tokenizer joins the end of the prefix with the beginning of the reference: put the boundary elsewhere, for example before a space, or give token ids"
      )
    }
    var passage = passage
    passage.prefixTokenIDs = before
    passage.referenceTokenIDs = Array(whole[before.count...])
    return passage
  }
}

/// A passage that cannot be scored as it is.
struct PassageError: Error {
  let problem: String

  init(_ problem: String) { self.problem = problem }
}
