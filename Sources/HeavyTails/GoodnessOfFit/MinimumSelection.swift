import GSLNumerics
import RealModule

/// The fits of the candidates' tails, by n_min and family: families that contain each other share them.
package struct KnownTails {
  /// Those to some digits, between which n_min is chosen.
  fileprivate var fits: [Int: [String: Fit]] = [:]
  /// Those to the last digits.
  private var fullFits: [Int: [String: Fit]] = [:]

  /// None yet.
  package init() {}

  /// The choice's fit to the last digits, one of its families or the one with the smallest BIC.
  ///
  /// - Throws: As ``MaximumLikelihood/fit(_:to:)-(FamilyChoice,_)``.
  package mutating func fit(
    _ choice: FamilyChoice, to counts: CensoredCounts, by estimator: MaximumLikelihood
  ) throws -> Fit {
    try estimator.fits(of: [choice], to: counts, known: &fullFits[estimator.window.minimum, default: [:]])[0]
      .result.get()
  }
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
  /// some fifty evenly among them and then those around the best three. Each candidate's search starts where that of
  /// its nearest neighbor ended, and ends when a step gains less than 10⁻⁵ in the log-likelihood; the chosen tail is
  /// fitted anew with all digits.
  ///
  /// - Complexity: One fit and one distance a candidate; for the zeta law on uncensored data each candidate starts at
  ///   the exponent of the one before, and its distance is given up once it exceeds the best.
  /// - Throws: `DistributionError.noData` when no tail qualifies; as
  ///   ``MaximumLikelihood/fit(_:to:)-(FittableFamily.Type,_)``.
  public init(
    _ family: any FittableFamily.Type, counts: CensoredCounts, through maximum: Int? = nil, smallestTail: Double = 2
  ) throws {
    var known = KnownTails()
    let (window, start) = try Self.window(
      family, counts: counts, through: maximum, smallestTail: smallestTail, known: &known)
    var estimator = MaximumLikelihood(window: window)
    estimator.start = start
    fit = try estimator.fit(family, to: counts)
    minimum = window.minimum
    distance = KolmogorovSmirnov.distance(of: fit, to: counts)
  }

  /// The lengths from the n_min of one of several families of the same data that contain each other, and where its
  /// parameters are known from the search, those.
  ///
  /// - Throws: As ``init(_:counts:through:smallestTail:)``.
  package static func window(
    _ family: any FittableFamily.Type, counts: CensoredCounts, through maximum: Int?, smallestTail: Double,
    known: inout KnownTails
  ) throws -> (LengthWindow, start: (family: any FittableFamily.Type, parameters: [Double])?) {
    guard counts.intervals.isEmpty else { throw DistributionError.intervals(method: "the choice of n_min") }
    let data = counts.restricted(from: 0, through: maximum)
    if family == Zeta.self, maximum == nil, data.exactTotal == data.total {
      guard let (minimum, alpha) = powerLawMinimum(data, smallestTail: smallestTail) else {
        throw DistributionError.noData
      }
      return (LengthWindow(from: minimum), (family, [alpha]))
    }
    // Of the longest lengths alone nothing is known.
    let lengths = data.cells.filter { $0.exact > 0 && $0.length < data.maximum }.map(\.length)
    guard
      let minimum = try minimum(
        family, data, lengths: lengths, through: maximum, smallestTail: smallestTail, &known)
    else { throw DistributionError.noData }
    return (LengthWindow(from: minimum, through: maximum), nil)
  }

  private static func minimum(
    _ family: any FittableFamily.Type, _ data: CensoredCounts, lengths: some Sequence<Int>, through maximum: Int?,
    smallestTail: Double, _ known: inout KnownTails
  ) throws -> Int? {
    let candidates = Array(lengths)
    var found: [(index: Int, distance: Double, fit: Fit)] = []
    func consider(_ index: Int, isClose: Bool) throws {
      let tail = data.restricted(from: candidates[index])
      guard tail.total >= smallestTail else { return }
      var estimator = MaximumLikelihood(window: LengthWindow(from: candidates[index], through: maximum))
      // Tails of few lengths cost little, and their maxima lie at edges.
      estimator.effort = tail.cells.count <= 8 ? .full : .scan(isClose: isClose)
      estimator.neighbor = found.min { ($0.index - index).magnitude < ($1.index - index).magnitude }?.fit
      guard let fit = try? estimator.fit(family, to: tail, known: &known.fits[candidates[index], default: [:]]) else {
        return
      }
      found.append((index, KolmogorovSmirnov.distance(of: fit, to: tail), fit))
      try Task.checkCancellation()
    }
    // Of equal distances the smaller minimum, which keeps more data.
    func best() -> [Int] { found.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }.map(\.index) }
    // All of a few candidates; of many every so-manieth, then those around the best of them.
    let step = max(1, candidates.count / mostCandidates)
    var left = Set(candidates.indices)
    func consider(_ indices: some Sequence<Int>, areClose: Bool) throws {
      for index in indices where left.remove(index) != nil { try consider(index, isClose: areClose) }
    }
    try consider(stride(from: 0, to: candidates.count, by: step), areClose: false)
    for center in best().prefix(Self.refined) {
      try consider(max(0, center - step + 1)..<min(candidates.count, center + step), areClose: true)
    }
    return best().first.map { candidates[$0] }
  }

  /// How many candidates are tried before those around the best of them, and around how many of them others are.
  private static let mostCandidates = 50
  private static let refined = 3

  private static func powerLawMinimum(
    _ data: CensoredCounts, smallestTail: Double
  ) -> (minimum: Int, alpha: Double)? {
    let lengths = TailLengths(data.cells.filter { $0.length >= 1 })
    // From the largest length downwards, so that sums and exponent carry over from one candidate to the next.
    var logTotal = 0.0
    var alpha = 2.5
    var best: (minimum: Int, alpha: Double, distance: Double)?
    // Where the candidate before was farthest, or too far: most others are so there too.
    var farthest: Int?
    for place in lengths.cells.reversed() {
      logTotal += lengths.weights[place] * lengths.logarithms[place]
      let weight = lengths.weightsFrom[place]
      guard weight >= smallestTail, weight > lengths.weights[place],
        let fit = PowerLawFit(minimum: lengths.values[place], weight: weight, logTotal: logTotal, start: alpha)
      else { continue }
      alpha = fit.alpha
      let limit = best?.distance ?? .infinity
      if let farthest {
        let survival = fit.survival(lengths.values[farthest])
        if (lengths.weightsFrom[farthest] / weight - survival).magnitude > limit { continue }
      }
      let found = lengths.distance(of: fit, from: place, atMost: limit)
      farthest = found.place
      // Of equal distances the smaller minimum, which keeps more data.
      if found.distance <= limit { best = (lengths.values[place], alpha, found.distance) }
    }
    return best.map { ($0.minimum, $0.alpha) }
  }
}
