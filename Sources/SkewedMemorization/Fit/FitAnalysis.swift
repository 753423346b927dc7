import Captures
import GSLNumerics
import HeavyTails

/// Fits families to lengths and compares them: what `skewmem fit` does.
///
/// ```swift
/// var fit = FitAnalysis()
/// fit.families = [try FamilyChoice(named: "geometric"), try FamilyChoice(named: "beta-geometric")]
/// let counts = try CensoredCounts(exact: [0, 0, 0, 0, 1, 1, 1, 2, 2, 5])
/// let report = try await fit.run(on: counts, name: "ten draws")
/// print(report.best ?? "none")  // prints geometric
/// ```
public struct FitAnalysis: Sendable {
  /// Where the tail begins.
  public enum Minimum: Sendable, Equatable {
    /// At this length.
    case fixed(Int)
    /// Where each family's tail is nearest to the data (the Kolmogorov–Smirnov rule).
    case automatic
  }

  /// How confidence intervals are made.
  public enum IntervalMethod: String, Sendable, CaseIterable {
    /// From the standard errors.
    case delta
    /// By the profile likelihood; for counts.
    case profile
    /// By fitting resampled data again.
    case bootstrap
  }

  /// The families; nil for those of match lengths.
  public var families: [FamilyChoice]?
  /// Where the tail begins.
  public var minimum = Minimum.fixed(0)
  /// With ``Minimum/automatic``, the least weight of a tail: n_min is not chosen so large that less is left.
  public var smallestTail = 10.0
  /// n_max, beyond which data are left out; nil for none.
  public var maximum: Int?
  /// Parameters that are not estimated but have these values, in the families that have parameters of these names. The
  /// likelihood-ratio test of each against the estimate then takes the place of comparisons between families.
  public var fixed: [String: Double] = [:]
  /// Values from which searches start as well, for the families that have parameters of these names.
  public var startingValues: [String: Double] = [:]
  /// Whether every pair of families is compared, and not only the best with the others.
  public var comparesAll = false
  /// Whether there are confidence intervals of parameters and of S(n).
  public var hasIntervals = false
  /// How they are made; nil for the profile likelihood of counts, and the delta method for an exact law.
  public var intervalMethod: IntervalMethod?
  /// Whether the greedy matches of records are fitted, and not their exact law.
  public var isGreedy = false
  /// Whether the largest lengths are looked at by themselves; for counts.
  public var extremes = false
  /// Replicates of the bootstrap test of the best family, for counts; 0 for none.
  public var goodnessReplicates = 0
  /// Whether every family has a bootstrap test, and not only the best.
  public var testsAll = false
  /// Whether the bootstrap test stops once it is clear on which side of 0.05 its p-value lies.
  public var stopsEarly = false
  /// The bootstraps; the replicates are those of bootstrap intervals.
  public var resampling = Resampling(replicates: 1000)

  /// The usual analysis.
  public init() {}

  /// Fits what a file holds: the exact law of the records of a capture or a summary, their greedy matches, or counts.
  ///
  /// - Parameters:
  ///   - file: The file; `-` is standard input.
  ///   - captureOptions: How captures are read.
  /// - Throws: `CaptureError` for a file that cannot be read or its first bad line; as
  ///   ``run(on:name:)-(CensoredCounts,_)``.
  public func run(file: String, captureOptions: CaptureOptions = CaptureOptions()) async throws -> FitReport {
    switch try Input(file: file, options: captureOptions, takesCounts: true) {
    case .counts(let counts):
      guard !isGreedy else { throw ArgumentError(name: "greedy", value: "true", allowed: "for captures only") }
      return try await run(on: counts, name: file)
    case .summary(let sums): return try await run(on: sums, name: file)
    case .capture(let opened):
      var options = captureOptions
      options.skipsAlternatives = true
      options.alternativesSample = EvidenceChecks.alternativesSample
      let (sums, evidence) = try await checkedReading(
        of: opened, options: options, threads: resampling.threads, from: try DataSetSums(lengths: [1], top: 0),
        add: { $0.add($1) }, merge: { try $0.merge($1) })
      var report = try await run(on: sums, name: file)
      report.warnings = evidence + report.warnings
      return report
    }
  }

