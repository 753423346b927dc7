import Foundation
import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing
import TokenProcess

private struct References: Decodable {
  struct PerRecord: Decodable {
    let logSurvival: [String]
    let logMass: [String]
    let moments: [String]
  }
  struct Length: Decodable {
    let n: Int
    let atRisk: Int
    let annealed: String
    let quenched: String
    let effective: String?
    let concentration: [String]?
    let countLogMasses: [String]
  }
  struct DataSet: Decodable {
    let name: String
    let data: [[String]]
    let records: [PerRecord]
    let logSurvival: [String]
    let moments: [String]
    let cumulance: [String]
    let tokenShares: [String]?
    let maximumLogSurvival: [String]
    let maximumMean: String
    let lengths: [Length]

    var laws: [MatchLengthLaw] {
      get throws { try data.map { try MatchLengthLaw(tokenLogProbabilities: $0.map(number)) } }
    }
  }
  let sets: [DataSet]
}

/// Per-record and data-set values against a direct 30-digit computation (References/make_data_sets.py).
@Suite struct DataSetReferenceTests {
  private let sets: [References.DataSet]

  init() throws {
    let references: References = try reference("data_sets.json", in: .module)
    sets = references.sets
    #expect(sets.count == 9)
  }

  /// Logarithms to 1e-12: absolute where they are below -1, which at -2000 is the last bit but two.
  private func expectLog(_ value: Double, _ expected: String, _ comment: @autoclosure () -> String) {
    expectClose(value, number(expected), relative: 1e-12, absolute: 1e-12, comment())
    let exact = number(expected)
    if exact < -1, exact.isFinite { #expect((value - exact).magnitude <= 1e-12, "\(comment())") }
  }

  @Test func recordsAgree() throws {
    for set in sets {
      for (law, expected) in zip(try set.laws, set.records) {
        for n in 0...law.length {
          expectLog(law.logSurvival[n], expected.logSurvival[n], "\(set.name) S(\(n))")
          expectLog(law.logMass(n), expected.logMass[n], "\(set.name) mass \(n)")
        }
        let moments = law.moments
        for (value, text) in zip([moments.mean, moments.variance, moments.third], expected.moments) {
          // The third cumulant of a near-symmetric law is a small difference: absolute, on the scale of the variance.
          expectClose(value, number(text), relative: 1e-12, absolute: 1e-12 * moments.variance, set.name)
        }
        expectClose(law.masses.reduce(0, +), 1, relative: 1e-14)
        // The raw forms of TheModel §1, where they do not cancel.
        let raw = (1...law.length).reduce(0.0) { $0 + Double(2 * $1 - 1) * Double.exp(law.logSurvival[$1]) }
        expectClose(raw - moments.mean * moments.mean, moments.variance, relative: 1e-12, absolute: 1e-11)
      }
    }
  }

  @Test func dataSetsAgree() throws {
    for set in sets {
      var accumulator = SurvivalAccumulator()
      var histogram = MatchLengthHistogram()
      var cumulance = CumulanceAccumulator()
      var tokens = TokenVarianceAccumulator()
      for law in try set.laws {
        accumulator.add(law)
        histogram.add(law)
        cumulance.add(law.moments)
        tokens.add(law)
      }
      for (n, (value, expected)) in zip(accumulator.logSurvival, set.logSurvival).enumerated() {
        expectLog(value, expected, "\(set.name) S̄(\(n))")
      }
      let moments = try #require(histogram.moments)
      for (value, expected) in zip([moments.mean, moments.variance, moments.third], set.moments) {
        expectClose(value, number(expected), relative: 1e-12, absolute: 1e-12 * moments.variance, set.name)
      }
      let parts = try #require(cumulance.decomposition)
      let values = [
        parts.varianceWithin, parts.varianceBetween, parts.thirdWithin, parts.thirdCovariance, parts.thirdBetween,
      ]
      for (value, expected) in zip(values, set.cumulance) {
        expectClose(value, number(expected), relative: 1e-12, absolute: 1e-12 * moments.variance, set.name)
      }
      // Two routes to the same totals: from the pooled masses and as the sum of the terms.
      expectClose(parts.varianceWithin + parts.varianceBetween, moments.variance, relative: 1e-10)
      expectClose(
        parts.thirdWithin + parts.thirdCovariance + parts.thirdBetween, moments.third, relative: 1e-10,
        absolute: 1e-12 * moments.variance)
      if let expected = set.tokenShares {
        let shares = try #require(tokens.shares)
        for (value, text) in zip([shares.record, shares.position, shares.residual], expected) {
          expectClose(value, number(text), relative: 1e-10, absolute: 1e-12, set.name)
        }
      } else {
        #expect(tokens.shares == nil)
      }
      let maximum = accumulator.maximum
      for (value, expected) in zip(maximum.logSurvival, set.maximumLogSurvival) { expectLog(value, expected, set.name) }
      expectClose(maximum.mean, number(set.maximumMean), relative: 1e-12)
    }
  }

  @Test func lengthsAgree() throws {
    for set in sets {
      var accumulator = SurvivalAccumulator()
      let laws = try set.laws
      for law in laws { accumulator.add(law) }
      for expected in set.lengths {
        let n = expected.n
        #expect(accumulator.atRisk(n) == expected.atRisk)
        expectLog(accumulator.annealed(n), expected.annealed, "\(set.name) annealed \(n)")
        expectLog(accumulator.quenched(n), expected.quenched, "\(set.name) quenched \(n)")
        // Jensen: never below, but for rounding where all records are alike.
        if accumulator.quenched(n).isFinite {
          #expect(accumulator.annealed(n) - accumulator.quenched(n) >= -1e-12, "\(set.name) at \(n)")
        }
        if let effective = expected.effective {
          expectClose(try #require(accumulator.effectiveRecords(n)), number(effective), relative: 1e-12)
        } else {
          #expect(accumulator.effectiveRecords(n) == nil)
        }
        var tail = TailAccumulator()
        for law in laws where law.length >= n { tail.add(law, at: n) }
        if let values = expected.concentration {
          let found = try #require(tail.concentration)
          for (value, text) in zip([found.top1PercentShare, found.top10PercentShare, found.gini], values) {
            expectClose(value, number(text), relative: 1e-12, absolute: 1e-14, "\(set.name) \(n)")
          }
          expectLorenz(found, laws.filter { $0.length >= n }.map { Double.exp($0.logSurvival[n]) }, "\(set.name) \(n)")
        } else {
          #expect(tail.concentration == nil)
        }
        let count = tail.count
        #expect(count.errorBound == 0)
        var below = -Double.infinity
        for (k, text) in expected.countLogMasses.enumerated() {
          // The transform rounds at 1e-16 of the tilted law's largest mass; a logarithm of 1e-15 absolute is that.
          expectClose(count.logMass(k), number(text), relative: 1e-12, absolute: 1e-12, "\(set.name) n \(n) k \(k)")
          below = logAddExp(below, number(text))
          expectClose(count.logLowerTail(k), min(0, below), relative: 1e-11, absolute: 1e-12, "\(set.name) \(n) \(k)")
        }
        var above = -Double.infinity
        for (k, text) in expected.countLogMasses.enumerated().reversed() {
          above = logAddExp(above, number(text))
          expectClose(count.logUpperTail(k), min(0, above), relative: 1e-11, absolute: 1e-12, "\(set.name) \(n) \(k)")
        }
      }
    }
  }

  /// The product limit of the histogram of exact laws is the accumulator's.
  @Test func agreesWithTheAccumulator() throws {
    var histogram = MatchLengthHistogram()
    var accumulator = SurvivalAccumulator()
    for tokens in [[-0.1, -0.4, -0.2], [-1], [-0.3, -2]] {
      let law = try MatchLengthLaw(tokenLogProbabilities: tokens)
      histogram.add(law)
      accumulator.add(law)
    }
    let curve = ProductLimit(histogram.counts)
    for step in curve.steps { expectClose(step.logSurvival, accumulator.logSurvival[step.n], relative: 1e-13) }
    #expect(curve.steps.count == 3)
  }

  /// Certain and impossible records merge as they add.
  @Test func infinitiesMerge() throws {
    var merged = SurvivalAccumulator()
    for tokens: [Double] in [[-0.5, -0.5], [0, -.infinity]] {
      var part = SurvivalAccumulator()
      part.add(try MatchLengthLaw(tokenLogProbabilities: tokens))
      merged.merge(part)
    }
    #expect(merged.quenched(2) == -.infinity)
    #expect(merged.maximum.logSurvival[1] == 0)
  }

  /// Where only a shorter record could be reached, nothing is known: not 0.
  @Test func whatCannotBeReachedIsUnknown() throws {
    var survival = SurvivalAccumulator()
    survival.add(try MatchLengthLaw(tokenLogProbabilities: [-0.7]))
    survival.add(try MatchLengthLaw(tokenLogProbabilities: [-.infinity, -0.1]))
    expectClose(survival.logSurvival[1], Double.log(0.5) - 0.7, relative: 1e-14)
    #expect(survival.logSurvival[2].isNaN)
  }

  /// ln S̄ near 0 keeps its relative digits.
  @Test func certaintyKeepsItsDigits() throws {
    var survival = SurvivalAccumulator()
    for index in 1...20 { survival.add(try MatchLengthLaw(tokenLogProbabilities: [-1e-12 * Double(index), -3e-12])) }
    expectClose(survival.logSurvival[1], -10.5e-12, relative: 1e-10)
    expectClose(survival.logSurvival[2], -13.5e-12, relative: 1e-10)
  }

  /// The curve from its definition, by plain sums: the part of a record that a share cuts counts in part.
  private func expectLorenz(_ found: TailConcentration, _ values: [Double], _ name: String) {
    let sorted = values.sorted()
    let total = sorted.reduce(0, +)
    #expect(found.lorenz.first?.share == 0 && found.lorenz.last?.share == 1 && found.lorenz.count == 21)
    // Probabilities below the range of Double are none to plain sums.
    guard total > 1e-280 else { return }
    for point in found.lorenz {
      let wanted = point.records * Double(sorted.count)
      let whole = Int(wanted)
      let part = whole < sorted.count ? sorted[whole] * (wanted - Double(whole)) : 0
      expectClose(
        point.share, (sorted[..<whole].reduce(0, +) + part) / total, relative: 1e-9, absolute: 1e-12, name)
    }
  }

  /// Any split of the records, merged in any order, gives the same sums.
  @Test func partsMerge() throws {
    let laws = try sets.filter { $0.name != "impossible tokens" }.flatMap { try $0.laws }
    func sums(_ laws: some Sequence<MatchLengthLaw>) -> (
      SurvivalAccumulator, MatchLengthHistogram, CumulanceAccumulator, TokenVarianceAccumulator, TailAccumulator
    ) {
      var parts = (
        SurvivalAccumulator(), MatchLengthHistogram(), CumulanceAccumulator(), TokenVarianceAccumulator(),
        TailAccumulator()
      )
      for law in laws {
        parts.0.add(law)
        parts.1.add(law)
        parts.2.add(law.moments)
        parts.3.add(law)
        parts.4.add(law, at: 1)
      }
      return parts
    }
    let whole = sums(laws)
    for stride in [2, 3, 7] {
      var merged = sums([])
      for offset in (0..<stride).reversed() {
        let part = sums(laws.enumerated().filter { $0.offset % stride == offset }.map(\.element))
        merged.0.merge(part.0)
        merged.1.merge(part.1)
        merged.2.merge(part.2)
        merged.3.merge(part.3)
        merged.4.merge(part.4)
      }
      #expect(merged.0.records == laws.count)
      for (a, b) in zip(whole.0.logSurvival, merged.0.logSurvival) {
        expectClose(b, a, relative: 1e-12, absolute: 1e-14)
      }
      let moments = (try #require(whole.1.moments), try #require(merged.1.moments))
      expectClose(moments.1.third, moments.0.third, relative: 1e-12)
      let parts = (try #require(whole.2.decomposition), try #require(merged.2.decomposition))
      expectClose(parts.1.thirdBetween, parts.0.thirdBetween, relative: 1e-12)
      let shares = (try #require(whole.3.shares), try #require(merged.3.shares))
      expectClose(shares.1.position, shares.0.position, relative: 1e-12)
      let ginis = (try #require(whole.4.concentration), try #require(merged.4.concentration))
      expectClose(ginis.1.gini, ginis.0.gini, relative: 1e-12)
    }
  }
}
