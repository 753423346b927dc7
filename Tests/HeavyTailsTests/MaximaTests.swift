import HeavyTails
import RealModule
import TestSupport
import Testing

/// Maxima where a likelihood has no derivative, no lower end or several tops.
@Suite struct MaximaTests {
  private func counts(_ exact: [Int: Double], censored: [Int: Double] = [:]) throws -> CensoredCounts {
    try CensoredCounts(
      exact.map { .init(length: $0.key, exact: $0.value) }
        + censored.map { .init(length: $0.key, exact: 0, censored: $0.value) })
  }

  /// A line at or below 0 at the last failing position; the values are the smooth maximum with that factor left out.
  @Test func linesBelowZeroAtTheEnd() throws {
    let fit = try MaximumLikelihood().fit(LinearHazard.self, to: counts([0: 5, 1: 66, 2: 29]))
    // p1 = 0.95 and p2 = 29/95, each as often as it is seen: in closed form.
    let (first, second) = (0.95, 29.0 / 95)
    expectClose(fit.parameters[1].value ?? .nan, second - first, relative: 1e-8)
    expectClose(fit.parameters[0].value ?? .nan, 2 * first - second, relative: 1e-8)
    let best = 5 * Double.log(0.05) + 95 * Double.log(first) + 66 * Double.log(1 - second) + 29 * Double.log(second)
    expectClose(fit.logLikelihood, best, relative: 1e-12)
    #expect(fit.isConverged && fit.boundary == nil)
    #expect(fit.parameters.allSatisfy { $0.standardError ?? 0 > 0 })
  }

  /// Two lengths: every line from 1 at 3 to 0 at 5 or steeper gives the shares 10/11 and 1/11.
  @Test func linesOfWhichManyAreBest() throws {
    let fit = try MaximumLikelihood().fit(LinearHazard.self, to: counts([3: 10, 4: 1]))
    expectClose(fit.logLikelihood, 10 * .log(10.0 / 11) + .log(1.0 / 11), relative: 1e-9)
    #expect(fit.isConverged && fit.parameters.allSatisfy { $0.standardError == nil })
    #expect(fit.boundary?.contains("alpha") == true, "\(fit)")
  }

  /// A maximum on p0 + k alpha = 1 beyond the last failure (scipy, on the kink and beside it: -708.91).
  @Test func lineOnAKinkBeyondTheLastFailure() throws {
    let data = try counts(
      [
        0: 25, 1: 24, 2: 28, 3: 29, 4: 18, 5: 15, 6: 15, 7: 9, 8: 16, 9: 9, 10: 10, 11: 6, 12: 2, 13: 4, 14: 6, 15: 5,
        17: 5, 18: 3, 19: 2,
      ], censored: [90: 19])
    let fit = try MaximumLikelihood().fit(LinearHazard.self, to: data)
    expectClose(fit.logLikelihood, -708.91, relative: 0, absolute: 0.005)
    #expect(fit.isConverged && fit.boundary?.hasSuffix("alpha = 1") == true, "\(fit)")
    #expect(fit.parameters.allSatisfy { $0.value != nil && $0.standardError == nil })
  }

  /// A falling line that is 1 at the first tokens and 0 beyond the last failure, where a share explains the zeros or
  /// the survivors (scipy's Nelder-Mead from eight points).
  @Test func linesBesideAShare() throws {
    let lengths = [8.0, 16, 24, 29, 29, 27, 29, 20, 22, 23, 18, 13, 3, 1, 2, 2, 2, 1, 0, 1]
    let cured = try MaximumLikelihood().fit(
      Family.named("cured-linear-hazard"),
      to: counts(
        Dictionary(uniqueKeysWithValues: lengths.enumerated().map { ($0 + 1, $1) }).filter { $0.value > 0 },
        censored: [40: 30]))
    expectClose(cured.logLikelihood, -805.7188487990666, relative: 1e-9)
    #expect(cured.isConverged && cured.boundary?.hasSuffix("alpha = 1") == true)
    let others = [85.0, 2, 7, 13, 27, 17, 31, 21, 29, 19, 15, 14, 5, 3, 5, 3, 1, 1, 1, 1]
    let inflated = try MaximumLikelihood().fit(
      Family.named("zero-inflated-linear-hazard"),
      to: counts(Dictionary(uniqueKeysWithValues: others.enumerated().map { ($0, $1) })))
    expectClose(inflated.logLikelihood, -731.8771881803344, relative: 1e-9)
    expectClose(inflated.parameters[0].value ?? .nan, 1.05664613, relative: 1e-6)
    expectClose(inflated.parameters[1].value ?? .nan, -0.03259141, relative: 1e-6)
    #expect(inflated.isConverged && inflated.boundary == nil)
  }

