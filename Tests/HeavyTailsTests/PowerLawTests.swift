import Foundation
import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

/// The published data sets of poweRlaw (Debian's r-cran-powerlaw 0.70.6; `References/*.counts`, value and how often)
/// against 30-digit maxima of the discrete power law.
@Suite struct PowerLawTests {
  static func counts(_ name: String) throws -> CensoredCounts {
    let folder = try #require(Bundle.module.resourceURL)
    let text = try String(contentsOf: folder.appendingPathComponent("References/\(name).counts"), encoding: .utf8)
    return try CensoredCounts(
      text.split(separator: "\n").map { line in
        let parts = line.split(separator: " ").compactMap { Int($0) }
        return .init(length: parts[0], exact: Double(parts[1]))
      })
  }

  /// The distance of native_american is that of the 30-digit maximum; the 0.03757124062576 in circulation is that of a
  /// nearby exponent.
  @Test(arguments: [
    ("moby", 7, 2958.0, 1.952727511673445, 0.01753283843, -11753.81757575754, 0.00825295308532),
    ("moby", 1, 18855, 1.77480956982020, 0.0058720102, -40195.9991159368, 0.0346316641105),
    ("native_american", 20, 275, 2.210052854145809, 0.07298061668, -1266.841151829373, 0.0375712243811914540),
  ])
  func maximaOfTheZetaLaw(
    name: String, minimum: Int, tail: Double, alpha: Double, error: Double, logLikelihood: Double, distance: Double
  ) throws {
    let counts = try Self.counts(name)
    let fit = try MaximumLikelihood(window: LengthWindow(from: minimum)).fit(Zeta.self, to: counts)
    #expect(fit.observations == tail && fit.isConverged && fit.boundary == nil)
    expectClose(try #require(fit.parameters[0].value), alpha, relative: 1e-10)
    expectClose(try #require(fit.parameters[0].standardError), error, relative: 1e-8)
    expectClose(fit.logLikelihood, logLikelihood, relative: 1e-13)
    expectClose(KolmogorovSmirnov.distance(of: fit, to: counts), distance, relative: 1e-10)
  }

  /// The KS rule's choices, and the trap of a small sample for which a peer's package gives 3.81 at n_min 6.
  @Test func minimumByTheRule() throws {
    let moby = try MinimumSelection(Zeta.self, counts: Self.counts("moby"))
    #expect(moby.minimum == 7)
    expectClose(moby.distance, 0.00825295308532, relative: 1e-10)
    #expect(try MinimumSelection(Zeta.self, counts: Self.counts("native_american")).minimum == 20)
    let small = [1: 233.0, 2: 33, 3: 13, 4: 10, 5: 2, 6: 3, 7: 2, 8: 2, 9: 1, 11: 1, 15: 1, 18: 1]
    let counts = try CensoredCounts(small.map { .init(length: $0.key, exact: $0.value) })
    let trap = try MinimumSelection(Zeta.self, counts: counts, smallestTail: 10)
    #expect(trap.minimum == 1)
    expectClose(try #require(trap.fit.parameters[0].value), 2.59, relative: 0, absolute: 0.005)
    #expect(throws: DistributionError.noData) {
      try MinimumSelection(Zeta.self, counts: CensoredCounts(exact: [3, 3]))
    }
  }

  /// The scan that every family can use chooses what the fast one chooses.
  @Test func bothScansAgree() throws {
    let counts = try Self.counts("native_american")
    // A maximum beyond the data takes the general way and changes nothing.
    let general = try MinimumSelection(Zeta.self, counts: counts, through: 1_000_000_000_000)
    #expect(general.minimum == 20)
  }

  @Test func alternativesOnMoby() throws {
    let counts = try Self.counts("moby")
    let estimator = MaximumLikelihood(window: LengthWindow(from: 7))
    let zeta = try estimator.fit(Zeta.self, to: counts)
    let geometric = try estimator.fit(Geometric.self, to: counts)
    expectClose(try #require(geometric.parameters[0].value), 0.98178291, relative: 0, absolute: 5e-9)
    expectClose(geometric.logLikelihood, -14778.850546, relative: 0, absolute: 5e-7)
    let vuong = try #require(ModelComparison.vuong(zeta, geometric, on: counts))
    expectClose(vuong.statistic, 9.143612, relative: 0, absolute: 5e-7)
    let cutoff = try estimator.fit(ZetaCutoff.self, to: counts)
    expectClose(try #require(cutoff.parameters[0].value), 1.943977, relative: 0, absolute: 5e-7)
    expectClose(try #require(cutoff.parameters[1].value), 3.46905e-5, relative: 0, absolute: 5e-11)
    expectClose(cutoff.logLikelihood, -11752.9112161, relative: 0, absolute: 5e-8)
    let ratio = try ModelComparison.likelihoodRatio(zeta, cutoff, onBoundary: false)
    expectClose(ratio.statistic, 2 * 0.9063597, relative: 0, absolute: 1e-7)
    expectClose(ratio.pValue, 0.1781824, relative: 0, absolute: 5e-8)
    expectClose(
      try ModelComparison.likelihoodRatio(zeta, cutoff, onBoundary: true).pValue, 0.5 * 0.1781824, relative: 0,
      absolute: 5e-8)
    expectClose(ModelComparison.akaikeWeights([zeta, cutoff, geometric]).reduce(0, +), 1, relative: 1e-14)
    #expect(ModelComparison.vuong(zeta, zeta, on: counts) == nil)
  }

  /// The rounded lognormal has no maximum on moby: its likelihood climbs to that of a rounded Pareto law.
  @Test func lognormalReportsItsLimit() throws {
    let fit = try MaximumLikelihood(window: LengthWindow(from: 7)).fit(DiscreteLognormal.self, to: Self.counts("moby"))
    #expect(fit.boundary == "mu → -∞, sigma → ∞: rounded-pareto" && fit.isConverged)
    #expect(fit.parameters.allSatisfy { $0.value == nil && $0.standardError == nil })
    expectClose(fit.logLikelihood, -11753.8209556, relative: 0, absolute: 5e-8)
    let limit = try #require(fit.law as? RoundedPareto)
    expectClose(limit.alpha, 1.9515567, relative: 0, absolute: 5e-8)
  }

  /// Truncation on both sides: a law's own conditional probabilities give the law back.
  @Test func windowsOnBothSides() throws {
    let laws: [(any FittableFamily.Type, [Double])] = [
      (BetaGeometric.self, [2.0, 1.5]), (DiscreteWeibull.self, [0.9, 0.7]), (Zeta.self, [1.7]),
    ]
    for (family, parameters) in laws {
      let truth = try family.init(parameters: parameters)
      let window = LengthWindow(from: 3, through: 200)
      var cells: [CensoredCounts.Cell] = (3...200).map { n in
        let mass = 1e4 * Double.exp(window.logMass(of: truth, n))
        // Half of the weight at 150 and beyond is known only to be at least 150.
        return n < 150 ? CensoredCounts.Cell(length: n, exact: mass) : .init(length: n, exact: 0.5 * mass)
      }
      cells.append(.init(length: 150, exact: 0, censored: 0.5e4 * Double.exp(window.logSurvival(of: truth, 150))))
      let outside = [CensoredCounts.Cell(length: 0, exact: 500), .init(length: 999, exact: 7)]
      let fit = try MaximumLikelihood(window: window).fit(family, to: CensoredCounts(cells + outside))
      for (found, value) in zip(fit.parameters, parameters) { expectClose(found.value ?? .nan, value, relative: 1e-8) }
      expectClose(fit.observations, 1e4, relative: 1e-12)
      #expect(fit.logSurvival(3) == 0 && fit.logSurvival(201) == -.infinity && fit.logMass(2) == -.infinity)
    }
  }

  /// Windows that hold a small part of a law: likelihoods stay probabilities, and searches end.
  @Test func narrowWindows() throws {
    let window = LengthWindow(from: 1, through: 4)
    let counts = try CensoredCounts([1: 10.0, 2: 20, 3: 40, 4: 80].map { .init(length: $0.key, exact: $0.value) })
    for family in ConformanceTests.fitted {
      guard let fit = try? MaximumLikelihood(window: window).fit(family, to: counts) else { continue }
      #expect(fit.logLikelihood.isFinite && fit.logLikelihood <= 0, "\(fit)")
      // The multinomial law of the data themselves bounds every family's likelihood.
      let best = counts.cells.reduce(0) { $0 + $1.exact * Double.log($1.exact / 150) }
      #expect(fit.logLikelihood <= best + 1e-6, "\(fit)")
    }
    let law = try LogisticPosition(a: 20, b: -0.3)
    let sum = (2...20).reduce(0.0) { $0 + Double.exp(law.logMass($1)) }
    expectClose(LengthWindow(from: 2, through: 20).logProbability(of: law), Double.log(sum), relative: 1e-12)
  }

  /// Poisson-like counts: the negative binomial's maximum is at r → ∞.
  @Test func negativeBinomialRunsOffToPoisson() throws {
    // Binomial(20, 0.4) × 300, by the ratio of neighboring masses.
    var cells: [CensoredCounts.Cell] = []
    var mass = 300 * Double.pow(0.6, 20)
    for k in 0...20 {
      cells.append(.init(length: k, exact: mass))
      mass *= Double(20 - k) / Double(k + 1) * (0.4 / 0.6)
    }
    let fit = try MaximumLikelihood().fit(NegativeBinomial.self, to: CensoredCounts(cells))
    #expect(fit.boundary == "r → ∞: Poisson", "\(fit)")
  }

  /// A part that never ends used to make the negative binomial's derivatives endless.
  @Test func negativeBinomialBesideACuredPart() throws {
    for cells: [CensoredCounts.Cell] in [
      [.init(length: 0, exact: 30), .init(length: 12, exact: 0, censored: 5)],
      [
        .init(length: 0, exact: 70), .init(length: 1, exact: 4), .init(length: 2, exact: 2),
        .init(length: 64, exact: 0, censored: 30),
      ],
    ] {
      let fit = try MaximumLikelihood().fit(NegativeBinomial.self, to: CensoredCounts(cells))
      #expect(fit.logLikelihood.isFinite)
    }
  }
}
