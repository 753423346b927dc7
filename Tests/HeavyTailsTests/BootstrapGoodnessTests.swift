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
      values.append(try await pValue(Geometric.self, counts, replicates: replicates).pValue)
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
    #expect(test.pValue == 0.01 && test.interval.lowerBound == 0 && test.interval.upperBound < 0.04)
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
    #expect(test.pValue > 0.1)
    expectClose(test.statistic, 0.00825295308532, relative: 1e-10)
  }
}
