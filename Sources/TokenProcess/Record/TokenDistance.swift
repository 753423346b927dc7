/// How far drawn tokens are from a reference of as many tokens.
public enum TokenDistance: String, Sendable, CaseIterable, Codable {
  /// The number of places with another token.
  case hamming
  /// The fewest tokens put in, left out or replaced (Levenshtein), each at cost 1.
  case levenshtein
}
