import GSLNumerics
import RealModule

/// The law of one record's match length under a decoding scheme, as bounds of ln S(n).
///
/// Where all is known, it takes 8 bytes a token, or those of the record that it is of.
public struct DecodedLaw: Sendable {
  /// The lower bounds of ln p'_j.
  private let lower: [Double]
  /// The upper ones; the same array where all tokens are known.
  private let upper: [Double]
  /// Whether all bounds are equal.
  public let isExact: Bool

  /// The number of reference tokens, L.
  public var length: Int { lower.count }

  /// Bounds of ln p'_j for each reference token.
  ///
  /// - Complexity: O(L).
  public var tokens: [LogInterval] { zip(lower, upper).map { LogInterval(lower: $0, upper: $1) } }

  /// ln p'_j of each reference token, by the middle of its bounds.
  ///
  /// - Complexity: O(L), O(1) where all tokens are known.
  package var middles: [Double] { isExact ? upper : tokens.map(\.middle) }

  /// Bounds of ln S(n), n = 0 … L: sums of the tokens' bounds.
  ///
  /// - Complexity: O(L).
  public var logSurvival: [LogInterval] {
    var result = [LogInterval(0)]
    result.reserveCapacity(length + 1)
    var (low, high) = (CompensatedSum(), CompensatedSum())
    for index in lower.indices {
      low.add(lower[index])
      high.add(upper[index])
      result.append(LogInterval(lower: min(low.value, high.value), upper: min(0, high.value)))
    }
    return result
  }

  /// Bounds of ln S(n).
  ///
  /// - Precondition: 0 <= n <= L.
  /// - Complexity: O(n).
  public func logSurvival(_ n: Int) -> LogInterval {
    precondition(n >= 0 && n <= length, "n = \(n) is outside 0 … \(length)")
    var (low, high) = (CompensatedSum(), CompensatedSum())
    for index in 0..<n {
      low.add(lower[index])
      if !isExact { high.add(upper[index]) }
    }
    let upper = isExact ? low.value : high.value
    return LogInterval(lower: min(low.value, upper), upper: min(0, upper))
  }

  private init(lower: [Double], upper: [Double]) {
    isExact = lower == upper
    self.lower = lower
    self.upper = isExact ? lower : upper
  }

  /// The law of a record that has been validated.
  ///
  /// - Complexity: O(L K) for K alternatives a token.
  /// - Throws: `RecordError` where the scheme needs what the record has not: ranks, greedy tokens or alternatives for
  ///   greedy decoding.
  public init(_ record: Record, under decoding: Decoding) throws(RecordError) {
    if decoding == .plain, record.topLogProbabilities == nil {
      self.init(lower: record.tokenLogProbabilities, upper: record.tokenLogProbabilities)
      return
    }
    var tokens: [LogInterval] = []
    tokens.reserveCapacity(record.tokenLogProbabilities.count)
    let lists = record.topLogProbabilities
    let identifiers = record.referenceTokenIDs
    // Looked for only where it is needed.
    lazy var precision = Precision(record)
    for j in record.tokenLogProbabilities.indices {
      if let lists, let identifiers, let exact = Self.listedTopK(lists[j], identifiers[j], decoding) {
        tokens.append(exact)
        continue
      }
      guard let interval = Self.known(record, j, decoding, precision).interval(under: decoding) else {
        throw RecordError(field: "ranks", problem: "greedy decoding needs ranks, greedy_token_ids or top_logprobs")
      }
      tokens.append(interval)
    }
    self.init(tokens: tokens)
  }

  /// How exactly a record's values are recorded; what is listed may be written otherwise than the reference's own.
  private struct Precision {
    let list: LogProbabilityPrecision
    let reference: LogProbabilityPrecision

    init(_ record: Record) {
      reference = LogProbabilityPrecision(of: record.tokenLogProbabilities)
      list = LogProbabilityPrecision(of: (record.topLogProbabilities ?? []).joined().lazy.map(\.logProbability))
    }
  }

  /// What the capture says about one position.
  private static func known(_ record: Record, _ j: Int, _ decoding: Decoding, _ precision: Precision) -> KnownTokens {
    let alternatives = record.topLogProbabilities?[j] ?? []
    let identifier = record.referenceTokenIDs?[j]
    var rank = record.ranks?[j]
    if decoding.isGreedy, rank == nil, let greedy = record.greedyTokenIDs?[j], let identifier {
      rank = greedy == identifier ? 0 : 1
    }
    let place: KnownTokens.Place =
      if let identifier {
        alternatives.firstIndex { $0.tokenID == identifier }.map { .listed($0) } ?? .notListed
      } else {
        .unknown
      }
    return KnownTokens(
      reference: record.tokenLogProbabilities[j], rank: rank, listed: alternatives.map(\.logProbability), place: place,
      vocabulary: record.vocabularySize, precision: precision.list, referencePrecision: precision.reference)
  }

  /// The case that matters for speed, a temperature and a top-k within a list in descending order: what ``KnownTokens``
  /// says, without its bookkeeping; nil for every other case.
  private static func listedTopK(
    _ listed: [Record.Alternative], _ identifier: Int, _ decoding: Decoding
  ) -> LogInterval? {
    guard let topK = decoding.topK, decoding.topP == nil, decoding.minP == nil, !decoding.isGreedy,
      listed.count > topK
    else { return nil }
    let threshold = listed[topK - 1].logProbability
    // Ties at the threshold are left to the general case as well: they may go on beyond the list.
    guard listed[topK].logProbability < threshold else { return nil }
    // Not listed: left to the general case.
    guard let reference = listed.first(where: { $0.tokenID == identifier })?.logProbability else { return nil }
    guard reference >= threshold else { return LogInterval(-.infinity) }
    let s = 1 / decoding.temperature
    let highest = listed[0].logProbability
    var sum = 0.0
    var last = highest
    for token in listed {
      guard token.logProbability <= last else { return nil }
      last = token.logProbability
      guard last >= threshold else { break }
      sum += .exp(s * (last - highest))
    }
    return LogInterval(min(0, s * (reference - highest) - .log(sum)))
  }

  /// The law of tokens with these bounds.
  public init(tokens: [LogInterval]) {
    self.init(lower: tokens.map(\.lower), upper: tokens.map(\.upper))
  }

  /// The law where nothing is known of the tokens at some positions.
  package func open(at positions: [Int]) -> DecodedLaw {
    var tokens = tokens
    for position in positions { tokens[position] = LogInterval(lower: -.infinity, upper: 0) }
    return DecodedLaw(tokens: tokens)
  }
}
