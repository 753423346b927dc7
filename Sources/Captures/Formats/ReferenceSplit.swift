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
      let asked =
        switch self {
        case .prefixTokens(let count): "a prefix of \(count)"
        case .suffixTokens(let count): "a reference of \(count)"
        }
      throw RecordError(
        field: "prompt_logprobs",
        problem: "\(tokens) tokens hold not \(asked) and one more: prefix and reference both need one")
    }
    return start..<tokens
  }
}
