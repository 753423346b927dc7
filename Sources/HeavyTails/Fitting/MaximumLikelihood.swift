import GSLNumerics
import RealModule

/// Maximum likelihood for censored and truncated counts.
///
/// The estimate maximizes Σ exact(n) ln f(n; θ) + Σ censored(n) ln S(n; θ) over the cells of the data, plus the terms
/// of each ``LengthInterval``. With fractional weights, such as the exact law of N, that is the projection of the
/// weights on the family: the member with the least Kullback–Leibler divergence. The search is GSL's quasi-Newton on
/// unbounded coordinates with analytic gradients from the best starting points, then Newton steps to the last digits.
public struct MaximumLikelihood: Sendable {
  /// Where standard errors come from.
  public enum StandardErrors: Sendable {
    /// The inverse of the observed information; right when the weights count independent observations.
    case observedInformation
    /// The sandwich with scores summed over independent clusters of records, whose counts add up to the data; right
    /// for fractional weights, where one record contributes to many cells.
    case sandwich(clusters: [CensoredCounts])
  }

  /// Where standard errors come from.
  public var standardErrors: StandardErrors
  /// The lengths on which the fit is conditional; data outside are left out.
  public var window: LengthWindow
  /// Parameters that are not estimated but have these values, in the families that have parameters of these names.
  public var fixed: [String: Double] = [:]
  /// Values from which the search starts as well as from its own, for the families that have parameters of these
  /// names.
  public var startingValues: [String: Double] = [:]

  /// How much is asked of a fit.
  enum Effort {
    /// A maximum to the last digits, with errors and a look at edges.
    case full
    /// One of many of which one is chosen and made again: fewer starts and digits, and with a neighbor that is close
    /// no other start.
    case scan(isClose: Bool)
    /// Of data simulated from the neighbor: to the last digits inside, and as a scan at edges. Families with kinks or
    /// many local maxima are given full effort.
    case replicate
  }

  /// How much is asked of the fit.
  var effort = Effort.full
  /// The fit of nearly the same data, near which this one is, for less than full effort.
  var neighbor: Fit?
  /// A family's parameters at its maximum, but for the last digits: its only start.
  var start: (family: any FittableFamily.Type, parameters: [Double])?

  /// The estimator.
  public init(standardErrors: StandardErrors = .observedInformation, window: LengthWindow = LengthWindow()) {
    self.standardErrors = standardErrors
    self.window = window
  }

  /// The data that the fit sees.
  private func selected(_ counts: CensoredCounts) -> CensoredCounts {
    window.isAll ? counts : counts.restricted(from: window.minimum, through: window.maximum)
  }

  /// Fits one family.
  ///
  /// - Complexity: O(cells) an evaluation, some tens to hundreds of evaluations.
  /// - Throws: `DistributionError.noData` when the data carry no weight, `impossibleData` when no starting point of the
  ///   family gives them a positive likelihood; `parameter` for a fixed value out of range, `notFixable` for a weight
  ///   of a mixture; `NumericsError` if GSL fails.
  public func fit(_ family: any FittableFamily.Type, to counts: CensoredCounts) throws -> Fit {
    var known: [String: Fit] = [:]
    return try fit(family, to: selected(counts), known: &known)
  }

  /// Fits several families; those that are limits of others are fitted once. One that cannot be fitted, such as a zeta
  /// law where a length is 0, has its error as the result.
  public func fits(
    of families: [any FittableFamily.Type], to counts: CensoredCounts
  ) -> [(family: any FittableFamily.Type, result: Result<Fit, any Error>)] {
    zip(families, fits(of: families.map { FamilyChoice($0) }, to: counts)).map { ($0, $1.result) }
  }

  /// Fits one family or, of several sizes, the one with the smallest BIC; it then has the name of the choice.
  ///
  /// - Throws: As ``fit(_:to:)``, when no size can be fitted.
  public func fit(_ choice: FamilyChoice, to counts: CensoredCounts) throws -> Fit {
    try fits(of: [choice], to: counts)[0].result.get()
  }

  /// Fits several choices, as ``fit(_:to:)-(FamilyChoice,_)``; families that are limits of others are fitted once.
  public func fits(
    of choices: [FamilyChoice], to counts: CensoredCounts
  ) -> [(choice: FamilyChoice, result: Result<Fit, any Error>)] {
    var known: [String: Fit] = [:]
    return fits(of: choices, to: counts, known: &known)
  }

