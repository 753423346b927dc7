import Captures
import GSLNumerics
import RealModule
import TokenProcess

/// Weighs what would make the tail shorter against what is given up: what `skewmem mitigate` does.
///
/// Removal is counted, not retrained: records that are left are taken to be repeated as before.
public struct MitigateAnalysis: Sendable {
  /// n.
  public var length: Int
  /// q.
  public var draws = 100.0
  /// What the expected number of records is to stay below.
  public var budget: Double?
  /// Decoding schemes to be weighed.
  public var decodings: [Decoding] = []
  /// The decay β of a moving average of the checkpoints' distributions, 0 to below 1; nil for none.
  public var ensemble: Double?
  /// The number of tokens in the vocabulary, for records that do not say: bounds above temperature 1 need it.
  public var vocabularySize: Int?
  /// Tasks to spread the work over; the result does not depend on it.
  public var threads = 1

  /// Weighs matches of `length` tokens.
  public init(length: Int) { self.length = length }

  /// Weighs the options.
  ///
  /// - Parameters:
  ///   - capture: The records as things are.
  ///   - checkpoints: The same records at other checkpoints.
  /// - Throws: `ArgumentError` for settings out of range; `CaptureError` where a scheme needs what records lack;
  ///   `CancellationError`.
  public func run(on capture: Capture, checkpoints: [Capture] = []) async throws -> MitigateReport {
    try await naming(capture) { try await report(on: capture.records, file: capture.name, checkpoints: checkpoints) }
  }

  private func report(
    on records: [Record], file: String, checkpoints: [Capture]
  ) async throws -> MitigateReport {
    try ArgumentError.check(threads: threads)
    if let budget, !(budget > 0 && budget < .infinity) {
      throw ArgumentError(name: "budget", value: "\(budget)", allowed: "above 0")
    }
    if let ensemble, !(ensemble >= 0 && ensemble < 1) {
      throw ArgumentError(name: "ensemble", value: "\(ensemble)", allowed: "0 to below 1")
    }
    guard ensemble == nil || !checkpoints.isEmpty else {
      throw ArgumentError(name: "ensemble", value: "given", allowed: "beside checkpoints only")
    }
    var earlier: [(name: String, records: [Record])] = []
    var warnings: [Warning] = []
    let plain = try await outlook(records, .plain, file, &warnings)
    let current = try await option("none", "as it is", plain)
    var options = try await removals(plain, records) + cuts(plain)
    let currentLoss = loss(records)
    for decoding in decodings {
      let decoded = try await outlook(records, decoding, file, &warnings)
      var option = try await option("decode", decoding.description, decoded)
      option.lossIncrease = try decodedLoss(records, decoding).flatMap { decoded in currentLoss.map { decoded - $0 } }
      options.append(option)
    }
    for checkpoint in checkpoints {
      // The same records, or their risks would be of different sets.
      let byID = Dictionary(checkpoint.records.map { ($0.id, $0) }) { first, _ in first }
      let same = records.compactMap { byID[$0.id] }
      guard same.count == records.count else {
        throw RecordError(
          field: "id",
          problem:
            "\(records.count - same.count) of the \(records.count) records are not in the checkpoint \(checkpoint.name)"
        )
      }
      earlier.append((checkpoint.name, same))
      let found = try await outlook(same, .plain, checkpoint.name, &warnings)
      var option = try await option("checkpoint", checkpoint.name, found)
      option.lossIncrease = loss(same).flatMap { other in currentLoss.map { other - $0 } }
      options.append(option)
    }
    if let ensemble {
      options.append(try await average(records, earlier, file, ensemble, currentLoss, &warnings))
    }
    if let budget {
      for index in options.indices {
        options[index].meetsBudget = (options[index].riskBounds?.upper ?? options[index].risk) < budget
      }
    }
    let short = records.count { $0.tokenLogProbabilities.count < length }
    if short > 0 {
      warnings.append(
        Warning(.shortReferences, counts: ["short": short, "records": records.count, "length": length]))
    }
    warnings.append(Warning(.notRetrained))
    var report = MitigateReport(
      file: file, length: length, draws: draws, budget: budget, current: current, options: options, cheapest: [],
      warnings: warnings)
    report.current.meetsBudget = budget.map { (current.riskBounds?.upper ?? current.risk) < $0 }
    report.cheapest = cheapest(options)
    return report
  }

  // MARK: Options

  private func prediction(_ decoding: Decoding) throws -> PredictAnalysis {
    var prediction = try PredictAnalysis(length: length)
    prediction.draws = [draws]
    prediction.decoding = decoding
    prediction.vocabularySize = vocabularySize
    prediction.threads = threads
    return prediction
  }

  private func outlook(
    _ records: [Record], _ decoding: Decoding, _ file: String, _ warnings: inout [Warning]
  ) async throws -> LengthOutlook {
    var found: [Warning] = []
    let outlook = try await prediction(decoding).outlook(on: records, &found)
    let isPlain = decoding == .plain
    if found.count > 3 {
      found[2...] = [Warning(.moreWarnings, counts: ["warnings": found.count - 2])]
    }
    for warning in found {
      let named = warning.of(isPlain ? file : decoding.description)
      if !warnings.contains(named) { warnings.append(named) }
    }
    return outlook
  }

