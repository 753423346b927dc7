import GSLNumerics
import RealModule
import TestSupport
import Testing

@testable import Inference

/// Against scipy, statsmodels and enumeration (References/make_inference.py).
@Suite struct HypothesisTestTests {
  private let cases: InferenceCases

  init() throws { cases = try .read() }

  @Test func signedRank() throws {
    #expect(cases.signedRank.count >= 60)
    var exact = 0
    for entry in cases.signedRank {
      let zeros = try #require(SignedRankTest.Zeros(rawValue: entry.zeros))
      let test = try #require(SignedRankTest(differences: entry.differences, zeros: zeros))
      #expect(test.positiveRankSum == entry.wPlus && test.negativeRankSum == entry.wMinus)
      if test.isExact, let p = entry.exactP {
        exact += 1
        expectClose(test.pValue, p, relative: 1e-12)
      } else if !test.isExact, let p = entry.normalP {
        expectClose(test.pValue, p, relative: 1e-10)
      }
      // W+ - W- is the sum of sgn(d_i + d_j) over pairs and over single values, where zeros are left out.
      if zeros == .wilcox, test.nonzero > 0 {
        let d = entry.differences.filter { $0 != 0 }
        var sum = 0.0
        for i in d.indices {
          for j in i..<d.count where d[i] + d[j] != 0 { sum += d[i] + d[j] > 0 ? 1 : -1 }
        }
        #expect(sum == entry.wPlus - entry.wMinus)
      }
    }
    #expect(exact >= 30)
  }

