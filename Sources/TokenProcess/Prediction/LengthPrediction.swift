import GSLNumerics
import HeavyTails
import RealModule

/// Predictions of ln S(n) from the first m tokens of a record, learned from a data set: the ``PredictorMixture`` of all
/// that a ``RestPredictor`` can be.
///
/// It learns from the records that have n tokens. Where fewer than 20 have, it learns the same proportion at a shorter
/// length, from m' to n' = m' n / m tokens, and takes the mean surprisal of the rest to carry over: an assumption that
/// no data of that length can check.
public struct LengthPrediction: Sendable {
  /// The known length m.
  public let given: Int
  /// The predicted length n.
  public let length: Int
  /// The lengths from m' to n' at which it was learned.
  public let learned: ClosedRange<Int>
  /// The number of records that it was learned from.
  public let records: Int
  /// The share of records that turn out to hold a token of probability 0 among those predicted, given none before:
  /// under a truncated decoding many do.
  public let impossibleShare: Double
  /// What predicts.
  public let predictor: PredictorMixture
  /// The family of the parametric tail; nil when none could be fitted.
  public let tailFamily: String?

  /// The fewest records to learn from.
  public static let fewestRecords = 20

  /// Learns from token log-probabilities.
  ///
  /// Tokens of probability 0 have no surprisal: how many records have one is a share of its own.
  ///
  /// - Parameters:
  ///   - records: ln p of each reference token of each record.
  ///   - given: m, at least 1.
  ///   - length: n > m.
  /// - Returns: nil where nothing can be learned: no record goes further than it starts.
  /// - Complexity: O(M n), and some tens of fits of families.
  public init?(records: [[Double]], given: Int, length: Int) {
    var tails: [Int: TailFits?] = [:]
    self.init(records: records, tailRecords: records, given: given, length: length, tails: &tails)
  }

  /// The same.
  ///
  /// - Parameters:
  ///   - tailRecords: The records that families are fitted to.
  ///   - tails: The fits that other predictions on the same records have made, by the length that they reach.
  package init?(
    records: [[Double]], tailRecords: [[Double]], given: Int, length: Int, tails: inout [Int: TailFits?]
  ) {
    precondition(given >= 1 && given < length, "the first \(given) of \(length) tokens")
    let usable = records.filter { !$0.contains(-.infinity) }
    func enough(_ n: Int) -> Bool { usable.count { $0.count >= n } >= Self.fewestRecords }
    let lengths = usable.map(\.count).sorted(by: >)
    // The length that 20 records reach, or all of fewer.
    let reached =
      enough(length) ? length : lengths.isEmpty ? 0 : min(length, lengths[min(Self.fewestRecords, lengths.count) - 1])
    let start = reached == length ? given : max(1, Int((Double(reached) * Double(given) / Double(length)).rounded()))
    guard reached > start else { return nil }
    let rows = usable.filter { $0.count >= reached }
    let tokens = reached - start
    func sum(_ values: ArraySlice<Double>) -> Double {
      var sum = CompensatedSum()
      for value in values { sum.add(value) }
      return sum.value
    }
    let first = rows.map { -sum($0[..<start]) / Double(start) }
    let rest = rows.map { -sum($0[start..<reached]) / Double(tokens) }
    let hazards = Self.populationCenters(
      starts: rows.map { sum($0[..<start]) }, ends: rows.map { sum($0[..<reached]) }, tokens: tokens)
    if tails[reached] == nil {
      tails[reached] = .some(TailFits(tailRecords.filter { !$0.contains(-.infinity) }, reaching: reached))
    }
    let tail = (tails[reached] ?? nil).flatMap { tail in
      tail.centers(rows: rows.count, start: start, end: reached, given: given, length: length)
        .map { (centers: $0, family: tail.best.family) }
    }
    let predictors = SurprisalScale.allCases.flatMap { scale in
      [
        RestPredictor(.populationMean, scale, first: first, rest: rest, centers: nil, tokens: tokens),
        RestPredictor(.populationHazard, scale, first: first, rest: rest, centers: hazards, tokens: tokens),
        tail.flatMap {
          RestPredictor(.parametricTail, scale, first: first, rest: rest, centers: $0.centers, tokens: tokens)
        },
        RestPredictor(.shrinkage, scale, first: first, rest: rest, centers: nil, tokens: tokens),
      ].compactMap(\.self)
    }
    guard let predictor = PredictorMixture(predictors) else { return nil }
    self.given = given
    self.length = length
    learned = start...reached
    self.records = rows.count
    let impossible = records.count {
      $0.count >= reached && !$0[..<start].contains(-.infinity) && $0[..<reached].contains(-.infinity)
    }
    impossibleShare = Double(impossible) / Double(impossible + rows.count)
    self.predictor = predictor
    tailFamily = tail?.family
  }

