import GSLNumerics
import RealModule
import TestSupport
import Testing

@testable import HeavyTails

/// How much likelier than a law a mixture of geometric laws can be.
@Suite struct MixtureBoundTests {
  /// The likeliest mixture of geometric laws with p on a grid, by EM: 500 parts, p = 0 and 1 among them.
  private func likeliestOnGrid(_ counts: CensoredCounts) -> Double {
    let means = (0...499).map { Double.exp(-8 + 16 * Double($0) / 499) }
    let p = [0] + means.map { $0 / (1 + $0) } + [1]
    var weights = [Double](repeating: 1 / Double(p.count), count: p.count)
    let rows = counts.cells.flatMap { cell -> [(weight: Double, values: [Double])] in
      let power = p.map { cell.length == 0 ? 1 : Double.pow($0, Double(cell.length)) }
      return [(cell.exact, zip(power, p).map { $0 * (1 - $1) }), (cell.censored, power)].filter { $0.0 > 0 }
    }
    var value = -Double.infinity
    for _ in 0..<300 {
      var next = [Double](repeating: 0, count: p.count)
      value = 0
      for row in rows {
        let total = zip(row.values, weights).reduce(0) { $0 + $1.0 * $1.1 }
        value += row.weight * .log(total)
        for part in p.indices { next[part] += row.weight * row.values[part] * weights[part] / total }
      }
      weights = next.map { $0 / counts.total }
    }
    return value
  }

  /// The bound is above what any mixture gains, and 0 where none gains anything.
  @Test(arguments: 0..<12) func boundOfMixtures(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let parts = [0.0, 0.3, 0.9, 1].map { ($0, Double.random(in: 0...1, using: &generator)) }.shuffled(using: &generator)
    let used = parts.prefix(Int(seed % 4) + 1)
    let total = used.reduce(0) { $0 + $1.1 }
    var cells: [CensoredCounts.Cell] = []
    for _ in 0..<300 {
      var left = Double.random(in: 0..<total, using: &generator)
      let p =
        used.first {
          left -= $0.1; return left <= 0
        }?.0 ?? used[used.startIndex].0
      var length = 0
      while length < 40, Double.random(in: 0..<1, using: &generator) < p { length += 1 }
      cells.append(.init(length: length, exact: length < 40 ? 1 : 0, censored: length < 40 ? 0 : 1))
    }
    let counts = try CensoredCounts(cells)
    let best = likeliestOnGrid(counts)
    for family in [Geometric.self, GeometricMixture<2>.self, GeometricMixture<3>.self] as [any FittableFamily.Type] {
      let fit = try MaximumLikelihood().fit(family, to: counts)
      let bound = MixtureBound(of: fit.law, on: counts, from: 0).largestGain
      // The sums' rounding, at 300 terms.
      #expect(best - fit.logLikelihood <= bound + 1e-9)
      // What the bound calls the likeliest of all mixtures is one.
      if bound <= 1e-9 * max(1, fit.logLikelihood.magnitude) { #expect(best <= fit.logLikelihood + 1e-6) }
    }
  }

  /// More even than a geometric law: no mixture is likelier, and the bound says so. Less even: one is.
  @Test func boundIsTight() throws {
    let even = try CensoredCounts([3, 4, 5].map { .init(length: $0, exact: 10) })
    let law = try MaximumLikelihood().fit(Geometric.self, to: even).law
    #expect(MixtureBound(of: law, on: even, from: 0).largestGain.magnitude < 1e-9)
    let uneven = try CensoredCounts([0, 50].map { .init(length: $0, exact: 10) })
    let one = try MaximumLikelihood().fit(Geometric.self, to: uneven)
    let two = try MaximumLikelihood().fit(GeometricMixture<2>.self, to: uneven)
    #expect(MixtureBound(of: one.law, on: uneven, from: 0).largestGain > two.logLikelihood - one.logLikelihood)
    #expect(MixtureBound(of: two.law, on: uneven, from: 0).largestGain < 1e-3)
    // Data that the law makes impossible.
    let never = try Geometric(p: 0)
    #expect(MixtureBound(of: never, on: uneven, from: 0).largestGain == .infinity)
  }
}
