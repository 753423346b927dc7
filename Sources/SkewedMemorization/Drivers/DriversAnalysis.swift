import Captures
import GSLNumerics
import HeavyTails
import Inference
import RealModule
import Similarity
import TokenProcess

/// Asks what goes with longer matches: what `skewmem drivers` does.
///
/// The first mismatch of record i at position j, given that all before matched, has the hazard h_ij; a regression takes
/// it for a function of the position and of what is known of the record. For sampling, each position counts with the
/// probability S_i(j - 1) of being reached and has the outcome 1 - p_ij: the expectation of the likelihood over draws.
public struct DriversAnalysis: Sendable {
  /// The link.
  public var link = BinaryRegression.Link.complementaryLogLog
  /// Where standard errors and p-values are from: records left out in turn and permutations, which hold for few records
  /// and skewed predictors, or the plain sandwich and Student's law.
  public var errors = BinaryRegression.Errors.jackknife
  /// The predictors by name; nil for all that vary.
  public var predictors: [String]?
  /// The family whose scale is regressed on the predictors as well; nil for none.
  public var scale: ScaleFamily?
  /// The nearest neighbors of a record's prefix, for `input_similarity`.
  public var neighbors = 10
  /// The first positions whose pairs are tested for independence.
  public var positions = 32
  /// The bootstraps of the mean matches by repetition.
  public var resampling = Resampling()

  /// A family whose scale can be regressed on predictors.
  public enum ScaleFamily: String, Sendable, CaseIterable {
    /// The beta-geometric law with the scale a and the shape b.
    case betaGeometric = "beta-geometric"
    /// The discrete Weibull law with S(n) = exp(-(n / scale)^beta).
    case discreteWeibull = "discrete-weibull"
  }

  /// The usual analysis.
  public init() {}

  /// Numbers of a capture's records from elsewhere.
  public struct Covariates: Sendable {
    /// Embeddings of the prefixes, a vector each record; nil for the capture's own, or TF–IDF.
    public var prefixEmbeddings: [[Double]]?
    /// Further numbers by name, one a record; nil where there is none.
    public var fields: [String: [Double?]] = [:]

    /// None.
    public init() {}
  }

  /// A capture with its numbers from elsewhere.
  private typealias Source = (capture: Capture, covariates: Covariates)

  /// The names that are always known; others are fields.
  public static let knownPredictors = [
    "log_position", "log2_repetitions", "epoch", "log_prefix_length", "first_token_rarity", "input_similarity",
  ]

  /// Analyses captures, records of one name being one record at several checkpoints.
  ///
  /// - Parameters:
  ///   - captures: One or more.
  ///   - covariates: What is known of their records from elsewhere, by the captures' names.
  /// - Throws: `ArgumentError` for settings out of range, an unknown predictor, one that is not known of every record,
  ///   or data that determine the mismatches; `CancellationError`.
  public func run(on captures: [Capture], covariates: [String: Covariates] = [:]) async throws -> DriversReport {
    let sources = captures.map { ($0, covariates[$0.name] ?? Covariates()) }
    let records = captures.flatMap(\.records)
    guard let last = captures.last else { throw ArgumentError(name: "captures", value: "none", allowed: "one or more") }
    try resampling.check()
    try ArgumentError.check(positions, "positions", in: 2...1024)
    guard neighbors >= 1 else { throw ArgumentError(name: "neighbors", value: "\(neighbors)", allowed: "1 or more") }
    var warnings: [Warning] = []
    let columns = try await columns(sources, &warnings)
    if let scale, columns.isEmpty {
      throw ArgumentError(
        name: "scale", value: scale.rawValue, allowed: "with a predictor of records, which log_position is not")
    }
    // Of a record at several checkpoints the last: one record does not count as several.
    let latest = last.records
    var report = DriversReport(
      files: captures.map(\.name), records: records.count, models: [], scales: [], doses: doses(latest),
      independence: independence(latest), attention: nil, warnings: warnings)
    for isGreedy in [true, false] {
      if let model = try model(records, columns, isGreedy: isGreedy, &report.warnings) { report.models.append(model) }
      if let scale, !columns.isEmpty, let units = units(records, columns, isGreedy: isGreedy) {
        let outcome = isGreedy ? "greedy" : "sampling"
        let model =
          switch scale {
          case .betaGeometric: try scaleModel(BetaGeometric.self, units, columns, outcome, &report.warnings)
          case .discreteWeibull: try scaleModel(DiscreteWeibull.self, units, columns, outcome, &report.warnings)
          }
        if let model { report.scales.append(model) }
      }
    }
    report.add(evidenceOf: captures)
    return report
  }