  /// The same on several threads: families that are limits of others come first, and those of one depth together.
  ///
  /// - Throws: `CancellationError`.
  public func fits(
    of choices: [FamilyChoice], to counts: CensoredCounts, threads: Int
  ) async throws -> [(choice: FamilyChoice, result: Result<Fit, any Error>)] {
    let data = selected(counts)
    var known: [String: Fit] = [:]
    for families in byDepth(choices.flatMap(\.candidates)) {
      let fits = try await inParallel(families.indices, threads: threads) { [known] index in
        try Task.checkCancellation()
        var known = known
        return try? fit(families[index], to: data, known: &known)
      }
      for (family, fit) in zip(families, fits) { known[family.familyName] = fit }
    }
    // What is left could not be fitted, and gives its error.
    return fits(of: choices, to: counts, known: &known)
  }

  /// Families in the order in which they can be fitted: those without limits, and others one deeper than the deepest of
  /// their limits.
  private func byDepth(_ families: [any FittableFamily.Type]) -> [[any FittableFamily.Type]] {
    var known: [String: Int] = [:]
    func depth(_ family: any FittableFamily.Type) -> Int {
      if let found = known[family.familyName] { return found }
      let found = family.limitingFamilies(in: window).reduce(0) { max($0, depth($1.family) + 1) }
      known[family.familyName] = found
      return found
    }
    return Dictionary(grouping: families, by: depth).sorted { $0.key < $1.key }.map(\.value)
  }

  /// The same with fits to the same data that are known by their families' names; adds its own.
  func fits(
    of choices: [FamilyChoice], to counts: CensoredCounts, known: inout [String: Fit]
  ) -> [(choice: FamilyChoice, result: Result<Fit, any Error>)] {
    let counts = selected(counts)
    return choices.map { choice in
      let results = choice.candidates.map { family in Result { try fit(family, to: counts, known: &known) } }
      let best = results.compactMap { try? $0.get() }.min { $0.bic < $1.bic }
      return (choice, best.map { .success($0.named(choice.name)) } ?? results[0])
    }
  }

  /// Fits one family to data of the window, with fits to the same data that are known by their families' names; adds
  /// its own.
  func fit(
    _ family: any FittableFamily.Type, to counts: CensoredCounts, known: inout [String: Fit]
  ) throws -> Fit {
    if let fit = known[family.familyName] { return fit }
    guard counts.total > 0 else { throw DistributionError.noData }
    let isFixed = family.parameterDescriptions.contains { fixed[$0.name] != nil }
    let fit =
      isFixed
      ? try fixedFit(family, counts)
      : try degenerateFit(of: family, to: counts) ?? properFit(of: family, to: counts, known: &known)
    known[family.familyName] = fit
    return fit
  }

  /// Data in which nothing ends or everything ends at once determine no parameter: every family's supremum is 0, at a
  /// law that only the geometric one contains.
  private func degenerateFit(of family: any FittableFamily.Type, to counts: CensoredCounts) throws -> Fit? {
    let p: Double
    let boundary: String
    if counts.endedTotal <= 1e-300 * counts.total {
      p = 1
      boundary = "every length is censored: S(n) = 1"
    } else if counts.lengthTotal <= 1e-300 * counts.total {
      p = 0
      boundary = counts.intervals.isEmpty ? "every length is 0: S(1) = 0" : "every length may be 0: S(1) = 0"
    } else {
      return nil
    }
    let isGeometric = family == Geometric.self
    return Fit(
      family: family, law: try Geometric(p: p), window: window,
      parameters: family.parameterDescriptions.map {
        Fit.Parameter(name: $0.name, value: isGeometric ? p : nil, standardError: nil)
      }, covariance: nil, logLikelihood: 0, observations: counts.total,
      isConverged: true, iterations: 0,
      boundary: boundary)
  }