  /// With a sharp end power laws may rise all the way to the end of their range: no estimate with an error.
  @Test(arguments: ["zeta", "discrete-pareto", "rounded-pareto"]) func powerLawsAtTheEndOfTheirRange(name: String)
    throws
  {
    let fit = try MaximumLikelihood(window: LengthWindow(from: 1, through: 5))
      .fit(Family.named(name), to: counts([1: 10, 2: 8, 3: 9, 4: 10, 5: 12]))
    #expect(fit.boundary == "alpha → 1" && fit.isConverged && fit.parameters[0].standardError == nil)
  }

  /// The law's end next to the longest length: no kink in the maximum, but one within a step of a difference (0.9688,
  /// 0.0936 by mpmath).
  @Test func informationNextToAKink() throws {
    let fit = try MaximumLikelihood().fit(
      DiscreteGeneralizedPareto.self,
      to: counts([0: 9, 1: 6, 2: 10, 3: 6, 4: 6, 5: 5, 6: 4, 7: 5, 8: 3, 9: 4, 10: 1, 11: 1]))
    #expect(fit.isConverged && fit.boundary == nil)
    expectClose(fit.parameters[0].standardError ?? .nan, 0.9688, relative: 0, absolute: 5e-5)
    expectClose(fit.parameters[1].standardError ?? .nan, 0.0936, relative: 0, absolute: 5e-5)
  }

  /// The law's end on the longest length.
  @Test func generalizedParetoOnItsKink() throws {
    let fit = try MaximumLikelihood().fit(
      DiscreteGeneralizedPareto.self, to: counts([2: 1, 8: 9, 9: 5, 20: 10], censored: [20: 75]))
    expectClose(fit.logLikelihood, -96.0185, relative: 0, absolute: 5e-5)
    #expect(fit.isConverged && fit.boundary == "sigma + 21 xi = 0", "\(fit)")
  }

  /// The mixture's own never-ending part and the cured share compete for the censored records.
  @Test func curedMixtureWithSeveralTops() throws {
    let data = try counts([0: 32, 1: 6, 2: 4, 3: 4, 4: 4, 5: 2, 7: 1, 10: 1, 11: 1, 12: 1], censored: [90: 4])
    let fit = try MaximumLikelihood().fit(Family.named("cured-geometric-mixture-2"), to: data)
    expectClose(fit.logLikelihood, -105.743, relative: 0, absolute: 5e-4)
    // It is the zero-inflated cured geometric law: one part takes the zeros alone.
    #expect(fit.isConverged && fit.boundary == "the p of a part → 0", "\(fit)")
    let same = try MaximumLikelihood().fit(Family.named("zero-inflated-cured-geometric"), to: data)
    expectClose(fit.logLikelihood, same.logLikelihood, relative: 1e-9)
  }

  /// Lengths from 2 on without a first one: the log-series law (-513.3922 by scipy).
  @Test func negativeBinomialTowardsTheLogSeries() throws {
    let data = try counts(
      [
        1: 83, 2: 51, 3: 32, 4: 19, 5: 13, 6: 10, 7: 5, 8: 6, 9: 4, 10: 4, 11: 5, 12: 1, 13: 2, 14: 3, 15: 5, 16: 3,
        17: 3, 18: 2, 20: 1, 22: 3,
      ], censored: [7: 35, 25: 23])
    let fit = try MaximumLikelihood(window: LengthWindow(from: 2)).fit(NegativeBinomial.self, to: data)
    expectClose(fit.logLikelihood, -513.3922, relative: 0, absolute: 5e-5)
    #expect(fit.isConverged && fit.boundary == "r → 0: log-series", "\(fit)")
  }

  /// A cutoff so small that the sum's peak is far beyond every length: Φ → Γ(1 - α) λ^(α - 1) e^λ (DLMF 25.14).
  @Test(arguments: [(-7.55, 1.3e-18), (-63, 1e-17), (-0.5, 2e-18), (-30, 1e-6)])
  func zetaCutoffWithAFarPeak(alpha: Double, lambda: Double) throws {
    let law = try ZetaCutoff(alpha: alpha, lambda: lambda)
    let sum = Double.logGamma(1 - alpha) + (alpha - 1) * .log(lambda) + lambda
    expectClose(law.logMass(1), -sum, relative: 1e-10)
    expectClose(law.logMass(1000), -alpha * .log(1000) - lambda * 999 - sum, relative: 1e-10)
  }

  /// Powers of a length have their supremum without a cutoff.
  @Test func zetaCutoffWithoutACutoff() throws {
    let law = try Zeta(alpha: 1.3)
    let data = try CensoredCounts(
      (1...40).map { .init(length: $0, exact: 500 * .exp(law.logMass($0))) }
        + [.init(length: 41, exact: 0, censored: 600 * .exp(law.logSurvival(41)))])
    let window = MaximumLikelihood(window: LengthWindow(from: 1))
    let (zeta, cutoff) = (try window.fit(Zeta.self, to: data), try window.fit(ZetaCutoff.self, to: data))
    #expect(cutoff.logLikelihood == zeta.logLikelihood && cutoff.boundary == "lambda = 0: zeta", "\(cutoff)")
  }

