import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

extension Prediction {
  /// Predicts from a summary: the same numbers of the data set where every record reaches the lengths, without the records, of which
  /// only those are reported that a summary names.
  ///
  /// Up to `TailAccumulator.exactLimit` records the numbers are exact. Beyond, those for one draw still are; for several, records count
  /// with the mean probability of others within 0.8 % in their odds.
  ///
  /// - Throws: `DistributionError.noData` for an empty summary; `ArgumentError` for what takes the records themselves: lengths that were not
  ///   summarized or that some references do not have, known first tokens, and decoding other than plain sampling.
  public func report(on summary: AuditSummary, file: String) throws -> PredictReport {
    try check()
    let accumulator = summary.accumulator
    guard accumulator.records > 0 else { throw DistributionError.noData }
    if let given {
      throw ArgumentError(name: "given", value: "\(given)", allowed: "for captures only, not for a summary")
    }
    guard decoding == .plain else {
      throw ArgumentError(
        name: "temperature", value: "not plain sampling",
        allowed: "1 without truncation, for a summary; other schemes take captures")
    }
    let available = accumulator.lengthsOfAll
    for length in lengths where !available.contains(length) {
      throw ArgumentError(
        name: "length", value: "\(length)",
        allowed: available.isEmpty
          ? "for captures only: no length was summarized that every reference of this summary has"
          : "for this summary \(available.map { "\($0)" }.joined(separator: ", ")), which were summarized and every reference has; other lengths take captures, or summarize --lengths"
      )
    }
    var grid: [PredictReport.GridEntry] = []
    for length in lengths {
      for draws in queries { grid.append(entry(accumulator, length, draws)) }
    }
    var warnings = [
      "of a summary's records only the riskiest have names, and a probability where they are \(lengths[0]) tokens long"
    ]
    if accumulator.records > TailAccumulator.exactLimit, queries.contains(where: { $0 != 1 }) {
      warnings.append("numbers for several draws come from a sketch, within 0.8 %")
    }
    var report = PredictReport(
      file: file, length: lengths[0], given: nil, decoding: .init(decoding), queries: queries[0],
      probability: probabilities[0], records: [], dataset: grid[0].dataset, grid: grid, predictor: nil,
      warnings: warnings)
    report.records = accumulator.wholes.sorted.filter { $0.length == lengths[0] }.map { record in
      let logSurvival = record.logProbabilityFull ?? -.infinity
      let value = Extraction.logProbability(logSurvival: logSurvival, draws: queries[0])
      let needed = Extraction.draws(logSurvival: logSurvival, probability: probabilities[0])
      return .init(
        id: record.id, logProbability: value, lower: value, upper: value, method: .exact, queriesForProbability: needed,
        queriesLower: needed, queriesUpper: needed)
    }
    return report
  }

  private func entry(_ accumulator: AuditAccumulator, _ length: Int, _ draws: Double) -> PredictReport.GridEntry {
    let tail = accumulator.sums.tails[length, default: TailAccumulator()]
    let logProbabilities = tail.logProbabilities
    let records = Double(accumulator.records)
    let inDraws = logProbabilities.map {
      (log: Extraction.logProbability(logSurvival: $0.log, draws: draws), count: $0.count)
    }
    var expected = CompensatedSum()
    for (log, count) in inDraws { expected.add(.exp(log) * Double(count)) }
    let rates = probabilities.map { probability in
      Double(
        logProbabilities.reduce(0) {
          Extraction.draws(logSurvival: $1.log, probability: probability) <= draws ? $0 + $1.count : $0
        }) / records
    }
    let expectedRecords = draws == 1 ? accumulator.sums.survival.expectedRecords(length) : expected.value
    let limits = draws == 1 ? tail.count.interval(level: 0.95) : PoissonBinomial.ofMany(inDraws).interval(level: 0.95)
    let dataSet = PredictReport.DataSet(
      meanProbability: expectedRecords / records, expectedRecords: expectedRecords, lower: limits.lowerBound,
      upper: limits.upperBound, maximumExpected: accumulator.sums.survival.expectedMaximum(length, draws: draws),
      discoverableRate: rates[0], bounds: nil, exact: accumulator.records, bounded: 0, extrapolated: 0)
    return .init(
      length: length, queries: draws, dataset: dataSet,
      discoverable: zip(probabilities, rates).map { .init(probability: $0, rate: $1, lower: $1, upper: $1) })
  }
}

extension AuditAccumulator {
  /// The lengths of which all records' probabilities are kept and that all references have.
  fileprivate var lengthsOfAll: [Int] {
    sums.tails.keys.filter { sums.survival.atRisk($0) == records }.sorted()
  }
}