  /// Fits the exact law of the records of a capture, or their greedy matches.
  ///
  /// - Throws: As ``run(on:name:)-(DataSetSums,_)``.
  public func run(on capture: Capture) async throws -> FitReport {
    var sums = try DataSetSums(lengths: [1], top: 0)
    sums.add(capture.records)
    var report = try await run(on: sums, name: capture.name)
    report.add(evidenceOf: [capture])
    return report
  }

  /// Fits the exact law of the records that were summed up, or their greedy matches.
  ///
  /// - Throws: `ArgumentError` for what takes a sample of draws, which an exact law is not; `CaptureError` for greedy
  ///   matches that some records do not tell; as ``run(on:name:)-(CensoredCounts,_)``.
  public func run(on sums: DataSetSums, name: String) async throws -> FitReport {
    if isGreedy {
      guard sums.greedyRecords == sums.records else {
        throw CaptureError(
          file: name, field: "ranks",
          problem: "\(sums.records - sums.greedyRecords) of \(sums.records) records have neither ranks nor "
            + "greedy tokens")
      }
      return try await run(on: sums.greedyCounts, name: name)
    }
    // The exact law is no sample of draws.
    let needs = [
      ("goodnessReplicates", "\(goodnessReplicates)", "0", goodnessReplicates > 0),
      ("extremes", "true", "false", extremes),
      ("intervalMethod", "profile", "delta or bootstrap", intervalMethod == .profile),
    ]
    for (argument, value, allowed, isAsked) in needs where isAsked {
      throw ArgumentError(
        name: argument, value: value,
        allowed: "\(allowed) for the exact law of records, which is no sample: fit counts or greedy matches")
    }
    return try await run(on: sums.counts, clusters: sums.clusters, name: name)
  }

  /// Fits and compares counts of draws.
  ///
  /// - Parameters:
  ///   - counts: The lengths.
  ///   - name: Where the lengths are from, for the report.
  /// - Throws: `ArgumentError` for a setting out of range; `DistributionError` for no data; `CancellationError`;
  ///   `NumericsError`.
  public func run(on counts: CensoredCounts, name: String) async throws -> FitReport {
    try await run(on: counts, clusters: nil, name: name)
  }

  /// How intervals are made; nil for none.
  private func intervals(isExactLaw: Bool) -> IntervalMethod? {
    hasIntervals ? intervalMethod ?? (isExactLaw || !fixed.isEmpty ? .delta : .profile) : nil
  }

  private func check() throws {
    try resampling.check()
    if let families, Set(families.map(\.name)).count < families.count {
      throw ArgumentError(
        name: "families", value: families.map(\.name).joined(separator: ","), allowed: "different families")
    }
    if let families, families.isEmpty {
      throw ArgumentError(name: "families", value: "none", allowed: "one or more, or not set")
    }
    try ArgumentError.check(goodnessReplicates, "goodnessReplicates", in: 0...1_000_000)
    guard smallestTail >= 1, smallestTail.isFinite else {
      throw ArgumentError(name: "smallestTail", value: "\(smallestTail)", allowed: "1 or more")
    }
    if testsAll, goodnessReplicates == 0 {
      throw ArgumentError(name: "testsAll", value: "true", allowed: "with a bootstrap test only")
    }
    let lengths = 0...CensoredCounts.longestLength
    var least = 0
    if case .fixed(let n) = minimum {
      try ArgumentError.check(n, "minimum", in: lengths)
      least = n
    }
    if let maximum, !(least...CensoredCounts.longestLength).contains(maximum) {
      throw ArgumentError(name: "maximum", value: "\(maximum)", allowed: "\(least), the minimum, to 2^60")
    }
    if stopsEarly, goodnessReplicates == 0 {
      throw ArgumentError(name: "stopsEarly", value: "true", allowed: "with a bootstrap test only")
    }
    if intervalMethod != nil, !hasIntervals {
      throw ArgumentError(name: "intervalMethod", value: "set", allowed: "with intervals only")
    }
    for (argument, values) in [("fixed", fixed), ("startingValues", startingValues)] {
      try checkNames(argument, values)
    }
    guard !fixed.isEmpty else { return }
    let needs = [
      ("minimum", "auto", minimum == .automatic),
      ("goodnessReplicates", "\(goodnessReplicates)", goodnessReplicates > 0),
      ("intervalMethod", intervalMethod?.rawValue ?? "", hasIntervals && intervalMethod ?? .delta != .delta),
    ]
    for (argument, value, isAsked) in needs where isAsked {
      throw ArgumentError(name: argument, value: value, allowed: "without fixed parameters only")
    }
  }

