import Captures
import GSLNumerics
import RealModule
import TokenProcess

/// How probable it is that records are repeated for a number of tokens, under a decoding scheme and in several draws:
/// what `skewmem predict` does.
///
/// A record with enough known tokens is computed, exactly or within proved bounds; for the others the rest is
/// predicted, see `LengthPrediction`. Records are reported at the first length, number of draws and probability; the
/// data set at each combination.
public struct PredictAnalysis: Sendable {
  /// n, the lengths to be repeated.
  public var lengths: [Int]
  /// q, the numbers of draws.
  public var draws = [1.0]
  /// The probabilities for which rates of discoverable records, and the number of draws that a record needs, are
  /// reported.
  public var probabilities = [0.5]
  /// m, how many tokens to use of each record; nil for all that there are.
  public var given: Int?
  /// How tokens are drawn.
  public var decoding = Decoding.plain
  /// The number of tokens in the vocabulary, for records that do not say: bounds above temperature 1 need it.
  public var vocabularySize: Int?
  /// Whether predictions from the first m tokens are also made of records that have n, and compared with what they are.
  public var evaluates = false
  /// Tasks to spread the records over; the result does not depend on it.
  public var threads = 1

  /// A prediction of the first tokens.
  ///
  /// - Throws: `ArgumentError` unless there are lengths and each is 1 to `Record.longestReference`.
  public init(lengths: [Int]) throws(ArgumentError) {
    self.lengths = lengths
    try check()
  }

  /// A prediction of the first `length` tokens.
  ///
  /// - Throws: `ArgumentError` unless length is 1 to `Record.longestReference`.
  public init(length: Int) throws(ArgumentError) { try self.init(lengths: [length]) }

  /// Predicts what a file holds: a capture, or a summary.
  ///
  /// - Parameters:
  ///   - file: The file; `-` is standard input.
  ///   - captureOptions: How captures are read.
  /// - Throws: `CaptureError` for a file that cannot be read or its first bad line; as ``run(on:)`` and
  ///   ``run(on:name:)``.
  public func run(file: String, captureOptions: CaptureOptions = CaptureOptions()) async throws -> PredictReport {
    switch try Input(file: file, options: captureOptions) {
    case .summary(let sums): return try run(on: sums, name: file)
    case .capture(let opened): return try await run(of: opened, captureOptions)
    case .counts: throw CaptureError(file: file, problem: "holds counts; predictions take a capture or a summary")
    }
  }

  /// What predictions take of records is made while these are read.
  private func run(of opened: InputFile, _ captureOptions: CaptureOptions) async throws -> PredictReport {
    try check()
    var options = captureOptions
    // Without truncation or another temperature the tokens' own log-probabilities say all.
    options.skipsAlternatives = decoding == .plain && vocabularySize == nil
    let (records, evidence) = try await checkedReading(
      of: opened, options: options, threads: threads,
      from: DecodedRecords(for: self), add: { $0.add($1) }, merge: { $0.merge($1) })
    if let problem = records.problem {
      throw CaptureError(file: opened.path, field: problem.field, problem: problem.problem)
    }
    var report = try await report(on: records, file: opened.path)
    report.warnings = evidence + report.warnings
    return report
  }

  /// Predicts the records of a capture.
  ///
  /// - Throws: `ArgumentError` for settings out of range; `CaptureError` where a record lacks what the scheme needs.
  public func run(on capture: Capture) async throws -> PredictReport {
    try await naming(capture) {
      try check()
      return try await report(on: try await decoded(capture.records), file: capture.name)
    }
  }

  private func report(on records: DecodedRecords, file: String) async throws -> PredictReport {
    if let vocabularySize, let largest = records.largestTokenID, largest >= vocabularySize {
      throw ArgumentError(
        name: "vocabularySize", value: "\(vocabularySize)",
        allowed: "more than \(largest), the largest token number in the capture")
    }
    var warnings: [Warning] = []
    var first: (outlook: LengthOutlook, predictor: LengthPrediction?)?
    var grid: [PredictReport.GridEntry] = []
    for (index, length) in lengths.enumerated() {
      let (outlook, predictor) = try await outlook(index, records, &warnings)
      for (index, draws) in draws.enumerated() {
        grid.append(
          .init(
            length: length, draws: draws, dataset: try await dataSet(outlook, index, draws),
            discoverable: probabilities.map { probability in
              .init(
                probability: probability,
                rate: outlook.discoverableRate(.middle, draws: draws, probability: probability),
                lower: outlook.discoverableRate(.lower, draws: draws, probability: probability),
                upper: outlook.discoverableRate(.upper, draws: draws, probability: probability))
            }))
      }
      if first == nil { first = (outlook, predictor) }
    }
    warnings += records.warnings
    var report = PredictReport(
      file: file, length: lengths[0], given: given, decoding: decoding, draws: draws[0],
      probability: probabilities[0], records: [], dataset: grid[0].dataset, grid: grid,
      predictor: first?.predictor.map { .init($0) }, warnings: warnings)
    report.records = zip(records.ids, first?.outlook.records ?? []).map { self.report($0, $1) }
    if !records.near.isEmpty { report.near = NearCopies.sorted(Array(records.near.values)) }
    if evaluates, let given { evaluate(records, given, &report) }
    if !records.sample.isComplete, evaluates || report.grid.contains(where: { $0.dataset.extrapolated > 0 }) {
      report.warnings.append(
        Warning(.learnedFromSample, counts: ["sample": records.sample.count, "records": records.count]))
    }
    return report
  }

