import TokenProcess

/// Where in a scored text the reference begins: servers score prompts as a whole.
public enum ReferenceSplit: Sendable, Equatable {
  /// After this many tokens.
  case prefixTokens(Int)
  /// This many tokens before the end.
  case suffixTokens(Int)

  /// The positions of the reference among the tokens of a text.
  ///
  /// - Throws: `RecordError` where nothing is left on a side: the first token of a text has no log-probability.
  func reference(of tokens: Int) throws(RecordError) -> Range<Int> {
    let start =
      switch self {
      case .prefixTokens(let count): count
      case .suffixTokens(let count): tokens - count
      }
    guard start >= 1, start < tokens else {
      throw RecordError(
        field: "prompt_logprobs",
        problem: "\(tokens) tokens cannot be split into a prefix and a reference at token \(start): both need one")
    }
    return start..<tokens
  }
}
