import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

extension PredictAnalysis {
  /// Predicts from a summary: the same numbers of the data set where every record reaches the lengths, without the
  /// records, of which only those are reported that a summary names.
  ///
  /// Up to `TailAccumulator.exactLimit` records the numbers are exact. Beyond, those for one draw still are; for
  /// several, records count with the mean probability of others within 0.8 % in their odds.
  ///
  /// - Throws: `DistributionError.noData` for an empty summary; `ArgumentError` for what takes the records themselves:
  ///   lengths that were not summarized or that some references do not have, known first tokens, and decoding other
  ///   than plain sampling.
  public func run(on sums: DataSetSums, name: String) throws -> PredictReport {
    try check()
    guard sums.records > 0 else { throw DistributionError.noData }
    if let given {
      throw ArgumentError(name: "given", value: "\(given)", allowed: "for captures only, not for a summary")
    }
    guard decoding == .plain else {
      throw ArgumentError(
        name: decoding.firstSetting, value: "\(decoding)",
        allowed: "not set for a summary, which is of plain sampling; other schemes take captures")
    }
    let available = sums.lengthsOfAll
    for length in lengths where !available.contains(length) {
      throw ArgumentError(
        name: "lengths", value: "\(length)",
        allowed: available.isEmpty
          ? "for captures only: no length was summarized that every reference of this summary has"
          : "for this summary \(available.map { "\($0)" }.joined(separator: ", ")), which were summarized and every "
            + "reference has; other lengths take captures, or a summary of those lengths"
      )
    }
    var grid: [PredictReport.GridEntry] = []
    for length in lengths {
      for draws in draws { grid.append(entry(sums, length, draws)) }
    }
    var warnings = [Warning(.namedOnly, counts: ["length": lengths[0]])]
    if sums.records > TailAccumulator.exactLimit, draws.contains(where: { $0 != 1 }) {
      warnings.append(Warning(.sketchedDraws))
    }
    var report = PredictReport(
      file: name, length: lengths[0], given: nil, decoding: decoding, draws: draws[0],
      probability: probabilities[0], records: [], dataset: grid[0].dataset, grid: grid, predictor: nil,
      warnings: warnings)
    if let near = sums.sums.near { report.near = NearCopies.sorted(Array(near.values)) }
    report.records = sums.wholes.sorted.filter { $0.length == lengths[0] }.map { record in
      let logSurvival = record.logProbabilityFull ?? -.infinity
      let value = Extraction.logProbability(logSurvival: logSurvival, draws: draws[0])
      let needed = Extraction.draws(logSurvival: logSurvival, probability: probabilities[0])
      return .init(
        id: record.id, logProbability: value, lower: value, upper: value, method: .exact, drawsForProbability: needed,
        drawsLower: needed, drawsUpper: needed)
    }
    return report
  }

  private func entry(_ sums: DataSetSums, _ length: Int, _ draws: Double) -> PredictReport.GridEntry {
    let tail = sums.sums.tails[length]
    let logProbabilities = tail.logProbabilities
    let records = Double(sums.records)
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
    let expectedRecords = draws == 1 ? sums.sums.survival.expectedRecords(length) : expected.value
    let limits = draws == 1 ? tail.count.interval(level: 0.95) : PoissonBinomial.ofMany(inDraws).interval(level: 0.95)
    let dataSet = PredictReport.DataSet(
      meanProbability: expectedRecords / records, expectedRecords: expectedRecords, lower: limits.lowerBound,
      upper: limits.upperBound, maximumExpected: sums.sums.survival.expectedMaximum(length, draws: draws),
      discoverableRate: rates[0], bounds: nil, exact: sums.records, bounded: 0, extrapolated: 0)
    return .init(
      length: length, draws: draws, dataset: dataSet,
      discoverable: zip(probabilities, rates).map { .init(probability: $0, rate: $1, lower: $1, upper: $1) })
  }
}

extension DataSetSums {
  /// The lengths of which all records' probabilities are kept and that all references have.
  fileprivate var lengthsOfAll: [Int] {
    sums.tails.lengths.filter { sums.survival.atRisk($0) == records }
  }
}

extension Decoding {
  /// The first of the settings that is not that of plain sampling.
  fileprivate var firstSetting: String {
    if temperature != 1 { return "temperature" }
    return topK != nil ? "topK" : topP != nil ? "topP" : "minP"
  }
}
