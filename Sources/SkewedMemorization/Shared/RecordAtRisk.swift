/// One of the riskiest records.
public struct RecordAtRisk: Codable, Sendable, Equatable {
  /// The record's name.
  public var id: String
  /// E[min(N, L)].
  public var expected: Double
  /// ln S(L), the logarithm of the probability of the whole reference; null where it is 0.
  @OrNull public var logProbabilityFull: Double?
  /// L.
  public var length: Int
  /// The greedy match; null when unknown.
  @OrNull public var greedy: Int?
  /// ln p of the first 64 tokens, null where p is 0, for the 40 first records by expected match: their picture is drawn
  /// from it. Null for others.
  @OrNull public var tokenLogProbabilities: [OrNull<Double>]?
  /// What the record says, for the 40 first records by expected match of captures that have texts; null for others, in
  /// summaries, and where texts are left out.
  @OrNull public var text: Text?

  /// The text of a record.
  public struct Text: Codable, Sendable, Equatable {
    /// The end of the prefix; null where it is not known.
    @OrNull public var prefix: String?
    /// The beginning of the reference.
    public var reference: String
    /// The texts of its first tokens, which make up ``reference``; null where it is not known where tokens begin.
    @OrNull public var tokens: [String]?
  }

  enum CodingKeys: String, CodingKey {
    case id, expected, length, greedy, text
    case logProbabilityFull = "log_probability_full"
    case tokenLogProbabilities = "token_log_probabilities"
  }
}
