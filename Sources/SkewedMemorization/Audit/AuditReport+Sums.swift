import Captures
import GSLNumerics
import HeavyTails
import RealModule
import TokenProcess

extension DataSetSums {
  /// The audit's report on all records added.
  func report(files: [String], resampling: Resampling) async throws -> AuditReport {
    guard records > 0, let moments = sums.histogram.moments, let parts = sums.cumulance.decomposition else {
      throw DistributionError.noData
    }
    var warnings = provenanceWarnings
    if skipped > 0 { warnings.append(Warning(.skippedLines, counts: ["lines": skipped])) }
    let logSurvival = sums.survival.logSurvival
    let reported = sums.tails.lengths
    async let bootstrap = independentGroups.bootstrapIntervals(
      around: logSurvival, level: resampling.level, replicates: resampling.replicates, seed: resampling.seed,
      threads: resampling.threads)
    if resampling.threads == 1 { _ = try await bootstrap }
    // What is shown of the progress is the bootstrap's.
    async let fitted = WorkProgress.$current.withValue(nil) {
      try await fits(lengths: reported, logSurvival: logSurvival, threads: resampling.threads)
    }
    let counts = reported.map { sums.tails[$0].count }
    let lengthDecompositions = reported.map(lengthDecomposition)
    let limits = try await bootstrap
    if limits.dropFirst().contains(where: { $0 == nil }) {
      warnings.append(Warning(.fewAtRisk))
    }
    if Double(resampling.replicates) * (1 - resampling.level) < 10 {
      warnings.append(
        Warning(.fewReplicates, ["replicates": Double(resampling.replicates), "level": resampling.level]))
    }
    if logSurvival.contains(where: \.isNaN) {
      warnings.append(Warning(.unknownSurvival))
    }
    if sums.repeatedIDs > 0 {
      warnings.append(
        Warning(
          .repeatedIDs, counts: ["records": sums.repeatedIDs],
          names: sums.ids.count < Self.rememberedIDs ? [:] : ["at_least": "yes"]))
    }
    if records > TailAccumulator.exactLimit {
      warnings.append(Warning(.sketchedConcentration, counts: ["limit": TailAccumulator.exactLimit]))
    }
    let tokenVariance = sums.heterogeneity.total
    if tokenVariance.impossibleTokens > 0 {
      warnings.append(Warning(.impossibleTokens, counts: ["tokens": tokenVariance.impossibleTokens]))
    }
    if let whole = sums.wholeReferences {
      warnings.append(
        Warning(whole == records ? .wholeReferences : .someWholeReferences, counts: ["records": whole]))
    }
    if sums.greedyRecords > 0, sums.greedyRecords < records {
      warnings.append(Warning(.greedyUnknown, counts: ["known": sums.greedyRecords, "records": records]))
    }
    for n in Set(lengths ?? []).sorted() where !sums.tails.lengths.contains(n) {
      warnings.append(Warning(.lengthNotReached, counts: ["length": n]))
    }
    let works = sums.works?.reported ?? []
    for work in Dictionary(grouping: works, by: \.document).filter({ $0.value.count > 1 }).keys.sorted() {
      warnings.append(Warning(.splitWork, names: ["document": work]))
    }
    let (families, problems) = try await fitted
    warnings += problems
    return AuditReport(
      files: files, records: records, skipped: skipped, tokens: sums.tokens, maxLength: sums.survival.maximumLength,
      meanLoss: -sums.logProbabilities.value / Double(sums.tokens), level: resampling.level,
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
        lengths: lengthDecompositions),
      heterogeneity: sums.heterogeneity.heterogeneity.map { .init($0) },
      maximum: maximum,
      extractable: zip(reported, counts).map { n, count in
        let limits = count.interval(level: resampling.level)
        return .init(
          n: n, expectedRecords: sums.survival.expectedRecords(n), lower: limits.lowerBound, upper: limits.upperBound,
          errorBound: count.errorBound)
      },
      near: sums.near.map { NearCopies.sorted(Array($0.values)) },
      works: works.isEmpty ? nil : works, worksTotal: works.isEmpty ? nil : works.totals(resampling),
      controls: nil,
      recordsAtRisk: risks.sorted, recordsInFull: wholes.sorted,
      fits: families,
      warnings: warnings)
  }

  private var provenanceWarnings: [Warning] {
    sums.provenance.mapValues(\.elements).sorted { $0.key < $1.key }.filter { $0.value.count > 1 }.map {
      field, values in
      let listed = values.sorted { ($0.count, $0) < ($1.count, $1) }.joined(separator: ", ")
      return Warning(.pooled, names: ["field": field, "values": listed + (values.count >= 5 ? ", …" : "")])
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
    let concentration = sums.tails[n].concentration
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
    lengths: [Int], logSurvival: [Double], threads: Int
  ) async throws -> (families: [FamilyFit], warnings: [Warning]) {
    let estimator = MaximumLikelihood(standardErrors: .sandwich(clusters: independentGroups.counts))
    let counts = sums.histogram.counts
    var warnings: [Warning] = []
    var fits: [Fit] = []
    var unconverged: [String] = []
    let choices = Family.ofMatchLengths.map { FamilyChoice($0) }
    for (choice, result) in try await estimator.fits(of: choices, to: counts, threads: threads) {
      let fit: Fit
      switch result {
      case .success(let value): fit = value
      case .failure(DistributionError.impossibleData): continue
      case .failure(let error):
        warnings.append(Warning(.notFitted, names: ["family": choice.name, "problem": "\(error)"]))
        continue
      }
      if !fit.isConverged { unconverged.append(fit.family) }
      fits.append(fit)
    }
    if !unconverged.isEmpty {
      warnings.append(Warning(.notConverged, names: ["families": unconverged.joined(separator: ", ")]))
    }
    fits.sort { $0.aic < $1.aic }
    let drawn = FitPicture.lengths(from: 1, through: sums.survival.maximumLength)
    let families = zip(fits, ModelComparison.akaikeWeights(fits)).enumerated().map { index, entry in
      let (fit, weight) = entry
      return FamilyFit(
        fit, to: counts, weight: weight,
        misfit: lengths.map { .init(n: $0, logRatio: fit.logSurvival($0) - logSurvival[$0]) },
        survival: index < 2 ? drawn.filter { fit.logSurvival($0) > -.infinity } : [])
    }
    return (families, warnings)
  }
}
