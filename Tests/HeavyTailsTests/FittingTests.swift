import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

@Suite struct FittingTests {
  /// Fader and Hardie's contract data: of 1000 customers so many survive renewals 1 … 7, the rest are censored there.
  ///
  /// The expected values are the maximum to 20 digits (mpmath, root of the score). The published 0.66808846, 3.80609572
  /// and 0.70407731, 1.18204308, in the churn parametrization where the two letters change places, are where an
  /// optimizer stopped: they agree to six digits, their log-likelihoods to ten.
  @Test(arguments: [
    ([869.0, 743, 653, 593, 551, 517, 491], [3.8060949640582669336, 0.6680883511064462186], -1611.1581473911564414),
    ([631.0, 468, 382, 326, 289, 262, 241], [1.1820430262094756755, 0.70407729847351620802], -1680.2651884632869933),
  ])
  func faderHardie(survivors: [Double], maximum: [Double], logLikelihood: Double) throws {
    var cells = [CensoredCounts.Cell(length: survivors.count, exact: 0, censored: survivors.last!)]
    for (n, alive) in ([1000] + survivors).dropLast().enumerated() {
      cells.append(CensoredCounts.Cell(length: n, exact: alive - survivors[n]))
    }
    let fit = try MaximumLikelihood().fit(BetaGeometric.self, to: CensoredCounts(cells))
    for (parameter, value) in zip(fit.parameters, maximum) {
      expectClose(try #require(parameter.value), value, relative: 1e-10)
    }
    expectClose(fit.logLikelihood, logLikelihood, relative: 1e-13)
    #expect(fit.isConverged && fit.boundary == nil)
    #expect(fit.observations == 1000)
    expectClose(fit.aic, 4 - 2 * logLikelihood, relative: 1e-10)
    expectClose(fit.bic, 2 * Double.log(1000) - 2 * logLikelihood, relative: 1e-10)
    expectClose(try #require(fit.aicc), fit.aic + 12 / 997, relative: 1e-12)
  }

  /// The censored geometric law has its maximum in closed form: p = T / (T + D), variance p² (1-p)² (T+D) / (T D) …
  @Test func geometricIsItsClosedForm() throws {
    let counts = try CensoredCounts([
      .init(length: 0, exact: 30), .init(length: 3, exact: 5, censored: 2), .init(length: 8, exact: 1, censored: 4),
    ])
    let fit = try MaximumLikelihood().fit(Geometric.self, to: counts)
    let lengths = 3.0 * 7 + 8 * 5
    let p = lengths / (lengths + 36)
    expectClose(try #require(fit.parameters[0].value), p, relative: 1e-12)
    // Observed information: T/p² + D/(1-p)².
    let information = lengths / (p * p) + 36 / ((1 - p) * (1 - p))
    expectClose(try #require(fit.parameters[0].standardError), 1 / information.squareRoot(), relative: 1e-9)
    expectClose(fit.logLikelihood, lengths * Double.log(p) + 36 * Double.log(1 - p), relative: 1e-13)
  }

  /// A law's own exact probabilities, as fractional weights, give the law back: the projection on the family is itself.
  @Test func everyFamilyFindsItselfInItsOwnLaw() throws {
    let parameters: [String: [Double]] = [
      "geometric": [0.8], "linear-hazard": [0.4, 0.007], "beta-geometric": [2, 1.5], "discrete-weibull": [0.7, 0.6],
      "logistic-position": [0.5, 0.6], "negative-binomial": [2.5, 0.8], "discrete-lognormal": [1, 1.2],
      "discrete-generalized-pareto": [3, 0.4], "zeta": [1.8], "zeta-cutoff": [0.8, 0.05],
      "rounded-pareto": [1.9], "discrete-pareto": [1.9], "geometric-mixture-2": [0.7, 0.3, 0.5, 0.95],
    ]
    // Mixtures of more parts are told apart by too few digits of the weights: see mixturesReachTheirOwnLikelihood.
    for base in Family.plain where parameters[base.familyName] != nil {
      for (prefix, extra) in [
        ("", []), ("zero-inflated-", [0.3]), ("cured-", [0.1]), ("zero-inflated-cured-", [0.1, 0.3]),
      ] {
        let family = try Family.named(prefix + base.familyName)
        let truth = try family.init(parameters: try #require(parameters[base.familyName]) + extra)
        var cells = (0..<40).map { CensoredCounts.Cell(length: $0, exact: 1000 * Double.exp(truth.logMass($0))) }
        cells.append(.init(length: 40, exact: 0, censored: 1000 * Double.exp(truth.logSurvival(40))))
        let fit = try MaximumLikelihood().fit(family, to: CensoredCounts(cells))
        #expect(fit.isConverged && fit.boundary == nil, "\(fit)")
        for (found, value) in zip(fit.parameters, truth.parameters) {
          // The worst conditioned of these (zero-inflated cured Weibull) loses five digits to the weights' rounding.
          expectClose(found.value ?? .nan, value, relative: 1e-8, "\(family.familyName) \(found.name)")
          #expect((found.standardError ?? -1) > 0)
        }
      }
    }
  }

  /// Mixtures of three and four parts, also with both shares: no law of the family is likelier than the data's own.
  @Test func mixturesReachTheirOwnLikelihood() throws {
    for (name, parameters) in [
      ("geometric-mixture-3", [0.5, 0.3, 0.2, 0.2, 0.8, 0.99]),
      ("geometric-mixture-4", [0.4, 0.3, 0.2, 0.1, 0.05, 0.5, 0.9, 0.995]),
      ("zero-inflated-cured-geometric-mixture-3", [0.5, 0.3, 0.2, 0.3, 0.8, 0.97, 0.1, 0.2]),
    ] {
      let truth = try Family.named(name).init(parameters: parameters)
      var cells = (0..<64).map { CensoredCounts.Cell(length: $0, exact: 1000 * Double.exp(truth.logMass($0))) }
      cells.append(.init(length: 64, exact: 0, censored: 1000 * Double.exp(truth.logSurvival(64))))
      let best = cells.reduce(0.0) {
        $0 + $1.exact * truth.logMass($1.length) + $1.censored * truth.logSurvival($1.length)
      }
      let fit = try MaximumLikelihood().fit(type(of: truth), to: CensoredCounts(cells))
      // Within a thousandth of a unit: beyond that the likelihood is flat to rounding along a curve of laws.
      expectClose(fit.logLikelihood, best, relative: 0, absolute: 1e-3, "\(fit)")
    }
  }

  /// Above a minimum a mixture is one of the same parts: its own law is found there too, parts by increasing p.
  @Test func mixturesAboveAMinimum() throws {
    let truth = try GeometricMixture<2>(weights: [0.9, 0.1], p: [0.6, 0.95])
    let window = LengthWindow(from: 5)
    let counts = try CensoredCounts((5...300).map { .init(length: $0, exact: 1e5 * Double.exp(truth.logMass($0))) })
    let fit = try MaximumLikelihood(window: window).fit(GeometricMixture<2>.self, to: counts)
    for (found, value) in zip(fit.parameters, truth.parameters) {
      // The weights at 0 are far from data that begin at 5.
      expectClose(found.value ?? .nan, value, relative: 1e-4, "\(fit.parameters)")
      #expect(found.standardError != nil)
    }
  }

  /// BIC finds the number of parts that made the data, and its name is that of the choice.
  @Test func numberOfPartsByBIC() throws {
    var generator = SeededGenerator(seed: 4)
    for (parts, parameters) in [(2, [0.6, 0.4, 0.3, 0.97]), (3, [0.5, 0.3, 0.2, 0.1, 0.85, 0.995])] {
      let truth = try Family.named("geometric-mixture-\(parts)").init(parameters: parameters)
      let counts = try CensoredCounts(
        (0..<20_000).map { _ in
          let n = truth.sample(using: &generator)
          return n >= 300 ? .init(length: 300, exact: 0, censored: 1) : .init(length: n, exact: 1)
        })
      let fit = try MaximumLikelihood().fit(FamilyChoice(named: "geometric-mixture"), to: counts)
      #expect(fit.family == "geometric-mixture" && fit.familyType.familyName == "geometric-mixture-\(parts)")
      #expect(fit.freeParameters == 2 * parts - 1)
      for (found, value) in zip(fit.parameters, parameters) {
        let error = try #require(found.standardError)
        #expect(((found.value ?? .nan) - value).magnitude < 4 * error, "\(fit.parameters)")
      }
    }
    // One part: two become one, and the limit says so.
    let single = try CensoredCounts(
      (0..<30).map { .init(length: $0, exact: 1000 * Double.pow(0.8, Double($0)) * 0.2) })
    let fit = try MaximumLikelihood().fit(GeometricMixture<2>.self, to: single)
    let smaller = try MaximumLikelihood().fit(Geometric.self, to: single)
    #expect(fit.logLikelihood >= smaller.logLikelihood - 1e-6)
  }

  /// A simulated beta-geometric, 10⁵ records censored at 64: recovered within three standard errors.
  @Test func recoversASimulatedBetaGeometric() throws {
    let fit = try simulatedFit(seed: 1, records: 100_000)
    for (parameter, truth) in zip(fit.parameters, [2, 1.5]) {
      let value = try #require(parameter.value)
      let error = try #require(parameter.standardError)
      #expect((value - truth).magnitude < 3 * error, "\(parameter)")
      #expect(error < 0.05)
    }
  }

  /// Over 200 seeds the 95 % intervals cover the truth as often as a binomial allows: between 181 and 198 times at 99
  /// %.
  @Test(.enabled(if: slowTestsAreEnabled))
  func intervalsCover() throws {
    var covered = [0, 0]
    for seed in 0..<200 {
      let fit = try simulatedFit(seed: UInt64(seed), records: 2000)
      for (index, truth) in [2, 1.5].enumerated() {
        let value = try #require(fit.parameters[index].value)
        let error = try #require(fit.parameters[index].standardError)
        if (value - truth).magnitude <= 1.959963984540054 * error { covered[index] += 1 }
      }
    }
    for count in covered { #expect((181...198).contains(count), "\(covered)") }
  }

  private func simulatedFit(seed: UInt64, records: Int) throws -> Fit {
    let truth = try BetaGeometric(a: 2, b: 1.5)
    var generator = SeededGenerator(seed: seed)
    var cells: [Int: (exact: Double, censored: Double)] = [:]
    for _ in 0..<records {
      let n = truth.sample(using: &generator)
      if n >= 64 { cells[64, default: (0, 0)].censored += 1 } else { cells[n, default: (0, 0)].exact += 1 }
    }
    let counts = try CensoredCounts(
      cells.map { .init(length: $0.key, exact: $0.value.exact, censored: $0.value.censored) })
    return try MaximumLikelihood().fit(BetaGeometric.self, to: counts)
  }

  /// When every record is its own cluster of one count, the sandwich estimates the same variance as the information.
  @Test func sandwichAgreesWithInformationUnderTheModel() throws {
    let truth = try BetaGeometric(a: 2, b: 1.5)
    var generator = SeededGenerator(seed: 5)
    let clusters = try (0..<4000).map { _ in
      let n = truth.sample(using: &generator)
      return try CensoredCounts([n >= 64 ? .init(length: 64, exact: 0, censored: 1) : .init(length: n, exact: 1)])
    }
    let counts = try CensoredCounts(clusters.flatMap(\.cells))
    let plain = try MaximumLikelihood().fit(BetaGeometric.self, to: counts)
    let sandwich = try MaximumLikelihood(standardErrors: .sandwich(clusters: clusters)).fit(
      BetaGeometric.self, to: counts)
    for (a, b) in zip(plain.parameters, sandwich.parameters) {
      #expect(a.value == b.value)
      expectClose(try #require(b.standardError), try #require(a.standardError), relative: 0.15)
    }
  }

  /// The same for a line whose coordinates depend on the data's reach, with records of different lengths.
  @Test func sandwichOfALineWithUnequalLengths() throws {
    let truth = try LinearHazard(p0: 0.6, alpha: 0.008)
    var generator = SeededGenerator(seed: 6)
    let clusters = try (0..<4000).map { index in
      let n = truth.sample(using: &generator)
      let length = [3, 10, 30][index % 3]
      return try CensoredCounts([
        n >= length ? .init(length: length, exact: 0, censored: 1) : .init(length: n, exact: 1)
      ])
    }
    let counts = try CensoredCounts(clusters.flatMap(\.cells))
    let plain = try MaximumLikelihood().fit(LinearHazard.self, to: counts)
    let sandwich = try MaximumLikelihood(standardErrors: .sandwich(clusters: clusters)).fit(
      LinearHazard.self, to: counts)
    for (a, b) in zip(plain.parameters, sandwich.parameters) {
      expectClose(try #require(b.standardError), try #require(a.standardError), relative: 0.15)
    }
  }

  // MARK: Boundaries

  /// Maxima far out in a family's coordinates are maxima all the same (found by other optimizers on the scale
  /// parameter).
  @Test func maximaNearTheEdgeOfDoubles() throws {
    func fit(_ counts: [Int: Double]) throws -> Fit {
      try MaximumLikelihood().fit(
        DiscreteWeibull.self, to: CensoredCounts(counts.map { .init(length: $0.key, exact: $0.value) }))
    }
    let first = try fit([30: 4, 38: 10, 44: 18, 50: 24, 55: 20, 62: 12, 70: 4])
    expectClose(first.logLikelihood, -334.33513, relative: 0, absolute: 5e-6)
    expectClose(try #require(first.parameters[1].value), 6.176, relative: 1e-3)
    let second = try fit([60: 3, 75: 8, 85: 14, 95: 20, 100: 22, 105: 20, 115: 14, 125: 4])
    expectClose(second.logLikelihood, -420.3899, relative: 0, absolute: 5e-5)
    expectClose(try #require(second.parameters[1].value), 8.499, relative: 1e-3)
    for fit in [first, second] {
      #expect(fit.boundary == nil && fit.isConverged && fit.parameters[1].standardError != nil)
    }
    // p = 1 - 1.25e-10 by the closed form.
    let geometric = try MaximumLikelihood().fit(
      Geometric.self, to: CensoredCounts([.init(length: 0, exact: 1), .init(length: 80, exact: 0, censored: 1e8)]))
    #expect(geometric.boundary == nil && geometric.isConverged)
  }

  /// Lines that are clamped to 1 before the first failure; the likelihoods are those of a grid search.
  @Test func linesThatStartClamped() throws {
    let first = try MaximumLikelihood().fit(
      LinearHazard.self,
      to: CensoredCounts([
        .init(length: 3, exact: 10), .init(length: 5, exact: 20), .init(length: 8, exact: 20),
        .init(length: 9, exact: 5),
      ]))
    expectClose(first.logLikelihood, -115.503, relative: 0, absolute: 1e-3)
    #expect(first.isConverged, "\(first)")
    let second = try MaximumLikelihood().fit(
      LinearHazard.self,
      to: CensoredCounts([.init(length: 10, exact: 10), .init(length: 11, exact: 10), .init(length: 12, exact: 10)]))
    #expect(second.logLikelihood >= -33.98 && second.isConverged, "\(second)")
  }

  /// Geometric data: the beta-geometric supremum is the geometric law, reached as a, b → ∞.
  @Test func betaGeometricRunsOffToGeometric() throws {
    // Less spread than a geometric law has: no mixture can be the maximum.
    let counts = try CensoredCounts(exact: Array(repeating: 3, count: 50) + Array(repeating: 4, count: 50))
    let fit = try MaximumLikelihood().fit(BetaGeometric.self, to: counts)
    #expect(fit.boundary == "a, b → ∞: geometric")
    #expect(fit.parameters.allSatisfy { $0.value == nil && $0.standardError == nil })
    #expect(fit.isConverged)
    #expect(fit.law is Geometric)
    let geometric = try MaximumLikelihood().fit(Geometric.self, to: counts)
    #expect(fit.logLikelihood == geometric.logLikelihood)
  }

  @Test func inflationThatEmptiesIsNamed() throws {
    let law = try Geometric(p: 0.7)
    // Fewer zeros than the geometric law has.
    let cells = (0..<60).map {
      CensoredCounts.Cell(length: $0, exact: ($0 == 0 ? 0.2 : 1) * 1000 * Double.exp(law.logMass($0)))
    }
    let fit = try MaximumLikelihood().fit(ZeroInflated<Geometric>.self, to: CensoredCounts(cells))
    #expect(fit.boundary == "zero = 0: geometric")
    #expect(fit.parameters[1].value == 0 && fit.parameters[1].standardError == nil)
    #expect(try #require(fit.parameters[0].standardError) > 0)
  }

  /// Two points far apart and nothing between them: beta → 0 leaves only "ends at once or never".
  @Test func weibullAtItsEdge() throws {
    let counts = try CensoredCounts([.init(length: 0, exact: 40), .init(length: 64, exact: 0, censored: 60)])
    let fit = try MaximumLikelihood().fit(DiscreteWeibull.self, to: counts)
    #expect(fit.boundary == "beta → 0")
    expectClose(fit.logLikelihood, 40 * Double.log(0.4) + 60 * Double.log(0.6), relative: 1e-4)
  }

  /// From n_min >= 1 on the discrete Weibull law turns into n^(1 - α) as β → 0. Maximum by golden section in Python.
  @Test func weibullWithoutExponent() throws {
    let cells = [1: 233, 2: 33, 3: 13, 4: 10, 5: 2, 6: 3, 7: 2, 8: 2, 9: 1, 11: 1, 15: 1, 18: 1]
    let counts = try CensoredCounts(cells.map { .init(length: $0.key, exact: Double($0.value)) })
    let estimator = MaximumLikelihood(window: LengthWindow(from: 1))
    let pareto = try estimator.fit(DiscretePareto.self, to: counts)
    expectClose(pareto.parameters[0].value ?? .nan, 3.01785918, relative: 1e-8)
    expectClose(pareto.logLikelihood, -283.3542827596228, relative: 1e-13)
    for family in [DiscreteWeibull.self, Cured<DiscreteWeibull>.self] as [any FittableFamily.Type] {
      let fit = try estimator.fit(family, to: counts)
      #expect(fit.isConverged && fit.boundary?.hasSuffix("q, beta → 0: discrete-pareto") == true)
      #expect(fit.logLikelihood == pareto.logLikelihood)
    }
  }

  /// A line comes within 10⁻⁸ of 1, or nearer, at the last length, where next to nothing ends. Whether that is an edge
  /// does not depend on the last bits of the weights. It is never the edge at 0.
  @Test(arguments: [1, 1e-8, 1e-16, 1e-25]) func edgesDoNotDependOnRounding(share: Double) throws {
    let line = try LinearHazard(p0: 0.83603501773678016, alpha: 0.00321499935934687771)
    let exact = (0...50).map { Double.exp(line.logMass($0)) * ($0 == 50 ? share : 1) }
    var generator = SeededGenerator(seed: 7)
    var found = Set<String?>()
    for _ in 0..<30 {
      func rounded(_ weight: Double) -> Double { weight * (1 + 0x1p-52 * Double.random(in: -4...4, using: &generator)) }
      var cells = exact.enumerated().map { CensoredCounts.Cell(length: $0, exact: rounded($1)) }
      cells.append(.init(length: 51, exact: 0, censored: rounded(.exp(line.logSurvival(51)))))
      let fit = try MaximumLikelihood().fit(LinearHazard.self, to: CensoredCounts(cells))
      #expect(fit.isConverged)
      expectClose(fit.parameters[0].value ?? line.p0, line.p0, relative: 1e-6)
      found.insert(fit.boundary)
    }
    #expect(found.count == 1 && found.isSubset(of: [nil, "p0 + 51 alpha → 1"]), "\(found)")
  }

  /// Lengths of 3 and 4 only: a law that begins to end at 3 and is over at 4 has their shares.
  @Test func weibullThatEndsAtOnce() throws {
    let counts = try CensoredCounts([.init(length: 3, exact: 10), .init(length: 4, exact: 1)])
    let shares = 10 * Double.log(10.0 / 11) - .log(11)
    for minimum in 0...3 {
      let fit = try MaximumLikelihood(window: LengthWindow(from: minimum)).fit(DiscreteWeibull.self, to: counts)
      #expect(fit.isConverged && fit.boundary == "the data do not determine beta")
      expectClose(fit.logLikelihood, shares, relative: 1e-10)
    }
  }

  /// All zeros, all censored, one value, two values, no data, lengths up to 10⁹: a report or a named error, for all
  /// families.
  @Test func degenerateDataAreNamed() throws {
    let estimator = MaximumLikelihood()
    #expect(throws: DistributionError.noData) { try estimator.fit(Geometric.self, to: CensoredCounts([])) }
    for family in ConformanceTests.fitted {
      let zeros = try estimator.fit(family, to: CensoredCounts(exact: [0, 0, 0]))
      #expect(zeros.boundary == "every length is 0: S(1) = 0" && zeros.logLikelihood == 0)
      let censored = try estimator.fit(family, to: CensoredCounts([.init(length: 64, exact: 0, censored: 9)]))
      #expect(censored.boundary == "every length is censored: S(n) = 1" && censored.logLikelihood == 0)
      for values in [[5], [5, 5, 5], [0, 7], [3, 1_000_000_000], [0, 1]] {
        // Zeta laws start at 1: zeros are impossible under them unless they are inflated.
        let counts = try CensoredCounts(exact: values)
        if ["zeta", "rounded-pareto", "discrete-pareto"].contains(where: family.familyName.contains),
          !family.familyName.hasPrefix("zero"),
          values.contains(0)
        {
          #expect(throws: DistributionError.impossibleData(family: family.familyName)) {
            try estimator.fit(family, to: counts)
          }
          continue
        }
        let fit = try estimator.fit(family, to: counts)
        #expect(fit.logLikelihood.isFinite && fit.logLikelihood <= 0, "\(fit.family) \(values)")
        #expect(fit.parameters.allSatisfy { $0.value?.isFinite ?? true })
      }
    }
  }

  @Test func countsAreCheckedAndMerged() throws {
    #expect(throws: DistributionError.cell(length: -1, weight: 1)) { try CensoredCounts(exact: [-1]) }
    #expect(throws: DistributionError.self) { try CensoredCounts([.init(length: 1, exact: .nan)]) }
    #expect(throws: DistributionError.cell(length: .max, weight: 1)) { try CensoredCounts(exact: [.max]) }
    #expect(throws: DistributionError.cell(length: 0, weight: 1e300)) {
      try CensoredCounts([.init(length: 0, exact: 1e300)])
    }
    #expect(throws: DistributionError.self) { try CensoredCounts([.init(length: 1, exact: 0, censored: -2)]) }
    let counts = try CensoredCounts([
      .init(length: 4, exact: 1), .init(length: 0, exact: 2), .init(length: 4, exact: 0, censored: 3),
    ])
    #expect(counts.cells == [.init(length: 0, exact: 2), .init(length: 4, exact: 1, censored: 3)])
    #expect(counts.total == 6 && counts.exactTotal == 3 && counts.maximum == 4 && counts.lengthTotal == 16)
  }
}
