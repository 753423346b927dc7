import Foundation
import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

private struct ContinuousValues: Decodable {
  struct FitValue: Decodable {
    let data: String
    let xMin: Double
    let censoredAt: Double?
    let family: String
    let parameters: [String: String]?
    let standardErrors: [String: String]?
    let logLikelihood: String?
    let boundary: String?
  }
  struct LawValue: Decodable {
    let family: String
    let parameters: [String: Double]
    let xMin: Double
    let x: Double
    let logDensity: String
    let logSurvival: String
  }
  let fits: [FitValue]
  let laws: [LawValue]
}

/// References/continuous.py: maxima and laws by mpmath at 40 digits.
@Suite struct ContinuousTests {
  private static func family(_ name: String) throws -> any ContinuousFamily.Type {
    try #require(ContinuousFamilies.all.first { $0.familyName == name })
  }

  private static func values(_ name: String) throws -> [Double] {
    let folder = try #require(Bundle.module.resourceURL)
    return try String(contentsOf: folder.appendingPathComponent("References/\(name)"), encoding: .utf8)
      .split(whereSeparator: \.isNewline).compactMap { Double($0) }
  }

  @Test func lawsAgreeWithThirtyDigits() throws {
    let values: ContinuousValues = try reference("continuous.json", in: .module)
    #expect(values.laws.count > 80)
    for value in values.laws {
      let family = try Self.family(value.family)
      let law = try TruncatedLaw(
        family.init(parameters: family.parameterDescriptions.map { try #require(value.parameters[$0.name]) }),
        from: value.xMin)
      // A logarithm of 1e-3034 is below the smallest Double: 0 to every digit that there is.
      expectCloseLog(law.logSurvival(value.x), number(value.logSurvival), "survival of \(law) at \(value.x)")
      expectCloseLog(law.logDensity(value.x), number(value.logDensity), "density of \(law) at \(value.x)")
    }
  }

  @Test func maximaAgreeWithThirtyDigits() throws {
    let values: ContinuousValues = try reference("continuous.json", in: .module)
    #expect(values.fits.count == 48)
    for value in values.fits {
      let data = try Self.values(value.data)
      let limit = value.censoredAt ?? .infinity
      let sample = try CensoredValues(
        exact: data.filter { $0 >= value.xMin && $0 <= limit },
        censored: data.filter { $0 > limit }.map { _ in limit })
      let fit = try ContinuousFit(Self.family(value.family), to: sample, from: value.xMin)
      let name = "\(value.family) on \(value.data) from \(value.xMin), censored \(limit)"
      #expect(fit.isConverged, "\(name)")
      guard let logLikelihood = value.logLikelihood, value.boundary == nil else {
        #expect(fit.boundary?.hasPrefix("its limit pareto") == true, "\(name): \(fit)")
        continue
      }
      // The cutoff that is 3e-5 of a unit likelier than the Pareto law is a maximum too.
      #expect(fit.boundary == nil, "\(name): \(fit.boundary ?? "")")
      expectClose(fit.logLikelihood, number(logLikelihood), relative: 1e-12, name)
      for parameter in fit.parameters {
        let expected = number(value.parameters?[parameter.name] ?? "")
        let error = number(value.standardErrors?[parameter.name] ?? "")
        // A maximum is known to a millionth of its standard error; where that is of the value's size fewer digits exist.
        expectClose(parameter.value ?? .nan, expected, relative: 1e-9, absolute: 1e-5 * error, "\(name) \(parameter)")
        // Of a logarithmic coordinate's Hessian by differences.
        expectClose(parameter.standardError ?? .nan, error, relative: 1e-4, "\(name) \(parameter)")
      }
    }
  }

  /// Quantiles invert the survival, the hazard is its quotient, samples follow it, moments match closed forms.
  @Test func quantilesSamplesAndMoments() throws {
    let laws: [(TruncatedLaw, mean: Double, variance: Double)] = [
      (try TruncatedLaw(Exponential(parameters: [0.5])), 2, 4),
      (try TruncatedLaw(Exponential(parameters: [0.5]), from: 3), 5, 4),
      (try TruncatedLaw(Pareto(parameters: [3.5]), from: 2), 10.0 / 3, 80.0 / 9),
      (try TruncatedLaw(Pareto(parameters: [2.5]), from: 2), 6, .infinity),
      (try TruncatedLaw(Pareto(parameters: [1.5]), from: 2), .infinity, .infinity),
      (try TruncatedLaw(GeneralizedPareto(parameters: [3, 0.25])), 4, 32),
      (try TruncatedLaw(GeneralizedPareto(parameters: [3, -0.5])), 2, 2),
      (
        try TruncatedLaw(Lognormal(parameters: [1, 0.5])), .exp(1.125),
        .exp(2.25) * Double.expMinusOne(0.25)
      ),
      (
        try TruncatedLaw(Weibull(parameters: [2, 0.5])), 4, 80
      ),
    ]
    for (stream, (law, mean, variance)) in laws.enumerated() {
      let moments = law.moments
      expectClose(moments.mean ?? .nan, mean, relative: 1e-11, "\(law)")
      expectClose(moments.variance ?? .nan, variance, relative: 1e-10, "\(law)")
      for tail in [-1e-3, -0.7, -20, -600] {
        let x = law.quantile(logTail: tail)
        // Beyond the largest Double, or nearer to the law's end than a Double can be.
        guard x < .infinity, law.logSurvival(x) > -.infinity else { continue }
        expectClose(law.logSurvival(x), tail, relative: 1e-9, "\(law)")
        expectClose(law.hazard(x), .exp(law.logDensity(x) - law.logSurvival(x)), relative: 1e-12)
      }
      var generator = SeededGenerator(seed: 3, stream: UInt64(stream))
      let median = law.quantile(logTail: .log(0.5))
      let above = (0..<4000).count { _ in law.sample(using: &generator) > median }
      // Four standard deviations of a binomial.
      #expect((above - 2000).magnitude < 127, "\(law)")
    }
    let cutoff = try TruncatedLaw(PowerLawWithCutoff(parameters: [0, 0.5]), from: 3)
    expectClose(try #require(cutoff.moments.mean), 5, relative: 1e-11)
    expectClose(try #require(cutoff.moments.variance), 4, relative: 1e-10)
  }

  /// Laws out of all proportion end in bounded time, and a density that has no maximum is stopped at its boundary.
  @Test func extremeParameters() throws {
    #expect(throws: DistributionError.self) {
      try TruncatedLaw(PowerLawWithCutoff(parameters: [0.5, 1e290]), from: 1e10)
    }
    let steep = try TruncatedLaw(PowerLawWithCutoff(parameters: [0.5, 1e280]), from: 1)
    // λ (2 - 1) and more.
    #expect(steep.logSurvival(2) < -9.9e279)
    var generator = SeededGenerator(seed: 2)
    let narrow = try CensoredValues(exact: (0..<100).map { _ in 1000 + generator.normal() })
    for family in ContinuousFamilies.all {
      let fit = try? ContinuousFit(family, to: narrow, from: 1)
      #expect(fit?.logLikelihood.isFinite ?? true, "\(family)")
    }
    // Beta(3, ½)-like values that crowd at their end: for xi < -1 the likelihood has no bound.
    let crowded = try CensoredValues(exact: (1...200).map { 1 - Double.pow(Double($0) / 201, 4) * 0.9 })
    let fit = try ContinuousFit(GeneralizedPareto.self, to: crowded)
    #expect(fit.parameters[1].value ?? -1 >= -1)
  }

  @Test func badDataAreNamed() throws {
    #expect(throws: DistributionError.value(0)) { try CensoredValues(exact: [0]) }
    #expect(throws: DistributionError.value(.infinity)) { try CensoredValues(exact: [1], censored: [.infinity]) }
    #expect(throws: DistributionError.noData) {
      try ContinuousFit(Exponential.self, to: CensoredValues(exact: [1]), from: 2)
    }
    #expect(throws: DistributionError.impossibleData(family: "weibull")) {
      try ContinuousFit(Weibull.self, to: CensoredValues(exact: [1, 1]), from: 1)
    }
    #expect(throws: DistributionError.impossibleData(family: "lognormal")) {
      try ContinuousFit(Lognormal.self, to: CensoredValues(exact: [], censored: [1, 2]))
    }
    #expect(throws: DistributionError.parameter(family: "pareto", name: "x_min", value: 0, allowed: "x_min > 0")) {
      try ContinuousFit(Pareto.self, to: CensoredValues(exact: [1, 2]))
    }
    #expect(throws: DistributionError.parameter(family: "exponential", name: "x_min", value: -1, allowed: "x_min >= 0"))
    {
      try TruncatedLaw(Exponential(parameters: [1]), from: -1)
    }
  }
}
