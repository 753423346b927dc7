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

  enum CodingKeys: String, CodingKey {
    case id, expected, length, greedy
    case logProbabilityFull = "log_probability_full"
    case tokenLogProbabilities = "token_log_probabilities"
  }
}
