import Foundation
import RealModule
import TestSupport
import Testing

@testable import HeavyTails

private struct Oracle: Decodable {
  struct Value: Decodable {
    let family: String
    let parameters: [String: Parameter]
    let nMin: Int
    let n: Int
    let logMass: String
    let logSurvival: String
  }
  /// A number as text, or a list of them for a mixture.
  enum Parameter: Decodable, Hashable {
    case scalar(String)
    case list([String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .scalar(text)
      } else {
        self = .list(try container.decode([String].self))
      }
    }
  }
  let values: [Value]
}

/// Log mass and log survival against 30-digit values (mpmath at 50 digits, at the doubles nearest to the decimals).
@Suite struct OracleTests {
  private static let oracle: Oracle? = try? reference("families.json", in: .module)

  /// The oracle's laws of the families in the catalogue, each once.
  static let laws: [(law: any FittableFamily, key: String)] = {
    var seen = Set<String>()
    var laws: [(law: any FittableFamily, key: String)] = []
    for value in oracle?.values ?? [] {
      guard let law = law(of: value), seen.insert("\(law)").inserted else { continue }
      laws.append((law, "\(law)"))
    }
    return laws
  }()

  private static func law(of value: Oracle.Value) -> (any FittableFamily)? {
    var parameters: [String: Double] = [:]
    for (name, parameter) in value.parameters {
      switch parameter {
      case .scalar(let text): parameters[name] = Double(text)
      case .list(let texts):
        for (index, text) in texts.enumerated() { parameters["\(name)[\(index + 1)]"] = Double(text) }
      }
    }
    return try? Family.law(named: value.family, parameters: parameters)
  }

  @Test func agreesWithThirtyDigits() throws {
    let oracle = try #require(Self.oracle)
    var checked = Set<String>()
    for value in oracle.values {
      guard let law = Self.law(of: value) else { continue }
      checked.insert(type(of: law).familyName)
      // Conditional on N >= n_min. 1e-12 relative, 1e-13 absolute where the logarithm is within 1 of zero.
      let condition = law.logSurvival(value.nMin)
      expectCloseLog(
        law.logMass(value.n) - condition, number(value.logMass), "mass of \(law) from \(value.nMin) at \(value.n)")
      expectCloseLog(
        law.logSurvival(value.n) - condition, number(value.logSurvival),
        "survival of \(law) from \(value.nMin) at \(value.n)")
    }
    // The Pareto laws are elementary, S(n) = (2n - 1)^(1 - α) and n^(1 - α); the conformance suite is enough for them.
    // Of the mixtures it has three parts.
    for family in Family.plain
    where !(family is any ParetoCells.Type) && family != GeometricMixture<2>.self && family != GeometricMixture<4>.self
    {
      #expect(checked.contains(family.familyName), "\(family.familyName)")
    }
    #expect(checked.count >= 8)
  }

  /// TheModel §4: the closed form of the linear hazard, its product, and the form in circulation with α and p0
  /// exchanged.
  @Test func linearHazardErratum() throws {
    let p0 = 0.3
    let alpha = 0.02
    let n = 20
    let law = try LinearHazard(p0: p0, alpha: alpha)
    let product = (1...n).reduce(1.0) { $0 * (p0 + alpha * Double($1)) }
    expectClose(Double.exp(law.logSurvival(n)), 8.2857714635585e-7, relative: 1e-13)
    expectClose(product, 8.2857714635585e-7, relative: 1e-13)
    let closed =
      Double(n) * Double.log(alpha) + Double.logGamma(Double(n + 1) + p0 / alpha) - Double.logGamma(1 + p0 / alpha)
    expectClose(closed, law.logSurvival(n), relative: 1e-13)
    let published =
      Double(n) * Double.log(p0) + Double.logGamma(Double(n + 1) + alpha / p0) - Double.logGamma(1 + alpha / p0)
    expectClose(Double.exp(published), 1.07e8, relative: 1e-2)
  }
}
