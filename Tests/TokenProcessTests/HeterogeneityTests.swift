import GSLNumerics
import RealModule
import TestSupport
import Testing
import TokenProcess

/// Processes whose reading is known.
@Suite struct HeterogeneityTests {
  /// ln p = level + record + slope ln j + noise, kept below 0.
  private func reading(
    records: Int = 120, length: Int = 32, record: Double, slope: Double, noise: Double = 0.3, seed: UInt64
  ) -> Heterogeneity? {
    var generator = SeededGenerator(seed: seed)
    var accumulator = HeterogeneityAccumulator()
    for _ in 0..<records {
      let own = record * generator.normal()
      let values = (1...length).map { j in
        min(-1e-3, -4 + own + slope * .log(Double(j)) + noise * generator.normal())
      }
      if let law = try? MatchLengthLaw(tokenLogProbabilities: values) { accumulator.add(law) }
    }
    return accumulator.heterogeneity
  }

  @Test func knownProcesses() throws {
    for seed in 0..<5 {
      let seed = UInt64(seed)
      #expect(try #require(reading(record: 0.6, slope: 0.05, seed: seed)).verdict == .unobservedHeterogeneity)
      let lock = try #require(reading(record: 0.05, slope: 0.6, seed: seed))
      #expect(lock.verdict == .durationDependence && lock.trend.contains(0.6))
      // Falling probabilities are no locking on.
      #expect(try #require(reading(record: 0.6, slope: -0.2, seed: seed)).verdict == .unobservedHeterogeneity)
    }
    // The slope's deviation is 0.83 of ln j over 32 positions: equal effects.
    let even = try #require(reading(record: 0.5, slope: 0.6, seed: 3))
    #expect(even.verdict == .both, "\(even)")
  }

  /// Without effects ω² is 0 on average, and the verdict is "neither" in nearly all cases.
  @Test func noEffects() throws {
    var found = (record: 0.0, position: 0.0, neither: 0)
    let trials = 60
    for seed in 0..<trials {
      let one = try #require(reading(record: 0, slope: 0, seed: 100 + UInt64(seed)))
      found.record += one.effects.record / Double(trials)
      found.position += one.effects.position / Double(trials)
      if one.verdict == .neither { found.neither += 1 }
    }
    // ω² has a standard deviation of about 0.004 (records) and 0.002 (positions) here, and the mean of 60 an eighth of
    // that.
    #expect(found.record.magnitude < 2e-3 && found.position.magnitude < 1e-3, "\(found)")
    #expect(found.neither >= 52, "\(found)")
  }

  /// The effects of a balanced table are Hays' ω²: (SS - df MS_e)/(SS_total + MS_e), by hand for 3 records of 2 tokens.
  @Test func balancedTable() throws {
    let rows = [[-1.0, -2.0], [-3.0, -3.5], [-2.0, -4.0]]
    var accumulator = TokenVarianceAccumulator()
    for row in rows { accumulator.add(try MatchLengthLaw(tokenLogProbabilities: row)) }
    let effects = try #require(accumulator.effects)
    // Grand mean -31/12; SS: records 37/12, positions 49/24, total 149/24; residual 13/12 with 2 degrees of freedom.
    let all = rows.flatMap(\.self)
    let grand = all.reduce(0, +) / 6
    let total = all.reduce(0) { $0 + ($1 - grand) * ($1 - grand) }
    let records = rows.reduce(0) { $0 + 2 * (($1[0] + $1[1]) / 2 - grand) * (($1[0] + $1[1]) / 2 - grand) }
    let means = (0..<2).map { j in rows.reduce(0) { $0 + $1[j] } / 3 }
    let positions = means.reduce(0) { $0 + 3 * ($1 - grand) * ($1 - grand) }
    let error = (total - records - positions) / 2
    expectClose(effects.record, (records - 2 * error) / (total + error), relative: 1e-12)
    expectClose(effects.position, (positions - error) / (total + error), relative: 1e-12)
    expectClose(effects.trend, (means[1] - means[0]) / .log(2), relative: 1e-12)
  }

  /// The slope within records of unequal lengths, where most are short.
  @Test func trendOfUnequalLengths() throws {
    var accumulator = TokenVarianceAccumulator()
    for index in 0..<60 {
      let length = index % 4 == 0 ? 40 : 2
      let values = (1...length).map {
        -5 + 0.01 * Double(index) + 0.5 * Double.log(Double($0)) + 1e-9 * Double(($0 * 7) % 5)
      }
      accumulator.add(try MatchLengthLaw(tokenLogProbabilities: values))
    }
    expectClose(try #require(accumulator.effects).trend, 0.5, relative: 1e-6)
  }

  @Test func edges() throws {
    #expect(HeterogeneityAccumulator().heterogeneity == nil)
    #expect(reading(records: 4, record: 1, slope: 0, seed: 1) == nil)
    var accumulator = HeterogeneityAccumulator()
    for _ in 0..<20 { accumulator.add(try MatchLengthLaw(tokenLogProbabilities: [-1, -.infinity])) }
    #expect(accumulator.heterogeneity == nil)
    var long = HeterogeneityAccumulator()
    long.add(try MatchLengthLaw(tokenLogProbabilities: Array(repeating: -1, count: 5000)))
    #expect(long.heterogeneity == nil)
  }
}