  /// What is known of the first of the lengths.
  ///
  /// - Throws: As ``run(on:)``.
  func outlook(on records: [Record], _ warnings: inout [Warning]) async throws -> LengthOutlook {
    try check()
    let decoded = try await decoded(records)
    let outlook = try await outlook(0, decoded, &warnings).0
    warnings += decoded.warnings
    return outlook
  }

  /// What a prediction takes of records in memory.
  ///
  /// - Throws: `RecordError` where one lacks what the scheme needs.
  private func decoded(_ records: [Record]) async throws -> DecodedRecords {
    let none = DecodedRecords(for: self)
    let parts = try await inParallel(chunksOf: records, threads: threads) { records in
      var decoded = none
      decoded.add(records)
      return decoded
    }
    var all = none
    for part in parts { all.merge(part) }
    if let problem = all.problem { throw problem }
    return all
  }

  /// What is known at one of the lengths, and the predictor that serves most records.
  private func outlook(
    _ index: Int, _ records: DecodedRecords, _ warnings: inout [Warning]
  ) async throws -> (LengthOutlook, LengthPrediction?) {
    let (length, firstTokens) = (lengths[index], records.firstTokens[index])
    let served = firstTokens.reduce(into: [:]) { $0[$1.count, default: 0] += 1 }
    let learned = predictions(of: length, from: served.keys.filter { $0 < length }.sorted(), records.sample)
    let outlooks =
      learned.isEmpty
      ? firstTokens.map { outlook($0, length, [:]) }
      : Array(
        try await inParallel(chunksOf: firstTokens, threads: threads) { chunk in
          chunk.map { outlook($0, length, learned) }
        }.joined())
    if learned.values.contains(where: { $0 == nil }) {
      warnings.append(Warning(.nothingToPredictFrom, counts: ["length": length]))
    }
    // References of many lengths need a prediction each: they are named together.
    let carried = learned.compactMap(\.value).filter { $0.learned.upperBound < length }.sorted { $0.given < $1.given }
    if let first = carried.first, let last = carried.last {
      warnings.append(
        Warning(
          .carriedOver,
          counts: [
            "fewest": LengthPrediction.fewestRecords, "length": length, "given": first.given,
            "from": first.learned.lowerBound + 1, "to": last.learned.upperBound, "last_given": last.given,
          ]))
    }
    if let fewest = learned.values.compactMap({ $0?.records }).min(), fewest < LengthPrediction.fewestRecords {
      warnings.append(Warning(.fewToPredictFrom, counts: ["length": length, "records": fewest]))
    }
    let main = learned.compactMap { given, prediction in prediction.map { (given, $0) } }
      .max { (served[$0.0] ?? 0, -$0.0) < (served[$1.0] ?? 0, -$1.0) }?.1
    return (LengthOutlook(length: length, records: outlooks, noMatch: records.noMatch), main)
  }

  /// What predicts a length, by the number of tokens that are known; nil where there is nothing to learn from.
  private func predictions(of length: Int, from known: [Int], _ sample: LearningSample) -> [Int: LengthPrediction?] {
    guard !known.isEmpty else { return [:] }
    let (records, all) = (sample.records(reaching: length), sample.records)
    var tails: [Int: TailFits?] = [:]
    return known.reduce(into: [:]) { learned, count in
      learned[count] = .some(
        count > 0
          ? LengthPrediction(records: records, tailRecords: all, given: count, length: length, tails: &tails) : nil)
    }
  }

  /// What is known of a record's S(n).
  private func outlook(
    _ first: FirstTokens, _ length: Int, _ learned: [Int: LengthPrediction?]
  ) -> LengthOutlook.RecordOutlook {
    let (known, slack) = (first.logSurvival, first.slack)
    guard first.count < length else {
      return .init(
        method: known.isExact ? .exact : .bounds, interval: known, middle: known.middle, logMeans: [], first: first)
    }
    guard let prediction = learned[first.count] ?? nil else {
      // S falls: more is not known.
      let interval = LogInterval(lower: -.infinity, upper: known.upper)
      return .init(method: .bounds, interval: interval, middle: interval.middle, logMeans: [], first: first)
    }
    let estimate = prediction.estimate(ofFirst: first.sum)
    // The uncertainty of the first tokens' bounds adds to that of the prediction.
    let lower = estimate.interval.lowerBound + slack.below
    let upper = min(0, estimate.interval.upperBound + slack.above)
    let interval = LogInterval(lower: lower.isNaN ? -.infinity : min(lower, upper), upper: upper)
    return .init(
      method: .extrapolated, interval: interval,
      // Where all records are alike, it lies on a limit, and rounding may put it beyond.
      middle: min(max(estimate.median, interval.lower), interval.upper),
      logMeans: draws.map { estimate.logMean(draws: $0) }, first: first)
  }