  // MARK: Predictors

  private typealias Column = (name: String, values: [Double])

  private func columns(_ sources: [Source], _ warnings: inout [Warning]) async throws -> [Column] {
    let fields = Set(sources.flatMap(\.covariates.fields.keys)).sorted()
    if let unknown = predictors?.first(where: { !(Self.knownPredictors + fields).contains($0) }) {
      throw ArgumentError(
        name: "predictors", value: unknown, allowed: (Self.knownPredictors + fields).joined(separator: ", "))
    }
    var columns: [Column] = []
    for name in Self.knownPredictors.dropFirst() + fields where predictors?.contains(name) ?? true {
      var values: [Double?] = []
      for source in sources { values += try await self.values(of: name, in: source, &warnings) }
      let known = values.compactMap(\.self)
      let isAsked = predictors != nil || fields.contains(name)
      if known.count < values.count {
        if isAsked {
          throw ArgumentError(
            name: fields.contains(name) ? "fields" : "predictors", value: name,
            allowed: "a number of every record (\(values.count - known.count) have none)")
        }
        if !known.isEmpty { warnings.append(Warning(.missingPredictor, names: ["predictor": name])) }
      } else if Set(known).count > 1 {
        columns.append((name, known))
      } else if isAsked {
        throw ArgumentError(
          name: fields.contains(name) ? "fields" : "predictors", value: name, allowed: "one that varies between records"
        )
      }
    }
    return columns
  }

  private func values(of name: String, in source: Source, _ warnings: inout [Warning]) async throws -> [Double?] {
    let records = source.capture.records
    switch name {
    case "log2_repetitions": return records.map { $0.repetitions.flatMap { $0 > 0 ? .log2($0) : nil } }
    case "epoch": return records.map(\.epoch)
    case "log_prefix_length":
      return records.map { $0.prefixTokenIDs.flatMap { $0.isEmpty ? nil : .log(Double($0.count)) } }
    case "first_token_rarity":
      let first = records.map { $0.referenceTokenIDs?.first }
      var counts: [Int: Int] = [:]
      for token in first.compactMap(\.self) { counts[token, default: 0] += 1 }
      let total = Double(counts.values.reduce(0, +))
      return first.map { $0.flatMap { token in counts[token].map { .log(total / Double($0)) } } }
    case "input_similarity": return try await similarities(source, &warnings)
    default: return source.covariates.fields[name] ?? Array(repeating: nil, count: records.count)
    }
  }

  private func similarities(_ source: Source, _ warnings: inout [Warning]) async throws -> [Double?] {
    let records = source.capture.records
    let none = [Double?](repeating: nil, count: records.count)
    guard records.count >= 3 else { return none }
    let own = records.compactMap(\.embeddingPrefix)
    let tokens = records.compactMap(\.prefixTokenIDs)
    let vectors: any VectorSet
    do {
      if let given = source.covariates.prefixEmbeddings {
        guard given.count == records.count else {
          throw CaptureError(
            file: source.capture.name, field: "prefix embeddings",
            problem: "are \(given.count) vectors, but there are \(records.count) records")
        }
        vectors = try DenseVectors(given)
      } else if own.count == records.count {
        vectors = try DenseVectors(own)
      } else if tokens.count == records.count {
        if !warnings.contains(Warning(.termSimilarity)) { warnings.append(Warning(.termSimilarity)) }
        vectors = TermVectors(tokens)
      } else {
        return none
      }
    } catch let error as VectorError {
      throw CaptureError(file: source.capture.name, field: "embedding_prefix", problem: error.description)
    }
    let near = try await vectors.neighbors(min(neighbors, records.count - 1), threads: resampling.threads)
    return near.map { $0.reduce(0) { $0 + $1.cosine } / Double($0.count) }
  }

  // MARK: Regression