  private func properFit(
    of family: any FittableFamily.Type, to counts: CensoredCounts, known: inout [String: Fit]
  ) throws -> Fit {
    // Where every observation has an entry length nothing is known of what is shorter than all of them.
    let window = LengthWindow(from: max(window.minimum, counts.smallestEntry), through: window.maximum)
    if let unknown = family.undetermined(in: window) {
      return boundaryFit(of: family, at: unknown, try fit(unknown.family, to: counts, known: &known))
    }
    if let limit = family.likeliestLimit(for: counts), let fit = try? fit(limit.family, to: counts, known: &known) {
      return boundaryFit(of: family, at: limit, fit)
    }
    var bestLimit: (fit: Fit, limit: LimitingFamily)?
    var starts: [[Double]] = []
    for limit in family.limitingFamilies(in: window) {
      // A limit that is impossible for the data, or whose search fails, is no candidate for the supremum.
      guard let fit = try? fit(limit.family, to: counts, known: &known) else { continue }
      if fit.logLikelihood > bestLimit?.fit.logLikelihood ?? -.infinity { bestLimit = (fit, limit) }
      let values = fit.parameters.compactMap(\.value)
      if values.count == fit.parameters.count {
        // Just inside the edge from the limit law, so that the family never does worse than what it contains.
        let inside = limit.embedding(values).map { $0 == 0 ? 0.01 : $0 }
        if inside.allSatisfy(\.isFinite) { starts.append(inside) }
      }
    }
    if let (fit, limit) = bestLimit, isLikeliestMixture(fit, family, counts, window) {
      return boundaryFit(of: family, at: limit, fit)
    }
    let interior = try search(family, counts, extraStarts: starts)
    if let (fit, limit) = bestLimit {
      // Closer than rounding in the sums can tell, or not better at all: the supremum is the limit's. A search that
      // runs towards it loses digits on the way and ends where they are lost.
      let tolerance = interior.isConverged ? 1e-11 * fit.logLikelihood.magnitude : 1e-6
      if !(interior.logLikelihood > fit.logLikelihood + tolerance) {
        return boundaryFit(of: family, at: limit, fit)
      }
    }
    return interior
  }

  /// Whether a limit of a family of mixtures is as likely as any mixture: a search could only come back to it.
  private func isLikeliestMixture(
    _ limit: Fit, _ family: any FittableFamily.Type, _ counts: CensoredCounts, _ window: LengthWindow
  ) -> Bool {
    guard family.isGeometricMixture, limit.isConverged, window.maximum == nil, counts.intervals.isEmpty else {
      return false
    }
    let bound = MixtureBound(of: limit.law, on: counts, from: window.minimum)
    return bound.largestGain <= 1e-9 * max(1, limit.logLikelihood.magnitude)
  }

  /// The result for a family whose supremum is that of a simpler law.
  private func boundaryFit(of family: any FittableFamily.Type, at limit: LimitingFamily, _ fit: Fit) -> Fit {
    let values = limit.embedding(fit.parameters.map { $0.value ?? .nan })
    let parameters = zip(family.parameterDescriptions, values).map { description, value in
      Fit.Parameter(
        name: description.name, value: value.isFinite ? value : nil,
        standardError: fit.parameters.first { $0.name == description.name }?.standardError)
    }
    let law = "\(limit.condition): \(fit.family)"
    return Fit(
      family: family, law: fit.law, window: window, parameters: parameters, covariance: nil,
      logLikelihood: fit.logLikelihood, observations: fit.observations, isConverged: fit.isConverged,
      iterations: fit.iterations, boundary: fit.boundary.map { "\(law), itself at \($0)" } ?? law)
  }

  private func search<F: FittableFamily>(
    _: F.Type, _ counts: CensoredCounts, extraStarts: [[Double]]
  ) throws -> Fit {
    let likelihood = CensoredLikelihood<F>(counts, window: window)
    func coordinates(_ points: [[Double]]) -> [[Double]] {
      points.map { F.coordinates(of: $0, reach: counts.reach) }
    }
    if let fit = try quickFit(F.self, counts, likelihood, extraStarts) { return fit }
    let points =
      start.flatMap { $0.family == F.self ? [$0.parameters] : nil } ?? F.startingPoints(for: counts.withoutIntervals)
    // Starting points know nothing of a window, so more of them are tried there.
    let enough = max(F.searches, window.isAll ? 1 : 4)
    var best = try likelihood.search(from: coordinates(points + extraStarts), enough: enough)
    let own = withStartingValues(points, F.self)
    if !own.isEmpty {
      let found = try likelihood.search(from: coordinates(own), enough: enough)
      best = [best, found].compactMap(\.self).min { $0.value < $1.value }
    }
    guard let best else { throw DistributionError.impossibleData(family: F.familyName) }
    return try interiorFit(F.self, counts, likelihood, best)
  }

