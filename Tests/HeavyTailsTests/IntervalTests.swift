import Foundation
import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

@Suite struct IntervalTests {
  private static func highEnd() throws -> CensoredCounts {
    let survivors = [1000, 869, 743, 653, 593, 551, 517, 491]
    return try CensoredCounts(
      zip(survivors, survivors.dropFirst()).enumerated().map {
        .init(length: $0.offset, exact: Double($0.element.0 - $0.element.1))
      } + [.init(length: 7, exact: 0, censored: 491)])
  }

  private static func weibullCounts() throws -> CensoredCounts {
    let cells: [(Int, Double, Double)] = [
      (0, 60, 0), (1, 25, 0), (2, 14, 2), (3, 9, 0), (5, 8, 1), (8, 6, 0), (13, 3, 0), (20, 0, 4),
    ]
    return try CensoredCounts(cells.map { .init(length: $0.0, exact: $0.1, censored: $0.2) })
  }

  /// References/intervals.py: nested optimization with scipy, whose own tolerance is the 1e-6 here.
  @Test func profilesAgreeWithScipy() throws {
    let expected: [String: [String: [Double]]] = try reference("intervals.json", in: .module)
    for (family, counts, n) in [
      ("beta-geometric", try Self.highEnd(), 14), ("discrete-weibull", try Self.weibullCounts(), 30),
    ] {
      let fit = try MaximumLikelihood().fit(Family.named(family), to: counts)
      let profile = ProfileLikelihood(fit, counts: counts)
      for (name, ends) in try #require(expected[family]) {
        let interval = try #require(
          name == "log_survival" ? try profile.intervalOfLogSurvival(n) : try profile.interval(of: name))
        expectClose(interval.lowerBound, ends[0], relative: 1e-6, "\(family) \(name)")
        expectClose(interval.upperBound, ends[1], relative: 1e-6, "\(family) \(name)")
      }
    }
  }

  /// The ends of a profile interval, checked by their definition: the best likelihood with the parameter held there.
  @Test func endsLieOnTheContour() throws {
    let counts = try Self.highEnd()
    let fit = try MaximumLikelihood().fit(BetaGeometric.self, to: counts)
    let interval = try #require(try ProfileLikelihood(fit, counts: counts).interval(of: "b", level: 0.9))
    for end in [interval.lowerBound, interval.upperBound] {
      func logLikelihood(_ a: Double) throws -> Double {
        let law = try BetaGeometric(a: a, b: end)
        return counts.cells.reduce(0) {
          $0 + $1.exact * law.logMass($1.length) + $1.censored * law.logSurvival($1.length)
        }
      }
      // Golden-section search over a.
      var (low, high) = (0.5, 30.0)
      for _ in 0..<200 {
        let (left, right) = (high - 0.618 * (high - low), low + 0.618 * (high - low))
        if try logLikelihood(left) > logLikelihood(right) { high = right } else { low = left }
      }
      // Half the 90 % point of χ²₁.
      expectClose(fit.logLikelihood - (try logLikelihood(low)), 0.5 * 2.705543454095404, relative: 1e-6)
    }
  }

  @Test func deltaIntervalsStayInRange() throws {
    let counts = try Self.weibullCounts()
    let fit = try MaximumLikelihood().fit(DiscreteWeibull.self, to: counts)
    let q = try #require(try fit.deltaInterval(of: "q", level: 0.999_999))
    #expect(q.lowerBound > 0 && q.upperBound < 1)
    // Symmetric on the logit.
    let value = try #require(fit.parameters[0].value)
    func logit(_ p: Double) -> Double { .log(p / (1 - p)) }
    expectClose(logit(q.upperBound) - logit(value), logit(value) - logit(q.lowerBound), relative: 1e-9)
    let survival = try #require(try fit.deltaIntervalOfLogSurvival(30))
    #expect(survival.contains(fit.logSurvival(30)) && survival.upperBound < 0)
    #expect(try fit.deltaIntervalOfLogSurvival(0) == nil)
    #expect(throws: DistributionError.level(1)) { try fit.deltaInterval(of: "q", level: 1) }
    #expect(throws: DistributionError.parameterName(family: "discrete-weibull", name: "r", known: ["q", "beta"])) {
      try fit.deltaInterval(of: "r")
    }
    // One parameter: the delta interval of ln S(n) = n ln p in closed form.
    let geometric = try MaximumLikelihood().fit(Geometric.self, to: counts)
    let (p, error) = (
      try #require(geometric.parameters[0].value), try #require(geometric.parameters[0].standardError)
    )
    let interval = try #require(try geometric.deltaIntervalOfLogSurvival(10))
    let spread = Double.exp(1.959963984540054 * error / (p * Double.log(p).magnitude))
    expectClose(interval.lowerBound, 10 * Double.log(p) * spread, relative: 1e-10)
    expectClose(interval.upperBound, 10 * Double.log(p) / spread, relative: 1e-10)
  }

  /// A law on its boundary: the interval of what the limit law has, and of the share from the end of its range.
  @Test func intervalsOnABoundary() throws {
    let counts = try CensoredCounts((0..<30).map { .init(length: $0, exact: 300 * Double.pow(0.7, Double($0)) * 0.3) })
    let fit = try MaximumLikelihood().fit(Cured<Geometric>.self, to: counts)
    #expect(fit.boundary != nil)
    let profile = ProfileLikelihood(fit, counts: counts)
    #expect(try profile.interval(of: "p") != nil)
    let cured = try #require(try profile.interval(of: "cured"))
    #expect(cured.lowerBound == 0 && cured.upperBound > 0 && cured.upperBound < 0.1)
    #expect(try #require(try fit.deltaInterval(of: "p")).contains(0.7))
    #expect(try fit.deltaInterval(of: "cured") == nil)
  }

  @Test func bootstrapIntervals() async throws {
    let counts = try Self.highEnd()
    let one = try await BootstrapIntervals(Geometric.self, counts: counts, replicates: 300, seed: 2, threads: 1)
    let two = try await BootstrapIntervals(Geometric.self, counts: counts, replicates: 300, seed: 2, threads: 2)
    let interval = try #require(try one.interval(of: "p"))
    #expect(try two.interval(of: "p") == interval && one.replicates == 300)
    let fit = try MaximumLikelihood().fit(Geometric.self, to: counts)
    let delta = try #require(try fit.deltaInterval(of: "p"))
    // Of order 1/√300 of their width from each other.
    let width = delta.upperBound - delta.lowerBound
    expectClose(interval.lowerBound, delta.lowerBound, relative: 0, absolute: 0.2 * width)
    expectClose(interval.upperBound, delta.upperBound, relative: 0, absolute: 0.2 * width)
    let survival = try #require(try one.intervalOfLogSurvival(20))
    expectClose(survival.lowerBound, 20 * Double.log(interval.lowerBound), relative: 1e-9)
  }

  /// The chosen n_min varies between resampled data, around the choice on the data themselves.
  @Test func intervalOfTheMinimum() async throws {
    let counts = try PowerLawTests.counts("native_american")
    let bootstrap = try await BootstrapIntervals(
      Zeta.self, counts: counts, minimum: .automatic(through: nil, smallestTail: 10), replicates: 200, seed: 1,
      threads: 2)
    let interval = try #require(try bootstrap.intervalOfMinimum())
    #expect(interval.contains(20) && interval.lowerBound < interval.upperBound, "\(interval)")
    // The standard error of α at a fixed n_min is 0.073: choosing n_min adds to it.
    let alpha = try #require(try bootstrap.interval(of: "alpha"))
    #expect(alpha.contains(2.21) && alpha.upperBound - alpha.lowerBound > 0.2)
  }

  /// Clusters are drawn whole: identical clusters leave no variation.
  @Test func clustersAreTheUnits() async throws {
    let cluster = try CensoredCounts([.init(length: 0, exact: 0.5), .init(length: 3, exact: 0.3, censored: 0.2)])
    let counts = try CensoredCounts(Array(repeating: cluster.cells, count: 20).flatMap(\.self))
    let bootstrap = try await BootstrapIntervals(
      Geometric.self, counts: counts, clusters: Array(repeating: cluster, count: 20), replicates: 20)
    let interval = try #require(try bootstrap.interval(of: "p"))
    expectClose(interval.upperBound, interval.lowerBound, relative: 1e-9)
  }
}