  private func model(
    _ records: [Record], _ columns: [Column], isGreedy: Bool, _ warnings: inout [Warning]
  ) throws -> DriversReport.HazardModel? {
    var rows = Rows(predictors: columns.count)
    let clusters = Clusters(records)
    let hasPosition = predictors?.contains("log_position") ?? true
    for (index, record) in records.enumerated() {
      let cluster = clusters.numbers[index]
      let values = columns.map { $0.values[index] }
      if isGreedy {
        guard let match = GreedyMatch(record) else { return nil }
        for j in stride(from: 1, through: match.length + (match.isCensored ? 0 : 1), by: 1) {
          rows.add(values, position: j, outcome: j > match.length ? 1 : 0, weight: 1, cluster: cluster)
        }
      } else {
        let law = MatchLengthLaw(record)
        for j in 1...law.length {
          let weight = Double.exp(law.logSurvival[j - 1])
          // What is left does not move the last digit.
          guard weight > 1e-16 else { break }
          rows.add(
            values, position: j, outcome: -.expMinusOne(law.tokenLogProbabilities[j - 1]), weight: weight,
            cluster: cluster)
        }
      }
    }
    let outcome = isGreedy ? "greedy" : "sampling"
    if hasPosition, Set(rows.positions).count > 1 { rows.columns.append(rows.positions.map { .log($0) }) }
    let names = columns.map(\.name) + (rows.columns.count > columns.count ? ["log_position"] : [])
    do {
      let regression = BinaryRegression(link: link, errors: errors)
      let fit = try regression.fit(
        predictors: rows.columns, outcomes: rows.outcomes, weights: rows.weights, clusters: rows.clusters)
      // Outcomes that are all alike leave nothing to explain.
      guard fit.nullDeviance > 1e-12 * fit.logLikelihood.magnitude else {
        warnings.append(Warning(.constantHazard, names: ["outcome": outcome]))
        return nil
      }
      guard fit.standardErrors.allSatisfy(\.isFinite) else {
        let problem = "a coefficient rests on one record alone, so it has no standard error"
        warnings.append(Warning(.noRegression, names: ["outcome": outcome, "problem": problem]))
        return nil
      }
      if fit.clusters < 30 {
        warnings.append(Warning(.fewClusters, counts: ["clusters": fit.clusters], names: ["outcome": outcome]))
      }
      for (name, leverage) in zip(names, fit.leverage) where leverage.share > 0.25 {
        warnings.append(
          Warning(
            .highLeverage, ["share": leverage.share],
            names: ["outcome": outcome, "predictor": name, "record": clusters.names[leverage.cluster]]))
      }
      var tests: [CoefficientTest?] = []
      if errors == .jackknife {
        for index in names.indices {
          try Task.checkCancellation()
          tests.append(
            try regression.test(
              of: index, predictors: rows.columns, outcomes: rows.outcomes, weights: rows.weights,
              clusters: rows.clusters, seed: resampling.seed))
        }
      }
      return .init(outcome, fit, names, tests)
    } catch let error as CancellationError {
      throw error
    } catch {
      warnings.append(Warning(.noRegression, names: ["outcome": outcome, "problem": "\(error)"]))
      return nil
    }
  }

  // MARK: Scale

  /// The records' lengths with their predictors; nil where some do not tell their greedy match.
  private func units(_ records: [Record], _ columns: [Column], isGreedy: Bool) -> [ScaleRegression.Unit]? {
    let clusters = Clusters(records)
    var units: [ScaleRegression.Unit] = []
    for (index, record) in records.enumerated() {
      let cells: [CensoredCounts.Cell]
      if isGreedy {
        guard let match = GreedyMatch(record) else { return nil }
        cells = [.init(length: match.length, exact: match.isCensored ? 0 : 1, censored: match.isCensored ? 1 : 0)]
      } else {
        let law = MatchLengthLaw(record)
        cells =
          (0..<law.length).map { .init(length: $0, exact: .exp(law.logMass($0))) }
          + [.init(length: law.length, exact: 0, censored: .exp(law.logSurvival[law.length]))]
      }
      guard let counts = try? CensoredCounts(cells) else { return nil }
      units.append(.init(counts, covariates: columns.map { $0.values[index] }, cluster: clusters.numbers[index]))
    }
    return units
  }

