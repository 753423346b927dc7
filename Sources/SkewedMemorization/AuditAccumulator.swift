import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

/// One pass over a capture: add every record, then ask for the report. Memory does not grow with the number of records.
public struct AuditAccumulator: Sendable {
  private let options: AuditOptions
  private var survival = SurvivalAccumulator()
  private var histogram = MatchLengthHistogram()
  private var greedy = MatchLengthHistogram()
  private var greedyRecords = 0
  private var cumulance = CumulanceAccumulator()
  private var tokenVariance = TokenVarianceAccumulator()
  private var groups = RecordGroups()
  private var tokens = 0
  private var logProbabilities = CompensatedSum()
  /// By length: the probabilities of all records that reach it.
  private var tails: [Int: TailAccumulator] = [:]
  private var risks: RiskiestRecords
  private var wholes: RiskiestRecords
  private var ids = Set<Int>()
  private var repeatedIDs = 0
  private var provenance: [String: Set<String>] = [:]

  /// An empty accumulator.
  ///
  /// - Throws: `AuditOptions.OptionError`.
  public init(options: AuditOptions = AuditOptions()) throws(AuditOptions.OptionError) {
    try options.validate()
    self.options = options
    risks = RiskiestRecords(limit: options.top) { ($0.expected, $0.logProbabilityFull ?? -.infinity) }
    wholes = RiskiestRecords(limit: options.top) { ($0.logProbabilityFull ?? -.infinity, Double($0.length)) }
  }

  /// Adds one valid record.
  ///
  /// - Complexity: O(L).
  public mutating func add(_ record: Record) {
    let law = MatchLengthLaw(record)
    let masses = law.masses
    let moments = law.moments(masses: masses)
    let longest = survival.maximumLength
    survival.add(law)
    histogram.add(masses: masses)
    cumulance.add(moments)
    tokenVariance.add(law)
    groups.add(law)
    tokens += law.length
    logProbabilities.add(law.logSurvival[law.length])
    addTails(law, longest: longest)
    let match = GreedyMatch(record)
    if let match {
      greedy.add(match)
      greedyRecords += 1
    }
    let risk = AuditReport.RecordAtRisk(
      id: record.id, expected: moments.mean, logProbabilityFull: law.logSurvival[law.length], length: law.length,
      greedy: match?.length)
    risks.add(risk)
    wholes.add(risk)
    if ids.count < Self.rememberedIDs, !ids.insert(record.id.hashValue).inserted { repeatedIDs += 1 }
    note("run", record.run)
    note("epoch", record.epoch.map { "\($0)" })
    note("split", record.split)
  }

  /// Keeps S_i(n) at the lengths to report. Without a list these are the powers of two and the longest reference, which
  /// is known only at the end: its accumulator starts anew with every longer record, since none before reached it.
  private mutating func addTails(_ law: MatchLengthLaw, longest: Int) {
    if let lengths = options.lengths {
      for n in Set(lengths) where n <= law.length { tails[n, default: TailAccumulator()].add(law, at: n) }
      return
    }
    var n = 1
    while n <= law.length {
      tails[n, default: TailAccumulator()].add(law, at: n)
      n *= 2
    }
    if law.length > longest, !Self.isPowerOfTwo(longest) { tails[longest] = nil }
    if law.length >= longest, !Self.isPowerOfTwo(law.length) {
      tails[law.length, default: TailAccumulator()].add(law, at: law.length)
    }
  }

  private static func isPowerOfTwo(_ n: Int) -> Bool { n > 0 && n & (n - 1) == 0 }

  /// How many identifiers are remembered to notice repeated ones.
  private static let rememberedIDs = 200_000

  private mutating func note(_ field: String, _ value: String?) {
    guard let value, provenance[field, default: []].count < 5 else { return }
    provenance[field, default: []].insert(value)
  }

  /// The number of records added.
  public var records: Int { survival.records }

  // MARK: Report

