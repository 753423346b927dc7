import GSLNumerics
import RealModule
import TestSupport
import Testing

@testable import TokenProcess

/// What is computed eight lengths at a time, beside values of 20 digits (mpmath) and the same sums one by one.
struct TokenSumsTests {
  /// x, exp(x), 1 - exp(x), ln(1 - exp(x)).
  private static let values: [(Double, Double, Double, Double)] = [
    (-5.696189077778436e-306, 1.0, 5.6961890777784355407e-306, -7.0285124108778454375e+2),
    (-1e-300, 1.0, 1.0000000000000000251e-300, -6.9077552789821370518e+2),
    (-1e-20, 9.9999999999999999999e-1, 9.9999999999999994515e-21, -4.6051701859880913735e+1),
    (-1e-08, 9.9999999000000005e-1, 9.9999999500000003759e-9, -1.8420680748952365447e+1),
    (-0.001, 9.9900049983337499165e-1, 9.9950016662500835274e-4, -6.9082552373154707118),
    (-0.1, 9.0483741803595956814e-1, 9.5162581964040431859e-2, -2.3521684610440907561),
    (-0.25, 7.7880078307140486825e-1, 2.2119921692859513175e-1, -1.5086915494460321341),
    (-0.34657, 7.071093199024199021e-1, 2.928906800975800979e-1, -1.2279558450552430499),
    (-0.34658, 7.0710224884457621897e-1, 2.9289775115542378103e-1, -1.2279317030358149722),
    (-0.35, 7.0468808971871345e-1, 2.9531191028128655e-1, -1.2197231582271621948),
    (-0.5, 6.065306597126334236e-1, 3.934693402873665764e-1, -9.3275212956718857189e-1),
    (-0.6931471805599453, 5.000000000000000116e-1, 4.999999999999999884e-1, -6.9314718055994533261e-1),
    (-0.7, 4.9658530379140953676e-1, 5.0341469620859046324e-1, -6.863410028083851535e-1),
    (-1.0, 3.678794411714423216e-1, 6.321205588285576784e-1, -4.5867514538708189102e-1),
    (-1.0397, 3.5356073427041911147e-1, 6.4643926572958088853e-1, -4.3627602837019897872e-1),
    (-1.25, 2.8650479686019010032e-1, 7.1349520313980989968e-1, -3.3757956508741107012e-1),
    (-2.0, 1.3533528323661269189e-1, 8.6466471676338730811e-1, -1.4541345786885905697e-1),
    (-5.0, 6.7379469990854670966e-3, 9.932620530009145329e-1, -6.7607494494885578259e-3),
    (-17.3, 3.0669412945635550553e-8, 9.9999996933058705436e-1, -3.0669413415942005384e-8),
    (-36.7, 1.1518409493076096322e-16, 9.9999999999999988482e-1, -1.1518409493076096985e-16),
    (-40.0, 4.2483542552915889953e-18, 9.9999999999999999575e-1, -4.2483542552915890044e-18),
    (-100.0, 3.720075976020835963e-44, 1.0, -3.720075976020835963e-44),
    (-690.0, 2.1717382813898270085e-300, 1.0, -2.1717382813898270085e-300),
  ]

  @Test func functionsHaveAllTheirDigits() throws {
    for (x, power, rest, logRest) in Self.values {
      // At each place of the eight.
      for before in 0..<8 {
        let law = try MatchLengthLaw(tokenLogProbabilities: Array(repeating: 0, count: before) + [x])
        let n = before + 1
        // Four units in the last place: two for each step.
        expectClose(law.laws.survival(n, of: 0).double, power, relative: 9e-16, "exp(\(x))")
        expectClose(law.masses[n - 1], rest, relative: 9e-16, "1 - exp(\(x))")
        #expect(law.logSurvival[n] == x && law.masses[n] == law.laws.survival(n, of: 0).double)
        var sums = SurvivalAccumulator()
        sums.add(law)
        // 1 - exp(d ln(1 - S)) for one record, at a d that keeps it a small number.
        let draws = 1e-9 / logRest.magnitude
        let found = sums.expectedMaximum(n, draws: draws) - (before > 0 ? sums.expectedMaximum(n - 1, draws: draws) : 0)
        if before == 0 { expectClose(.log(onePlus: -found) / draws, logRest, relative: 1e-15, "ln(1 - exp(\(x)))") }
      }
    }
  }

