import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

private struct ExtremeValues: Decodable {
  struct Index: Decodable {
    let k: Int
    let xi: String
  }
  struct Excess: Decodable {
    let u: Int
    let n: Double
    let meanExcess: String
    let standardError: String
  }
  struct Tail: Decodable {
    let u: Int
    let n: Double
    let sigma: String
    let xi: String
    let standardErrors: [String: String]
    let logLikelihood: String
    let exceededOnceIn10N: String
  }
  let hill: [Index]
  let moment: [Index]
  let pickands: [Index]
  let meanExcess: [Excess]
  let generalizedPareto: [Tail]
}

@Suite struct ExtremesTests {
  /// References/extremes.py on moby: mpmath at 40 digits.
  @Test func agreeWithThirtyDigits() throws {
    let values: ExtremeValues = try reference("extremes.json", in: .module)
    let counts = try PowerLawTests.counts("moby")
    for (method, expected) in [
      (TailIndex.Method.hill, values.hill), (.moment, values.moment), (.pickands, values.pickands),
    ] {
      for value in expected {
        let index = try #require(TailIndex(method, k: value.k, of: counts))
        expectClose(index.xi, number(value.xi), relative: 1e-13, "\(method) \(value.k)")
        #expect(try index.interval().contains(index.xi))
      }
    }
    for value in values.meanExcess {
      let excess = try #require(MeanExcess(over: value.u, of: counts))
      #expect(excess.exceedances == value.n && !excess.isRestricted)
      expectClose(excess.mean, number(value.meanExcess), relative: 1e-12)
      expectClose(try #require(excess.standardError), number(value.standardError), relative: 1e-10)
    }
    for value in values.generalizedPareto {
      let tail = try PeaksOverThreshold(over: value.u, of: counts)
      #expect(tail.exceedances == value.n)
      expectClose(try #require(tail.fit.parameters[0].value), number(value.sigma), relative: 1e-9)
      expectClose(try #require(tail.fit.parameters[1].value), number(value.xi), relative: 1e-9)
      expectClose(
        try #require(tail.fit.parameters[1].standardError), number(value.standardErrors["xi"] ?? ""), relative: 1e-8)
      expectClose(tail.fit.logLikelihood, number(value.logLikelihood), relative: 1e-13)
      let level = try #require(tail.returnLevel(records: 10 * counts.total))
      expectClose(level, number(value.exceededOnceIn10N), relative: 1e-8)
      let interval = try #require(try tail.returnLevelInterval(records: 10 * counts.total))
      #expect(interval.lowerBound < level && level < interval.upperBound)
      let stable = try #require(tail.stableScale)
      expectClose(stable.value, number(value.sigma) - Double(value.u) * number(value.xi), relative: 1e-8)
    }
  }

  /// Censored tails: Hill's estimate divides by the ends seen, the mean excess is cut, the others do not exist.
  @Test func censoredTails() throws {
    let counts = try CensoredCounts([
      .init(length: 1, exact: 50), .init(length: 2, exact: 20), .init(length: 5, exact: 6), .init(length: 10, exact: 2),
      .init(length: 20, exact: 0, censored: 4),
    ])
    let hill = try #require(TailIndex(.hill, k: 12, of: counts))
    let sum = 6 * Double.log(2.5) + 2 * Double.log(5) + 4 * Double.log(10)
    expectClose(hill.xi, sum / 8, relative: 1e-13)
    expectClose(hill.standardError, hill.xi / Double(8).squareRoot(), relative: 1e-13)
    #expect(hill.threshold == 2)
    #expect(TailIndex(.moment, k: 12, of: counts) == nil)
    #expect(TailIndex(.pickands, k: 12, of: counts) == nil)
    let excess = try #require(MeanExcess(over: 2, of: counts))
    // 12 exceed 2; six end at 5, two at 10, four reach 20.
    expectClose(excess.mean, (6.0 * 3 + 2 * 8 + 4 * 18) / 12, relative: 1e-13)
    #expect(excess.isRestricted)
    #expect(MeanExcess(over: 20, of: counts) == nil)
    #expect(TailIndex(.hill, k: 4, of: counts) == nil)
    #expect(TailIndex(.hill, k: 1000, of: counts) == nil)
    #expect(TailIndex(.hill, k: 0, of: counts) == nil)
    #expect(throws: DistributionError.noData) { try PeaksOverThreshold(over: 21, of: counts) }
    #expect(try PeaksOverThreshold(over: 20, of: counts).returnLevel(records: 1000) == nil)
  }

  /// Intervals of ξ and of the length to expect in ten times as many records, over simulated tails with and without
  /// censoring: the truth is covered as often as a binomial of 95 % allows (99 % limits: of 200, 180 to 198; the short
  /// version, of 60, 51 or more).
  @Test func intervalsCoverTheTruth() throws {
    let sets = slowTestsAreEnabled ? 200 : 60
    let truth = try DiscreteGeneralizedPareto(sigma: 20, xi: 0.4)
    for limit in [Int.max, 60] {
      var (shapes, levels, indices) = (0, 0, 0)
      for seed in 0..<sets {
        var generator = SeededGenerator(seed: 9, stream: UInt64(seed))
        let counts = try CensoredCounts(
          (0..<800).map { _ in
            let n = truth.sample(using: &generator)
            return n >= limit ? .init(length: limit, exact: 0, censored: 1) : .init(length: n, exact: 1)
          })
        let tail = try PeaksOverThreshold(over: 10, of: counts)
        let xi = try #require(try ProfileLikelihood(tail.fit, counts: tail.excesses).interval(of: "xi"))
        if xi.contains(0.4) { shapes += 1 }
        // 8000 S(x) = 1.
        let level = 20 * (Double.pow(8000, 0.4) - 1) / 0.4
        if try #require(try tail.returnLevelInterval(records: 8000)).contains(level) { levels += 1 }
        // A Pareto tail in the limit: far out Hill's and the moment estimate are nearly unbiased.
        if limit == .max, let index = TailIndex(.moment, k: 100, of: counts), try index.interval().contains(0.4) {
          indices += 1
        }
      }
      let least = sets == 200 ? 180 : 51
      #expect(shapes >= least && levels >= least, "censored at \(limit): xi \(shapes), level \(levels) of \(sets)")
      if limit == .max { #expect(indices >= least - sets / 20, "moment \(indices) of \(sets)") }
    }
  }
}
