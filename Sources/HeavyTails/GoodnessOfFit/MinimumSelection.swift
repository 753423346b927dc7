import GSLNumerics
import RealModule

/// The fits of the candidates' tails, by n_min and family: families that contain each other share them.
package struct KnownTails {
  fileprivate var fits: [Int: [String: Fit]] = [:]

  /// None yet.
  package init() {}
}

/// The choice of n_min by the Kolmogorov–Smirnov rule of Clauset, Shalizi and Newman (SIAM Review 51, 2009): the
/// candidate at which the fitted tail is nearest to the data.
public struct MinimumSelection: Sendable {
  /// The chosen n_min.
  public let minimum: Int
  /// Its distance.
  public let distance: Double
  /// The fit of the tail from it.
  public let fit: Fit

  /// Chooses n_min among the exact lengths of the data.
  ///
  /// - Parameters:
  ///   - family: The family of the tail.
  ///   - counts: The data.
  ///   - maximum: n_max, where there is one.
  ///   - smallestTail: The least weight that a tail must have to be a candidate, and at least two different lengths.
  /// For the zeta law on uncensored data every length is tried; for others every one of up to a hundred, and of more
  /// some fifty evenly among them and then those around the best. Each candidate's search starts where that of the one
  /// before ended, among few other points, and ends with six digits; the chosen tail is fitted anew with all of them.
  ///
  /// - Complexity: One fit and one distance a candidate; for the zeta law on uncensored data each candidate starts at
  ///   the exponent of the one before, and its distance is given up once it exceeds the best.
  /// - Throws: `DistributionError.noData` when no tail qualifies; as
  ///   ``MaximumLikelihood/fit(_:to:)-(FittableFamily.Type,_)``.
  public init(
    _ family: any FittableFamily.Type, counts: CensoredCounts, through maximum: Int? = nil, smallestTail: Double = 2
  ) throws {
    var known = KnownTails()
    try self.init(family, counts: counts, through: maximum, smallestTail: smallestTail, known: &known)
  }

  /// The same for one of several families of the same data that contain each other.
  package init(
    _ family: any FittableFamily.Type, counts: CensoredCounts, through maximum: Int?, smallestTail: Double,
    known: inout KnownTails
  ) throws {
    guard counts.intervals.isEmpty else { throw DistributionError.intervals(method: "the choice of n_min") }
    let data = counts.restricted(from: 0, through: maximum)
    let lengths = data.cells.filter { $0.exact > 0 }.map(\.length)
    let isPowerLaw = family == Zeta.self && maximum == nil && data.exactTotal == data.total
    let chosen =
      isPowerLaw
      ? Self.powerLawMinimum(data, smallestTail: smallestTail)
      : try Self.minimum(
        family, data, lengths: lengths.dropLast(), through: maximum, smallestTail: smallestTail, &known)
    guard let chosen else { throw DistributionError.noData }
    fit = try MaximumLikelihood(window: LengthWindow(from: chosen, through: maximum)).fit(family, to: data)
    minimum = chosen
    distance = KolmogorovSmirnov.distance(of: fit, to: data)
  }

  private static func minimum(
    _ family: any FittableFamily.Type, _ data: CensoredCounts, lengths: some Sequence<Int>, through maximum: Int?,
    smallestTail: Double, _ known: inout KnownTails
  ) throws -> Int? {
    let candidates = Array(lengths)
    var best: (index: Int, distance: Double)?
    var neighbor: Fit?
    func consider(_ index: Int) throws {
      let tail = data.restricted(from: candidates[index])
      guard tail.total >= smallestTail else { return }
      var estimator = MaximumLikelihood(window: LengthWindow(from: candidates[index], through: maximum))
      estimator.isOneOfMany = true
      estimator.neighbor = neighbor
      guard let fit = try? estimator.fit(family, to: tail, known: &known.fits[candidates[index], default: [:]]) else {
        return
      }
      neighbor = fit
      let distance = KolmogorovSmirnov.distance(of: fit, to: tail)
      // Of equal distances the smaller minimum, which keeps more data.
      if distance < best?.distance ?? .infinity || distance == best?.distance && index < best?.index ?? 0 {
        best = (index, distance)
      }
      try Task.checkCancellation()
    }
    // All of a few candidates; of many every so-manieth, then those around the best of them.
    let step = max(1, candidates.count / mostCandidates)
    let coarse = Set(stride(from: 0, to: candidates.count, by: step))
    for index in coarse.sorted() { try consider(index) }
    if let center = best?.index, step > 1 {
      for index in max(0, center - step + 1)..<min(candidates.count, center + step) where !coarse.contains(index) {
        try consider(index)
      }
    }
    return best.map { candidates[$0.index] }
  }

  /// How many candidates are tried before those around the best of them.
  private static let mostCandidates = 50

  private static func powerLawMinimum(_ data: CensoredCounts, smallestTail: Double) -> Int? {
    let cells = data.cells.filter { $0.length >= 1 }
    // From the largest length downwards, so that sums and exponent carry over from one candidate to the next.
    var weight = 0.0
    var logTotal = 0.0
    var alpha = 2.5
    var best: (minimum: Int, distance: Double)?
    for index in cells.indices.reversed() {
      weight += cells[index].exact
      logTotal += cells[index].exact * .log(Double(cells[index].length))
      guard weight >= smallestTail, index < cells.count - 1,
        let fit = PowerLawFit(minimum: cells[index].length, weight: weight, logTotal: logTotal, start: alpha)
      else { continue }
      alpha = fit.alpha
      let distance = distance(of: fit, cells[index...], weight: weight, atMost: best?.distance ?? .infinity)
      // Of equal distances the smaller minimum, which keeps more data.
      if distance <= best?.distance ?? .infinity { best = (cells[index].length, distance) }
    }
    return best?.minimum
  }

  /// The distance of a tail, with survivals carried from one length to the next where they are neighbors.
  private static func distance(
    of fit: PowerLawFit, _ cells: ArraySlice<CensoredCounts.Cell>, weight: Double, atMost limit: Double
  ) -> Double {
    let minimum = cells[cells.startIndex].length
    let logNormalizer = hurwitzZetaDerivatives(fit.alpha, Double(minimum)).log
    var distance = 0.0
    var left = weight
    var next = minimum
    var survival = 1.0
    for cell in cells {
      if cell.length - next > 8 {
        survival = .exp(hurwitzZetaDerivatives(fit.alpha, Double(cell.length)).log - logNormalizer)
      } else {
        for n in next..<cell.length { survival -= .exp(-fit.alpha * .log(Double(n)) - logNormalizer) }
      }
      distance = max(distance, (left / weight - survival).magnitude)
      left -= cell.exact
      survival -= .exp(-fit.alpha * .log(Double(cell.length)) - logNormalizer)
      next = cell.length + 1
      distance = max(distance, (left / weight - survival).magnitude)
      if distance > limit { return distance }
    }
    return distance
  }
}
