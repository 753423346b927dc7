import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

private struct MomentValue: Decodable {
  let family: String
  let parameters: [String: Parameter]
  let mean: String
  let variance: String
  let skewness: String
  let excessKurtosis: String

  enum Parameter: Decodable {
    case scalar(Double)
    case list([Double])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Double.self) {
        self = .scalar(value)
      } else {
        self = .list(try container.decode([Double].self))
      }
    }
  }

  func law() throws -> any FittableFamily {
    var values: [String: Double] = [:]
    for (name, parameter) in parameters {
      switch parameter {
      case .scalar(let value): values[name] = value
      case .list(let list): for (index, value) in list.enumerated() { values["\(name)[\(index + 1)]"] = value }
      }
    }
    return try Family.law(named: family, parameters: values)
  }
}

@Suite struct MomentsTests {
  /// References/moments.py: mpmath at 40 digits and more. Sums of thousands of terms, and cubes and squares of a center
  /// that is itself rounded, leave eleven digits where the law is not much narrower than its mean.
  @Test func agreeWithThirtyDigits() throws {
    let values: [MomentValue] = try reference("moments.json", in: .module)
    #expect(values.count == 44)
    for value in values {
      let law = try value.law()
      let moments = law.moments
      // Moments that lengths beyond 2⁶⁰ carry are not there.
      let isBeyond = "\(law)".contains("beta: 0.2") || "\(law)".contains("sigma: 4.0")
      func check(_ found: Double?, _ text: String, _ what: String) {
        if text == "nan" || isBeyond || what == "kurtosis" && "\(law)".contains("sigma: 2.5") {
          #expect(found == nil, "\(what) of \(law): \(found ?? 0)")
        } else {
          // Skewness and kurtosis of a nearly normal law are small differences of parts of order 1.
          let absolute = what == "mean" || what == "variance" ? 0 : 1e-11
          expectClose(found ?? .nan, number(text), relative: 1e-11, absolute: absolute, "\(what) of \(law)")
        }
      }
      check(moments.mean, value.mean, "mean")
      check(moments.variance, value.variance, "variance")
      check(moments.skewness, value.skewness, "skewness")
      check(moments.excessKurtosis, value.excessKurtosis, "kurtosis")
    }
  }

  /// Means far from 0, where the mass at 0 is far from the center: 6 and 12/(2r) + 6 … from the closed forms.
  @Test func kurtosisOfLongLaws() throws {
    let geometric = try Geometric(p: 1 - 1e-7).moments
    // 6 + (1-p)²/p.
    expectClose(try #require(geometric.excessKurtosis), 6 + 1e-14, relative: 1e-9)
    let p = 0.999_999
    let binomial = try NegativeBinomial(r: 0.5, p: p).moments
    // 6/r + (1-p)²/(rp).
    expectClose(try #require(binomial.excessKurtosis), 12 + (1 - p) * (1 - p) / (0.5 * p), relative: 1e-9)
  }

  /// A smooth sum with its closed form, one with steps, and one too short for blocks.
  @Test func smoothSums() {
    let n = 1_000_000_000
    expectClose(
      smoothSum(from: 1, through: n) { 1 / Double($0) }, Double.log(Double(n)) + 0.5772156649015329 + 0.5e-9,
      relative: 1e-14)
    expectClose(smoothSum(from: 0, through: n) { $0 < 123_456_789 ? 1 : 0 }, 123_456_789, relative: 1e-14)
    #expect(smoothSum(from: 3, through: 2) { _ in 1 } == 0)
    #expect(smoothSum(from: 3, through: 4) { Double($0) } == 7)
  }
}
