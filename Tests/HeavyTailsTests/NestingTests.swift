import GSLNumerics
import HeavyTails
import RealModule
import TestSupport
import Testing

/// Which family contains which, and that no family is beaten by one that it contains.
@Suite struct NestingTests {
  @Test(arguments: [
    ("geometric", "zero-inflated-geometric", Nesting.boundary), ("geometric", "zeta-cutoff", .interior),
    ("geometric", "negative-binomial", .interior), ("geometric", "beta-geometric", .remote),
    ("zeta", "zeta-cutoff", .boundary), ("zero-inflated-geometric", "geometric-mixture-2", .boundary),
    ("cured-geometric", "geometric-mixture-2", .boundary), ("geometric", "geometric-mixture-2", .remote),
    ("zero-inflated-cured-geometric", "geometric-mixture-2", .none),
    ("zero-inflated-cured-geometric", "geometric-mixture-3", .remote),
    ("zero-inflated-cured-geometric", "cured-geometric-mixture-2", .boundary),
    ("cured-geometric-mixture-2", "geometric-mixture-3", .boundary),
    ("cured-geometric", "cured-discrete-weibull", .interior), ("geometric", "cured-discrete-weibull", .remote),
    ("cured-geometric", "zero-inflated-geometric", .none), ("geometric-mixture-3", "geometric-mixture-2", .none),
    ("geometric", "geometric", .none), ("zeta", "rounded-pareto", .none),
    ("zero-inflated-geometric", "discrete-weibull", .none),
  ])
  func families(smaller: String, larger: String, relation: Nesting) throws {
    #expect(try Nesting(of: Family.named(smaller), in: Family.named(larger)) == relation)
  }

  /// A law on 1, 2, … contains the geometric one only where the data begin there.
  @Test func zetaCutoffContainsTheGeometricLawFromOneOn() throws {
    let data = try CensoredCounts(exact: [1, 1, 1, 2, 2, 3, 5, 9])
    for (minimum, relation) in [(0, Nesting.none), (1, .interior)] {
      let fits = MaximumLikelihood(window: LengthWindow(from: minimum))
      let (geometric, cutoff) = (try fits.fit(Geometric.self, to: data), try fits.fit(ZetaCutoff.self, to: data))
      #expect(Nesting(of: geometric, in: cutoff) == relation)
      if relation == .interior { #expect(cutoff.logLikelihood >= geometric.logLikelihood - 1e-9) }
    }
  }

  /// Random data, also censored and above a minimum: what a family contains is no likelier than the family.
  @Test(arguments: 0..<8)
  func noFamilyIsBeatenByOneThatItContains(seed: Int) throws {
    try check(seed: UInt64(seed), names: Family.plain.map { $0.familyName })
  }

  /// The same over the whole catalogue and more data.
  @Test(.enabled(if: slowTestsAreEnabled), arguments: 8..<48)
  func noFormIsBeatenByOneThatItContains(seed: Int) throws {
    try check(seed: UInt64(seed), names: Family.all.map { $0.familyName })
  }

  private func check(seed: UInt64, names: [String]) throws {
    var generator = SeededGenerator(seed: seed)
    let sources = ["beta-geometric": [0.8, 1.1], "geometric": [0.8], "discrete-weibull": [0.6, 0.5]]
    let (name, parameters) = sources.sorted { $0.key < $1.key }[Int(seed % 3)]
    let law = try Family.named("zero-inflated-cured-" + name).init(
      parameters: parameters + [[0, 0.1][Int(seed / 3 % 2)], [0, 0.3][Int(seed / 2 % 2)]])
    let limit = [12, 60, 400][Int(seed % 3)]
    let data = try CensoredCounts(
      (0..<(40 + 60 * Int(seed % 4))).map { _ in
        let n = law.sample(using: &generator)
        return n >= limit ? .init(length: limit, exact: 0, censored: 1) : .init(length: n, exact: 1)
      })
    for minimum in [0, 1] {
      let families = try names.map { try Family.named($0) }
      let results = MaximumLikelihood(window: LengthWindow(from: minimum)).fits(of: families, to: data)
      let fits = results.compactMap { try? $0.result.get() }
      #expect(!fits.isEmpty)
      for larger in fits {
        for smaller in fits where Nesting(of: smaller, in: larger) != .none {
          // What the search leaves: a hundredth of the difference that would change a rank.
          #expect(
            larger.logLikelihood >= smaller.logLikelihood - 1e-3,
            "\(larger.family) \(larger.logLikelihood) \(smaller.family) \(smaller.logLikelihood) n >= \(minimum)")
        }
      }
    }
  }
}
