import Foundation
import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

/// What every family must satisfy, run over the whole catalogue: a new family is checked by being listed.
@Suite struct ConformanceTests {
  /// Laws of every family: those of the oracle, and decorated ones around them.
  static let laws: [any FittableFamily] = {
    var plain: [any FittableFamily] = OracleTests.laws.map(\.law)
    if let pareto = try? RoundedPareto(alpha: 1.7) { plain.append(pareto) }
    if let pareto = try? DiscretePareto(alpha: 1.7) { plain.append(pareto) }
    if let mixture = try? GeometricMixture<2>(weights: [0.8, 0.2], p: [0.4, 0.98]) { plain.append(mixture) }
    if let mixture = try? GeometricMixture<4>(weights: [0.4, 0.3, 0.2, 0.1], p: [0.05, 0.5, 0.9, 0.999]) {
      plain.append(mixture)
    }
    var laws = plain
    for (index, law) in plain.enumerated()
    where Family.plain.contains(where: { $0.familyName == type(of: law).familyName }) {
      let share = [0.001, 0.3, 0.9][index % 3]
      for prefix in ["zero-inflated-", "cured-"] {
        guard let family = try? Family.named(prefix + type(of: law).familyName) else { continue }
        if let decorated = try? family.init(parameters: law.parameters + [share]) { laws.append(decorated) }
      }
      if let family = try? Family.named("zero-inflated-cured-" + type(of: law).familyName),
        let decorated = try? family.init(parameters: law.parameters + [0.1, share])
      {
        laws.append(decorated)
      }
    }
    return laws
  }()

  /// The families to fit to data of every kind: without the slow tests, mixtures only in their plain form.
  static let fitted = Family.all.filter { family in
    let name = family.familyName
    return slowTestsAreEnabled || !name.contains("geometric-mixture") || name.hasPrefix("geometric-mixture")
  }

  private static let lengths = [0, 1, 2, 3, 5, 10, 17, 64, 100, 1000, 100_000, 1_000_000_000]