  private func checkNames(_ argument: String, _ values: [String: Double]) throws {
    let known = Set(choices.flatMap(\.candidates).flatMap { $0.parameterDescriptions.map(\.name) })
    for (name, value) in values.sorted(by: { $0.key < $1.key }) where !known.contains(name) || !value.isFinite {
      throw ArgumentError(
        name: argument, value: "\(name)=\(value)",
        allowed: value.isFinite
          ? "a parameter of one of these families, and none has \(name): \(known.sorted().joined(separator: ", "))"
          : "a finite number")
    }
    for family in choices.flatMap(\.candidates) {
      for description in family.parameterDescriptions {
        guard let value = values[description.name], !description.allows(value) else { continue }
        throw DistributionError.parameter(
          family: family.familyName, name: description.name, value: value, allowed: description.range)
      }
    }
  }

  /// What needs lengths that are exact or right-censored.
  private func checkIntervals(_ counts: CensoredCounts) throws(ArgumentError) {
    guard !counts.intervals.isEmpty else { return }
    let needs = [
      ("minimum", "auto", minimum == .automatic),
      ("goodnessReplicates", "\(goodnessReplicates)", goodnessReplicates > 0),
      ("extremes", "true", extremes),
    ]
    for (argument, value, isAsked) in needs where isAsked {
      throw ArgumentError(
        name: argument, value: value, allowed: "for exact or right-censored lengths only, without entry lengths")
    }
    // Whether such a length is inside the window is not known, and to leave it out would bias the fit.
    guard case .fixed(let first) = minimum else { return }
    for interval in counts.intervals {
      guard let upper = interval.upper, interval.lower < upper else { continue }
      if interval.lower < first, upper >= first {
        throw ArgumentError(
          name: "minimum", value: "\(first)",
          allowed: "a length that no interval reaches across: \(interval.lower)-\(upper) does")
      }
      if let maximum, interval.lower <= maximum, upper > maximum {
        throw ArgumentError(
          name: "maximum", value: "\(maximum)",
          allowed: "a length that no interval reaches across: \(interval.lower)-\(upper) does")
      }
    }
  }

  private var choices: [FamilyChoice] { families ?? Family.ofMatchLengths.map { FamilyChoice($0) } }