  private func scaleModel<F: ScaledFamily>(
    _ family: F.Type, _ units: [ScaleRegression.Unit], _ columns: [Column], _ outcome: String,
    _ warnings: inout [Warning]
  ) throws -> DriversReport.ScaleModel? {
    do {
      let fit = try ScaleRegression(family, units: units)
      let tests = try columns.indices.map { index in
        try Task.checkCancellation()
        return try ScaleRegression.pValue(family, units: units, covariate: index, seed: resampling.seed)
      }
      guard fit.isConverged else {
        warnings.append(Warning(.notConverged, names: ["families": "the scale of \(fit.family), \(outcome)"]))
        return nil
      }
      return .init(outcome, fit, F.shapeName, columns.map(\.name), tests)
    } catch let error as DistributionError {
      warnings.append(Warning(.noRegression, names: ["outcome": outcome, "problem": "\(error)"]))
      return nil
    }
  }

  /// Records of one id are one cluster, in the order in which they first stand.
  private struct Clusters {
    var numbers: [Int] = []
    var names: [String] = []

    init(_ records: [Record]) {
      var known: [String: Int] = [:]
      for record in records {
        let number = known[record.id, default: names.count]
        if number == names.count {
          known[record.id] = number
          names.append(record.id)
        }
        numbers.append(number)
      }
    }
  }

  /// A row for each position at risk.
  private struct Rows {
    var columns: [[Double]]
    var positions: [Double] = []
    var outcomes: [Double] = []
    var weights: [Double] = []
    var clusters: [Int] = []

    init(predictors: Int) { columns = Array(repeating: [], count: predictors) }

    mutating func add(_ values: [Double], position: Int, outcome: Double, weight: Double, cluster: Int) {
      for (index, value) in values.enumerated() { columns[index].append(value) }
      positions.append(Double(position))
      outcomes.append(outcome)
      weights.append(weight)
      clusters.append(cluster)
    }
  }

  // MARK: Doses

  private func doses(_ records: [Record]) -> [DriversReport.Dose] {
    let groups = Dictionary(grouping: records.filter { $0.repetitions != nil }) { $0.repetitions ?? 0 }
    guard groups.count > 1 else { return [] }
    return groups.sorted { $0.key < $1.key }.map { repetitions, group in
      func summary(_ values: [Double]) -> (Double, Interval?) {
        (
          values.reduce(0, +) / Double(values.count),
          BCaInterval.ofMeans([values], seed: resampling.seed) { $0[0] }.map { Interval($0) }
        )
      }
      let matches = group.compactMap { GreedyMatch($0) }
      let greedy = matches.count == group.count ? summary(matches.map { Double($0.length) }) : nil
      let expected = summary(group.map { MatchLengthLaw($0).moments.mean })
      return .init(
        repetitions: repetitions, records: group.count, greedy: greedy?.0, greedyInterval: greedy?.1,
        expected: expected.0, expectedInterval: expected.1)
    }
  }

  // MARK: Independence

  private func independence(_ records: [Record]) -> DriversReport.Independence? {
    let recalled = records.compactMap(\.isFirstChoice)
    let longest = min(positions, recalled.map(\.count).max() ?? 0)
    guard recalled.count >= 2, longest >= 2 else { return nil }
    var pairs: [(distance: Int, found: BinaryAssociation)] = []
    for j in 0..<longest {
      for k in stride(from: j + 1, to: longest, by: 1) {
        let table = Self.table(recalled.filter { $0.count > k }.map { ($0[j], $0[k]) })
        if let table { pairs.append((k - j, table)) }
      }
    }
    let adjusted = MultipleComparisons.benjaminiHochberg(pairs.map(\.found.pValue))
    let byDistance = Dictionary(grouping: pairs.indices) { pairs[$0].distance }.sorted { $0.key < $1.key }
    var after: [DriversReport.Independence.Position] = []
    for j in 1..<longest {
      let rows = recalled.filter { $0.count > j }.map { (all: !$0[..<j].contains(false), own: $0[j]) }
      guard let found = Self.table(rows.map { ($0.all, $0.own) }) else { continue }
      func share(_ isAfterAll: Bool) -> Double? {
        let group = rows.filter { $0.all == isAfterAll }
        return group.isEmpty ? nil : Double(group.count { $0.own }) / Double(group.count)
      }
      after.append(
        .init(
          position: j + 1, information: found.corrected, p: found.pValue, benjaminiHochberg: found.pValue,
          afterAll: share(true), otherwise: share(false)))
    }
    let afterAdjusted = MultipleComparisons.benjaminiHochberg(after.map(\.p))
    for index in after.indices { after[index].benjaminiHochberg = afterAdjusted[index] }
    return .init(
      records: recalled.count, positions: longest, pairs: pairs.count, dependentPairs: adjusted.count { $0 <= 0.05 },
      byDistance: byDistance.map { distance, members in
        .init(
          distance: distance, pairs: members.count,
          information: members.reduce(0) { $0 + pairs[$1].found.corrected } / Double(members.count),
          dependent: members.count { adjusted[$0] <= 0.05 })
      }, afterAll: after)
  }