  /// The report on all records added.
  ///
  /// - Parameters:
  ///   - files: Where the records came from, for the report.
  ///   - skipped: Lines that were left out, for the report.
  /// - Throws: `DistributionError.noData` without records; `CancellationError`.
  public func report(files: [String] = [], skipped: Int = 0) async throws -> AuditReport {
    guard records > 0, let moments = histogram.moments, let parts = cumulance.decomposition else {
      throw DistributionError.noData
    }
    var warnings = provenanceWarnings
    if skipped > 0 { warnings.append("invalid lines were skipped: \(skipped)") }
    let logSurvival = survival.logSurvival
    let limits = try await groups.bootstrapLimits(
      around: logSurvival, level: options.level, replicates: options.replicates, seed: options.seed,
      threads: options.threads)
    if limits.dropFirst().contains(where: { $0 == nil }) {
      warnings.append("where fewer than ten records are at risk the survival has no limits")
    }
    if Double(options.replicates) * (1 - options.level) < 10 {
      warnings.append("\(options.replicates) bootstrap replicates are too few for limits at level \(options.level)")
    }
    if logSurvival.contains(where: \.isNaN) {
      warnings.append("some lengths can be reached by no record that is long enough: the survival is unknown there")
    }
    if repeatedIDs > 0 {
      warnings.append(
        "\(repeatedIDs) records bear the name of an earlier one; if they are copies, limits are too narrow")
    }
    let lengths = tails.keys.sorted()
    let counts = lengths.map { tails[$0, default: TailAccumulator()].count }
    if records > TailAccumulator.exactLimit {
      warnings.append(
        "more than \(TailAccumulator.exactLimit) records: Gini coefficients and top shares come from a sketch, within 0.004"
      )
    }
    if tokenVariance.impossibleTokens > 0 {
      warnings.append(
        "\(tokenVariance.impossibleTokens) tokens have probability 0: mean loss, quenched values and the variance of ln p are undefined"
      )
    }
    if greedyRecords > 0, greedyRecords < records {
      warnings.append("only \(greedyRecords) of \(records) records say what greedy decoding does")
    }
    for n in Set(options.lengths ?? []).sorted() where tails[n] == nil { warnings.append("no record has \(n) tokens") }
    let fits = try fits(lengths: lengths, logSurvival: logSurvival, warnings: &warnings)
    return AuditReport(
      files: files, records: records, skipped: skipped, tokens: tokens, maxLength: survival.maximumLength,
      meanLoss: -logProbabilities.value / Double(tokens), level: options.level,
      matchLength: .init(
        expected: moments.mean, variance: moments.variance, thirdCumulant: moments.third, skewness: moments.skewness),
      greedy: greedySummary,
      survival: (1...survival.maximumLength).map { n in
        .init(
          n: n, probability: .exp(logSurvival[n]), logProbability: logSurvival[n], atRisk: survival.atRisk(n),
          lower: limits[n].map { .exp($0.lower) }, upper: limits[n].map { .exp($0.upper) })
      },
      decomposition: .init(
        variance: .init(within: parts.varianceWithin, between: parts.varianceBetween),
        thirdCumulant: .init(
          within: parts.thirdWithin, covariance: parts.thirdCovariance, between: parts.thirdBetween),
        tokenLogProbability: tokenVariance.shares.map {
          .init(record: $0.record, position: $0.position, residual: $0.residual)
        },
        lengths: lengths.map(lengthDecomposition)),
      maximum: maximum,
      extractable: zip(lengths, counts).map { n, count in
        let limits = count.interval(level: options.level)
        return .init(
          n: n, expectedRecords: survival.expectedRecords(n), lower: limits.lowerBound, upper: limits.upperBound,
          errorBound: count.errorBound)
      },
      recordsAtRisk: risks.sorted, recordsInFull: wholes.sorted,
      fits: fits,
      warnings: warnings)
  }

  private var provenanceWarnings: [String] {
    provenance.sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map { field, values in
      "records of more than one \(field) are pooled: \(values.sorted { ($0.count, $0) < ($1.count, $1) }.joined(separator: ", "))\(values.count >= 5 ? ", …" : "")"
    }
  }

  private var greedySummary: AuditReport.Greedy? {
    guard greedyRecords > 0 else { return nil }
    let counts = greedy.counts
    let total = Double(greedyRecords)
    var seen = 0.0
    // The median of an even number is the mean of the two middle values.
    var middle: [Int] = []
    for cell in counts.cells {
      let before = seen
      seen += cell.exact + cell.censored
      for rank in Set([(total / 2).rounded(.down), ((total - 1) / 2).rounded(.down)])
      where rank >= before && rank < seen {
        middle.append(cell.length)
      }
    }
    return AuditReport.Greedy(
      records: greedyRecords, mean: counts.lengthTotal / total,
      median: Double(middle.reduce(0, +)) / Double(middle.count), maximum: counts.maximum,
      censored: Int((counts.total - counts.exactTotal).rounded()))
  }

  private func lengthDecomposition(_ n: Int) -> AuditReport.Decomposition.Length {
    let annealed = survival.annealed(n)
    let quenched = survival.quenched(n)
    let concentration = tails[n]?.concentration
    return .init(
      n: n, annealed: annealed, quenched: quenched,
      // Both -inf when no record can reach n: there is no difference to speak of.
      penalty: annealed > -.infinity ? max(0, annealed - quenched) : nil,
      effectiveRecords: survival.effectiveRecords(n), top1PercentShare: concentration?.top1PercentShare,
      top10PercentShare: concentration?.top10PercentShare, gini: concentration?.gini)
  }

  private var maximum: AuditReport.Maximum {
    let law = survival.maximum
    let levels = [0.05, 0.5, 0.95]
    return .init(
      expected: law.mean,
      quantiles: Dictionary(uniqueKeysWithValues: levels.map { ("\($0)", law.quantile($0)) }))
  }

  private func fits(
    lengths: [Int], logSurvival: [Double], warnings: inout [String]
  ) throws -> [FamilyFit] {
    let estimator = MaximumLikelihood(standardErrors: .sandwich(clusters: groups.counts))
    let counts = histogram.counts
    var fits: [Fit] = []
    var unconverged: [String] = []
    for (family, result) in estimator.fits(of: Family.ofMatchLengths, to: counts) {
      try Task.checkCancellation()
      let fit: Fit
      switch result {
      case .success(let value): fit = value
      case .failure(DistributionError.impossibleData): continue
      case .failure(let error):
        warnings.append("no fit of \(family.familyName): \(error)")
        continue
      }
      if !fit.isConverged { unconverged.append(fit.family) }
      fits.append(fit)
    }
    if !unconverged.isEmpty { warnings.append("did not converge: \(unconverged.joined(separator: ", "))") }
    fits.sort { $0.aic < $1.aic }
    return zip(fits, ModelComparison.akaikeWeights(fits)).map { fit, weight in
      FamilyFit(
        fit, to: counts, weight: weight,
        misfit: lengths.map { .init(n: $0, logRatio: fit.logSurvival($0) - logSurvival[$0]) })
    }
  }
}
