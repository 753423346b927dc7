import GSLNumerics
import RealModule
import Testing

@testable import HeavyTails

/// Interval-censored and left-truncated lengths. References: maxima and the nonparametric estimate by scipy
/// (Nelder-Mead and L-BFGS-B on the likelihood written out), to the 7 digits that those searches reach.
struct IntervalTermsTests {
  static let counts: CensoredCounts = {
    let cells: [CensoredCounts.Cell] = [
      .init(length: 0, exact: 40), .init(length: 1, exact: 21), .init(length: 2, exact: 14),
      .init(length: 8, exact: 0, censored: 6),
    ]
    let intervals: [LengthInterval] = [
      .init(from: 3, through: 5, weight: 25), .init(from: 4, through: 4, entry: 2, weight: 3),
      .init(from: 6, through: 9, entry: 1, weight: 12), .init(from: 12, through: 12, entry: 5, weight: 2),
      .init(from: 20, through: nil, entry: 4, weight: 3), .init(from: 15, through: 40, weight: 4),
    ]
    guard let counts = try? CensoredCounts(cells, intervals: intervals) else { preconditionFailure("invalid counts") }
    return counts
  }()

  @Test(arguments: [
    (LengthWindow(), 3.31452135, 1.75580682, -220.80803270006),
    (LengthWindow(from: 2), 3.89887805, 1.92334548, -101.73396230202),
    (LengthWindow(from: 1, through: 60), 4.04276283, 1.82297202, -148.30641260193),
  ])
  func betaGeometric(window: LengthWindow, a: Double, b: Double, logLikelihood: Double) throws {
    let fit = try MaximumLikelihood(window: window).fit(BetaGeometric.self, to: Self.counts)
    #expect(fit.isConverged)
    #expect(abs(fit.logLikelihood - logLikelihood) < 1e-9)
    #expect(abs((fit.parameters[0].value ?? 0) - a) < 3e-6)
    #expect(abs((fit.parameters[1].value ?? 0) - b) < 3e-6)
  }

  @Test(arguments: [
    (LengthWindow(), 0.62200805, 0.67887427, -221.37312861989),
    (LengthWindow(from: 2), 0.31565372, 0.42815664, -101.88371922525),
    (LengthWindow(from: 1, through: 60), 0.49043428, 0.54557641, -148.83507760511),
  ])
  func discreteWeibull(window: LengthWindow, q: Double, beta: Double, logLikelihood: Double) throws {
    let fit = try MaximumLikelihood(window: window).fit(DiscreteWeibull.self, to: Self.counts)
    #expect(abs(fit.logLikelihood - logLikelihood) < 1e-9)
    #expect(abs((fit.parameters[0].value ?? 0) - q) < 1e-6)
    #expect(abs((fit.parameters[1].value ?? 0) - beta) < 1e-6)
  }

  /// A cured share can only cost where nothing is a lower bound, and zero inflation where nothing can be 0: whatever the
  /// base law, the share, the window and the entry lengths.
  @Test func sharesThatOnlyCost() throws {
    let intervals: [LengthInterval] = [
      .init(from: 3, through: 5, weight: 25), .init(from: 4, through: 4, entry: 2, weight: 3),
      .init(from: 6, through: 9, entry: 1, weight: 12), .init(from: 15, through: 40, weight: 4),
    ]
    let ended = try CensoredCounts([.init(length: 0, exact: 4), .init(length: 7, exact: 3)], intervals: intervals)
    let positive = try CensoredCounts(
      [.init(length: 2, exact: 4), .init(length: 7, exact: 3, censored: 5)],
      intervals: intervals + [.init(from: 8, through: nil, entry: 3, weight: 2)])
    func check<F: FittableFamily>(_: F.Type, _ counts: CensoredCounts, _ window: LengthWindow) throws {
      let selected = window.isAll ? counts : counts.restricted(from: window.minimum, through: window.maximum)
      let likelihood = CensoredLikelihood<F>(selected, window: window)
      for (a, b) in [(0.3, 0.8), (2, 1.5), (20, 9)] {
        let least = likelihood.value(of: try F(parameters: [a, b, 0]))
        for share in [1e-6, 0.01, 0.3, 0.9] {
          #expect(likelihood.value(of: try F(parameters: [a, b, share])) >= least * (1 - 1e-15))
        }
      }
      let base = try MaximumLikelihood(window: window).fit(BetaGeometric.self, to: counts)
      let fit = try MaximumLikelihood(window: window).fit(F.self, to: counts)
      #expect(fit.logLikelihood == base.logLikelihood && fit.parameters.last?.value == 0 && fit.boundary != nil)
    }
    try check(Cured<BetaGeometric>.self, ended, LengthWindow())
    try check(Cured<BetaGeometric>.self, ended, LengthWindow(from: 1))
    try check(Cured<BetaGeometric>.self, ended, LengthWindow(from: 3))
    try check(ZeroInflated<BetaGeometric>.self, positive, LengthWindow())
    // With both, one after the other.
    #expect(Cured<BetaGeometric>.likeliestLimit(for: positive) == nil)
    #expect(ZeroInflated<BetaGeometric>.likeliestLimit(for: ended) == nil)
    let limit = ZeroInflated<Cured<BetaGeometric>>.likeliestLimit(for: ended)
    #expect(limit?.family == ZeroInflated<BetaGeometric>.self && limit?.embedding([1, 2, 0.5]) == [1, 2, 0, 0.5])
  }