  private static func table(_ rows: [(Bool, Bool)]) -> BinaryAssociation? {
    BinaryAssociation(
      both: rows.count { $0 && $1 }, first: rows.count { $0 && !$1 }, second: rows.count { !$0 && $1 },
      neither: rows.count { !$0 && !$1 })
  }
}

extension DriversReport.ScaleModel {
  fileprivate init(
    _ outcome: String, _ fit: ScaleRegression, _ shapeName: String, _ names: [String], _ tests: [Double]
  ) {
    let t = studentQuantile(0.975, degreesOfFreedom: Double(max(1, fit.clusters - fit.coefficients.count - 1)))
    func interval(_ estimate: ScaleRegression.Estimate) -> Interval? {
      guard let error = estimate.standardError else { return nil }
      let (low, high) = (estimate.value - t * error, estimate.value + t * error)
      return Interval(Double.exp(low)...Double.exp(high))
    }
    self.init(
      outcome: outcome, family: fit.family, constant: fit.coefficients[0].value, shapeName: shapeName,
      shape: .exp(fit.logShape.value), shapeInterval: interval(fit.logShape),
      predictors: zip(zip(names, tests), fit.coefficients.dropFirst()).map { named, estimate in
        Stretch(
          name: named.0, coefficient: estimate.value, standardError: estimate.standardError, p: named.1,
          stretch: .exp(estimate.value), stretchInterval: interval(estimate))
      }, logLikelihood: fit.logLikelihood, nullLogLikelihood: fit.nullLogLikelihood, clusters: fit.clusters)
  }
}

extension DriversReport.HazardModel {
  fileprivate init(
    _ outcome: String, _ fit: BinaryRegressionFit, _ names: [String], _ tests: [CoefficientTest?]
  ) {
    self.outcome = outcome
    link = fit.link.rawValue
    errors = tests.isEmpty ? BinaryRegression.Errors.sandwich.rawValue : BinaryRegression.Errors.jackknife.rawValue
    constant = fit.coefficients[0]
    let errors = fit.standardErrors
    predictors = names.enumerated().map { index, name in
      let (coefficient, error) = (fit.coefficients[index + 1], errors[index + 1])
      let freedom = Double(fit.clusters - 1)
      let test = index < tests.count ? tests[index] : nil
      let width = studentQuantile(0.975, degreesOfFreedom: freedom) * error
      return .init(
        name: name, coefficient: coefficient, standardError: error,
        p: test?.pValue
          ?? min(1, 2 * studentLowerTail(-(coefficient / error).magnitude, degreesOfFreedom: freedom)),
        resamples: test?.resamples,
        ratio: .exp(coefficient),
        ratioInterval: Interval(.exp(coefficient - width)...Double.exp(coefficient + width)),
        ratioPerDeviation: .exp(coefficient * fit.deviations[index]), marginalEffect: fit.marginalEffects[index].value,
        marginalEffectError: fit.marginalEffects[index].standardError)
    }
    logLikelihood = fit.logLikelihood
    deviance = fit.deviance
    nullDeviance = fit.nullDeviance
    explained = 1 - fit.deviance / fit.nullDeviance
    rows = fit.rows
    clusters = fit.clusters
    calibration = fit.calibration.map { .init(fitted: $0.fitted, observed: $0.observed, weight: $0.weight) }
  }
}