  /// Two names of one law are not compared.
  @Test func vuongOfOneLawTwice() throws {
    let data = try counts([0: 30, 1: 9, 2: 7, 3: 4, 5: 3, 8: 2, 13: 1])
    let first = try MaximumLikelihood().fit(GeometricMixture<2>.self, to: data)
    let second = try MaximumLikelihood().fit(ZeroInflated<Geometric>.self, to: data)
    if (first.logLikelihood - second.logLikelihood).magnitude < 1e-6 {
      #expect(ModelComparison.vuong(first, second, on: data) == nil)
    }
    #expect(ModelComparison.vuong(second, second, on: data) == nil)
  }

  /// Lengths of 0 and 1 only: every law that can put all the rest on 0 and 1 runs off, and none has an estimate with an
  /// error beyond all bounds.
  @Test func flatDirectionsHaveNoEstimate() throws {
    let data = try counts([0: 50, 1: 30])
    let weibull = try MaximumLikelihood().fit(DiscreteWeibull.self, to: data)
    #expect(weibull.boundary == "beta → ∞" && weibull.isConverged, "\(weibull)")
    #expect(weibull.parameters[1].value == nil && weibull.parameters[1].standardError == nil)
    expectClose(try #require(weibull.parameters[0].value), 0.375, relative: 1e-6)
    let logistic = try MaximumLikelihood().fit(LogisticPosition.self, to: data)
    #expect(logistic.boundary == "b → -∞" && logistic.parameters[1].value == nil)
    for family in Family.all where family.dimension <= 2 {
      guard let fit = try? MaximumLikelihood().fit(family, to: data), fit.isConverged else { continue }
      for parameter in fit.parameters {
        let (value, error) = (parameter.value ?? 0, parameter.standardError ?? 0)
        #expect(error <= 20 * max(1, value.magnitude), "\(family.familyName) \(parameter)")
      }
    }
    // All lengths are the smallest possible.
    let ones = try MaximumLikelihood(window: LengthWindow(from: 1)).fit(Zeta.self, to: try counts([1: 5]))
    #expect(ones.boundary == "alpha → ∞" && ones.isConverged && ones.parameters[0].value == nil)
  }

  /// Lengths from 1 on say nothing about a share of zeros, lengths up to n_max nothing about a cured one.
  @Test func sharesThatCannotBeKnown() throws {
    let data = try counts([0: 50, 1: 20, 2: 12, 3: 6, 5: 3, 8: 1], censored: [12: 4])
    let window = MaximumLikelihood(window: LengthWindow(from: 1))
    let (fit, base) = (
      try window.fit(ZeroInflated<ZetaCutoff>.self, to: data), try window.fit(ZetaCutoff.self, to: data)
    )
    #expect(
      fit.boundary == "zero cannot be known where no length of 0 can be observed: zeta-cutoff"
        && fit.parameters[2].value == nil)
    #expect(fit.logLikelihood == base.logLikelihood)
    let ended = MaximumLikelihood(window: LengthWindow(from: 0, through: 5))
    let both = try ended.fit(ZeroInflated<Cured<Geometric>>.self, to: data)
    #expect(both.boundary?.contains("cured cannot be known with n_max") == true, "\(both)")
    // lambda is in the profile likelihood's interval down to 0; the upper end as computed elsewhere.
    let interval = try #require(try ProfileLikelihood(fit, counts: data).interval(of: "lambda"))
    #expect(interval.lowerBound == 0)
    expectClose(interval.upperBound, 0.205, relative: 0, absolute: 5e-4)
    // A share at the end of its range has an interval from there: -ln L rises by 1.9207 at its upper end.
    let inflated = try MaximumLikelihood().fit(
      ZeroInflated<Geometric>.self, to: try counts([0: 30, 1: 35, 2: 20, 3: 9]))
    #expect(inflated.parameters[1].value == 0)
    let share = try #require(
      try ProfileLikelihood(inflated, counts: try counts([0: 30, 1: 35, 2: 20, 3: 9])).interval(of: "zero"))
    func profile(_ zero: Double) throws -> Double {
      // The maximum over p by a fine grid.
      var highest = -Double.infinity
      for step in 1..<20000 {
        let p = Double(step) / 20000
        let rest = 1 - zero
        let cells = [zero + rest * (1 - p), rest * p * (1 - p), rest * p * p * (1 - p), rest * p * p * p * (1 - p)]
        highest = max(highest, zip([30.0, 35, 20, 9], cells).reduce(0) { $0 + $1.0 * .log($1.1) })
      }
      return highest
    }
    #expect(share.lowerBound == 0)
    expectClose(try profile(share.upperBound), inflated.logLikelihood - 1.920729, relative: 0, absolute: 1e-4)
  }
}