  /// Clusters are the same weights record by record, when they are fractional: standard errors are then sandwiches.
  private func run(on counts: CensoredCounts, clusters: [CensoredCounts]?, name: String) async throws -> FitReport {
    try check()
    try checkIntervals(counts)
    guard counts.total > 0 else { throw DistributionError.noData }
    if case .fixed(let n) = minimum, counts.restricted(from: n, through: maximum).total == 0 {
      throw DistributionError.noDataInWindow(from: n, through: maximum)
    }
    var warnings: [Warning] = []
    var fits: [Fit] = []
    for (choice, result) in try await fitted(counts, clusters) {
      switch result {
      case .success(let fit):
        fits.append(fit)
        if !fit.isConverged { warnings.append(Warning(.notConverged, names: ["families": fit.family])) }
      case .failure(DistributionError.impossibleData):
        warnings.append(Warning(.impossibleFamily, names: ["family": choice.name]))
      case .failure(DistributionError.noData):
        warnings.append(Warning(.noTail, names: ["family": choice.name]))
      case .failure(let error):
        throw error
      }
    }
    // What did not converge is no maximum, and no better than what did.
    fits.sort { $0.isConverged != $1.isConverged ? $0.isConverged : $0.aic < $1.aic }
    let ranked = fits.filter { $0.isConverged && !isCopy($0, of: fits) }
    if let kept = maximum.map({ counts.restricted(from: 0, through: $0) }), kept.rightCensoredTotal > 0 {
      warnings.append(Warning(.censoredBelowMaximum))
    }
    // Criteria compare only fits to the same data.
    let minima = Set(fits.map(\.window.minimum))
    let isCommon = minima.count <= 1
    if !isCommon { warnings.append(Warning(.ownMinimum, counts: ["largest": minima.max() ?? 0])) }
    let weights = zip(ranked.map(\.family), ModelComparison.akaikeWeights(ranked))
    let best = isCommon ? ranked.first?.family : nil
    var reported: [FamilyFit] = []
    for fit in fits {
      var family = FamilyFit(
        fit, to: counts, weight: isCommon ? weights.first { $0.0 == fit.family }?.1 : nil,
        intervals: try await intervals(of: fit, counts, clusters))
      if testsAll { family.goodnessOfFit = try await goodness(of: fit, counts, &warnings) }
      reported.append(family)
    }
    let first = ranked.first ?? fits.first
    let tested = testsAll ? reported.first { $0.family == first?.family }?.goodnessOfFit : nil
    let goodness = try await testsAll ? tested : goodness(of: first, counts, &warnings)
    if isCommon, let first, let distance = reported.first(where: { $0.family == first.family })?.ks,
      let warning = try await distanceWarning(first, distance, counts, isSample: clusters == nil)
    {
      warnings.append(warning)
    }
    if !counts.intervals.isEmpty { warnings.append(Warning(.notTested)) }
    let picture = try FitPicture(of: ranked.isEmpty ? fits : ranked, counts: counts, isSample: clusters == nil)
    return FitReport(
      file: name, observations: counts.total, censored: counts.rightCensoredTotal,
      intervalCensored: counts.intervalTotal, withEntry: counts.truncatedTotal, nMax: maximum, best: best,
      intervalMethod: intervals(isExactLaw: clusters != nil)?.rawValue, fits: reported,
      comparisons: try !fixed.isEmpty
        ? testsOfFixed(fits, counts, clusters) : isCommon ? comparisons(ranked, counts, clusters) : [],
      survival: picture.survival, quantiles: picture.quantiles,
      goodnessOfFit: goodness,
      extremes: extremes ? try ExtremesReport(counts) : nil, warnings: warnings)
  }

  private func estimator(_ window: LengthWindow, _ clusters: [CensoredCounts]?) -> MaximumLikelihood {
    var estimator = MaximumLikelihood(
      standardErrors: clusters.map { .sandwich(clusters: $0) } ?? .observedInformation, window: window)
    estimator.fixed = fixed
    estimator.startingValues = startingValues
    return estimator
  }

  private func fitted(
    _ counts: CensoredCounts, _ clusters: [CensoredCounts]?
  ) async throws -> [(choice: FamilyChoice, result: Result<Fit, any Error>)] {
    switch minimum {
    case .fixed(let n):
      return try await estimator(LengthWindow(from: n, through: maximum), clusters)
        .fits(of: choices, to: counts, threads: resampling.threads)
    case .automatic:
      // Families with the same base have fits in common.
      let choices = choices
      let groups = Dictionary(grouping: choices.indices) { choices[$0].base }.values.sorted { $0[0] < $1[0] }
      let fits = try await inParallel(groups.indices, threads: resampling.threads) { group in
        var known = KnownTails()
        return groups[group].map { index in
          (index, Result { try fitFromOwnMinimum(choices[index], counts, clusters, &known) })
        }
      }
      return fits.joined().sorted { $0.0 < $1.0 }.map { (choices[$0], $1) }
    }
  }

