import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

@Suite struct BootstrapGoodnessTests {
  /// Draws from a law, censored at a length.
  private func sample(_ law: some FittableFamily, _ count: Int, censoredAt length: Int, seed: UInt64) throws
    -> CensoredCounts
  {
    var generator = SeededGenerator(seed: seed, stream: 77)
    return try CensoredCounts(
      (0..<count).map { _ in
        let n = law.sample(using: &generator)
        return n >= length ? .init(length: length, exact: 0, censored: 1) : .init(length: n, exact: 1)
      })
  }

  private func pValue(
    _ family: any FittableFamily.Type, _ counts: CensoredCounts, replicates: Int, threads: Int = 1,
    window: LengthWindow = LengthWindow()
  ) async throws -> BootstrapGoodness {
    let fit = try MaximumLikelihood(window: window).fit(family, to: counts)
    return try await BootstrapGoodness(fit, counts: counts, replicates: replicates, seed: 5, threads: threads)
  }

  /// Under the null p-values are uniform: the largest distance of their distribution stays below KS's 1 % point.
  @Test(arguments: [(40, 19), (200, 99)]) func uniformUnderTheNull(dataSets: Int, replicates: Int) async throws {
    guard dataSets <= 40 || slowTestsAreEnabled else { return }
    var values: [Double] = []
    for seed in 0..<dataSets {
      let counts = try sample(Geometric(p: 0.8), 100, censoredAt: 12, seed: UInt64(seed))
      values.append(
        try #require(try await pValue(Geometric.self, counts, replicates: replicates).tests[.kolmogorovSmirnov]).pValue)
    }
    values.sort()
    var distance = 0.0
    for (index, value) in values.enumerated() {
      let below = Double(index) / Double(dataSets)
      let above = Double(index + 1) / Double(dataSets)
      distance = max(distance, (above - value).magnitude, (value - below).magnitude)
    }
    // 1.628 / √n, and the step of the p-values themselves.
    #expect(distance < 1.628 / Double(dataSets).squareRoot() + 1 / Double(replicates + 1), "\(values)")
  }

  @Test func powerfulAgainstAWrongFamily() async throws {
    let counts = try sample(ZeroInflated(DiscreteWeibull(q: 0.95, beta: 1.5), zero: 0.4), 300, censoredAt: 20, seed: 1)
    let test = try await pValue(Geometric.self, counts, replicates: 99)
    let distance = try #require(test.tests[.kolmogorovSmirnov])
    #expect(distance.pValue == 0.01 && distance.interval.upperBound < 0.04)
  }

  @Test func resultDoesNotDependOnThreads() async throws {
    let counts = try sample(BetaGeometric(a: 2, b: 1.5), 200, censoredAt: 30, seed: 2)
    let one = try await pValue(BetaGeometric.self, counts, replicates: 40, threads: 1)
    let two = try await pValue(BetaGeometric.self, counts, replicates: 40, threads: 2)
    #expect(one == two && one.replicates == 40)
  }

  /// Published bootstrap p-values for moby from n_min 7 run from 0.43 to 0.69; n_min is held fixed here.
  @Test func moby() async throws {
    let counts = try PowerLawTests.counts("moby")
    let test = try await pValue(Zeta.self, counts, replicates: 60, window: LengthWindow(from: 7))
    let distance = try #require(test.tests[.kolmogorovSmirnov])
    #expect(distance.pValue > 0.1)
    expectClose(distance.statistic, 0.00825295308532, relative: 1e-10)
  }

  /// References/goodness.py: Choulakian's statistic over the lengths up to the largest datum, by mpmath.
  @Test func andersonDarlingAgreesWithThirtyDigits() throws {
    let moby = try PowerLawTests.counts("moby")
    let fit = try MaximumLikelihood(window: LengthWindow(from: 7)).fit(Zeta.self, to: moby)
    // The statistic at the maximum to ten digits of alpha.
    expectClose(AndersonDarling.distance(of: fit, to: moby), 0.4463208672662519647, relative: 1e-9)
    // The zeros at p = 0.6 are those of data made to have that maximum: 60 tokens, 40 ends of 100 would be p = 0.6.
    let counts = try CensoredCounts(
      [0: 40.0, 1: 24, 2: 14.4, 3: 8.64, 4: 12.96].map { .init(length: $0.key, exact: $0.value) })
    let geometric = try MaximumLikelihood().fit(Geometric.self, to: counts)
    // By its definition, n = 0 … 4.
    var sum = 0.0
    var left = 100.0
    for n in 0...4 {
      left -= counts.cells[n].exact
      let survival = Double.exp(geometric.logSurvival(n + 1))
      sum +=
        100 * (left / 100 - survival) * (left / 100 - survival) / (survival * (1 - survival))
        * Double.exp(geometric.logMass(n))
    }
    expectClose(AndersonDarling.distance(of: geometric, to: counts), sum, relative: 1e-11)
  }

  /// Without censoring and with cells of one length, Σ over lengths of (d - rh)² / (rh(1-h)).
  @Test func chiSquaredByItsDefinition() throws {
    let counts = try CensoredCounts([0: 40.0, 1: 30, 2: 15, 3: 15].map { .init(length: $0.key, exact: $0.value) })
    let fit = try MaximumLikelihood().fit(Geometric.self, to: counts)
    let p = try #require(fit.parameters[0].value)
    var (left, sum) = (100.0, 0.0)
    for cell in counts.cells {
      let expected = left * (1 - p)
      sum += (cell.exact - expected) * (cell.exact - expected) / (expected * p)
      left -= cell.exact
    }
    let test = try ChiSquared(of: fit, to: counts, smallestExpected: 1)
    expectClose(test.statistic, sum, relative: 1e-11)
    #expect(test.cells == 4 && test.degreesOfFreedom == 3)
    // scipy.stats.chi2.sf(sum, 3), through the identity erfc(√(x/2)) + √(2x/π) e^(-x/2).
    let tail = Double.erfc((sum / 2).squareRoot()) + (2 * sum / Double.pi).squareRoot() * Double.exp(-sum / 2)
    expectClose(try #require(test.pValue), tail, relative: 1e-9)
  }

  /// The asymptotic p-values of censored data are uniform enough: rejected at 5 % about that often under the null.
  @Test func chiSquaredHasItsSize() throws {
    var rejected = 0
    for seed in 0..<300 {
      let counts = try sample(Geometric(p: 0.85), 400, censoredAt: 15, seed: UInt64(seed))
      let fit = try MaximumLikelihood().fit(Geometric.self, to: counts)
      if try #require(try ChiSquared(of: fit, to: counts).pValue) < 0.05 { rejected += 1 }
    }
    // 99 % limits of a binomial of 300 at 5 %, and the little more that Chernoff and Lehmann allow.
    #expect((6...30).contains(rejected), "\(rejected)")
  }

  /// It stops when the decision is clear, at the same replicate whatever the threads, and decides alike.
  @Test func stopsEarly() async throws {
    let counts = try sample(ZeroInflated(DiscreteWeibull(q: 0.95, beta: 1.5), zero: 0.4), 300, censoredAt: 20, seed: 1)
    let fit = try MaximumLikelihood().fit(Geometric.self, to: counts)
    let wrong = try await BootstrapGoodness(fit, counts: counts, replicates: 2000, decisionLevel: 0.05, seed: 5)
    #expect(wrong.isStoppedEarly && wrong.replicates < 500)
    #expect(try #require(wrong.tests[.kolmogorovSmirnov]).pValue < 0.05)
    let same = try await BootstrapGoodness(
      fit, counts: counts, replicates: 2000, decisionLevel: 0.05, seed: 5, threads: 2)
    #expect(same == wrong)
    let right = try sample(Geometric(p: 0.8), 300, censoredAt: 20, seed: 1)
    let good = try await BootstrapGoodness(
      MaximumLikelihood().fit(Geometric.self, to: right), counts: right, replicates: 2000, decisionLevel: 0.05, seed: 5)
    #expect(good.isStoppedEarly)
    #expect(try #require(good.tests[.kolmogorovSmirnov]).pValue > 0.05)
  }

  /// Clauset's own procedure on moby, n_min chosen again in each replicate: published p-values run from 0.43 to 0.69.
  @Test func semiparametricMoby() async throws {
    let counts = try PowerLawTests.counts("moby")
    let choice = try MinimumSelection(Zeta.self, counts: counts, smallestTail: 10)
    let test = try await BootstrapGoodness(
      choice.fit, counts: counts, resampling: .semiparametric(smallestTail: 10), replicates: 200, seed: 1, threads: 2)
    #expect(test.replicates == 200)
    #expect(try #require(test.tests[.kolmogorovSmirnov]).pValue > 0.3, "\(test.tests)")
  }

  /// What the simulator draws follows the law and the censoring: totals of 400 data sets against their expectation.
  @Test func simulatedCountsFollowLawAndCensoring() throws {
    let counts = try CensoredCounts([
      .init(length: 2, exact: 60), .init(length: 3, exact: 30, censored: 10), .init(length: 4, exact: 20),
      .init(length: 9, exact: 10, censored: 20), .init(length: 400, exact: 1), .init(length: 5000, exact: 1),
    ])
    let fit = try MaximumLikelihood(window: LengthWindow(from: 2)).fit(Zeta.self, to: counts)
    let simulator = CountsSimulator(fit: fit, counts: counts)
    #expect(simulator.observations == 152)
    var exact: [Int: Double] = [:]
    var censored: [Int: Double] = [:]
    for seed in 0..<400 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let sample = simulator.sample(152, using: &generator)
      #expect(sample.total == 152)
      for cell in sample.cells {
        exact[min(cell.length, 10), default: 0] += cell.exact
        censored[cell.length, default: 0] += cell.censored
      }
    }
    // 10 of 92 that reach 3 are censored there, 20 of 32 that reach 9.
    let reaches = { (n: Int) in Double.exp(fit.logSurvival(n)) }
    let (third, ninth) = (10.0 / 92, 20.0 / 32)
    let expected: [(Double, Double)] = [
      (exact[2, default: 0], 1 - reaches(3)),
      (censored[3, default: 0], reaches(3) * third),
      (exact[3, default: 0], (reaches(3) - reaches(4)) * (1 - third)),
      (exact[8, default: 0], (reaches(8) - reaches(9)) * (1 - third)),
      (censored[9, default: 0], reaches(9) * (1 - third) * ninth),
      (exact[9, default: 0], (reaches(9) - reaches(10)) * (1 - third) * (1 - ninth)),
      (exact[10, default: 0], reaches(10) * (1 - third) * (1 - ninth)),
    ]
    for (total, probability) in expected {
      let mean = 400 * 152 * probability
      #expect((total - mean).magnitude < 4 * (mean * (1 - probability)).squareRoot(), "\(total) against \(mean)")
    }
  }

  /// Values that never end are seen to reach the longest length and no more.
  @Test func lawsThatNeverEndAreSimulated() async throws {
    let counts = try CensoredCounts([
      .init(length: 0, exact: 50), .init(length: 5, exact: 0, censored: 30), .init(length: 10, exact: 3),
    ])
    let fit = try MaximumLikelihood().fit(Cured<Geometric>.self, to: counts)
    let test = try await BootstrapGoodness(fit, counts: counts, replicates: 50)
    #expect(test.replicates == 50)
    // A tail without an end: values up to 10¹⁷.
    var generator = SeededGenerator(seed: 8)
    let heavy = try CensoredCounts(
      exact: (0..<100).map { _ in Int(min(1e17, Double.pow(generator.uniform(), -10))) })
    let zeta = try MaximumLikelihood().fit(Zeta.self, to: heavy)
    #expect(try await BootstrapGoodness(zeta, counts: heavy, replicates: 20).replicates > 0)
  }
}
