import GSLNumerics
import RealModule
import TestSupport
import Testing

@testable import TokenProcess

@Suite struct PoissonBinomialTests {
  /// Equal probabilities: the binomial law, from 1000 records into tails of e^-2000.
  @Test func equalProbabilitiesAreBinomial() throws {
    for p in [0.5, 0.02, 1e-5, 1 - 1e-7] {
      let m = 1000
      let law = try PoissonBinomial(logProbabilities: Array(repeating: Double.log(p), count: m))
      for k in [0, 1, 2, 20, 499, 500, 700, 999, 1000] {
        let logChoose = try logRisingFactorial(Double(m - k + 1), k) - logRisingFactorial(1, k)
        // ln p is all that the law is told: 1 - p from it has that rounding, times the m - k records that fail.
        let expected = logChoose + Double(k) * Double.log(p) + Double(m - k) * log1mExp(Double.log(p))
        expectClose(law.logMass(k), expected, relative: 1e-11, absolute: 1e-11, "p \(p) k \(k)")
      }
      #expect(law.logMass(-1) == -.infinity && law.logMass(1001) == -.infinity)
      #expect(law.logUpperTail(0) == 0 && law.logLowerTail(1000) == 0)
    }
  }

  /// 10,000 different probabilities against direct convolution, which has only positive terms.
  @Test func tenThousandRecordsAgainstConvolution() throws {
    var generator = SeededGenerator(seed: 2)
    let logs = (0..<10_000).map { _ in generator.logBetaVariate(0.05, 1) }
    var masses = [1.0]
    for log in logs {
      let p = Double.exp(log)
      let q = -Double.expMinusOne(log)
      masses.append(masses[masses.count - 1] * p)
      for k in stride(from: masses.count - 2, through: 1, by: -1) { masses[k] = masses[k] * q + masses[k - 1] * p }
      masses[0] *= q
      while masses.count > 1, masses[masses.count - 1] < 1e-250 { masses.removeLast() }
    }
    let law = try PoissonBinomial(logProbabilities: logs)
    for k in stride(from: 0, to: masses.count, by: 37) where masses[k] > 1e-200 {
      expectClose(law.logMass(k), Double.log(masses[k]), relative: 1e-10, absolute: 1e-10, "k \(k)")
    }
    let limits = law.interval()
    var below = 0.0
    var first = 0
    while below + masses[first] <= 0.025 {
      below += masses[first]
      first += 1
    }
    var above = 0.0
    var last = masses.count - 1
    while above + masses[last] <= 0.025 {
      above += masses[last]
      last -= 1
    }
    #expect(limits == first...last)
  }

  @Test func certainAndImpossibleRecords() throws {
    let law = try PoissonBinomial(logProbabilities: [0, 0, -.infinity, Double.log(0.25)])
    #expect(law.logMass(1) == -.infinity)
    expectClose(law.logMass(2), Double.log(0.75), relative: 1e-14)
    expectClose(law.logMass(3), Double.log(0.25), relative: 1e-14)
    #expect(law.maximum == 3 && law.mean == 2.25)
    #expect(law.interval() == 2...3)
    let empty = try PoissonBinomial(logProbabilities: [])
    #expect(empty.logMass(0) == 0 && empty.interval() == 0...0)
    #expect(throws: RecordError.self) { try PoissonBinomial(logProbabilities: [0.1]) }
    #expect(throws: RecordError.self) { try PoissonBinomial(logProbabilities: [.nan]) }
  }

  /// Records of probability 1e-300: one of them is as likely as their sum, two as half its square.
  @Test func tinyProbabilities() throws {
    let law = try PoissonBinomial(logProbabilities: Array(repeating: Double.log(1e-300), count: 50))
    expectClose(law.logMass(0), -5e-299, relative: 1e-12)
    expectClose(law.logUpperTail(1), Double.log(50) + Double.log(1e-300), relative: 1e-13)
    expectClose(law.logUpperTail(2), Double.log(1225) + 2 * Double.log(1e-300), relative: 1e-13)
  }