  /// The moving average of checkpoints by epoch, or as they are given where they do not say, and the records last.
  private func average(
    _ records: [Record], _ earlier: [(name: String, records: [Record])], _ file: String, _ decay: Double,
    _ currentLoss: Double?, _ warnings: inout [Warning]
  ) async throws -> MitigateReport.Option {
    var sets = earlier.map(\.records) + [records]
    let epochs = sets.map { set in Set(set.map(\.epoch)) }
    if epochs.allSatisfy({ $0.count == 1 && $0.first != .some(nil) }) {
      let numbers = epochs.map { ($0.first ?? nil) ?? 0 }
      sets = zip(sets, numbers).sorted { $0.1 < $1.1 }.map(\.0)
    }
    let weights = CheckpointAverage.weights(count: sets.count, decay: decay)
    let averaged = try records.indices.map { index throws(RecordError) -> Record in
      let own = sets.map { $0[index].tokenLogProbabilities }
      guard own.allSatisfy({ $0.count == own[0].count }) else {
        throw RecordError(
          field: "token_logprobs", problem: "record \(records[index].id) has another length at another checkpoint")
      }
      return try Record(
        id: records[index].id,
        tokenLogProbabilities: CheckpointAverage.logProbabilities(own, weights: weights))
    }
    let found = try await outlook(averaged, .plain, file, &warnings)
    var option = try await option("ensemble", "moving average of \(sets.count) checkpoints, decay \(decay)", found)
    option.lossIncrease = loss(averaged).flatMap { other in currentLoss.map { other - $0 } }
    return option
  }

  private func option(_ kind: String, _ label: String, _ outlook: LengthOutlook) async throws -> MitigateReport.Option {
    let dataSet = try await prediction(.plain).dataSet(outlook, 0, draws)
    return .init(
      kind: kind, label: label, risk: dataSet.expectedRecords,
      riskBounds: dataSet.bounds.map { Interval($0.expectedRecords[0]...$0.expectedRecords[1]) },
      longest: dataSet.maximumExpected, recordsRemoved: 0, outputTokens: nil, lossIncrease: 0, meetsBudget: nil)
  }

  /// The riskiest 1, 2, 5, 10, … records removed, and as few as meet the budget.
  private func removals(_ outlook: LengthOutlook, _ records: [Record]) async throws -> [MitigateReport.Option] {
    let risks = outlook.records.map { outlook.logProbability($0, .upper, index: 0, draws: draws) }
    let order = risks.indices.sorted { (risks[$0], $1) < (risks[$1], $0) }
    let count = order.count
    var numbers = Set(sequence(first: 1) { $0 * 10 }.prefix { $0 <= count }.flatMap { [$0, 2 * $0, 5 * $0] })
    if let budget {
      // From the least risky up: as many as the budget holds.
      var sum = CompensatedSum()
      var kept = 0
      while kept < count {
        sum.add(.exp(risks[order[kept]]))
        guard sum.value < budget else { break }
        kept += 1
      }
      numbers.insert(count - kept)
    }
    var options: [MitigateReport.Option] = []
    for number in numbers.sorted() where number >= 1 && number <= count {
      let left = order.prefix(count - number).sorted()
      var noMatch = NoMatchSums(upTo: length)
      for index in left {
        let law = try DecodedLaw(records[index], under: .plain)
        noMatch.add(law.logSurvival, known: law.length)
      }
      var option = try await option(
        "remove", "without the riskiest \(number)",
        LengthOutlook(length: length, records: left.map { outlook.records[$0] }, noMatch: noMatch))
      option.recordsRemoved = number
      options.append(option)
    }
    return options
  }

  /// Output that ends earlier cannot hold n tokens of a record.
  private func cuts(_ outlook: LengthOutlook) async throws -> [MitigateReport.Option] {
    var options: [MitigateReport.Option] = []
    for tokens in Set([length / 4, length / 2, length - 1]).sorted(by: >) where tokens >= 1 && tokens < length {
      options.append(
        .init(
          kind: "cut", label: "output of at most \(tokens) token\(tokens == 1 ? "" : "s")", risk: 0, riskBounds: nil,
          longest: try await outlook.maximumExpected(.middle, index: 0, draws: draws, threads: threads, upTo: tokens),
          recordsRemoved: 0, outputTokens: tokens, lossIncrease: 0, meetsBudget: nil))
    }
    return options
  }

  private func cheapest(_ options: [MitigateReport.Option]) -> [MitigateReport.Option] {
    ["remove", "cut", "decode", "checkpoint"].compactMap { kind in
      options.filter { $0.kind == kind && $0.meetsBudget == true }.min { a, b in
        (a.recordsRemoved, -(a.outputTokens ?? 0), a.lossIncrease ?? .infinity)
          < (b.recordsRemoved, -(b.outputTokens ?? 0), b.lossIncrease ?? .infinity)
      }
    }
  }

  // MARK: Losses

  private func loss(_ records: [Record]) -> Double? {
    var sum = CompensatedSum()
    var tokens = 0
    for record in records {
      for value in record.tokenLogProbabilities { sum.add(value) }
      tokens += record.tokenLogProbabilities.count
    }
    return sum.value > -.infinity ? -sum.value / Double(tokens) : nil
  }

  /// Nil where a reference token cannot be drawn, or where it is known within bounds only.
  private func decodedLoss(_ records: [Record], _ decoding: Decoding) throws -> Double? {
    var sum = CompensatedSum()
    var tokens = 0
    for record in records {
      var record = record
      record.vocabularySize = record.vocabularySize ?? vocabularySize
      let law = try DecodedLaw(record, under: decoding)
      guard law.isExact else { return nil }
      for token in law.tokens { sum.add(token.upper) }
      tokens += record.tokenLogProbabilities.count
    }
    return sum.value > -.infinity && !sum.value.isNaN ? -sum.value / Double(tokens) : nil
  }
}
