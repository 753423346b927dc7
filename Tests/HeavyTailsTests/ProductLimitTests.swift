import HeavyTails
import RealModule
import TestSupport
import Testing

@Suite struct ProductLimitTests {
  /// Remission times of 21 leukaemia patients on 6-MP (Freireich 1963), the textbook Kaplan–Meier example: at the end
  /// of weeks 6, 7, 10, 13, 16, 22, 23 the published estimates and Greenwood standard errors are those below.
  ///
  /// In the usual convention a patient censored at t is still at risk at t; here "censored at n" leaves before n, so
  /// the textbook's t+ is N >= t + 1.
  @Test func freireich() throws {
    let events = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    let counts = try CensoredCounts(
      events.map { .init(length: $0, exact: 1) } + censored.map { .init(length: $0 + 1, exact: 0, censored: 1) })
    let curve = ProductLimit(counts)
    // As printed by R's survfit, four digits.
    let published: [(Int, Double, Double)] = [
      (6, 0.8571, 0.0764), (7, 0.8067, 0.0869), (10, 0.7529, 0.0963), (13, 0.6902, 0.1068), (16, 0.6275, 0.1141),
      (22, 0.5378, 0.1282), (23, 0.4482, 0.1346),
    ]
    for (week, survival, error) in published {
      let step = try #require(curve.steps.first { $0.n == week + 1 })
      expectClose(Double.exp(step.logSurvival), survival, relative: 0, absolute: 5.1e-5)
      expectClose(Double.exp(step.logSurvival) * step.logVariance.squareRoot(), error, relative: 0, absolute: 5.1e-5)
    }
    // Week 10 from the definitions, in fractions: S = 18/21 · 16/17 · 14/15, Greenwood 3/(21·18) + 1/(17·16) +
    // 1/(15·14).
    let step = try #require(curve.steps.first { $0.n == 11 })
    let survival: Double = (18.0 * 16.0 * 14.0) / (21.0 * 17.0 * 15.0)
    let variance: Double = 3.0 / 378.0 + 1.0 / 272.0 + 1.0 / 210.0
    expectClose(Double.exp(step.logSurvival), survival, relative: 1e-14)
    expectClose(step.logVariance, variance, relative: 1e-14)
    let z = 1.959963984540054
    let plain = try #require(try curve.interval(at: step, scale: .plain))
    expectClose(plain.lower, survival * (1 - z * variance.squareRoot()), relative: 1e-12)
    let logLog = try #require(try curve.interval(at: step))
    let spread = Double.exp(z * variance.squareRoot() / Double.log(survival))
    expectClose(logLog.lower, Double.pow(survival, 1 / spread), relative: 1e-12)
    expectClose(logLog.upper, Double.pow(survival, spread), relative: 1e-12)
    #expect(throws: DistributionError.level(1)) { try curve.interval(at: step, level: 1) }
  }

  /// Between steps the estimate holds, and lengths of 10⁹ cost no more than small ones.
  @Test func stepsAreSparse() throws {
    let curve = ProductLimit(
      try CensoredCounts([.init(length: 2, exact: 1), .init(length: 1_000_000_000, exact: 1, censored: 2)]))
    #expect(curve.steps.map(\.n) == [3, 1_000_000_001])
    #expect(curve.step(at: 2) == nil)
    #expect(curve.step(at: 3)?.n == 3 && curve.step(at: 500)?.n == 3)
    expectClose(Double.exp(try #require(curve.step(at: 4)).logSurvival), 0.75, relative: 1e-15)
    #expect(curve.maximum == 1_000_000_001)
  }

  @Test func emptyAndCertain() throws {
    #expect(ProductLimit(try CensoredCounts([])).steps.isEmpty)
    let ended = ProductLimit(try CensoredCounts(exact: [0, 0]))
    #expect(ended.steps.first?.logSurvival == -.infinity)
    #expect(try ended.interval(at: #require(ended.steps.first)) == nil)
  }
}