  /// The sketch's law is within its own proved bound of the exact one, and the bound is small.
  @Test func sketchKeepsItsPromise() throws {
    for (a, b) in [(0.3, 2.0), (0.05, 0.6), (5, 0.5)] {
      var generator = SeededGenerator(seed: 4)
      let logs = (0..<20_000).map { _ in generator.logBetaVariate(a, b) }
      var sketch = ProbabilitySketch()
      var other = ProbabilitySketch()
      for (index, log) in logs.enumerated() {
        let value = ScaledValue(exponentOf: log, 0)
        if index % 3 == 0 { other.add([log], [value]) } else { sketch.add([log], [value]) }
      }
      sketch.merge(other)
      let exact = try PoissonBinomial(logProbabilities: logs)
      let approximate = sketch.poissonBinomial
      #expect(approximate.errorBound > 0 && approximate.errorBound < 1e-3, "\(approximate.errorBound)")
      expectClose(approximate.mean, exact.mean, relative: 1e-11)
      let deviation = exact.variance.squareRoot()
      for step in -3...3 {
        let k = Int(exact.mean + Double(step) * deviation)
        let difference = Double.exp(exact.logLowerTail(k)) - Double.exp(approximate.logLowerTail(k))
        #expect(difference.magnitude <= approximate.errorBound, "k \(k)")
      }
      // Wider by no more than the bound allows.
      let inner = exact.interval()
      let outer = approximate.interval()
      #expect(outer.lowerBound <= inner.lowerBound && outer.upperBound >= inner.upperBound)
      #expect(outer.count - inner.count <= 6)
    }
  }

  /// Probabilities at the ends of the range have a place: next to 1, far below e^(-10¹⁵), and 0.
  @Test func sketchOfExtremes() {
    let logs: [Double] = [0, -.leastNonzeroMagnitude, -1e-300, -1e-17, -0.5, -745, -1e15, -1e16, -1e300, -.infinity]
    var sketch = ProbabilitySketch()
    sketch.add(logs, logs.map { ScaledValue(exponentOf: $0, 0) })
    #expect(sketch.records == 10 && sketch.certain == 1 && sketch.impossible == 3)
    let law = sketch.poissonBinomial
    expectClose(law.mean, 4 + .exp(-0.5), relative: 1e-12)
    let means = sketch.descending.map { $0.sum.log - .log(Double($0.count)) }
    #expect(zip(means, means.dropFirst()).allSatisfy { $0 > $1 - 1e-12 } && means.last == -.infinity)
  }

  /// One record of certainty must not take the resolution from the others.
  @Test func sketchKeepsItsResolutionBesideCertainty() throws {
    var sketch = ProbabilitySketch()
    var exact: [Double] = []
    for index in 0..<20_000 {
      let log = index == 0 ? -1e-18 : -12 * Double(index) / 20_000
      exact.append(log)
      sketch.add([log], [ScaledValue(exponentOf: log, 0)])
    }
    let law = sketch.poissonBinomial
    #expect(law.errorBound < 1e-3)
    let expected = try PoissonBinomial(logProbabilities: exact).interval()
    let found = law.interval()
    #expect(found.lowerBound <= expected.lowerBound && found.upperBound >= expected.upperBound)
    #expect(found.count - expected.count <= 6)
  }

  /// Where the bound exceeds the sides of the interval, only what is certain is claimed.
  @Test func uselessBoundsClaimNothing() throws {
    let law = PoissonBinomial(groups: [.init(logOdds: 0, multiplicity: 10)], certain: 2, errorBound: 0.03)
    #expect(law.interval() == 2...12)
    #expect(law.interval(level: 0.5).count < 11)
  }

  /// Concentration from a sketch against the exact one, within the stated error.
  @Test func sketchedConcentration() throws {
    var generator = SeededGenerator(seed: 9)
    var exact = TailAccumulator()
    var both = TailAccumulator()
    let count = TailAccumulator.exactLimit
    for index in 0..<count + count / 2 {
      let log = generator.logBetaVariate(0.2, 3)
      let law = try MatchLengthLaw(tokenLogProbabilities: [log])
      if index < count { exact.add(law, at: 1) }
      both.add(law, at: 1)
    }
    let expected = try #require(exact.concentration)
    let found = try #require(both.concentration)
    // Half as many records again from the same law: sampling moves the values by less than 1 %.
    expectClose(found.gini, expected.gini, relative: 0.01)
    expectClose(found.top1PercentShare, expected.top1PercentShare, relative: 0.02)
    expectClose(found.top10PercentShare, expected.top10PercentShare, relative: 0.01)
    #expect(both.count.errorBound > 0)
  }
}
