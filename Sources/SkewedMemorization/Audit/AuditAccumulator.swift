import Captures
import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

/// One pass over a capture: add every record, then ask for the report. Memory does not grow with the number of records.
public struct AuditAccumulator: Sendable {
  var options: AuditOptions
  var sums = Sums()
  var risks: RiskiestRecords
  var wholes: RiskiestRecords

  /// Everything that adds up.
  struct Sums: Sendable, Codable {
    var survival = SurvivalAccumulator()
    var histogram = MatchLengthHistogram()
    var greedy = MatchLengthHistogram()
    var greedyRecords = 0
    var cumulance = CumulanceAccumulator()
    var reading = LawReadingAccumulator()
    var groups = RecordGroups()
    var tokens = 0
    var logProbabilities = CompensatedSum()
    /// By length: the probabilities of all records that reach it.
    var tails: [Int: TailAccumulator] = [:]
    @InOrder var ids = Set<UInt64>()
    var repeatedIDs = 0
    var provenance: [String: InOrder<String>] = [:]
    /// Records whose one token stands for a whole reference; nil for none.
    var wholeReferences: Int?
  }

  /// An empty accumulator.
  ///
  /// - Throws: `AuditOptions.OptionError`.
  public init(options: AuditOptions = AuditOptions()) throws(AuditOptions.OptionError) {
    try options.validate()
    self.options = options
    risks = RiskiestRecords(limit: options.top, by: .expected)
    wholes = RiskiestRecords(limit: options.top, by: .whole)
  }

  /// Adds one valid record.
  ///
  /// - Complexity: O(L).
  public mutating func add(_ record: Record) {
    let law = MatchLengthLaw(record)
    let masses = law.masses
    let moments = law.moments(masses: masses)
    let longest = sums.survival.maximumLength
    sums.survival.add(law)
    sums.histogram.add(masses: masses)
    sums.cumulance.add(moments)
    sums.reading.add(law)
    sums.groups.add(law)
    sums.tokens += law.length
    sums.logProbabilities.add(law.logSurvival[law.length])
    addTails(law, longest: longest)
    let match = GreedyMatch(record)
    if let match {
      sums.greedy.add(match)
      sums.greedyRecords += 1
    }
    let full = law.logSurvival[law.length]
    let risk = AuditReport.RecordAtRisk(
      id: record.id, expected: moments.mean, logProbabilityFull: full > -.infinity ? full : nil, length: law.length,
      greedy: match?.length)
    risks.add(risk, tokenLogProbabilities: record.tokenLogProbabilities)
    wholes.add(risk)
    if sums.ids.count < Self.rememberedIDs, !sums.ids.insert(Fingerprint(record.id.utf8).value).inserted {
      sums.repeatedIDs += 1
    }
    if record.isWholeReference { sums.wholeReferences = (sums.wholeReferences ?? 0) + 1 }
    note("run", record.run)
    note("epoch", record.epoch.map { "\($0)" })
    note("split", record.split)
  }

  /// Keeps S_i(n) at the lengths to report. Without a list these are the powers of two and the longest reference, which
  /// is known only at the end: its accumulator starts anew with every longer record, since none before reached it.
  private mutating func addTails(_ law: MatchLengthLaw, longest: Int) {
    if let lengths = options.lengths {
      for n in Set(lengths) where n <= law.length { sums.tails[n, default: TailAccumulator()].add(law, at: n) }
      return
    }
    var n = 1
    while n <= law.length {
      sums.tails[n, default: TailAccumulator()].add(law, at: n)
      n *= 2
    }
    if law.length > longest, !Self.isPowerOfTwo(longest) { sums.tails[longest] = nil }
    if law.length >= longest, !Self.isPowerOfTwo(law.length) {
      sums.tails[law.length, default: TailAccumulator()].add(law, at: law.length)
    }
  }

  private static func isPowerOfTwo(_ n: Int) -> Bool { n > 0 && n & (n - 1) == 0 }

  /// How many identifiers are remembered to notice repeated ones.
  private static let rememberedIDs = 20_000

