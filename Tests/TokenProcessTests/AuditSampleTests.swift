import GSLNumerics
import RealModule
import TestSupport
import Testing
import TokenProcess

@Suite struct AuditSampleTests {
  /// Small cases by counting: M = 10, k = 3, z = 4 misses all with C(7,4)/C(10,4) = 35/210.
  @Test func missProbability() throws {
    let sample = try AuditSample(records: 10)
    expectClose(try sample.logMissProbability(risky: 3, sample: 4), Double.log(35.0 / 210), relative: 1e-14)
    expectClose(try sample.logMissProbability(risky: 4, sample: 3), Double.log(35.0 / 210), relative: 1e-14)
    #expect(try sample.logMissProbability(risky: 7, sample: 4) == -.infinity)
    #expect(try sample.logMissProbability(risky: 0, sample: 4) == 0)
    #expect(try sample.logMissProbability(risky: 3, sample: 0) == 0)
  }

  /// 30-digit values (mpmath, loggamma at 60 digits): M = 10⁶, k = 100, z = 30000 and M = 10⁹, k = 3, z = 10⁸.
  @Test func missProbabilityOfLargeSets() throws {
    expectClose(
      try AuditSample(records: 1_000_000).logMissProbability(risky: 100, sample: 30_000),
      -3.04607385156733441102502040819, relative: 1e-13)
    expectClose(
      try AuditSample(records: 1_000_000_000).logMissProbability(risky: 3, sample: 100_000_000),
      -0.316081547306812237602256030053, relative: 1e-13)
  }

  /// The size is the smallest one: one record fewer misses too often. And back.
  @Test func sizeAndBack() throws {
    for (records, risky) in [(10, 3), (1000, 1), (1_000_000, 100), (1_000_000_000, 3), (50, 50)] {
      for miss in [0.5, 0.05, 1e-6] {
        let sample = try AuditSample(records: records)
        let size = try sample.size(risky: risky, miss: miss)
        #expect(try sample.logMissProbability(risky: risky, sample: size) <= Double.log(miss))
        if size > 0 { #expect(try sample.logMissProbability(risky: risky, sample: size - 1) > Double.log(miss)) }
        let back = try #require(try sample.detectable(sample: size, miss: miss))
        #expect(back <= risky)
        #expect(try sample.logMissProbability(risky: back, sample: size) <= Double.log(miss))
        if back > 1 { #expect(try sample.logMissProbability(risky: back - 1, sample: size) > Double.log(miss)) }
      }
    }
    #expect(try AuditSample(records: 5).detectable(sample: 0, miss: 0.05) == nil)
  }

  /// Limits against their definition by direct summation of hypergeometric masses, for every outcome of small audits.
  @Test func riskyLimitsAreExact() throws {
    func choose(_ n: Int, _ k: Int) -> Double {
      k < 0 || k > n ? 0 : (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) }
    }
    for (records, z) in [(12, 5), (30, 30), (25, 1), (40, 33)] {
      let sample = try AuditSample(records: records)
      func mass(_ x: Int, _ k: Int) -> Double {
        choose(k, x) * choose(records - k, z - x) / choose(records, z)
      }
      for x in 0...z {
        let possible = (0...records).filter { k in
          let atMost = (0...x).reduce(0.0) { $0 + mass($1, k) }
          let atLeast = (x...z).reduce(0.0) { $0 + mass($1, k) }
          return atMost > 0.025 && atLeast > 0.025
        }
        let limits = try sample.riskyInterval(observed: x, sample: z)
        #expect(
          limits.lowerBound == possible.min() && limits.upperBound == possible.max(), "M \(records) z \(z) x \(x)")
      }
    }
  }

  /// Large data sets against scipy.stats.binom, which the hypergeometric law approaches: limits k/M agree to four
  /// digits.
  @Test func largeSetsAnswerAtOnce() throws {
    let limits = try AuditSample(records: 1_000_000_000_000).riskyInterval(observed: 3, sample: 1_000_000)
    // Clopper–Pearson for 3 of 10⁶: 6.18674e-7 and 8.76727e-6.
    expectClose(Double(limits.lowerBound), 6.18672e5, relative: 1e-4)
    expectClose(Double(limits.upperBound), 8.76727e6, relative: 1e-4)
    let half = try AuditSample(records: 4_000_000_000_000_000).riskyInterval(observed: 500_000, sample: 1_000_000)
    expectClose(Double(half.lowerBound), 1_996_078_076_781_247, relative: 1e-9)
    #expect(try AuditSample(records: 1 << 52).riskyInterval(observed: 0, sample: 1 << 51).lowerBound == 0)
  }

  @Test func argumentsAreNamed() throws {
    #expect(throws: ArgumentError.self) { try AuditSample(records: 0) }
    let sample = try AuditSample(records: 10)
    #expect(throws: ArgumentError(name: "risky", value: "11", allowed: "1 to 10")) {
      try sample.size(risky: 11, miss: 0.05)
    }
    #expect(throws: ArgumentError.self) { try sample.size(risky: 1, miss: 0) }
    #expect(throws: ArgumentError.self) { try sample.size(risky: 1, miss: .nan) }
    #expect(throws: ArgumentError.self) { try sample.detectable(sample: 11, miss: 0.5) }
    #expect(throws: ArgumentError.self) { try sample.riskyInterval(observed: 4, sample: 3) }
    #expect(throws: ArgumentError.self) { try sample.riskyInterval(observed: 1, sample: 3, level: 1) }
    #expect(throws: ArgumentError.self) { try sample.logMissProbability(risky: -1, sample: 3) }
  }
}