  @Test func sign() throws {
    #expect(cases.sign.count >= 50)
    for entry in cases.sign {
      expectClose(try #require(SignTest(differences: entry.differences)).pValue, entry.p, relative: 1e-10)
    }
    // 2^-999 is exact too.
    let all = try #require(SignTest(differences: Array(repeating: 1, count: 1000)))
    expectClose(all.pValue, .exp(-999 * .log(2)), relative: 1e-10)
  }

  @Test func mannWhitney() throws {
    #expect(cases.mannWhitney.count >= 60)
    for entry in cases.mannWhitney {
      let test = try #require(MannWhitneyTest(entry.x, entry.y))
      #expect(test.statistic == entry.u)
      expectClose(test.cliffsDelta, entry.cliffsDelta, relative: 1e-12, absolute: 1e-15)
      if test.isExact, let p = entry.exactP {
        expectClose(test.pValue, p, relative: 1e-10)
      } else if !test.isExact, let p = entry.normalP {
        expectClose(test.pValue, p, relative: 1e-10)
      }
    }
  }

  @Test func kolmogorovSmirnov() throws {
    #expect(cases.ks.count >= 60)
    for entry in cases.ks {
      let test = try #require(KolmogorovSmirnovTest(entry.x, entry.y))
      expectClose(test.statistic, entry.statistic, relative: 1e-12, absolute: 1e-15)
      #expect(test.isExact)
      // scipy forms some of its p-values as 1 - cdf.
      if let p = entry.exactP { expectClose(test.pValue, p, relative: 1e-9, absolute: 1e-13) }
    }
    // All of 200 before all of 300: 2/C(500, 200), where only two paths go along the edges.
    let apart = try #require(KolmogorovSmirnovTest((0..<200).map(Double.init), (300..<600).map(Double.init)))
    let logChoose = Double.logGamma(501) - .logGamma(201) - .logGamma(301)
    expectClose(.log(apart.pValue), .log(2) - logChoose, relative: 1e-10)
  }

  /// Kolmogorov's limit, by mpmath: 2 Σ (-1)^(k-1) exp(-2 k² λ²) to 30 digits.
  @Test(arguments: [
    (0.3, 0.99999069419866543338), (0.5, 0.96394524366487509439), (0.999999, 0.27000074362745644088),
    (1.0, 0.2699996716773545212), (2.0, 0.00067092525577969534654), (10.0, 2.7677930534734750613e-87),
  ]) func kolmogorovLimit(lambda: Double, value: Double) {
    expectClose(KolmogorovSmirnovTest.limit(lambda), value, relative: 1e-12)
  }

  @Test func andersonDarling() throws {
    #expect(cases.anderson.count >= 50)
    for entry in cases.anderson {
      let test = try #require(AndersonDarlingTest(entry.x, entry.y, permutations: 199))
      expectClose(test.statistic, entry.statistic, relative: 1e-10)
    }
  }

  /// Under the hypothesis the p-values of permutations are uniform, whatever the ties.
  @Test func permutationsHoldTheirLevel() throws {
    var generator = SeededGenerator(seed: 5)
    var small = 0
    for seed in 0..<400 {
      let x = (0..<12).map { _ in (3 * generator.normal()).rounded() }
      let y = (0..<9).map { _ in (3 * generator.normal()).rounded() }
      let p = try #require(AndersonDarlingTest(x, y, permutations: 199, seed: UInt64(seed))).pValue
      if p <= 0.1 { small += 1 }
    }
    // Binomial(400, 0.1): 40 ± 3.5 standard deviations of 6.
    #expect((19...61).contains(small), "\(small) of 400")
  }

  @Test func adjustedPValues() throws {
    #expect(cases.holmBh.count >= 50)
    for entry in cases.holmBh {
      for (ours, theirs) in [
        (MultipleComparisons.holm(entry.p), entry.holm), (MultipleComparisons.benjaminiHochberg(entry.p), entry.bh),
      ] {
        for (a, b) in zip(ours, theirs) { expectClose(a, b, relative: 1e-13) }
      }
    }
    #expect(MultipleComparisons.holm([]).isEmpty)
  }

  @Test func partialRankCorrelation() throws {
    #expect(cases.partialSpearman.count >= 50)
    for entry in cases.partialSpearman {
      let found = PartialRankCorrelation(entry.x, entry.y, given: entry.covariates, permutations: 199)
      expectClose(try #require(found).value, entry.value, relative: 1e-9, absolute: 1e-12)
    }
    #expect(PartialRankCorrelation([1, 2, 3, 4], [4, 3, 2, 1], given: [[1, 2, 3, 4]]) == nil)
  }

  /// Intervals of effect sizes hold what they should in 95 of 100 samples, or a little less for small ones.
  @Test func effectSizeIntervals() throws {
    var generator = SeededGenerator(seed: 11)
    var covered = (0, 0)
    let trials = 600
    for _ in 0..<trials {
      // P(d_1 + d_2 > 0) for normal differences with mean 0.5: Φ(0.5 √2), of which the correlation is twice less 1.
      let d = (0..<40).map { _ in 0.5 + generator.normal() }
      if try #require(SignedRankTest(differences: d)?.interval).contains(
        1 - 2 * normalUpperTail(0.5 * 2.0.squareRoot()))
      {
        covered.0 += 1
      }
      let x = (0..<30).map { _ in 1 + generator.normal() }
      let y = (0..<40).map { _ in generator.normal() }
      if try #require(MannWhitneyTest(x, y)?.interval).contains(1 - 2 * normalUpperTail(0.5.squareRoot())) {
        covered.1 += 1
      }
    }
    for count in [covered.0, covered.1] { #expect(Double(count) > 0.91 * Double(trials), "\(count) of \(trials)") }
  }

  /// Intervals of the rank-biserial correlation with many zeros, which Pratt's ranks weigh: a review found 53 % where
  /// 95 were claimed.
  @Test func intervalsWithZeros() throws {
    var generator = SeededGenerator(seed: 21)
    for (zeros, truth) in [(104, -0.664), (1040, -0.608)] {
      var covered = 0
      let trials = zeros > 100 ? 60 : 300
      for _ in 0..<trials {
        let d =
          (0..<52).map { _ in
            generator.uniform() < 0.8 ? -5 - 5 * generator.uniform() : generator.uniform()
          } + Array(repeating: 0, count: zeros)
        if try #require(SignedRankTest(differences: d)?.interval).contains(truth) { covered += 1 }
      }
      #expect(Double(covered) >= 0.85 * Double(trials), "\(covered) of \(trials) with \(zeros) zeros")
    }
    // Memory does not grow with the zeros; the exact p-value is that of the sum of signed ranks.
    let many = [5.0, -3, 2, 8, 9] + Array(repeating: 0, count: 1_000_000)
    expectClose(try #require(SignedRankTest(differences: many)).pValue, 0.1875, relative: 1e-12)
  }

  /// Independent given a shared cause: 5 % of the p-values are at most 0.05, where permuting plain residuals rejects 9
  /// %.
  @Test func partialCorrelationsHoldTheirLevel() throws {
    var generator = SeededGenerator(seed: 6)
    var small = 0
    let trials = 400
    for seed in 0..<trials {
      let z = (0..<50).map { _ in generator.normal() }
      let found = PartialRankCorrelation(
        z.map { 2 * $0 + generator.normal() }, z.map { 2 * $0 + generator.normal() }, given: [z], permutations: 199,
        seed: UInt64(seed))
      if try #require(found).pValue <= 0.05 { small += 1 }
    }
    // 20 expected, deviation 4.4.
    #expect((6...33).contains(small), "\(small) of \(trials)")
  }

  /// A tiny sample against a huge one is counted too: P by 1 - C(n - k, m)-like sums, from a lattice count with exact
  /// fractions.
  @Test func unequalSamples() throws {
    let many = (0..<100_000).map(Double.init)
    let test = try #require(KolmogorovSmirnovTest([99_000, 99_500, 99_900, 99_990], many))
    // All four beyond D of the many: the chance that four of 100,004 places come so late or so early, 2 (1 - D)^4 to
    // order 1/n.
    #expect(test.isExact)
    expectClose(test.pValue, 2 * .pow(1 - test.statistic, 4), relative: 1e-2)
  }

  @Test func edges() throws {
    #expect(SignedRankTest(differences: []) == nil && SignedRankTest(differences: [.nan]) == nil)
    let zeros = try #require(SignedRankTest(differences: [0, 0]))
    #expect(zeros.pValue == 1 && zeros.rankBiserial == nil && zeros.nonzero == 0)
    #expect(try #require(SignTest(differences: [])).pValue == 1)
    #expect(MannWhitneyTest([], [1]) == nil && KolmogorovSmirnovTest([1], []) == nil)
    #expect(try #require(MannWhitneyTest([1], [1])).pValue == 1)
    #expect(AndersonDarlingTest([1, 1], [1]) == nil)
    let many = (0..<100_000).map(Double.init)
    let large = try #require(KolmogorovSmirnovTest(many, many.map { $0 + 0.5 }))
    #expect(!large.isExact && large.pValue == 1)
  }
}
