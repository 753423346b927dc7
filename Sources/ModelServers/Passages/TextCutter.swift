import TokenProcess

/// Cuts texts into passages by the server's tokens.
struct TextCutter: Sendable {
  private let tokenizer: Tokenizer
  private let prefix: Int
  private let suffix: Int
  private let options: PassageOptions
  /// Each window is a text of its own to the model, with the token that begins texts where it has one.
  let beginning: [Int]

  /// A cutter.
  ///
  /// - Parameters:
  ///   - tokenizer: The server's.
  ///   - prefix: Tokens before the reference.
  ///   - suffix: Tokens of the reference.
  ///   - options: Where windows begin; without a stride there is one from the beginning, whose reference may be
  ///     shorter.
  /// - Throws: `ServerError`.
  init(tokenizer: Tokenizer, prefix: Int, suffix: Int, _ options: PassageOptions) async throws {
    self.tokenizer = tokenizer
    self.prefix = prefix
    self.suffix = suffix
    self.options = options
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

  /// The windows of a text, or long passes over it, each with what the passage says of it; none where it has too few
  /// tokens.
  func windows(of text: String, _ passage: Passage) async throws -> [Passage] {
    let (tokens, offsets) = try await tokenizer.tokensWithOffsets(text)
    let isOneWindow = options.stride == nil && options.starts == nil && options.passTokens == nil
    return stretches(of: tokens.count).map { stretch in
      var window = passage
      let (start, end) = (stretch.reference.lowerBound, stretch.reference.upperBound)
      window.id = isOneWindow ? passage.id : "\(passage.id)@\(start)"
      window.prefixTokenIDs = beginning + tokens[stretch.before..<start]
      window.referenceTokenIDs = Array(tokens[stretch.reference])
      // One window of each of many texts is a data set of records, unless somebody speaks of documents.
      let document = passage.place?.document ?? (isOneWindow ? nil : passage.id)
      window.place = document.map { document in
        Record.Place(
          document: document, start: start, tokenOffsets: offsets.map { Array($0[start...end]) },
          documentTokens: tokens.count, isLongPass: options.passTokens != nil)
      }
      return window
    }
  }

  /// Which tokens are asked for, and where their prefix begins.
  private func stretches(of count: Int) -> [(before: Int, reference: Range<Int>)] {
    if let pass = options.passTokens {
      // Neighbours overlap so that every window of prefix and reference is in one of them.
      let step = pass - (prefix + suffix) + 1
      // The first token of a text that nothing is before has no log-probability.
      let first = beginning.isEmpty ? 1 : 0
      guard count > first else { return [] }
      var stretches: [(before: Int, reference: Range<Int>)] = []
      for start in stride(from: 0, to: count, by: step) {
        let end = min(count, start + pass)
        if start > 0, end - start < prefix + suffix { break }
        stretches.append((start, (start + first)..<end))
        if end == count { break }
      }
      return stretches
    }
    if let starts = options.starts {
      return starts.filter { $0 >= prefix && $0 + suffix <= count }.map { ($0 - prefix, $0..<($0 + suffix)) }
    }
    guard let step = options.stride else {
      return count > prefix ? [(0, prefix..<min(count, prefix + suffix))] : []
    }
    return stride(from: prefix, through: count - suffix, by: step).map { ($0 - prefix, $0..<($0 + suffix)) }
  }
}