  /// Adds the records of another accumulator, as if they had been added after these.
  ///
  /// - Precondition: Both were made for the same lengths.
  public mutating func merge(_ other: AuditAccumulator) {
    precondition(options.hasSameLengths(as: other.options), "accumulators for other lengths")
    options.top = min(options.top, other.options.top)
    mergeTails(other.sums)
    sums.survival.merge(other.sums.survival)
    sums.histogram.merge(other.sums.histogram)
    sums.greedy.merge(other.sums.greedy)
    sums.greedyRecords += other.sums.greedyRecords
    sums.cumulance.merge(other.sums.cumulance)
    sums.reading.merge(other.sums.reading)
    sums.groups.merge(other.sums.groups)
    sums.tokens += other.sums.tokens
    sums.logProbabilities.merge(other.sums.logProbabilities)
    risks.merge(other.risks)
    wholes.merge(other.wholes)
    if let whole = other.sums.wholeReferences { sums.wholeReferences = (sums.wholeReferences ?? 0) + whole }
    sums.repeatedIDs += other.sums.repeatedIDs + sums.ids.intersection(other.sums.ids).count
    if sums.ids.count < Self.rememberedIDs { sums.ids.formUnion(other.sums.ids) }
    for (field, values) in other.sums.provenance {
      for value in values.wrappedValue.sorted() { note(field, value) }
    }
  }

  /// What is kept of lengths that are no powers of two is about the longest reference of all.
  private mutating func mergeTails(_ other: Sums) {
    let (mine, theirs) = (sums.survival.maximumLength, other.survival.maximumLength)
    if options.lengths == nil, theirs > mine, !Self.isPowerOfTwo(mine) { sums.tails[mine] = nil }
    for (n, tail) in other.tails {
      guard options.lengths != nil || Self.isPowerOfTwo(n) || n >= mine else { continue }
      sums.tails[n, default: TailAccumulator()].merge(tail)
    }
  }

  private mutating func note(_ field: String, _ value: String?) {
    guard let value, sums.provenance[field, default: InOrder()].wrappedValue.insert(value).inserted else { return }
    // The five first in order, whatever the order in which they come.
    if let values = sums.provenance[field]?.wrappedValue, values.count > 5, let last = values.max() {
      sums.provenance[field]?.wrappedValue.remove(last)
    }
  }

  /// The number of records added.
  public var records: Int { sums.survival.records }

  /// The exact law's weights by length, as data for a fit.
  public var counts: CensoredCounts { sums.histogram.counts }

  /// The same of parts of the records, for standard errors.
  public var clusters: [CensoredCounts] { sums.groups.counts }

  /// The greedy match lengths of the records that tell them.
  public var greedyCounts: CensoredCounts { sums.greedy.counts }

  // MARK: Report