  private func fitFromOwnMinimum(
    _ choice: FamilyChoice, _ counts: CensoredCounts, _ clusters: [CensoredCounts]?, _ known: inout KnownTails
  ) throws -> Fit {
    func selected(_ family: any FittableFamily.Type) throws -> LengthWindow {
      try MinimumSelection.window(
        family, counts: counts, through: maximum, smallestTail: smallestTail, known: &known
      ).0
    }
    var window = try selected(choice.candidates[0])
    guard choice.candidates.count > 1 else { return try known.fit(choice, to: counts, by: estimator(window, clusters)) }
    // The smallest of several sizes chooses n_min, BIC the size above it, and that size n_min anew, as it will in
    // resampled data.
    let size = try known.fit(choice, to: counts, by: estimator(window, clusters)).familyType
    window = try selected(size)
    return try known.fit(FamilyChoice(size, named: choice.name), to: counts, by: estimator(window, clusters))
  }

  /// Whether a fit is at the boundary to another one of them: the same law under a larger family's name, which would
  /// count twice in weights and comparisons.
  private func isCopy(_ fit: Fit, of fits: [Fit]) -> Bool {
    fit.boundary != nil && type(of: fit.law) != fit.familyType
      && fits.contains { $0.familyType == type(of: fit.law) && $0.window == fit.window }
  }

  private func intervals(
    of fit: Fit, _ counts: CensoredCounts, _ clusters: [CensoredCounts]?
  ) async throws -> FitIntervals? {
    guard let method = intervals(isExactLaw: clusters != nil) else { return nil }
    // Lengths that double, to four times the longest.
    let lengths = (0..<62).map { 1 << $0 }.filter {
      $0 > fit.window.minimum && $0 <= fit.window.maximum ?? .max && $0 / 4 <= counts.maximum
    }
    switch method {
    case .delta:
      return try FitIntervals(
        of: fit, lengths: lengths, parameter: { try fit.deltaInterval(of: $0) },
        logSurvival: { try fit.deltaIntervalOfLogSurvival($0) })
    case .profile:
      let profile = ProfileLikelihood(fit, counts: counts)
      return try FitIntervals(
        of: fit, lengths: lengths, parameter: { try profile.interval(of: $0) },
        logSurvival: { try profile.intervalOfLogSurvival($0) })
    case .bootstrap:
      let bootstrap = try await BootstrapIntervals(
        fit.familyType, counts: counts,
        minimum: minimum == .automatic
          ? .automatic(through: maximum, smallestTail: smallestTail) : .fixed(fit.window),
        clusters: clusters, replicates: resampling.replicates, seed: resampling.seed, threads: resampling.threads)
      return try FitIntervals(
        of: fit, lengths: lengths, parameter: { try bootstrap.interval(of: $0) },
        logSurvival: { try bootstrap.intervalOfLogSurvival($0) },
        minimum: minimum == .automatic ? try bootstrap.intervalOfMinimum() : nil)
    }
  }

  private func goodness(
    of best: Fit?, _ counts: CensoredCounts, _ warnings: inout [Warning]
  ) async throws -> FitReport.Goodness? {
    guard goodnessReplicates > 0, let best else { return nil }
    // A law of one length has nothing to be tested by.
    if best.logSurvival(best.window.minimum + 1) == -.infinity || best.logMass(best.window.minimum) == 0 {
      warnings.append(Warning(.nothingToTest, names: ["family": best.family]))
      return nil
    }
    let isAutomatic = minimum == .automatic
    let test = try await BootstrapGoodness(
      best, counts: counts, resampling: isAutomatic ? .semiparametric(smallestTail: smallestTail) : .parametric,
      replicates: goodnessReplicates, decisionLevel: stopsEarly ? 0.05 : nil, seed: resampling.seed,
      threads: resampling.threads)
    return .init(test, resampling: isAutomatic ? "semiparametric" : "parametric")
  }