  @Test func fixedParameter() throws {
    var estimator = MaximumLikelihood()
    estimator.fixed = ["b": 1.5]
    let fit = try estimator.fit(BetaGeometric.self, to: Self.counts)
    #expect(fit.isConverged && fit.fixed == ["b"] && fit.freeParameters == 1)
    #expect(abs(fit.logLikelihood - -220.9695887549) < 1e-9)
    #expect(abs((fit.parameters[0].value ?? 0) - 2.69845824) < 1e-6)
    #expect(fit.parameters[1].value == 1.5 && fit.parameters[1].standardError == nil)
    // The standard error with b known is that of the information about a alone.
    let free = try MaximumLikelihood().fit(BetaGeometric.self, to: Self.counts)
    #expect((fit.parameters[0].standardError ?? 9) < (free.parameters[0].standardError ?? 0))
    estimator.fixed = ["a": 2.5, "b": 1.5]
    let known = try estimator.fit(BetaGeometric.self, to: Self.counts)
    let law = try BetaGeometric(a: 2.5, b: 1.5)
    #expect(abs(known.logLikelihood + CensoredLikelihood<BetaGeometric>(Self.counts).value(of: law) * 130) < 1e-9)
    #expect(known.freeParameters == 0)
    estimator.fixed = ["b": -1]
    #expect(throws: DistributionError.self) { try estimator.fit(BetaGeometric.self, to: Self.counts) }
    estimator.fixed = ["p[1]": 0.5]
    #expect(throws: DistributionError.notFixable(family: "geometric-mixture-2", name: "p[1]")) {
      try estimator.fit(GeometricMixture<2>.self, to: Self.counts)
    }
  }

  @Test func everyFamilyWithOneFixedIsNoBetterThanFree() throws {
    let counts = try CensoredCounts(exact: [0, 0, 0, 1, 1, 2, 3, 3, 4, 6, 7, 9, 14, 22, 60])
    for family in Family.plain where family.dimension == family.parameterDescriptions.count {
      for window in [LengthWindow(), LengthWindow(from: 1)] {
        guard let free = try? MaximumLikelihood(window: window).fit(family, to: counts) else { continue }
        for (index, parameter) in free.parameters.enumerated() {
          guard let value = parameter.value else { continue }
          var estimator = MaximumLikelihood(window: window)
          // At the estimate itself the maximum is the same.
          estimator.fixed = [parameter.name: value]
          guard family.parameterDescriptions[index].allows(value), free.boundary == nil else { continue }
          let fixed = try estimator.fit(family, to: counts)
          #expect(abs(fixed.logLikelihood - free.logLikelihood) < 1e-6, "\(free.family) \(parameter.name) \(window)")
        }
      }
    }
  }

  @Test func nonparametricEstimate() throws {
    let estimate = ProductLimit(Self.counts)
    for (n, survival) in [(1, 0.636364), (2, 0.473392), (3, 0.369838), (6, 0.174452), (10, 0.074765), (13, 0.058151)] {
      #expect(abs(.exp(estimate.step(at: n)?.logSurvival ?? 0) - survival) < 1e-6)
    }
    // Late entries alone have Greenwood's variance: at risk 2, 3, 2, of which one ends each time.
    let entries = ProductLimit(
      try CensoredCounts(
        [.init(length: 0, exact: 1), .init(length: 3, exact: 1)],
        intervals: [.init(from: 2, through: 2, entry: 1), .init(from: 5, through: nil, entry: 2)]))
    #expect(entries.steps.map(\.n) == [1, 3, 4])
    #expect(entries.steps.map(\.atRisk) == [2, 3, 2])
    let variance = entries.steps.map(\.logVariance)
    #expect(abs(variance[2] - (1.0 / 2 + 1.0 / 6 + 1.0 / 2)) < 1e-9)
  }

  /// In bins of five the distance is taken where the data tell lengths apart.
  @Test func distanceInBins() throws {
    let law = try Geometric(p: 0.9)
    let intervals = (0..<40).map { bin -> LengthInterval in
      let mass = Double.exp(law.logSurvival(5 * bin)) - Double.exp(law.logSurvival(5 * bin + 5))
      return LengthInterval(from: 5 * bin, through: 5 * bin + 4, weight: 1e6 * mass)
    }
    let data = try CensoredCounts([] as [CensoredCounts.Cell], intervals: intervals)
    let fit = try MaximumLikelihood().fit(Geometric.self, to: data)
    #expect(abs((fit.parameters[0].value ?? 0) - 0.9) < 1e-4)
    #expect(KolmogorovSmirnov.distance(of: fit, to: data) < 1e-4)
  }

  /// Where every observation has an entry length nothing is known of zeros.
  @Test func zerosThatCannotBeSeen() throws {
    let data = try CensoredCounts(
      [] as [CensoredCounts.Cell],
      intervals: [.init(from: 6, through: 6, entry: 4, weight: 5), .init(from: 5, through: 8, entry: 3, weight: 3)])
    let fit = try MaximumLikelihood().fit(Family.named("zero-inflated-geometric"), to: data)
    #expect(fit.boundary?.hasPrefix("zero cannot be known") == true && fit.parameters[1].value == nil)
  }

  @Test func intervalsThatAreCells() throws {
    let plain = try CensoredCounts([.init(length: 3, exact: 2), .init(length: 9, exact: 0, censored: 1)])
    let same = try CensoredCounts(
      [], intervals: [.init(from: 3, through: 3, weight: 2), .init(from: 9, through: nil)] as [LengthInterval])
    #expect(plain == same)
    for wrong in [
      LengthInterval(from: 5, through: 3), LengthInterval(from: 3, through: 5, entry: 4),
      LengthInterval(from: -1, through: 3), LengthInterval(from: 1, through: 3, weight: -1),
    ] {
      #expect(throws: DistributionError.interval(wrong)) { try CensoredCounts([], intervals: [wrong]) }
    }
  }

  @Test func gradients() throws {
    let likelihood = CensoredLikelihood<BetaGeometric>(Self.counts, window: LengthWindow(from: 2, through: 80))
    let point = [0.7, 1.9]
    let gradient = try #require(likelihood.gradient(at: point))
    for j in 0..<2 {
      func shifted(_ step: Double) -> Double {
        likelihood.value(at: point.indices.map { point[$0] + ($0 == j ? step : 0) })
      }
      // Central differences of step 1e-5 have 9 digits.
      #expect(abs(gradient[j] - (shifted(1e-5) - shifted(-1e-5)) / 2e-5) < 1e-8)
    }
  }

  /// Lengths seen only from an entry on, or only to an interval: estimates are of the whole law, and 95 % limits cover.
  @Test func coverage() throws {
    let law = try BetaGeometric(a: 2, b: 1.8)
    var covered = [0, 0]
    let runs = 200
    for run in 0..<runs {
      var generator = SeededGenerator(seed: 77, stream: UInt64(run))
      var intervals: [LengthInterval] = []
      while intervals.count < 300 {
        let value = law.sample(using: &generator)
        let entry = Int(generator.uniform() * 3)
        guard value >= entry else { continue }
        // Grouped in steps of 3 above 4, and censored at 40.
        let lower = value <= 4 ? value : value - (value - 5) % 3
        intervals.append(
          value >= 40
            ? .init(from: 40, through: nil, entry: entry)
            : .init(from: max(entry, lower), through: value <= 4 ? value : lower + 2, entry: entry))
      }
      let fit = try MaximumLikelihood().fit(BetaGeometric.self, to: CensoredCounts([], intervals: intervals))
      for (index, (name, truth)) in [("a", 2.0), ("b", 1.8)].enumerated() {
        if let interval = try fit.deltaInterval(of: name), interval.contains(truth) { covered[index] += 1 }
      }
    }
    // Binomial with 200 and 0.95: below 180 or above 199 once in some 300.
    for count in covered { #expect((180...199).contains(count)) }
  }
}