  /// -ln(S̄(n)/S̄(m)) / (n - m) without each record in turn, and last with all.
  private static func populationCenters(starts: [Double], ends: [Double], tokens: Int) -> [Double] {
    /// ln Σ exp of all but one, for each, and of all: sums from both sides, so that nothing is subtracted.
    func sums(_ values: [Double]) -> [Double] {
      var before = [-Double.infinity]
      for value in values { before.append(logAddExp(before[before.count - 1], value)) }
      var after = -Double.infinity
      var result = [before[values.count]]
      for index in values.indices.reversed() {
        result.append(logAddExp(before[index], after))
        after = logAddExp(after, values[index])
      }
      return result.reversed()
    }
    return zip(sums(starts), sums(ends)).map { max(0, ($0 - $1) / Double(tokens)) }
  }

  /// ln S(n) for a record of which ln S(m) and the first tokens' mean surprisal are known.
  public struct Estimate: Sendable, Equatable {
    /// The median.
    public let median: Double
    /// The prediction interval.
    public let interval: ClosedRange<Double>
    /// Values of ln S(n) and their shares of the probability that S(n) > 0.
    let outcomes: [Outcome]
    /// The probability that S(n) = 0.
    let impossibleShare: Double

    /// ln of the expected probability of extraction in q draws, which a few likely outcomes dominate.
    public func logMean(draws: Double = 1) -> Double {
      guard !outcomes.isEmpty else { return -.infinity }
      let sum = outcomes.reduce(-.infinity) {
        logAddExp($0, $1.logShare + Extraction.logProbability(logSurvival: $1.value, draws: draws))
      }
      return min(0, sum + .log(onePlus: -impossibleShare))
    }

    /// A value that is as likely as others, up to a share.
    struct Outcome: Sendable, Equatable {
      let value: Double
      let logShare: Double
    }
  }

  /// The prediction for a record.
  ///
  /// - Parameters:
  ///   - logProbabilities: ln p of at least its first m tokens; further ones are not used.
  ///   - level: The probability that a new record's ln S(n) lies in the interval.
  public func estimate(_ logProbabilities: [Double], level: Double = 0.9) -> Estimate {
    precondition(logProbabilities.count >= given, "\(given) tokens are needed")
    return estimate(ofFirst: CompensatedSum(of: logProbabilities[..<given]).value, level: level)
  }

  /// The same, given Σ ln p of the first m tokens.
  package func estimate(ofFirst known: Double, level: Double = 0.9) -> Estimate {
    guard known > -.infinity else {
      return Estimate(median: -.infinity, interval: -.infinity...(-.infinity), outcomes: [], impossibleShare: 1)
    }
    let first = -known / Double(given)
    let tokens = Double(length - given)
    // A share with S(n) = 0 has an infinite surprisal.
    let rest = predictor.interval(first, level: level, infiniteShare: impossibleShare)
    let middle = 0.5 / (1 - impossibleShare)
    let upper = min(0, known - tokens * rest.lowerBound)
    let lower = min(upper, known - tokens * rest.upperBound)
    return Estimate(
      median: middle >= 1 ? -.infinity : known - tokens * predictor.quantile(first, middle),
      interval: lower...upper,
      outcomes: predictor.outcomes(first).map { .init(value: min(0, known - tokens * $0.rest), logShare: $0.logShare) },
      impossibleShare: impossibleShare)
  }

  /// ln of the predictive density at a record's Σ ln p over tokens m+1 … n; the record must have them.
  public func logDensity(_ logProbabilities: [Double]) -> Double {
    precondition(logProbabilities.count >= length, "\(length) tokens are needed")
    let first = -logProbabilities[..<given].reduce(0, +) / Double(given)
    let rest = -logProbabilities[given..<length].reduce(0, +) / Double(length - given)
    return predictor.logDensity(first, rest: rest, tokens: length - given)
  }
}
