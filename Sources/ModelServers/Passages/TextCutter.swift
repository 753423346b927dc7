/// Cuts texts into passages by the server's tokens.
struct TextCutter: Sendable {
  private let tokenizer: Tokenizer
  private let prefix: Int
  private let suffix: Int
  private let stride: Int?
  /// Each window is a text of its own to the model, with the token that begins texts where it has one.
  private let beginning: [Int]

  /// A cutter.
  ///
  /// - Parameters:
  ///   - tokenizer: The server's.
  ///   - prefix: Tokens before the reference.
  ///   - suffix: Tokens of the reference.
  ///   - stride: A window begins every so many tokens; nil for one from the beginning, whose reference may be shorter.
  /// - Throws: `ServerError`.
  init(tokenizer: Tokenizer, prefix: Int, suffix: Int, stride: Int?) async throws {
    self.tokenizer = tokenizer
    self.prefix = prefix
    self.suffix = suffix
    self.stride = stride
    let (word, whole) = (
      try await tokenizer.tokens("a", isBeginning: false), try await tokenizer.tokens("a", isBeginning: true)
    )
    guard whole.suffix(word.count) == word[...] else {
      throw ServerError(
        .malformed, "tokenize",
        "the tokenizer also ends texts with a token: give prefix_token_ids and reference_token_ids")
    }
    beginning = whole.dropLast(word.count)
  }

  /// The windows of a text, each with what the passage says of it; none where it has too few tokens.
  func windows(of text: String, _ passage: Passage) async throws -> [Passage] {
    let tokens = try await tokenizer.tokens(text, isBeginning: false)
    guard tokens.count >= (stride == nil ? prefix + 1 : prefix + suffix) else { return [] }
    let starts = stride.map { Array(Swift.stride(from: 0, through: tokens.count - prefix - suffix, by: $0)) } ?? [0]
    return starts.map { start in
      let boundary = start + prefix
      var window = passage
      if stride != nil { window.id += "@\(start)" }
      window.prefixTokenIDs = beginning + tokens[start..<boundary]
      window.referenceTokenIDs = Array(tokens[boundary..<min(tokens.count, boundary + suffix)])
      return window
    }
  }
}