  /// A fit with less than full effort; nil where this is asked for, or the family needs it.
  private func quickFit<F: FittableFamily>(
    _: F.Type, _ counts: CensoredCounts, _ likelihood: CensoredLikelihood<F>, _ extraStarts: [[Double]]
  ) throws -> Fit? {
    // With one maximum, but for edges, and derivatives everywhere.
    let isWellBehaved = F.searches == 1 && F.isSmooth
    let (gain, trustsNeighbor): (Double, Bool)
    switch effort {
    case .scan(let isClose): (gain, trustsNeighbor) = (1e-5, isClose || isWellBehaved)
    case .replicate where isWellBehaved: (gain, trustsNeighbor) = (1e-19, true)
    case .full, .replicate: return nil
    }
    func coordinates(_ points: [[Double]]) -> [[Double]] {
      points.map { F.coordinates(of: $0, reach: counts.reach) }
    }
    let near = neighbor.flatMap { $0.law as? F }.map { [$0.parameters] } ?? []
    if trustsNeighbor, let start = coordinates(near).first,
      let found = likelihood.quickNewtonSteps(from: start, untilGain: gain)
    {
      return try plainFit(F.self, counts, found)
    }
    let points = near + F.startingPoints(for: counts.withoutIntervals) + extraStarts
    let enough = isWellBehaved ? 3 : F.searches > 4 ? 2 : 1
    guard let found = likelihood.quickSearch(from: coordinates(points), enough: enough, untilGain: gain) else {
      throw DistributionError.impossibleData(family: F.familyName)
    }
    return try plainFit(F.self, counts, found)
  }

  /// The law where a search ended, without errors or a look at edges.
  private func plainFit<F: FittableFamily>(_: F.Type, _ counts: CensoredCounts, _ found: NewtonResult) throws -> Fit {
    let law = try F(coordinates: found.point, reach: counts.reach)
    return Fit(
      family: F.self, law: law, window: window,
      parameters: zip(F.parameterDescriptions, law.parameters).map {
        Fit.Parameter(name: $0.name, value: $1, standardError: nil)
      }, covariance: nil, logLikelihood: -found.value * counts.total, observations: counts.total,
      isConverged: found.isConverged, iterations: found.iterations, boundary: nil)
  }

  /// A family's starting points with the asked-for values in place of its own; empty where it has none of their names.
  private func withStartingValues<F: FittableFamily>(_ points: [[Double]], _: F.Type) -> [[Double]] {
    let names = F.parameterDescriptions.map(\.name)
    guard names.contains(where: { startingValues[$0] != nil }) else { return [] }
    return points.map { point in zip(names, point).map { startingValues[$0] ?? $1 } }
  }

  /// A fit with some parameters fixed.
  private func fixedFit<F: FittableFamily>(_ family: F.Type, _ counts: CensoredCounts) throws -> Fit {
    let descriptions = F.parameterDescriptions
    let given = descriptions.map { fixed[$0.name] }
    for (description, value) in zip(descriptions, given) {
      guard let value else { continue }
      // The weights of a mixture add up to 1.
      guard F.dimension == descriptions.count else {
        throw DistributionError.notFixable(family: F.familyName, name: description.name)
      }
      guard description.allows(value) else {
        throw DistributionError.parameter(
          family: F.familyName, name: description.name, value: value, allowed: description.range)
      }
    }
    let likelihood = FixedLikelihood<F>(CensoredLikelihood<F>(counts, window: window), fixed: given)
    let points = F.startingPoints(for: counts.withoutIntervals)
    let starts = (withStartingValues(points, F.self) + points).map { likelihood.coordinates(of: $0) }
    let isKnown = likelihood.free.isEmpty
    let found: NewtonResult?
    if isKnown {
      let value = likelihood.value(at: [])
      found =
        value < .infinity
        ? NewtonResult(point: [], value: value, inverseInformation: nil, isConverged: true, iterations: 0) : nil
    } else {
      found = try likelihood.search(from: starts, enough: max(F.searches, 4))
    }
    guard let found else { throw DistributionError.impossibleData(family: F.familyName) }
    let law = try likelihood.law(at: found.point)
    let flat = isKnown ? nil : likelihood.flatDirection(at: found)
    var values: [Double?] = law.parameters
    var edges: [String] = []
    for (place, index) in likelihood.free.enumerated() {
      guard let way = flat?[place], way != 0 else { continue }
      let end = way > 0 ? descriptions[index].maximum : descriptions[index].lowerLimit
      values[index] = end.isFinite ? end : nil
      edges.append("\(descriptions[index].name) → \(end)")
    }
    let covariance =
      edges.isEmpty ? covariance(of: likelihood, at: found, by: likelihood.jacobian(at: found.point)) : nil
    return Fit(
      family: F.self, law: law, window: window,
      parameters: descriptions.indices.map { index in
        Fit.Parameter(
          name: descriptions[index].name, value: values[index],
          standardError: given[index] == nil ? covariance?[index, index].squareRoot() : nil)
      }, covariance: covariance, logLikelihood: -found.value * counts.total, observations: counts.total,
      isConverged: found.isConverged || !edges.isEmpty, iterations: found.iterations,
      boundary: edges.isEmpty ? nil : edges.joined(separator: ", "),
      fixed: descriptions.map(\.name).filter { fixed[$0] != nil })
  }

