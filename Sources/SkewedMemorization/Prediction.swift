import GSLNumerics
import RealModule
import TokenProcess

/// How probable it is that records are repeated for a given number of tokens, under a decoding scheme and in several draws:
/// what `skewmem predict` does.
///
/// A record with enough known tokens is computed, exactly or within proved bounds; for the others the rest is predicted, see
/// ``LengthPrediction``.
public struct Prediction: Sendable {
  /// n, the length to be repeated.
  public var length: Int
  /// m, how many tokens to use of each record; nil for all that there are.
  public var given: Int?
  /// How tokens are drawn.
  public var decoding = Decoding.plain
  /// The number of tokens in the vocabulary, for records that do not say: bounds above temperature 1 need it.
  public var vocabularySize: Int?
  /// q, the number of draws.
  public var queries = 1.0
  /// The probability for which the necessary number of draws is reported.
  public var probability = 0.5
  /// Whether predictions from the first m tokens are also made of records that have n, and compared with what they are.
  public var evaluates = false
  /// Tasks to spread the records over; the result does not depend on it.
  public var threads = 1

  /// A prediction of the first `length` tokens.
  ///
  /// - Throws: `ArgumentError` unless length is 1 to ``Record/longestReference``.
  public init(length: Int) throws(ArgumentError) {
    guard (1...Record.longestReference).contains(length) else {
      throw ArgumentError(name: "length", value: "\(length)", allowed: "1 to \(Record.longestReference)")
    }
    self.length = length
  }

  /// Predicts.
  ///
  /// - Throws: `ArgumentError` for settings out of range; `RecordError` where a record lacks what the scheme needs.
  public func report(on records: [Record], file: String) async throws -> PredictReport {
    try check()
    let laws = try await inParallel(0..<records.count, threads: threads) {
      var record = records[$0]
      record.vocabularySize = record.vocabularySize ?? vocabularySize
      return try DecodedLaw(record, under: decoding)
    }
    let rows = laws.map { $0.tokens.map { Self.middle($0) } }
    var warnings: [String] = []
    /// ln S(n) in one draw: bounds, middle, mean over what is uncertain, and how it is known.
    var singles: [(interval: LogInterval, middle: Double, mean: Double, method: PredictReport.Method)] = []
    var learned: [Int: LengthPrediction?] = [:]
    for (law, row) in zip(laws, rows) {
      let known = known(law)
      let here = law.logSurvival[known]
      if known == length {
        let middle = Self.middle(here)
        singles.append((here, middle, middle, here.isExact ? .exact : .interval))
        continue
      }
      if learned[known] == nil {
        learned[known] = .some(known > 0 ? LengthPrediction(records: rows, given: known, length: length) : nil)
      }
      let start = Self.middle(here)
      guard let prediction = learned[known] ?? nil else {
        singles.append((LogInterval(lower: -.infinity, upper: here.upper), start, start, .extrapolated))
        continue
      }
      let estimate = prediction.estimate(row)
      // The uncertainty of the first tokens' bounds adds to that of the prediction.
      let lower = estimate.interval.lowerBound - (start - here.lower)
      let upper = min(0, estimate.interval.upperBound + (here.upper - start))
      singles.append(
        (
          LogInterval(lower: lower.isNaN ? -.infinity : min(lower, upper), upper: upper), estimate.median,
          inOneDraw(estimate.logMean(draws: queries)), .extrapolated
        ))
    }
    if learned.values.contains(where: { $0 == nil }) {
      warnings.append("too few records are long enough to predict from: some probabilities are upper bounds")
    }
    for (given, prediction) in learned.sorted(by: { $0.key < $1.key }) {
      if let prediction, prediction.learned.upperBound < length {
        warnings.append(
          "no \(LengthPrediction.fewestRecords) records have \(length) tokens: what follows the first \(given) is carried over from tokens "
            + "\(prediction.learned.lowerBound + 1) to \(prediction.learned.upperBound)")
      }
    }
    // The predictor that serves most records.
    let served = Dictionary(grouping: laws.map { known($0) }, by: \.self).mapValues(\.count)
    let main = learned.compactMap { given, prediction in prediction.map { (given, $0) } }
      .max { (served[$0.0] ?? 0, -$0.0) < (served[$1.0] ?? 0, -$1.0) }?.1
    var report = report(records, laws, singles, main, file, warnings)
    if evaluates, let given {
      let impossible = rows.count { $0.count >= length && $0[..<length].contains(-.infinity) }
      if impossible > 0 {
        report.warnings.append("\(impossible) records with a token of probability 0 are not in the evaluation")
      }
      report.evaluation = PredictionEvaluation(records: rows, given: given, length: length).map { .init($0) }
      if report.evaluation == nil {
        report.warnings.append(
          "fewer than \(LengthPrediction.fewestRecords) records have \(length) tokens to evaluate on")
      }
    }
    return report
  }

  /// How many tokens of a record are used and known.
  private func known(_ law: DecodedLaw) -> Int { min(given ?? .max, law.tokens.count, length) }

  /// ln S with which q draws extract with the given probability: the inverse of ``Extraction/logProbability(logSurvival:draws:)``.
  private func inOneDraw(_ logProbability: Double) -> Double {
    if queries == 1 || logProbability == -.infinity || logProbability == 0 { return logProbability }
    return logProbability < -40 ? logProbability - .log(queries) : log1mExp(log1mExp(logProbability) / queries)
  }