  @Test func limitsAreExact() throws {
    let law = try MatchLengthLaw(tokenLogProbabilities: [0, -1e-300, -1e300, -.infinity, -1, 0])
    #expect(
      law.laws.survival(1, of: 0) == .one && law.laws.survival(3, of: 0) == .zero
        && law.laws.survival(4, of: 0) == .zero)
    let masses: [Double] = [0, 1e-300, 1, 0, 0, 0, 0]
    #expect(law.masses == masses)
    var sums = SurvivalAccumulator()
    sums.add(law)
    let maximum = sums.maximum.logSurvival
    // The logarithm of a sum and that of its unit.
    expectClose(maximum[2], -1e-300, relative: 1e-13)
    #expect(maximum[..<2] == [0, 0] && maximum[3...].allSatisfy { $0 == -.infinity })
    // A record that ended before adds nothing to what came this far.
    sums.add(try MatchLengthLaw(tokenLogProbabilities: [-0.5]))
    #expect(sums.expectedRecords(2) == 1 && sums.atRisk(2) == 1 && sums.logSurvival[2] == sums.logSurvival[1])
  }

  /// Random records of any length, certain tokens and impossible ones: the sums are those of one term after the other.
  @Test(arguments: [1, 3, 4, 5, 64, 700]) func sumsAreThoseOfSingleTerms(longest: Int) throws {
    var generator = SeededGenerator(seed: UInt64(longest))
    var laws: [MatchLengthLaw] = []
    for index in 0..<200 {
      let length = Int.random(in: 1...longest, using: &generator)
      let scale = [1e-12, 1e-3, 0.3, 3, 40][index % 5]
      let values = (0..<length).map { _ in
        switch Int.random(in: 0..<50, using: &generator) {
        case 0: 0.0
        case 1 where index % 10 == 1: -Double.infinity
        case 2: -1e-300
        default: scale * Double.log(Double.random(in: 1e-9...1, using: &generator))
        }
      }
      laws.append(try MatchLengthLaw(tokenLogProbabilities: values))
    }
    var (whole, first, second) = (SurvivalAccumulator(), SurvivalAccumulator(), SurvivalAccumulator())
    var histogram = MatchLengthHistogram()
    for (index, law) in laws.enumerated() {
      whole.add(law)
      histogram.add(law)
      if index < 70 { first.add(law) } else { second.add(law) }
    }
    first.merge(second)
    for n in 1...whole.maximumLength {
      var (survivors, squares, logs, none, mass) = (
        ScaledSum(), ScaledSum(), CompensatedSum(), CompensatedSum(), CompensatedSum()
      )
      var reached = 0
      for law in laws where law.length >= n {
        reached += 1
        let value = ScaledValue(exponentOf: law.logSurvival[n], 0)
        survivors.add(value)
        squares.add(value.squared)
        logs.add(law.logSurvival[n])
        none.add(law.logSurvival[n] > -0.7 ? log1mExp(law.logSurvival[n]) : .log(onePlus: -value.double))
        mass.add(-Double.expMinusOne(law.tokenLogProbabilities[n - 1]) * .exp(law.logSurvival[n - 1]))
      }
      for sums in [whole, first] {
        #expect(sums.atRisk(n) == reached)
        // ln S is rounded in the terms one by one, and the rounding of thousands counts in exp.
        let precision = max(1e-15, 2e-16 * law(laws, n))
        expectClose(sums.logExpectedRecords(n), survivors.value.log, relative: 1e-14, absolute: precision, "\(n)")
        expectClose(
          try #require(sums.effectiveRecords(n)),
          (survivors.value * survivors.value / squares.value).double, relative: 4 * precision, "\(n)")
        expectClose(sums.quenched(n), logs.value / Double(reached), relative: 1e-15, "\(n)")
      }
      expectClose(histogram.counts.cells.first { $0.length == n - 1 }?.exact ?? 0, mass.value, relative: 1e-13)
      let maximum = none.value > -1e-290 ? survivors.value.log : log1mExp(none.value)
      expectCloseLog(whole.maximum.logSurvival[n], maximum, relative: 1e-13)
    }
  }

  /// The largest magnitude of ln S(n).
  private func law(_ laws: [MatchLengthLaw], _ n: Int) -> Double {
    laws.filter { $0.length >= n && $0.logSurvival[n] > -.infinity }.map { -$0.logSurvival[n] }.max() ?? 0
  }

  /// Ratios of probabilities far below e^(-5e5), where the multiple of ln 2 has more digits than a double's product.
  @Test(arguments: [-1e6, -1e7, -1e10, -1e14]) func farTails(x: Double) throws {
    let laws = [x, x - 1, x - 2.5].map { try? MatchLengthLaw(tokenLogProbabilities: [$0, -0.5]) }
    var sums = SurvivalAccumulator()
    for law in laws { sums.add(try #require(law)) }
    // (Σ S)² / Σ S² of 1, e^-1 and e^-2.5, with mpmath.
    expectClose(try #require(sums.effectiveRecords(1)), 1.8408599562719197, relative: 1e-13)
    #expect(sums.annealed(1) < x + 1 && ScaledValue(exponentOf: x, 0).log == x)
  }

  /// Probabilities near 1: the mean of 1 - S keeps its digits.
  @Test func annealedNearOne() throws {
    var sums = SurvivalAccumulator()
    sums.add(try MatchLengthLaw(tokenLogProbabilities: Array(repeating: -1e-17, count: 3)))
    sums.add(try MatchLengthLaw(tokenLogProbabilities: [-3e-17]))
    expectClose(sums.annealed(1), -2e-17, relative: 1e-14)
    expectClose(sums.annealed(3), -3e-17, relative: 1e-14)
    expectClose(sums.annealed(1), sums.quenched(1), relative: 1e-14)
  }

  /// Laws that are made together are those made alone, to the bit. Sums over them agree to some units in the last place.
  /// So they do where the product of eight small 1 - S leaves the range of numbers.
  @Test(arguments: [1, 7, 8, 9, 16, 64, 65, 700]) func lawsTogetherAreThoseAlone(length: Int) throws {
    var generator = SeededGenerator(seed: UInt64(length))
    var laws = MatchLengthLaws()
    for count in 1...MatchLengthLaws.capacity {
      for kind in 0..<5 {
        let scale = [1e-300, 1e-12, 0.3, 40, 1e6][kind]
        let records = try (0..<count).map { index in
          var values = (0..<length).map { _ in scale * Double.log(Double.random(in: 1e-9...1, using: &generator)) }
          if index == 3 { values[length / 2] = 0 }
          if index == 5, kind == 2 { values[length - 1] = -.infinity }
          return try Record(id: "r\(index)", tokenLogProbabilities: values)
        }
        laws.replace(with: records[...])
        var (together, alone) = (SurvivalAccumulator(), SurvivalAccumulator())
        var (masses, massesAlone) = (MatchLengthHistogram(), MatchLengthHistogram())
        var (groups, groupsAlone) = (RecordGroups(), RecordGroups())
        together.add(laws)
        masses.add(laws)
        groups.add(laws, units: Array(repeating: nil, count: count))
        for (index, record) in records.enumerated() {
          let law = MatchLengthLaw(record)
          for column in 0..<MatchLengthLaws.Column.count {
            let (values, expected) = (laws.values(column, of: index), law.laws.values(column, of: 0))
            #expect(zip(values, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "column \(column)")
          }
          #expect(laws.moments(of: index) == law.moments)
          alone.add(law)
          massesAlone.add(law)
          groupsAlone.add(law)
        }
        for n in 1...length {
          #expect(together.atRisk(n) == count)
          expectClose(together.logExpectedRecords(n), alone.logExpectedRecords(n), relative: 2e-15, absolute: 2e-15)
          expectClose(together.quenched(n), alone.quenched(n), relative: 2e-15)
          expectCloseLog(together.annealed(n), alone.annealed(n), relative: 4e-15)
          expectCloseLog(together.maximum.logSurvival[n], alone.maximum.logSurvival[n], relative: 4e-15)
        }
        for (cell, expected) in zip(masses.counts.cells, massesAlone.counts.cells) {
          expectClose(cell.exact, expected.exact, relative: 2e-15)
          expectClose(cell.censored, expected.censored, relative: 2e-15)
        }
        for (part, expected) in zip(groups.counts, groupsAlone.counts) {
          #expect(part.total == expected.total && part.cells.count == expected.cells.count)
        }
      }
    }
  }
}