  /// The report on all records added.
  ///
  /// - Parameters:
  ///   - files: Where the records came from, for the report.
  ///   - skipped: Lines that were left out, for the report.
  /// - Throws: `DistributionError.noData` without records; `CancellationError`.
  public func report(files: [String] = [], skipped: Int = 0) async throws -> AuditReport {
    guard records > 0, let moments = sums.histogram.moments, let parts = sums.cumulance.decomposition else {
      throw DistributionError.noData
    }
    var warnings = provenanceWarnings
    if skipped > 0 { warnings.append("invalid lines were skipped: \(skipped)") }
    let logSurvival = sums.survival.logSurvival
    let limits = try await sums.groups.bootstrapLimits(
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
    if sums.repeatedIDs > 0 {
      warnings.append(
        "\(sums.ids.count < Self.rememberedIDs ? "" : "at least ")\(sums.repeatedIDs) records bear the name of an earlier one; if they are copies, expected numbers and the longest match are too large and limits too narrow"
      )
    }
    let lengths = sums.tails.keys.sorted()
    let counts = lengths.map { sums.tails[$0, default: TailAccumulator()].count }
    if records > TailAccumulator.exactLimit {
      warnings.append(
        "more than \(TailAccumulator.exactLimit) records: Gini coefficients and top shares come from a sketch, within 0.004"
      )
    }
    let tokenVariance = sums.reading.total
    if tokenVariance.impossibleTokens > 0 {
      warnings.append(
        "\(tokenVariance.impossibleTokens) tokens have probability 0: mean loss, quenched values and the variance of ln p are undefined"
      )
    }
    if let whole = sums.wholeReferences {
      warnings.append(
        whole == records
          ? "a token is a whole reference here, as samples of lm-evaluation-harness have it: lengths and losses are by references"
          : "of \(whole) records the whole reference counts as one token, as samples of lm-evaluation-harness have it: lengths and losses of all together mean nothing"
      )
    }
    if sums.greedyRecords > 0, sums.greedyRecords < records {
      warnings.append("only \(sums.greedyRecords) of \(records) records say what greedy decoding does")
    }
    for n in Set(options.lengths ?? []).sorted() where sums.tails[n] == nil {
      warnings.append("no record has \(n) tokens")
    }
    let fits = try fits(lengths: lengths, logSurvival: logSurvival, warnings: &warnings)
    return AuditReport(
      files: files, records: records, skipped: skipped, tokens: sums.tokens, maxLength: sums.survival.maximumLength,
      meanLoss: -sums.logProbabilities.value / Double(sums.tokens), level: options.level,
      matchLength: .init(
        expected: moments.mean, variance: moments.variance, thirdCumulant: moments.third, skewness: moments.skewness),
      greedy: greedySummary,
      survival: (1...sums.survival.maximumLength).map { n in
        .init(
          n: n, probability: .exp(logSurvival[n]), logProbability: logSurvival[n], atRisk: sums.survival.atRisk(n),
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
      reading: sums.reading.reading.map { .init($0) },
      maximum: maximum,
      extractable: zip(lengths, counts).map { n, count in
        let limits = count.interval(level: options.level)
        return .init(
          n: n, expectedRecords: sums.survival.expectedRecords(n), lower: limits.lowerBound, upper: limits.upperBound,
          errorBound: count.errorBound)
      },
      recordsAtRisk: risks.sorted, recordsInFull: wholes.sorted,
      fits: fits,
      warnings: warnings)
  }

  private var provenanceWarnings: [String] {
    sums.provenance.mapValues(\.wrappedValue).sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map {
      field, values in
      "records of more than one \(field) are pooled: \(values.sorted { ($0.count, $0) < ($1.count, $1) }.joined(separator: ", "))\(values.count >= 5 ? ", …" : "")"
    }
  }

  private var greedySummary: AuditReport.Greedy? {
    guard sums.greedyRecords > 0 else { return nil }
    let counts = sums.greedy.counts
    let total = Double(sums.greedyRecords)
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
      records: sums.greedyRecords, mean: counts.lengthTotal / total,
      median: Double(middle.reduce(0, +)) / Double(middle.count), maximum: counts.maximum,
      censored: Int((counts.total - counts.exactTotal).rounded()))
  }

  private func lengthDecomposition(_ n: Int) -> AuditReport.Decomposition.Length {
    let annealed = sums.survival.annealed(n)
    let quenched = sums.survival.quenched(n)
    let concentration = sums.tails[n]?.concentration
    return .init(
      n: n, annealed: annealed, quenched: quenched,
      // Both -inf when no record can reach n: there is no difference to speak of.
      penalty: annealed > -.infinity ? max(0, annealed - quenched) : nil,
      effectiveRecords: sums.survival.effectiveRecords(n), top1PercentShare: concentration?.top1PercentShare,
      top10PercentShare: concentration?.top10PercentShare, gini: concentration?.gini,
      lorenz: concentration?.lorenz.map { [$0.records, $0.share] } ?? [])
  }

  private var maximum: AuditReport.Maximum {
    let law = sums.survival.maximum
    let levels = [0.05, 0.5, 0.95]
    return .init(
      expected: law.mean,
      quantiles: Dictionary(uniqueKeysWithValues: levels.map { ("\($0)", law.quantile($0)) }))
  }

  private func fits(
    lengths: [Int], logSurvival: [Double], warnings: inout [String]
  ) throws -> [FamilyFit] {
    let estimator = MaximumLikelihood(standardErrors: .sandwich(clusters: sums.groups.counts))
    let counts = sums.histogram.counts
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
    let drawn = FitPicture.lengths(from: 1, through: sums.survival.maximumLength)
    return zip(fits, ModelComparison.akaikeWeights(fits)).enumerated().map { index, entry in
      let (fit, weight) = entry
      return FamilyFit(
        fit, to: counts, weight: weight,
        misfit: lengths.map { .init(n: $0, logRatio: fit.logSurvival($0) - logSurvival[$0]) },
        survival: index < 2 ? drawn.filter { fit.logSurvival($0) > -.infinity } : [])
    }
  }
}