  private func check() throws(ArgumentError) {
    if let given, given < 1 { throw ArgumentError(name: "given", value: "\(given)", allowed: "1 or more") }
    if let vocabularySize, vocabularySize < 1 {
      throw ArgumentError(name: "vocabulary", value: "\(vocabularySize)", allowed: "1 or more")
    }
    if evaluates, given.map({ $0 >= length }) ?? true {
      throw ArgumentError(
        name: "given", value: given.map { "\($0)" } ?? "not set", allowed: "1 to \(length - 1) to be evaluated")
    }
    guard queries >= 1, queries < .infinity else {
      throw ArgumentError(name: "queries", value: "\(queries)", allowed: "1 or more")
    }
    guard probability > 0, probability < 1 else {
      throw ArgumentError(name: "probability", value: "\(probability)", allowed: "0 < probability < 1")
    }
  }

  private func report(
    _ records: [Record], _ laws: [DecodedLaw],
    _ singles: [(interval: LogInterval, middle: Double, mean: Double, method: PredictReport.Method)],
    _ learned: LengthPrediction?, _ file: String, _ warnings: [String]
  ) -> PredictReport {
    func inQueries(_ value: Double) -> Double { Extraction.logProbability(logSurvival: value, draws: queries) }
    let reported = zip(records, singles).map { record, single in
      PredictReport.RecordPrediction(
        id: record.id, logProbability: inQueries(single.middle), lower: inQueries(single.interval.lower),
        upper: inQueries(single.interval.upper), method: single.method,
        queriesForProbability: Extraction.draws(logSurvival: single.middle, probability: probability))
    }
    let expected = singles.map { Double.exp(inQueries($0.mean)) }
    var sum = CompensatedSum()
    for value in expected { sum.add(value) }
    /// 95 % limits of the number of records extracted. A prediction's own interval is in the mean already.
    func limits(_ value: (LogInterval, Double, PredictReport.Method) -> Double) -> ClosedRange<Int>? {
      let logs = singles.map { inQueries(value($0.interval, $0.mean, $0.method)) }
      // Exact where the memory for it is small; otherwise binned, with a bounded error.
      guard logs.count > 10_000 else { return try? PoissonBinomial(logProbabilities: logs).interval(level: 0.95) }
      var sketch = ProbabilitySketch()
      for value in logs { sketch.add(logProbability: value, ScaledValue(exponentOf: value, 0)) }
      return sketch.poissonBinomial.interval(level: 0.95)
    }
    let low = limits { $2 == .interval ? $0.lower : $1 }
    let hasBounds = singles.contains { $0.method == .interval }
    let high = hasBounds ? limits { $2 == .interval ? $0.upper : $1 } : low
    return PredictReport(
      file: file, length: length, given: given, decoding: .init(decoding), queries: queries, probability: probability,
      records: reported,
      dataset: .init(
        meanProbability: records.isEmpty ? nil : sum.value / Double(records.count), expectedRecords: sum.value,
        lower: low?.lowerBound, upper: high?.upperBound, maximumExpected: maximumExpected(laws, singles.map(\.mean)),
        discoverableRate: records.isEmpty
          ? nil : Double(reported.count { ($0.queriesForProbability ?? .infinity) <= queries }) / Double(records.count),
        exact: singles.count { $0.method == .exact }, bounded: singles.count { $0.method == .interval },
        extrapolated: singles.count { $0.method == .extrapolated }),
      predictor: learned.map {
        .init(
          method: $0.predictors[0].method.rawValue, scale: $0.predictors[0].scale.rawValue,
          logScore: $0.predictors[0].logScore, learnedFrom: $0.learned.lowerBound, learnedTo: $0.learned.upperBound,
          records: $0.records, tailFamily: $0.tailFamily)
      }, warnings: warnings)
  }

  /// E[max over records and draws of min(N, n)] = Σ_{k <= n} 1 - Π (1 - S_i(k))^q; between the known tokens and n the predicted
  /// rest is spread evenly.
  private func maximumExpected(_ laws: [DecodedLaw], _ means: [Double]) -> Double {
    // ln Π (1 - S_i(k))^q for k = 1 … n.
    var logNone = [Double](repeating: 0, count: length + 1)
    for (law, mean) in zip(laws, means) {
      let known = known(law)
      for k in stride(from: 1, through: known, by: 1) {
        logNone[k] += queries * log1mExp(Self.middle(law.logSurvival[k]))
      }
      let start = Self.middle(law.logSurvival[known])
      guard start > -.infinity else { continue }
      for k in stride(from: known + 1, through: length, by: 1) {
        let value = start + (mean - start) * Double(k - known) / Double(length - known)
        logNone[k] += queries * log1mExp(min(0, value))
      }
    }
    var sum = CompensatedSum()
    for value in logNone.dropFirst().reversed() { sum.add(-.expMinusOne(value)) }
    return sum.value
  }

  /// ln of the mean of the bounds.
  private static func middle(_ interval: LogInterval) -> Double {
    interval.isExact ? interval.upper : min(0, logAddExp(interval.lower, interval.upper) - .log(2))
  }
}
