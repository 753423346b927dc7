import GSLNumerics
import RealModule

/// How well a family fits, by simulating data from the fit and fitting them again (Clauset, Shalizi and Newman, SIAM
/// Review 51, 2009, 4.1): the share of simulated data sets that are further from their own fit than the data are from
/// theirs.
public struct BootstrapGoodness: Sendable, Equatable {
  /// What is simulated and what is fitted again.
  public enum Resampling: Sendable, Equatable {
    /// As many observations in the fit's window as the data have there, drawn from the fitted law; the window is held
    /// fixed.
    case parametric
    /// As many observations as all the data have: those of the window from the fitted law, those below it drawn with
    /// replacement from the data; n_min is chosen again by the Kolmogorov–Smirnov rule, see ``MinimumSelection``.
    case semiparametric(smallestTail: Double)
  }

  /// How the distance of data from their fit is measured.
  public enum Distance: Sendable, CaseIterable {
    /// See ``KolmogorovSmirnov``.
    case kolmogorovSmirnov
    /// See ``AndersonDarling``.
    case andersonDarling
    /// See ``ChiSquared``.
    case chiSquared

    func callAsFunction(of fit: Fit, to counts: CensoredCounts) throws -> Double {
      switch self {
      case .kolmogorovSmirnov: KolmogorovSmirnov.distance(of: fit, to: counts)
      case .andersonDarling: AndersonDarling.distance(of: fit, to: counts)
      case .chiSquared: try ChiSquared(of: fit, to: counts).statistic
      }
    }
  }

  /// The test by one distance.
  public struct Test: Sendable, Equatable {
    /// The distance of the data.
    public let statistic: Double
    /// (1 + number of replicates at least as far) / (1 + replicates): small when the family is wrong.
    public let pValue: Double
    /// 95 % limits for the p-value that infinitely many replicates would give (Clopper–Pearson). After an early stop,
    /// which depends on them, they are too narrow.
    public let interval: ClosedRange<Double>
  }

  /// The family.
  public let family: String
  /// The tests, by distance.
  public let tests: [Distance: Test]
  /// The number of replicates that could be fitted.
  public let replicates: Int
  /// Whether the decision was clear before all replicates that were asked for.
  public let isStoppedEarly: Bool
  /// The seed; replicate r uses stream r.
  public let seed: UInt64

  /// Tests a fit of counts.
  ///
  /// Censoring lengths are drawn from the product-limit estimate of the data's own censoring.
  ///
  /// - Parameters:
  ///   - fit: A fit of these counts with a boundary or without.
  ///   - counts: Whole numbers of observations, not fractional weights.
  ///   - distances: The distances to test by.
  ///   - resampling: What is simulated.
  ///   - replicates: Simulated data sets, at most.
  ///   - decisionLevel: Stop once it is clear on which side of this the p-value by the first distance lies: when limits
  ///     of its Monte Carlo error, wide enough to hold over all looks with probability 0.999, leave it out (after
  ///     Gandy, JASA 104, 2009). nil to use all replicates.
  ///   - seed: Seed of the simulation.
  ///   - threads: Tasks to spread the replicates over; the result does not depend on it.
  /// - Throws: `CancellationError`; `DistributionError.noData` when no replicate could be fitted; `NumericsError`.
  public init(
    _ fit: Fit, counts: CensoredCounts, by distances: [Distance] = Distance.allCases,
    resampling: Resampling = .parametric,
    replicates: Int = 1000,
    decisionLevel: Double? = nil, seed: UInt64 = 0, threads: Int = 1
  ) async throws {
    guard counts.intervals.isEmpty else { throw DistributionError.intervals(method: "the bootstrap test") }
    let observed = try distances.map { try $0(of: fit, to: counts) }
    let source = ReplicateSource(fit: fit, counts: counts, distances: distances, resampling: resampling)
    var simulated: [[Double]] = []
    var started = 0
    var looks = 0
    var isDecided = false
    while started < replicates, !isDecided {
      // Batches of fixed size, so that where it stops depends on nothing but the replicates.
      let batch = started..<min(replicates, decisionLevel == nil ? .max : started + 64)
      simulated += try await inParallel(batch, threads: threads) { try source.distances(seed: seed, replicate: $0) }
        .compactMap(\.self)
      started = batch.upperBound
      looks += 1
      if let decisionLevel, !simulated.isEmpty, !distances.isEmpty {
        let error = 0.001 / Double(looks * (looks + 1))
        let further = Self.further(simulated, observed, 0)
        isDecided = !clopperPearson(further, of: simulated.count, level: 1 - error).contains(decisionLevel)
      }
    }
    let count = simulated.count
    guard count > 0 else { throw DistributionError.noData }
    var tests: [Distance: Test] = [:]
    for (index, distance) in distances.enumerated() {
      let further = Self.further(simulated, observed, index)
      tests[distance] = Test(
        statistic: observed[index], pValue: Double(further + 1) / Double(count + 1),
        interval: clopperPearson(further, of: count))
    }
    self.tests = tests
    family = fit.family
    self.seed = seed
    self.replicates = count
    isStoppedEarly = started < replicates
  }

  /// How many replicates are at least as far as the data.
  private static func further(_ simulated: [[Double]], _ observed: [Double], _ index: Int) -> Int {
    // Two equal distances differ in the last bits.
    simulated.count { $0[index] >= observed[index] * (1 - 1e-12) }
  }
}

/// Draws replicates and fits them again.
private struct ReplicateSource: Sendable {
  private let fit: Fit
  private let tail: CountsSimulator
  /// What lies below the window, where it is resampled too.
  private let below: CensoredCounts?
  private let smallestTail: Double
  private let distances: [BootstrapGoodness.Distance]

  init(
    fit: Fit, counts: CensoredCounts, distances: [BootstrapGoodness.Distance], resampling: BootstrapGoodness.Resampling
  ) {
    self.distances = distances
    self.fit = fit
    tail = CountsSimulator(fit: fit, counts: counts)
    switch resampling {
    case .parametric:
      below = nil
      smallestTail = 0
    case .semiparametric(let smallestTail):
      below = CensoredCounts(sorted: counts.cells.filter { $0.length < fit.window.minimum })
      self.smallestTail = smallestTail
    }
  }

  /// nil for a replicate that cannot be fitted.
  func distances(seed: UInt64, replicate: Int) throws -> [Double]? {
    try Task.checkCancellation()
    var generator = SeededGenerator(seed: seed, stream: UInt64(replicate))
    guard let below else {
      let sample = tail.sample(tail.observations, using: &generator)
      var estimator = MaximumLikelihood(window: fit.window)
      (estimator.effort, estimator.neighbor) = (.replicate, fit)
      guard let refit = try? estimator.fit(fit.familyType, to: sample) else { return nil }
      return try distances.map { try $0(of: refit, to: sample) }
    }
    let all = Int(min(below.total.rounded(), 0x1p53)) + tail.observations
    let inTail = generator.binomial(all, Double(tail.observations) / Double(all))
    let sample = CensoredCounts(
      sorted: below.resampled(all - inTail, using: &generator).cells
        + tail.sample(inTail, using: &generator).cells)
    guard
      let choice = try? MinimumSelection(
        fit.familyType, counts: sample, through: fit.window.maximum, smallestTail: smallestTail)
    else { return nil }
    return try distances.map { $0 == .kolmogorovSmirnov ? choice.distance : try $0(of: choice.fit, to: sample) }
  }
}