  func dataSet(_ outlook: LengthOutlook, _ index: Int, _ draws: Double) async throws -> PredictReport.DataSet {
    let records = outlook.records
    let count = Double(records.count)
    func range(_ value: (LengthOutlook.Side) -> Double?) -> ClosedRange<Double>? {
      guard let lower = value(.lower), let upper = value(.upper) else { return nil }
      return min(lower, upper)...max(lower, upper)
    }
    func rate(_ side: LengthOutlook.Side) -> Double? {
      outlook.discoverableRate(side, draws: draws, probability: probabilities[0])
    }
    let expected = outlook.expected(.middle, index: index, draws: draws)
    let hasBounds = records.contains { $0.method == .bounds || $0.first.slack != (0, 0) }
    let limits = outlook.interval(.middle, index: index, draws: draws)
    func maximum(_ side: LengthOutlook.Side) async throws -> Double {
      try await outlook.maximumExpected(side, index: index, draws: draws, threads: threads)
    }
    let maximumBounds = hasBounds ? [try await maximum(.lower), try await maximum(.upper)] : []
    let sides = hasBounds ? range { outlook.expected($0, index: index, draws: draws) } : nil
    return PredictReport.DataSet(
      meanProbability: records.isEmpty ? nil : expected / count, expectedRecords: expected,
      lower: (hasBounds ? outlook.interval(.lower, index: index, draws: draws) : limits).lowerBound,
      upper: (hasBounds ? outlook.interval(.upper, index: index, draws: draws) : limits).upperBound,
      maximumExpected: try await maximum(.middle), discoverableRate: rate(.middle),
      bounds: sides.map { sides in
        .init(
          meanProbability: [sides.lowerBound / count, sides.upperBound / count],
          expectedRecords: [sides.lowerBound, sides.upperBound],
          maximumExpected: maximumBounds,
          discoverableRate: [rate(.lower) ?? 0, rate(.upper) ?? 0])
      },
      exact: records.count { $0.method == .exact }, bounded: records.count { $0.method == .bounds },
      extrapolated: records.count { $0.method == .extrapolated })
  }

  private func report(_ id: String, _ outlook: LengthOutlook.RecordOutlook) -> PredictReport.RecordPrediction {
    func inDraws(_ value: Double) -> Double { Extraction.logProbability(logSurvival: value, draws: draws[0]) }
    func needed(_ value: Double) -> Double { Extraction.draws(logSurvival: value, probability: probabilities[0]) }
    return .init(
      id: id, logProbability: inDraws(outlook.middle), lower: inDraws(outlook.interval.lower),
      upper: inDraws(outlook.interval.upper), method: outlook.method, drawsForProbability: needed(outlook.middle),
      drawsLower: needed(outlook.interval.upper), drawsUpper: needed(outlook.interval.lower))
  }

  private func evaluate(_ records: DecodedRecords, _ given: Int, _ report: inout PredictReport) {
    let length = lengths[0]
    if records.impossible > 0 {
      report.warnings.append(Warning(.notEvaluated, counts: ["records": records.impossible]))
    }
    let rows = records.sample.records(reaching: length)
    report.evaluation = PredictionEvaluation(records: rows, given: given, length: length).map { .init($0) }
    if report.evaluation == nil {
      report.warnings.append(Warning(.noEvaluation, counts: ["length": length]))
    }
  }

  func check() throws(ArgumentError) {
    try ArgumentError.check(lengths: lengths)
    try ArgumentError.check(threads: threads)
    if let given, given < 1 { throw ArgumentError(name: "given", value: "\(given)", allowed: "1 or more") }
    if let vocabularySize, vocabularySize < 1 {
      throw ArgumentError(name: "vocabularySize", value: "\(vocabularySize)", allowed: "1 or more")
    }
    if evaluates, given.map({ $0 >= lengths[0] }) ?? true {
      throw ArgumentError(
        name: "given", value: given.map { "\($0)" } ?? "not set", allowed: "1 to \(lengths[0] - 1) to be evaluated")
    }
    guard !draws.isEmpty else { throw ArgumentError(name: "draws", value: "none", allowed: "one or more") }
    for number in draws where !(number >= 1 && number < .infinity) {
      throw ArgumentError(name: "draws", value: "\(number)", allowed: "1 or more")
    }
    guard !probabilities.isEmpty else {
      throw ArgumentError(name: "probability", value: "none", allowed: "one or more")
    }
    for probability in probabilities { try ArgumentError.check(share: probability, "probability") }
  }
}
