import GSLNumerics
import RealModule
import Testing

@testable import HeavyTails

/// References: scipy's BFGS and Nelder-Mead on the likelihoods written out in numpy.
struct ScaleRegressionTests {
  static let first = [
    0.03, 1.36, 1.22, -0.51, -0.3, -0.53, 0.57, -0.06, 0.75, -1.85, 1.57, -0.1, 0.68, -0.14, -0.38, 0.46, 0.82, -0.2,
    -0.15, 0.69, -0.87, -1.51, 0.39, -0.67, -1.92, -0.81, -0.47, -1.19, -1.49, 0.04, 0.9, -0.23, -0.74, 0.38, 0.72,
    -0.3, 0.54, 1.04, -0.21, -0.81,
  ]
  static let second: [Double] = [
    1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1,
    1,
  ]
  static let lengths = [
    2, 2, 5, 0, 1, 0, 30, 0, 0, 0, 0, 7, 3, 8, 3, 3, 0, 7, 0, 2, 0, 2, 2, 3, 5, 0, 2, 0, 2, 1, 0, 0, 7, 0, 0, 9, 0, 29,
    1, 0,
  ]

  static func units() throws -> [ScaleRegression.Unit] {
    try lengths.indices.map { index in
      let n = lengths[index]
      return .init(
        try CensoredCounts([.init(length: n, exact: n < 30 ? 1 : 0, censored: n < 30 ? 0 : 1)]),
        covariates: [first[index], second[index]], cluster: index)
    }
  }

  @Test func discreteWeibull() throws {
    let fit = try ScaleRegression(DiscreteWeibull.self, units: Self.units())
    #expect(fit.isConverged)
    #expect(abs(fit.logLikelihood - -84.74880447776678) < 1e-9)
    #expect(abs(fit.nullLogLikelihood - -85.32943061639062) < 1e-9)
    for (estimate, expected) in zip(fit.coefficients, [1.12394319, 0.34914948, -0.20001785]) {
      #expect(abs(estimate.value - expected) < 1e-6)
    }
    #expect(abs(fit.logShape.value - -0.48167802) < 1e-6)
  }

  @Test func betaGeometric() throws {
    let fit = try ScaleRegression(BetaGeometric.self, units: Self.units())
    #expect(abs(fit.logLikelihood - -85.05774761100736) < 1e-9)
    #expect(abs(fit.nullLogLikelihood - -85.1771283690029) < 1e-9)
    for (estimate, expected) in zip(fit.coefficients, [1.00104511, 0.14361375, -0.21634332]) {
      #expect(abs(estimate.value - expected) < 1e-5)
    }
  }

  @Test func withoutCovariatesItIsTheFit() throws {
    let units = try Self.units().map { ScaleRegression.Unit($0.counts, covariates: [], cluster: $0.cluster) }
    let fit = try ScaleRegression(BetaGeometric.self, units: units)
    let plain = try MaximumLikelihood().fit(
      BetaGeometric.self, to: CensoredCounts(units.flatMap(\.counts.cells)))
    #expect(abs(fit.logLikelihood - plain.logLikelihood) < 1e-9)
    #expect(abs(.exp(fit.coefficients[0].value) - (plain.parameters[0].value ?? 0)) < 1e-5)
  }

  /// Units of other sizes and origins change nothing but the coefficients.
  @Test func unitsOfCovariates() throws {
    let units = try Self.units()
    let moved = units.map {
      ScaleRegression.Unit(
        $0.counts, covariates: [1e6 + 1000 * $0.covariates[0], $0.covariates[1]], cluster: $0.cluster)
    }
    let (a, b) = (
      try ScaleRegression(DiscreteWeibull.self, units: units), try ScaleRegression(DiscreteWeibull.self, units: moved)
    )
    #expect(abs(a.logLikelihood - b.logLikelihood) < 1e-9)
    #expect(abs(a.coefficients[1].value - 1000 * b.coefficients[1].value) < 1e-6)
    #expect(abs((a.coefficients[1].standardError ?? 0) - 1000 * (b.coefficients[1].standardError ?? 1)) < 1e-6)
  }

  @Test func slopes() throws {
    for (logScale, logShape) in [(1.2, -0.4), (-2.0, 0.6), (4.0, 0.1)] {
      for n in [0, 1, 5, 40] {
        try check(DiscreteWeibull.self, logScale, logShape, n)
        try check(BetaGeometric.self, logScale, logShape, n)
      }
    }
  }

  private func check<F: ScaledFamily>(_: F.Type, _ logScale: Double, _ logShape: Double, _ n: Int) throws {
    func law(_ scale: Double, _ shape: Double) throws -> F { try #require(F.law(logScale: scale, logShape: shape)) }
    let step = 1e-5
    let here = try law(logScale, logShape)
    for (term, value) in [
      (here.scaledMass(n), { (law: F) -> Double in law.logMass(n) }),
      (here.scaledSurvival(n), { (law: F) -> Double in law.logSurvival(n) }),
    ] {
      let byScale = (value(try law(logScale + step, logShape)) - value(try law(logScale - step, logShape))) / (2 * step)
      let byShape = (value(try law(logScale, logShape + step)) - value(try law(logScale, logShape - step))) / (2 * step)
      // Central differences leave out the third derivative times h^2 / 6, here up to 2e-8 of the value.
      let tolerance = 1e-7 * max(1, term.value.magnitude)
      #expect(term.value == value(here))
      #expect(abs(term.byLogScale - byScale) < tolerance && abs(term.byLogShape - byShape) < tolerance)
    }
  }

  /// With a heavy-tailed covariate and 40 units, p-values hold at 5 % and 1 % where there is no effect, and see one.
  @Test func pValues() throws {
    var small = (five: 0, one: 0)
    var found = 0
    let runs = 400
    for run in 0..<runs {
      var generator = SeededGenerator(seed: 5, stream: UInt64(run))
      let law = try DiscreteWeibull(q: 0.75, beta: 0.6)
      let strong = try DiscreteWeibull(q: 0.97, beta: 0.6)
      func units(_ hasEffect: Bool) throws -> [ScaleRegression.Unit] {
        try (0..<40).map { index in
          let skewed = Double.exp(1.5 * generator.normal())
          let other = generator.normal()
          let value = (hasEffect && skewed > 1 ? strong : law).sample(using: &generator)
          let cell = CensoredCounts.Cell(
            length: min(value, 30), exact: value < 30 ? 1 : 0, censored: value < 30 ? 0 : 1)
          return .init(try CensoredCounts([cell]), covariates: [skewed, other], cluster: index)
        }
      }
      let p = try ScaleRegression.pValue(
        DiscreteWeibull.self, units: units(false), covariate: 0, permutations: 199, seed: UInt64(run))
      small.five += p <= 0.05 ? 1 : 0
      small.one += p <= 0.01 ? 1 : 0
      if run < 20 {
        let q = try ScaleRegression.pValue(
          DiscreteWeibull.self, units: units(true), covariate: 0, permutations: 199, seed: UInt64(run))
        found += q <= 0.05 ? 1 : 0
      }
    }
    // Binomial with 400 and 0.05 or 0.01: above 34 and 11 once in some 1,000.
    #expect(small.five <= 34 && small.one <= 11)
    #expect(found >= 8)
  }
}
