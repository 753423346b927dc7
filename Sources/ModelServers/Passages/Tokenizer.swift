import Captures
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

  private struct Answer: Decodable { let tokens: [Int] }
  private struct Text: Decodable { let prompt: String }

  /// The tokens of a text.
  ///
  /// - Parameter isBeginning: Whether the model's beginning-of-text token comes first, where it has one.
  func tokens(_ text: String, isBeginning: Bool) async throws -> [Int] {
    var request = JSONObjectWriter()
    switch dialect {
    case .llamaCpp:
      request.add("content", text)
      request.add("add_special", isBeginning)
    case .vllm(let model):
      request.add("model", model)
      request.add("prompt", text)
      request.add("add_special_tokens", isBeginning)
    }
    return try await client.post("tokenize", request, accept: Self.tokens)
  }

  /// The tokens of a text without one that begins texts, and where each is in the text; nil where the server does not
  /// say what tokens stand for.
  func tokensWithOffsets(_ text: String) async throws -> (tokens: [Int], offsets: [Int]?) {
    var request = JSONObjectWriter(capacity: text.utf8.count + 256)
    switch dialect {
    case .llamaCpp:
      request.add("content", text)
      request.add("add_special", false)
      request.add("with_pieces", true)
    case .vllm(let model):
      request.add("model", model)
      request.add("prompt", text)
      request.add("add_special_tokens", false)
      request.add("return_token_strs", true)
    }
    let (tokens, pieces) = try await client.post("tokenize", request, accept: Self.pieces)
    return (tokens, pieces.flatMap { TokenOffsets.offsets(of: $0, in: text) })
  }

  /// Token ids, and what they stand for where the server says.
  private static func pieces(_ data: Data) throws -> ([Int], [TokenOffsets.Piece]?) {
    guard let answer = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let list = answer["tokens"] as? [Any]
    else { throw ServerError(.malformed, "tokenize", "the answer has no list of tokens") }
    if let objects = list as? [[String: Any]], !objects.isEmpty {
      let tokens = objects.compactMap { $0["id"] as? Int }
      guard tokens.count == objects.count else {
        throw ServerError(.malformed, "tokenize", "the answer has tokens without an id")
      }
      let pieces = objects.compactMap { object -> TokenOffsets.Piece? in
        (object["piece"] as? String).map { .bytes(Array($0.utf8)) }
          ?? (object["piece"] as? [Int]).map { .bytes($0.map { UInt8(truncatingIfNeeded: $0) }) }
      }
      return (tokens, pieces.count == tokens.count ? pieces : nil)
    }
    let tokens = try Self.tokens(data)
    let texts = answer["token_strs"] as? [String]
    return (tokens, texts?.count == tokens.count ? texts?.map { .text($0) } : nil)
  }

  private static func tokens(_ data: Data) throws -> [Int] {
    guard let answer = try? HTTPClient.decoder.decode(Answer.self, from: data) else {
      throw ServerError(.malformed, "tokenize", "the answer has no list of tokens")
    }
    return answer.tokens
  }

  private static func text(_ data: Data) throws -> String {
    guard let answer = try? HTTPClient.decoder.decode(Text.self, from: data) else {
      throw ServerError(.malformed, "the chat template", "the answer has no text")
    }
    return answer.prompt
  }

  /// A conversation by the model's chat template, up to where the answer begins, and its tokens.
  private func rendered(_ messages: [ChatMessage]) async throws -> (text: String, tokens: [Int]) {
    var request = JSONObjectWriter()
    request.add("messages", objects: messages) { $0.add($1) }
    request.add("add_generation_prompt", true)
    switch dialect {
    case .llamaCpp:
      // The token that begins texts is left to the tokenizer.
      let text = try await client.post("apply-template", request, accept: Self.text)
      return (text, try await tokens(text, isBeginning: true))
    case .vllm(let model):
      // It gives tokens only, and the text of these.
      request.add("model", model)
      let tokens = try await client.post("tokenize", request, accept: Self.tokens)
      var reverse = JSONObjectWriter()
      reverse.add("model", model)
      reverse.add("tokens", tokens)
      return (try await client.post("detokenize", reverse, accept: Self.text), tokens)
    }
  }

  /// A passage with the token ids of both sides, as the server makes them of the whole text.
  ///
  /// - Throws: `PassageError` where a token reaches over the boundary: the reference as its own text would be other
  ///   tokens than the model was trained on.
  func tokenized(_ passage: Passage) async throws -> Passage {
    if passage.prefixTokenIDs != nil, passage.referenceTokenIDs != nil { return passage }
    var passage = passage
    var before: [Int]?
    // vLLM's templates write the token that begins texts themselves.
    var isBeginning = true
    if let messages = passage.messages {
      (passage.prefix, before) = try await rendered(messages)
      if case .vllm = dialect { isBeginning = false }
    }
    guard let prefix = passage.prefix, let reference = passage.reference else {
      throw PassageError("has neither prefix and reference nor their token ids")
    }
    if before == nil { before = try await tokens(prefix, isBeginning: isBeginning) }
    let whole = try await tokens(prefix + reference, isBeginning: isBeginning)
    guard let before, whole.starts(with: before), whole.count > before.count else {
      throw PassageError(
        "the tokenizer joins the end of the prefix with the beginning of the reference: put the boundary elsewhere, "
          + "for example before a space, or give token ids"
      )
    }
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