  @Test func everyFamilyIsAmongTheLaws() {
    let covered = Set(Self.laws.map { type(of: $0).familyName })
    for family in Family.all { #expect(covered.contains(family.familyName), "\(family.familyName)") }
  }

  @Test func survivalStartsAtOneAndNeverRises() {
    for law in Self.laws {
      #expect(law.logSurvival(0) == 0)
      #expect(law.logSurvival(-1) == 0)
      #expect(law.logMass(-1) == -.infinity)
      var last = 0.0
      for n in Self.lengths {
        let value = law.logSurvival(n)
        #expect(value <= last && !value.isNaN, "\(law) at \(n)")
        last = value
      }
      #expect(law.logSurvivalLimit <= last)
    }
  }

  /// S(n) = S(n+1) + P(N = n), in logarithms.
  @Test func massIsTheDifferenceOfSurvivals() {
    for law in Self.laws {
      for n in Self.lengths where law.logSurvival(n) > -.infinity {
        let mass = law.logMass(n)
        #expect(!mass.isNaN && mass <= 0, "\(law) at \(n)")
        expectCloseLog(logAddExp(mass, law.logSurvival(n + 1)), law.logSurvival(n), "\(law) at \(n)")
        let hazard = law.hazard(n)
        #expect(hazard >= 0 && hazard <= 1 + 1e-12)
        expectClose(
          Double.exp(law.logConditionalSurvival(n)), 1 - hazard, relative: 0, absolute: 1e-12, "\(law) at \(n)")
      }
    }
  }

  /// The quantile is the first length whose tail is small enough.
  @Test func quantileInvertsSurvival() {
    for law in Self.laws {
      for tail in [-0.1, -0.6931, -5, -27.6, -690.8, -5000] {
        guard let n = law.quantile(logTail: tail) else {
          #expect(law.logSurvivalLimit > tail || law.logSurvival(1 << 61) > tail, "\(law)")
          continue
        }
        #expect(law.logSurvival(n + 1) <= tail, "\(law) at \(tail)")
        if n > 0 { #expect(law.logSurvival(n) > tail, "\(law) at \(tail)") }
      }
      #expect(law.quantile(logTail: .nan) == nil)
    }
  }

  /// Masses that are had together are those had one by one, and so are their derivatives.
  @Test func consecutiveMassesAreThoseOfSingleLengths() throws {
    var compared = Set<String>()
    for law in Self.laws {
      guard let masses = law.consecutiveMasses(through: 200, withSlopes: true) else { continue }
      compared.insert(type(of: law).familyName)
      #expect(law.consecutiveMasses(through: 200, withSlopes: false)?.logMasses == masses.logMasses)
      #expect(masses.slopes.count == law.parameters.count)
      for n in 0...200 {
        var gradient = law.parameters
        var span = gradient.mutableSpan
        let mass = law.logMass(n, gradient: &span)
        expectCloseLog(masses.logMasses[n], mass, "\(law) at \(n)")
        guard mass > -.infinity else { continue }
        for (slopes, expected) in zip(masses.slopes, gradient) {
          // Differences of two digammas lose digits that running sums keep.
          expectClose(slopes[n], expected, relative: 1e-10, absolute: 1e-12, "\(law) at \(n)")
        }
      }
    }
    #expect(compared.count >= 16, "\(compared.sorted())")
  }

  /// Analytic derivatives against differences of the values, which are good to about 1e-8.
  @Test func gradientsAreTheDerivatives() throws {
    var compared: [String: Int] = [:]
    for law in Self.laws { compared[type(of: law).familyName, default: 0] += try comparisons(of: law) }
    for family in Family.all { #expect(compared[family.familyName, default: 0] >= 8, "\(family.familyName)") }
  }

  private func comparisons<F: FittableFamily>(of law: F) throws -> Int {
    var compared = 0
    let parameters = law.parameters
    let coordinates = F.coordinates(of: parameters, reach: Reach(lowerBound: 1, upperBound: 31, survived: 30))
    // A law at its edge (alpha = 0 is none, p = 1 would be) or so near that differences leave the range has no check.
    guard coordinates.allSatisfy({ $0.isFinite && $0.magnitude < 25 }) else { return 0 }
    let restored = F.parameters(at: coordinates, reach: Reach(lowerBound: 1, upperBound: 31, survived: 30))
    for (value, expected) in zip(restored, parameters) { expectClose(value, expected, relative: 1e-9, absolute: 1e-15) }
    let jacobian = F.jacobian(at: coordinates, reach: Reach(lowerBound: 1, upperBound: 31, survived: 30))
    for n in [0, 1, 2, 7, 30, 64, 100, 5000] {
      for isMass in [true, false] {
        func value(_ point: [Double]) -> Double? {
          guard
            let law = try? F(
              parameters: F.parameters(at: point, reach: Reach(lowerBound: 1, upperBound: 31, survived: 30)))
          else { return nil }
          return isMass ? law.logMass(n) : law.logSurvival(n)
        }
        var gradient = [Double](repeating: 0, count: parameters.count)
        var span = gradient.mutableSpan
        let center = isMass ? law.logMass(n, gradient: &span) : law.logSurvival(n, gradient: &span)
        guard center.isFinite else { continue }
        expectCloseLog(center, isMass ? law.logMass(n) : law.logSurvival(n), "\(law) at \(n)")
        for j in coordinates.indices {
          func slope(_ step: Double) -> Double? {
            var differences: [Double] = []
            for offset in [-2.0, -1, 1, 2] {
              var moved = coordinates
              moved[j] += offset * step
              if let value = value(moved), value.isFinite { differences.append(value) }
            }
            guard differences.count == 4 else { return nil }
            return (differences[0] - 8 * differences[1] + 8 * differences[2] - differences[3]) / (12 * step)
          }
          // The jump of the slope over a step shrinks with it, except at the kink of a clamped line, which has no
          // derivative to compare with.
          func jump(_ step: Double) -> Double? {
            var (left, right) = (coordinates, coordinates)
            left[j] -= step
            right[j] += step
            guard let low = value(left), let high = value(right) else { return nil }
            return (low - 2 * center + high).magnitude / step
          }
          let rounding = max(1, center.magnitude) * 1e-10
          guard let numeric = slope(1e-4), let finer = slope(0.5e-4),
            (numeric - finer).magnitude <= 1e-7 * numeric.magnitude + rounding, let whole = jump(1e-4),
            let half = jump(0.5e-4),
            half <= 0.75 * whole + 1e-6 * numeric.magnitude + rounding
          else { continue }
          let analytic = parameters.indices.reduce(0) { $0 + gradient[$1] * jacobian[$1][j] }
          expectClose(
            analytic, numeric, relative: 1e-6, absolute: rounding, "\(law) ∂\(j) at \(n), mass \(isMass)")
          compared += 1
        }
      }
    }
    return compared
  }

  /// 20,000 draws, a quarter of them without the slow tests, against the law: each of the lengths' frequencies within
  /// five standard deviations, and a Poisson's first counts.
  @Test func samplesFollowTheLaw() {
    for (stream, law) in Self.laws.enumerated() {
      var generator = SeededGenerator(seed: 11, stream: UInt64(stream))
      let count = slowTestsAreEnabled ? 20_000 : 5000
      var reached = [Int: Int]()
      let checks = [1, 2, 5, 20, 100, 10_000]
      for _ in 0..<count {
        let n = law.sample(using: &generator)
        for check in checks where n >= check { reached[check, default: 0] += 1 }
      }
      for check in checks {
        let p = Double.exp(law.logSurvival(check))
        let deviation = (Double(count) * p * (1 - p)).squareRoot()
        let error = (Double(reached[check, default: 0]) - Double(count) * p).magnitude
        #expect(error <= 5 * deviation + 1.5, "\(law) at \(check)")
      }
    }
  }

  @Test func linesOfAlmostNoSlopeHaveQuantiles() throws {
    let law = try LinearHazard(p0: 0.5, alpha: 1e-20)
    #expect(law.quantile(logTail: Double.log(0.5)) == 0)
    #expect(law.logSurvivalLimit < -1e17)
  }

  @Test func littleIsLeftToContinue() throws {
    let law = try Cured(Geometric(p: 1e-20), cured: 1e-17)
    // ln(1e-17 + 1e-20), to rounding.
    expectClose(law.logConditionalSurvival(0), -39.1429470805657, relative: 1e-12)
  }

  @Test func parametersOutOfRangeAreNamed() throws {
    for family in Family.all {
      let descriptions = family.parameterDescriptions
      #expect(throws: DistributionError.self) { try family.init(parameters: []) }
      for bad in [Double.nan, .infinity] {
        #expect(throws: DistributionError.self) {
          try family.init(parameters: descriptions.map { _ in bad })
        }
      }
    }
    #expect(throws: DistributionError.parameter(family: "geometric", name: "p", value: 1.5, allowed: "0.0 <= p <= 1.0"))
    {
      try Geometric(p: 1.5)
    }
    #expect(throws: DistributionError.unknownFamily("pareto-2")) { try Family.named("pareto-2") }
    #expect(throws: DistributionError.self) { try Family.law(named: "geometric", parameters: ["q": 0.5]) }
    #expect(throws: DistributionError.self) { try Family.law(named: "beta-geometric", parameters: ["a": 1]) }
    let law = try Family.law(named: "beta-geometric", parameters: ["b": 1.5, "a": 2])
    #expect(law.parameters == [2, 1.5])
  }
}
