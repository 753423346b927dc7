import GSLNumerics
import RealModule
import TokenProcess

/// What is known of S(n) of each record of a data set, for one n: a value, proved bounds or a prediction; and what
/// follows for the data set.
struct LengthOutlook: Sendable {
  /// n.
  let length: Int
  /// The records.
  let records: [RecordOutlook]
  /// Of all records, what the longest match takes.
  let noMatch: NoMatchSums

  /// What is known of one record's S(n).
  struct RecordOutlook: Sendable {
    /// How it is known.
    let method: PredictReport.Method
    /// ln S(n) in one draw: its value, proved bounds, or the limits of a prediction.
    let interval: LogInterval
    /// The value, the middle of the bounds or the median prediction.
    let middle: Double
    /// Of a prediction, ln of the expected probability in as many draws as each entry of the numbers of draws, over
    /// what is uncertain.
    let logMeans: [Double]
    /// What it follows from.
    let first: FirstTokens
  }

  /// Which end of proved bounds to take; a prediction has a mean, and bounds only through its first tokens.
  enum Side: CaseIterable { case lower, middle, upper }

  /// ln of a record's expected probability in the number of draws at `index` of the numbers of draws.
  func logProbability(_ record: RecordOutlook, _ side: Side, index: Int, draws: Double) -> Double {
    switch (record.method, side) {
    case (.extrapolated, .middle): record.logMeans[index]
    case (.extrapolated, .lower): record.logMeans[index] + record.first.slack.below
    case (.extrapolated, .upper): min(0, record.logMeans[index] + record.first.slack.above)
    case (.exact, _), (.bounds, .middle): Extraction.logProbability(logSurvival: record.middle, draws: draws)
    case (.bounds, .lower): Extraction.logProbability(logSurvival: record.interval.lower, draws: draws)
    case (.bounds, .upper): Extraction.logProbability(logSurvival: record.interval.upper, draws: draws)
    }
  }

  /// The expected number of records extracted.
  func expected(_ side: Side, index: Int, draws: Double) -> Double {
    var sum = CompensatedSum()
    for record in records { sum.add(.exp(logProbability(record, side, index: index, draws: draws))) }
    return sum.value
  }

  /// 95 % limits of the number of records extracted (Poisson-binomial). A prediction's own interval is in its mean
  /// already.
  func interval(_ side: Side, index: Int, draws: Double) -> ClosedRange<Int> {
    PoissonBinomial.ofMany(records.map { (log: logProbability($0, side, index: index, draws: draws), count: 1) })
      .interval(level: 0.95)
  }

  /// E[max over records and draws of min(N, n)] = Σ_{k <= n} 1 - Π (1 - S_i(k))^q; between the known tokens and n the
  /// predicted rest is spread evenly.
  ///
  /// - Parameter longest: Matches are cut there; nil for n.
  func maximumExpected(
    _ side: Side, index: Int, draws: Double, threads: Int, upTo longest: Int? = nil
  ) async throws -> Double {
    // In as many parts whatever the threads, so that the sum is always the same.
    let parts = 16
    let sums = try await inParallel(0..<parts, threads: threads) { part in
      logNoMatch(
        of: records[(part * records.count / parts)..<((part + 1) * records.count / parts)], side, index: index,
        draws: draws)
    }
    var sum = CompensatedSum()
    for k in stride(from: min(length, longest ?? length), through: 1, by: -1) {
      sum.add(-.expMinusOne(sums.reduce(draws * noMatch.value(side, k)) { $0 + $1[k] }))
    }
    return sum.value
  }

  /// What predicted tokens add to q ln Π (1 - S_i(k)) of some records, for k = 0 … n.
  private func logNoMatch(
    of records: ArraySlice<RecordOutlook>, _ side: Side, index: Int, draws: Double
  ) -> [Double] {
    var logNoMatch = [Double](repeating: 0, count: length + 1)
    for record in records where record.first.count < length {
      let known = record.first.count
      let end = inOneDraw(logProbability(record, side, index: index, draws: draws), draws)
      let start = side.of(record.first.logSurvival)
      guard start > -.infinity else { continue }
      for k in (known + 1)...length {
        let share = Double(k - known) / Double(length - known)
        logNoMatch[k] += draws * log1mExp(min(0, start + (end - start) * share))
      }
    }
    return logNoMatch
  }

  /// The share of records extracted with at least the probability in the draws; by the upper ends of bounds more.
  func discoverableRate(_ side: Side, draws: Double, probability: Double) -> Double? {
    guard !records.isEmpty else { return nil }
    let found = records.count { record in
      let logSurvival =
        switch (record.method, side) {
        case (.bounds, .lower): record.interval.lower
        case (.bounds, .upper): record.interval.upper
        case (.extrapolated, .lower): record.middle + record.first.slack.below
        case (.extrapolated, .upper): min(0, record.middle + record.first.slack.above)
        case (_, .middle), (.exact, _): record.middle
        }
      return Extraction.draws(logSurvival: logSurvival, probability: probability) <= draws
    }
    return Double(found) / Double(records.count)
  }

  /// ln S with which the draws extract with the given probability: the inverse of
  /// ``Extraction/logProbability(logSurvival:draws:)``.
  private func inOneDraw(_ logProbability: Double, _ draws: Double) -> Double {
    if draws == 1 || logProbability == -.infinity || logProbability == 0 { return logProbability }
    return logProbability < -40 ? logProbability - .log(draws) : log1mExp(log1mExp(logProbability) / draws)
  }
}

extension LengthOutlook.Side {
  /// That end of an interval.
  func of(_ interval: LogInterval) -> Double {
    switch self {
    case .lower: interval.lower
    case .middle: interval.middle
    case .upper: interval.upper
    }
  }
}
