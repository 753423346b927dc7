import HeavyTails

/// Fits families to lengths and compares them: what `skewmem fit` does.
public struct FitAnalysis: Sendable {
  /// Where the tail begins.
  public enum Minimum: Sendable, Equatable {
    /// At this length.
    case fixed(Int)
    /// Where each family's tail is nearest to the data (the Kolmogorov–Smirnov rule).
    case automatic
  }

  /// The families; nil for those of match lengths.
  public var families: [any FittableFamily.Type]?
  /// Where the tail begins.
  public var minimum = Minimum.fixed(0)
  /// n_max, beyond which data are left out; nil for none.
  public var maximum: Int?
  /// Replicates of the bootstrap test of the best family; 0 for none.
  public var replicates = 0
  /// The seed of the bootstrap.
  public var seed: UInt64 = 0
  /// Tasks to spread the bootstrap over; the result does not depend on it.
  public var threads = 1

  /// The usual analysis.
  public init() {}

  /// Fits and compares.
  ///
  /// - Parameters:
  ///   - counts: The lengths.
  ///   - clusters: The same weights record by record, when they are fractional: standard errors are then sandwiches.
  ///   - file: Where the lengths are from, for the report.
  /// - Throws: `DistributionError.noData`; `CancellationError`; `NumericsError`.
  public func report(on counts: CensoredCounts, clusters: [CensoredCounts]? = nil, file: String) async throws
    -> FitReport
  {
    guard counts.total > 0 else { throw DistributionError.noData }
    var warnings: [String] = []
    var fits: [Fit] = []
    for (family, result) in try fitted(counts, clusters) {
      switch result {
      case .success(let fit):
        fits.append(fit)
        if !fit.isConverged { warnings.append("the fit of \(fit.family) did not converge") }
      case .failure(DistributionError.impossibleData):
        warnings.append("\(family.familyName) cannot have produced these lengths")
      case .failure(DistributionError.noData):
        warnings.append("no tail of the data is long enough for \(family.familyName)")
      case .failure(let error):
        throw error
      }
    }
    fits.sort { $0.aic < $1.aic }
    if let kept = maximum.map({ counts.restricted(from: 0, through: $0) }), kept.exactTotal < kept.total {
      warnings.append("n_max is taken as the end of all lengths: censored ones below it are taken to end by it")
    }
    // Criteria compare only fits to the same data.
    let isCommon = Set(fits.map(\.window.minimum)).count <= 1
    if !isCommon { warnings.append("families have an n_min of their own: their AIC are not comparable") }
    let weights = ModelComparison.akaikeWeights(fits)
    var goodness: FitReport.Goodness?
    if replicates > 0, let best = fits.first {
      let test = try await BootstrapGoodness(
        best, counts: counts, replicates: replicates, seed: seed, threads: threads)
      goodness = .init(
        family: test.family, statistic: test.statistic, pValue: test.pValue,
        interval: [test.interval.lowerBound, test.interval.upperBound], replicates: test.replicates, seed: seed)
    }
    return FitReport(
      file: file, observations: counts.total, censored: counts.total - counts.exactTotal,
      best: isCommon ? fits.first?.family : nil,
      fits: zip(fits, weights).map { FamilyFit($0, to: counts, weight: isCommon ? $1 : nil) },
      comparisons: isCommon ? try comparisons(fits, counts, clusters) : [], goodnessOfFit: goodness, warnings: warnings)
  }

  private func fitted(
    _ counts: CensoredCounts, _ clusters: [CensoredCounts]?
  ) throws -> [(family: any FittableFamily.Type, result: Result<Fit, any Error>)] {
    let families = families ?? Family.ofMatchLengths
    switch minimum {
    case .fixed(let n):
      let estimator = MaximumLikelihood(
        standardErrors: clusters.map { .sandwich(clusters: $0) } ?? .observedInformation,
        window: LengthWindow(from: n, through: maximum))
      return estimator.fits(of: families, to: counts)
    case .automatic:
      return families.map { family in
        (family, Result { try MinimumSelection(family, counts: counts, through: maximum, smallestTail: 10).fit })
      }
    }
  }

  /// The best family against every other: by the likelihood ratio where one contains the other, by Vuong's test otherwise.
  /// With fractional weights the likelihood ratio has no χ² law, and nested families are not tested.
  private func comparisons(
    _ fits: [Fit], _ counts: CensoredCounts, _ clusters: [CensoredCounts]?
  ) throws -> [FitReport.Comparison] {
    guard let best = fits.first, best.logLikelihood.isFinite else { return [] }
    return try fits.dropFirst().compactMap { other in
      let test: ModelComparison?
      switch try (Nesting(of: best, in: other), Nesting(of: other, in: best)) {
      case (.none, .none): test = ModelComparison.vuong(best, other, on: counts, clusters: clusters)
      case (let nesting, .none): test = try likelihoodRatio(best, other, nesting, clusters)
      case (_, let nesting): test = try likelihoodRatio(other, best, nesting, clusters)
      }
      return test.map {
        .init(first: $0.first, second: $0.second, test: $0.test.rawValue, statistic: $0.statistic, pValue: $0.pValue)
      }
    }
  }

  private func likelihoodRatio(
    _ smaller: Fit, _ larger: Fit, _ nesting: Nesting, _ clusters: [CensoredCounts]?
  ) throws -> ModelComparison? {
    guard clusters == nil, nesting != .remote else { return nil }
    return try ModelComparison.likelihoodRatio(smaller, larger, onBoundary: nesting == .boundary)
  }

  /// How one family is contained in another.
  private enum Nesting {
    case none
    /// At interior values of the parameters: the likelihood ratio is χ².
    case interior
    /// With one parameter at the end of its range: an equal mixture of two χ².
    case boundary
    /// Through several steps or infinite parameters: no simple law, and no test.
    case remote

    init(of smaller: Fit, in larger: Fit) throws {
      let family = try Family.named(larger.family)
      if family.interior.contains(where: { $0.familyName == smaller.family }) {
        self = .interior
      } else if family.limits.contains(where: {
        $0.family.familyName == smaller.family && $0.condition.hasSuffix("= 0")
      }) {
        self = .boundary
      } else {
        self = Self.contains(family, smaller.family) ? .remote : .none
      }
    }

    private static func contains(_ family: any FittableFamily.Type, _ name: String) -> Bool {
      (family.limits.map(\.family) + family.interior).contains { $0.familyName == name || contains($0, name) }
    }
  }
}
