import GSLNumerics
import RealModule

/// What is known of the distribution of the next token under a decoding scheme: bounds for listed tokens, and the most
/// that all others have together.
public struct NextTokens: Sendable {
  /// Listed tokens, all different, with bounds of ln p.
  public let listed: [(token: Int, logProbability: LogInterval)]
  /// ln of the least and the most that the tokens that are not listed have together.
  public let rest: LogInterval

  /// A distribution of which some tokens are listed.
  ///
  /// - Parameters:
  ///   - listed: Tokens with bounds of ln p, all different.
  ///   - hasAll: Whether every token that can be drawn is listed.
  public init(listed: [(token: Int, logProbability: LogInterval)], hasAll: Bool = false) {
    self.listed = listed
    var (least, most) = (CompensatedSum(), CompensatedSum())
    for (_, value) in listed {
      least.add(.exp(value.lower))
      most.add(.exp(value.upper))
    }
    // Rounding of the exponentials and their sum is no token.
    let error = 4e-16 * Double(listed.count + 1)
    let upper = hasAll ? 0 : min(1, max(0, 1 - least.value + error))
    let lower = min(upper, max(0, 1 - most.value - error))
    rest = LogInterval(lower: .log(hasAll ? 0 : lower), upper: .log(upper))
  }

  /// What a model's most probable tokens say about the distribution under a decoding scheme.
  ///
  /// - Parameters:
  ///   - alternatives: The most probable tokens at temperature 1, and any others that are known, all different.
  ///   - decoding: How tokens are drawn; not greedy.
  ///   - vocabulary: The number of tokens; nil when it is not known.
  ///   - precision: How exactly values are recorded, where bounds are to hold for the model's own; nil to take values
  ///     as they are.
  /// - Complexity: O(K) at temperature 1 without truncation, O(K²) otherwise.
  public init(
    _ alternatives: [Record.Alternative], under decoding: Decoding = .plain, vocabulary: Int? = nil,
    precision: LogProbabilityPrecision? = nil
  ) {
    let hasAll = vocabulary.map { alternatives.count >= $0 } ?? false
    if decoding == .plain {
      self.init(
        listed: alternatives.map { token in
          let value = min(0, token.logProbability)
          guard let precision, value > -.infinity else { return (token.tokenID, LogInterval(value)) }
          let error = precision.error(of: value)
          return (token.tokenID, LogInterval(lower: value - error, upper: min(0, value + error)))
        }, hasAll: hasAll)
      return
    }
    let values = alternatives.map(\.logProbability)
    self.init(
      listed: alternatives.enumerated().map { place, token in
        let known = KnownTokens(
          reference: token.logProbability, listed: values, place: .listed(place), vocabulary: vocabulary,
          precision: precision ?? .double)
        return (token.tokenID, known.interval(under: decoding) ?? LogInterval(lower: -.infinity, upper: 0))
      }, hasAll: hasAll)
  }

  /// The bounds for a token; nil where it is not listed.
  func logProbability(of token: Int) -> LogInterval? { listed.first { $0.token == token }?.logProbability }
}

/// A model that can be asked for the distributions along continuations of one prefix.
public protocol ContinuationModel: Sendable {
  /// For each of some continuations, the distribution of each of its tokens given the prefix and the tokens before it.
  /// The token itself is always listed. Each continuation is one request.
  func nextTokens(along continuations: [[Int]]) async throws -> [[NextTokens]]
}
