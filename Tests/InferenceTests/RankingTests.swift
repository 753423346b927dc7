import GSLNumerics
import Inference
import RealModule
import TestSupport
import Testing

private struct RankingCases: Decodable {
  struct Correlation: Decodable {
    let x: [Double]
    let y: [Double]
    let spearman: Double
    let kendall: Double
  }
  struct Groups: Decodable {
    let members: [Double]
    let others: [Double]
    let auc: Double
    let deviation: Double
    let at: [String: [Double]]
  }
  let correlations: [Correlation]
  let discriminations: [Groups]
}

/// Against scipy and scikit-learn (References/make_ranking.py).
@Suite struct RankingTests {
  private let cases: RankingCases

  init() throws {
    cases = try reference("ranking.json", in: .module)
  }

  @Test func correlations() throws {
    #expect(cases.correlations.count >= 200)
    for pair in cases.correlations {
      let spearman = try #require(RankCorrelation.spearman(pair.x, pair.y))
      let kendall = try #require(RankCorrelation.kendall(pair.x, pair.y))
      expectClose(spearman.value, pair.spearman, relative: 1e-12, absolute: 1e-15)
      expectClose(kendall.value, pair.kendall, relative: 1e-12, absolute: 1e-15)
      for interval in [spearman.interval, kendall.interval] {
        #expect(interval != nil || pair.x.count < 5 || spearman.value.magnitude == 1 || kendall.value.magnitude == 1)
        #expect(interval == nil || pair.x.count >= 5)
        #expect(interval.map { $0.lowerBound >= -1 && $0.upperBound <= 1 } ?? true)
      }
      #expect(spearman.interval?.contains(spearman.value) ?? true)
    }
    #expect(RankCorrelation.spearman([1, 1, 1], [1, 2, 3]) == nil)
    #expect(RankCorrelation.kendall([1, 2, 3], [5, 5, 5]) == nil)
    #expect(RankCorrelation.kendall([1], [5]) == nil && RankCorrelation.spearman([], []) == nil)
    #expect(RankCorrelation.spearman([1, .nan, 3], [1, 2, 3]) == nil)
    #expect(RankCorrelation.kendall([-.infinity, 0, .infinity], [1, 2, 3])?.value == 1)
  }

  /// Limits cover: of bivariate normal samples with ρ = 0.6, whose Spearman's ρ is (6/π) asin(ρ/2) and Kendall's τ
  /// (2/π) asin ρ.
  @Test func correlationLimitsCover() throws {
    let samples = slowTestsAreEnabled ? 2000 : 300
    var covered = (0, 0)
    for sample in 0..<samples {
      var generator = SeededGenerator(seed: 5, stream: UInt64(sample))
      var (x, y): ([Double], [Double]) = ([], [])
      for _ in 0..<60 {
        let (a, b) = (generator.normal(), generator.normal())
        x.append(a)
        y.append(0.6 * a + 0.8 * b)
      }
      if try #require(RankCorrelation.spearman(x, y)?.interval).contains(6 / Double.pi * .asin(0.3)) { covered.0 += 1 }
      if try #require(RankCorrelation.kendall(x, y)?.interval).contains(2 / Double.pi * .asin(0.6)) { covered.1 += 1 }
    }
    // 95 % within four standard deviations, and one percent for the approximations.
    let allowed = 4 * (0.95 * 0.05 / Double(samples)).squareRoot() + 0.01
    for covered in [covered.0, covered.1] {
      #expect((Double(covered) / Double(samples) - 0.95).magnitude < allowed, "\(covered) of \(samples)")
    }
  }

  @Test func discriminations() throws {
    for groups in cases.discriminations {
      let result = try #require(Discrimination(members: groups.members, others: groups.others))
      expectClose(result.areaUnderCurve, groups.auc, relative: 1e-12, absolute: 1e-15)
      if min(groups.members.count, groups.others.count) == 1 {
        #expect(result.interval == 0...1)
      } else if groups.auc < 1, groups.auc > 0 {
        let width = 1.959963984540054 * groups.deviation
        expectClose(result.interval.lowerBound, max(0, groups.auc - width), relative: 1e-11, absolute: 1e-13)
        expectClose(result.interval.upperBound, min(1, groups.auc + width), relative: 1e-11)
      }
      for (rate, expected) in groups.at {
        let found = result.truePositiveRate(atFalsePositiveRate: try #require(Double(rate)))
        expectClose(found.value, expected[0], relative: 1e-12)
        expectClose(found.interval.lowerBound, expected[1], relative: 1e-9)
        expectClose(found.interval.upperBound, expected[2], relative: 1e-9)
      }
      #expect(result.curve.first! == (0, 0) && result.curve.last! == (1, 1))
      // Corners only, and the area under them is the area.
      for ((a, b), c) in zip(zip(result.curve, result.curve.dropFirst()), result.curve.dropFirst(2)) {
        #expect(!(a.falsePositiveRate == b.falsePositiveRate && b.falsePositiveRate == c.falsePositiveRate))
        #expect(!(a.truePositiveRate == b.truePositiveRate && b.truePositiveRate == c.truePositiveRate))
      }
      let area = zip(result.curve, result.curve.dropFirst()).reduce(0) {
        $0 + ($1.1.falsePositiveRate - $1.0.falsePositiveRate) * ($1.1.truePositiveRate + $1.0.truePositiveRate) / 2
      }
      expectClose(area, result.areaUnderCurve, relative: 1e-12)
    }
  }

  /// Perfect separation of 10 and 40: the lower limit is what 10 of 10 allow.
  @Test func degenerateDiscrimination() throws {
    let result = try #require(
      Discrimination(members: (0..<10).map { 5 + Double($0) }, others: (0..<40).map { -Double($0) }))
    #expect(result.areaUnderCurve == 1 && result.interval.upperBound == 1)
    expectClose(result.interval.lowerBound, .pow(0.025, 0.1), relative: 1e-14)
    #expect(result.truePositiveRate(atFalsePositiveRate: 0.001).value == 1)
    #expect(Discrimination(members: [], others: [1]) == nil && Discrimination(members: [1], others: []) == nil)
    #expect(Discrimination(members: [.nan], others: [1]) == nil)
    let tied = try #require(Discrimination(members: [1, 1, 1], others: [1, 1]))
    #expect(tied.areaUnderCurve == 0.5 && tied.interval == 0...1 && tied.curve.count == 2)
    #expect(tied.truePositiveRate(atFalsePositiveRate: 0.01).value == 0)
    // Infinite scores, of records with a token of probability 0, have ranks like others.
    #expect(Discrimination(members: [0, 1], others: [-.infinity, -5])?.areaUnderCurve == 1)
    #expect(clopperPearson(0, of: 10) == 0...clopperPearson(0, of: 10).upperBound)
    expectClose(clopperPearson(0, of: 10).upperBound, 1 - .pow(0.025, 0.1), relative: 1e-12)
  }
}