  private func interiorFit<F: FittableFamily>(
    _: F.Type, _ counts: CensoredCounts, _ likelihood: CensoredLikelihood<F>, _ found: NewtonResult
  ) throws -> Fit {
    var result = found
    var kink: String?
    if !found.isConverged, let onKink = likelihood.minimumOnKink(from: found) {
      (result, kink) = (onKink.result, onKink.condition)
    }
    let values = F.parameters(at: result.point, reach: counts.reach)
    let law = try F(coordinates: result.point, reach: counts.reach)
    let flat = likelihood.flatDirection(at: result)
    var edges: [String] = []
    var runsOff = Array(repeating: false, count: values.count)
    if let flat {
      edges = flat.indices.filter { flat[$0] != 0 }.compactMap {
        F.boundary(ofCoordinate: $0, isUpper: flat[$0] > 0, reach: counts.reach)
      }
      // Where a parameter has a limit it is the estimate.
      let further = F.parameters(at: zip(result.point, flat).map { $0 + 20 * $1 }, reach: counts.reach)
      runsOff = zip(values, further).map { !(($0 - $1).magnitude <= 1e-3 * max(1, $0.magnitude)) }
    }
    if edges.isEmpty, let kink { edges = [kink] }
    if edges.isEmpty, !result.isConverged {
      // A plateau that no straight line stays on.
      let level = likelihood.levelCoordinates(at: result)
      let jacobian = F.jacobian(at: result.point, reach: counts.reach)
      runsOff = jacobian.map { row in level.contains { row[$0] != 0 } }
      edges = undetermined(F.self, runsOff)
    }
    var covariance: SymmetricMatrix?
    if edges.isEmpty {
      let jacobian = F.jacobian(at: result.point, reach: counts.reach)
      covariance = self.covariance(of: likelihood, at: result, by: jacobian)
    }
    var errors = covariance?.diagonal.map { $0.squareRoot() }
    // A curved ridge: no direction is flat for long, but the errors are larger than any range.
    if edges.isEmpty, let found = errors, let inverse = result.inverseInformation,
      inverse.diagonal.contains(where: { $0 / counts.total > 100 })
    {
      for (index, description) in F.parameterDescriptions.enumerated() {
        let range = description.maximum - description.minimum
        runsOff[index] = found[index] > (range.isFinite ? 0.5 * range : 2 * max(1, values[index].magnitude))
      }
      edges = undetermined(F.self, runsOff)
      if !edges.isEmpty {
        errors = nil
        covariance = nil
      }
    }
    let parameters = F.parameterDescriptions.enumerated().map { index, description in
      Fit.Parameter(
        name: description.name, value: runsOff[index] ? nil : values[index], standardError: errors?[index])
    }
    return Fit(
      family: F.self, law: law, window: window, parameters: parameters, covariance: covariance,
      logLikelihood: -result.value * counts.total, observations: counts.total,
      isConverged: result.isConverged || !edges.isEmpty, iterations: result.iterations,
      boundary: edges.isEmpty ? nil : edges.joined(separator: ", "))
  }

  /// The covariance of the parameters, whose derivatives by the coordinates are given as rows.
  private func covariance<Likelihood: CountsObjective>(
    of likelihood: Likelihood, at found: NewtonResult, by jacobian: [[Double]]
  ) -> SymmetricMatrix? {
    switch standardErrors {
    case .observedInformation:
      found.inverseInformation?.scaled(by: 1 / likelihood.weight).transformed(by: jacobian)
    case .sandwich(let clusters):
      likelihood.scores(of: clusters.map(selected), at: found.point)
        .flatMap { likelihood.sandwich(ofScores: $0, at: found)?.transformed(by: jacobian) }
    }
  }

  private func undetermined<F: FittableFamily>(_: F.Type, _ isUndetermined: [Bool]) -> [String] {
    let names = zip(F.parameterDescriptions, isUndetermined).filter(\.1).map(\.0.name)
    return names.isEmpty ? [] : ["the data do not determine \(names.joined(separator: " and "))"]
  }
}
