import GSLNumerics
import RealModule

/// The law of one record's match length under a decoding scheme, as bounds of ln S(n).
public struct DecodedLaw: Sendable {
  /// Bounds of ln p'_j for each reference token.
  public let tokens: [LogInterval]
  /// Bounds of ln S(n), n = 0 … L: sums of the tokens' bounds.
  public let logSurvival: [LogInterval]

  /// The law of a record that has been validated.
  ///
  /// - Complexity: O(L K) for K alternatives a token.
  /// - Throws: `RecordError` where the scheme needs what the record has not: ranks, greedy tokens or alternatives for greedy
  ///   decoding.
  public init(_ record: Record, under decoding: Decoding) throws(RecordError) {
    var tokens: [LogInterval] = []
    tokens.reserveCapacity(record.tokenLogProbabilities.count)
    for j in record.tokenLogProbabilities.indices {
      let alternatives = record.topLogProbabilities?[j] ?? []
      let identifier = record.referenceTokenIDs?[j]
      var rank = record.ranks?[j]
      if decoding.isGreedy, rank == nil, let greedy = record.greedyTokenIDs?[j], let identifier {
        rank = greedy == identifier ? 0 : 1
      }
      let known = KnownTokens(
        reference: record.tokenLogProbabilities[j], rank: rank, listed: alternatives.map(\.logProbability),
        place: identifier.flatMap { id in alternatives.firstIndex { $0.tokenID == id } },
        vocabulary: record.vocabularySize)
      guard let interval = known.interval(under: decoding) else {
        throw RecordError(field: "ranks", problem: "greedy decoding needs ranks, greedy_token_ids or top_logprobs")
      }
      tokens.append(interval)
    }
    self.init(tokens: tokens)
  }

  /// The law of tokens with these bounds.
  public init(tokens: [LogInterval]) {
    self.tokens = tokens
    var logSurvival = [LogInterval(0)]
    var (low, high) = (CompensatedSum(), CompensatedSum())
    for token in tokens {
      low.add(token.lower)
      high.add(token.upper)
      logSurvival.append(LogInterval(lower: min(low.value, high.value), upper: min(0, high.value)))
    }
    self.logSurvival = logSurvival
  }

  /// Whether all bounds are equal.
  public var isExact: Bool { tokens.allSatisfy(\.isExact) }
}