  /// A warning where the best family is farther from the data than chance would have it.
  ///
  /// Of n draws from a known law the distance is above d with probability at most 2 exp(-2 n d²) (Massart 1990), and a
  /// fitted law is nearer. Where that does not settle it, a bootstrap of the fit does.
  private func distanceWarning(
    _ fit: Fit, _ distance: Double, _ counts: CensoredCounts, isSample: Bool
  ) async throws -> Warning? {
    guard distance > 0.1, counts.intervals.isEmpty, fixed.isEmpty else { return nil }
    var p = min(1, 2 * Double.exp(-2 * fit.observations * distance * distance))
    if p > 0.001 {
      // An exact law is no sample, and too few records say nothing about it.
      guard isSample else { return nil }
      // Replicates keep n_min where it was chosen for being near, so that p is at least what it would be.
      let test = try await BootstrapGoodness(
        fit, counts: counts, by: [.kolmogorovSmirnov], resampling: .parametric, replicates: 199, decisionLevel: 0.05,
        seed: resampling.seed, threads: resampling.threads)
      p = test.tests[.kolmogorovSmirnov]?.pValue ?? 1
      guard p <= 0.01 else { return nil }
    }
    return Warning(.farFromData, ["ks": distance, "p": p], names: ["family": fit.family])
  }

  /// Each family with its fixed parameters against the same family with all of them free: χ² with as many degrees of
  /// freedom as are fixed. With fractional weights the statistic has no such law.
  private func testsOfFixed(
    _ fits: [Fit], _ counts: CensoredCounts, _ clusters: [CensoredCounts]?
  ) throws -> [FitReport.Comparison] {
    guard clusters == nil else { return [] }
    return try fits.filter { !$0.fixed.isEmpty && $0.isConverged }.compactMap { fit in
      var estimator = estimator(fit.window, clusters)
      estimator.fixed = [:]
      let free = try estimator.fit(fit.familyType, to: counts)
      guard free.isConverged else { return nil }
      // A share fixed at 0 is at the end of its range.
      let ends = zip(fit.familyType.parameterDescriptions, fit.parameters).count { description, parameter in
        fit.fixed.contains(parameter.name) && description.includesEnds
          && (parameter.value == description.minimum || parameter.value == description.maximum)
      }
      let test = try ModelComparison.likelihoodRatio(fit, free, onBoundary: ends == 1)
      let values = fit.fixed.map { "\($0) = \(fixed[$0] ?? .nan)" }.joined(separator: ", ")
      return .init(
        first: "\(fit.family) with \(values)", second: fit.family, test: test.test.rawValue, statistic: test.statistic,
        pValue: test.pValue, correctedStatistic: nil, correctedPValue: nil)
    }
  }

  /// The best family against every other, or each pair: by the likelihood ratio where one contains the other, by
  /// Vuong's test otherwise. With fractional weights the likelihood ratio has no χ² law, and nested families are not
  /// tested.
  private func comparisons(
    _ fits: [Fit], _ counts: CensoredCounts, _ clusters: [CensoredCounts]?
  ) throws -> [FitReport.Comparison] {
    let pairs = fits.indices.prefix(comparesAll ? fits.count : 1).flatMap { first in
      fits.indices.dropFirst(first + 1).map { (fits[first], fits[$0]) }
    }
    return try pairs.compactMap { best, other in
      let test: ModelComparison?
      switch (Nesting(of: best, in: other), Nesting(of: other, in: best)) {
      case (.none, .none): test = ModelComparison.vuong(best, other, on: counts, clusters: clusters)
      case (let nesting, .none): test = try likelihoodRatio(best, other, nesting, clusters)
      case (_, let nesting): test = try likelihoodRatio(other, best, nesting, clusters)
      }
      return test.map {
        .init(
          first: $0.first, second: $0.second, test: $0.test.rawValue, statistic: $0.statistic, pValue: $0.pValue,
          correctedStatistic: $0.correctedStatistic, correctedPValue: $0.correctedPValue)
      }
    }
  }

  private func likelihoodRatio(
    _ smaller: Fit, _ larger: Fit, _ nesting: Nesting, _ clusters: [CensoredCounts]?
  ) throws -> ModelComparison? {
    guard clusters == nil, nesting != .remote else { return nil }
    return try ModelComparison.likelihoodRatio(smaller, larger, onBoundary: nesting == .boundary)
  }
}
