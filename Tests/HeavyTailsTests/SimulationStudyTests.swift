import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

/// Simulated data sets of every plain family: estimates, intervals and tests of fit against what they claim.
///
/// `make test-slow` makes 200 data sets of each; `make test` a few of some, with the wider limits that these need.
@Suite struct SimulationStudyTests {
  /// Interior laws whose parameters 2000 records determine.
  private static let laws: [(name: String, parameters: [Double])] = [
    ("geometric", [0.8]), ("linear-hazard", [0.9, -0.015]), ("beta-geometric", [2, 1.5]),
    ("discrete-weibull", [0.7, 0.6]),
    ("logistic-position", [0.5, 0.3]), ("negative-binomial", [2.5, 0.8]), ("discrete-lognormal", [1.5, 1]),
    ("discrete-generalized-pareto", [4, 0.3]), ("zeta", [2.2]), ("zeta-cutoff", [0.8, 0.05]), ("rounded-pareto", [1.6]),
    ("discrete-pareto", [1.6]),
    ("geometric-mixture-2", [0.6, 0.4, 0.3, 0.95]),
  ]
  private static let sets = slowTestsAreEnabled ? 200 : 10
  /// What is run without the slow tests.
  private static let studied = laws.map(\.name).filter {
    slowTestsAreEnabled || ["beta-geometric", "discrete-weibull", "zeta"].contains($0)
  }

  private func law(_ name: String) throws -> any FittableFamily {
    try Family.named(name).init(parameters: try #require(Self.laws.first { $0.name == name }).parameters)
  }

  private func sample(_ law: any FittableFamily, _ count: Int, censoredAt limit: Int, stream: Int) throws
    -> CensoredCounts
  {
    var generator = SeededGenerator(seed: 20, stream: UInt64(stream))
    return try CensoredCounts(
      (0..<count).map { _ in
        let n = law.sample(using: &generator)
        return n >= limit ? .init(length: limit, exact: 0, censored: 1) : .init(length: n, exact: 1)
      })
  }

  /// Estimates without median bias, and 95 % intervals by profile likelihood that cover the truth as often as they
  /// should, uncensored and censored at the 95th and the 70th percentile.
  ///
  /// The limits are those of a binomial at 99.9 %, as there are some hundred comparisons: of 200, 179 to 199 covered,
  /// 77 to 123 above the truth. The mean is no measure of bias: that of exp(x) is off where x is not.
  @Test(arguments: studied, [1, 0.05, 0.3]) func estimatesAndIntervals(name: String, censored: Double) async throws {
    let truth = try law(name)
    let limit = censored == 1 ? Int.max : try #require(truth.quantile(logTail: Double.log(censored)))
    let far = try #require(truth.quantile(logTail: Double.log(0.01)))
    struct Outcome: Sendable {
      let isAbove: [Bool]
      let isCovered: [Bool?]
    }
    let outcomes = try await inParallel(0..<Self.sets, threads: 2) { set -> Outcome in
      let counts = try sample(truth, 2000, censoredAt: limit, stream: set)
      let fit = try MaximumLikelihood().fit(type(of: truth), to: counts)
      let profile = ProfileLikelihood(fit, counts: counts)
      let parameters = try zip(fit.parameters, truth.parameters).map { parameter, value in
        try profile.interval(of: parameter.name)?.contains(value)
      }
      return Outcome(
        isAbove: zip(fit.parameters, truth.parameters).map { ($0.value ?? .nan) > $1 },
        isCovered: parameters + [try profile.intervalOfLogSurvival(far)?.contains(truth.logSurvival(far))])
    }
    let isSlow = slowTestsAreEnabled
    for index in 0...truth.parameters.count {
      let known = outcomes.compactMap { $0.isCovered[index] }
      let covered = known.count { $0 }
      // A search that finds no end of the interval is rare.
      #expect(known.count >= Self.sets - Self.sets / 40, "\(name) \(index): \(known.count)")
      #expect(covered >= (isSlow ? 179 : 6) && covered <= 199, "\(name) \(censored) \(index): \(covered)")
      guard index < truth.parameters.count else { continue }
      let above = outcomes.count { $0.isAbove[index] }
      #expect((isSlow ? 77...123 : 0...10).contains(above), "\(name) \(censored) \(index): \(above) above")
    }
  }

  /// Bootstrap p-values are uniform when the family is right: by each distance, the largest difference of their
  /// distribution from the line stays below KS's 1 % point, 1.628 / √n, and a step of theirs.
  @Test(.enabled(if: slowTestsAreEnabled), arguments: studied) func pValues(name: String) async throws {
    let truth = try law(name)
    let limit = try #require(truth.quantile(logTail: Double.log(0.1)))
    let (sets, replicates) = (100, 99)
    let tests = try await inParallelAsync(0..<sets) { set in
      let counts = try sample(truth, 300, censoredAt: limit, stream: 1000 + set)
      let fit = try MaximumLikelihood().fit(type(of: truth), to: counts)
      return try await BootstrapGoodness(fit, counts: counts, replicates: replicates, seed: UInt64(set)).tests
    }
    for distance in BootstrapGoodness.Distance.allCases {
      let values = try tests.map { try #require($0[distance]).pValue }.sorted()
      var largest = 0.0
      for (index, value) in values.enumerated() {
        largest = max(
          largest, Double(index + 1) / Double(sets) - value, value - Double(index) / Double(sets))
      }
      #expect(largest < 1.628 / Double(sets).squareRoot() + 1 / Double(replicates + 1), "\(name) \(distance)")
    }
  }

  private func inParallelAsync<Value: Sendable>(
    _ indices: Range<Int>, _ body: @escaping @Sendable (Int) async throws -> Value
  ) async throws -> [Value] {
    try await withThrowingTaskGroup(of: Value.self) { group in
      for index in indices { group.addTask { try await body(index) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
