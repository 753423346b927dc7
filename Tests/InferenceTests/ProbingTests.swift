import Foundation
import GSLNumerics
import TestSupport
import Testing

@testable import Inference

struct ProbingTests {
  private struct Reference: Decodable {
    struct Fit: Decodable {
      let penalty: Double
      let coefficients: [Double]
      let intercept: Double
    }
    let rows: [[Float]]
    let labels: [Int8]
    let fits: [Fit]
  }

  /// Those of scikit-learn, one of the features being constant and one nearly another.
  @Test func coefficientsAreThoseOfAnotherLibrary() throws {
    let cases: Reference = try reference("logistic.json", in: .module)
    let features = try #require(ProbeFeatures(rows: cases.rows.flatMap { $0 }, dimension: cases.rows[0].count))
    #expect(features.deviations[5] == 0)
    let problem = ProbeFeatures.Problem(labels: cases.labels, penalties: cases.fits.map(\.penalty))
    let found = features.solve([problem], tolerance: 1e-11)[0]
    #expect(found.count == cases.fits.count)
    for (solution, expected) in zip(found, cases.fits) {
      #expect(solution.isConverged)
      // Both searches stop where derivatives are small.
      expectClose(solution.intercept, expected.intercept, relative: 1e-6, absolute: 1e-7)
      for (value, other) in zip(solution.coefficients, expected.coefficients) {
        expectClose(value, other, relative: 1e-6, absolute: 1e-7, "λ = \(expected.penalty)")
      }
    }
    // Whichever problems share the passes.
    let others = (0..<11).map { shift in
      ProbeFeatures.Problem(
        labels: cases.labels.indices.map { $0 % 11 == shift ? -1 : cases.labels[$0] }, penalties: [1])
    }
    let together = features.solve(others + [problem], tolerance: 1e-11)
    #expect(zip(together[11], found).allSatisfy { $0.coefficients == $1.coefficients })
    #expect(features.solve([others[4]], tolerance: 1e-11)[0][0].coefficients == together[4][0].coefficients)
  }

  private func features(_ count: Int, _ dimension: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count * dimension).map { _ in
      Float((0..<4).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &generator) })
    }
  }

  /// Labels that have nothing to do with the features: p-values are uniform over 1/20, …, 1.
  @Test func pValuesHoldTheirLevel() async throws {
    let rounds = slowTestsAreEnabled ? 400 : 60
    var small = 0
    var sum = 0.0
    for round in 0..<rounds {
      var generator = SeededGenerator(seed: UInt64(round))
      let labels = (0..<48).map { _ in Double.random(in: 0...1, using: &generator) < 0.3 }
      var probe = LinearProbe()
      (probe.folds, probe.penalties, probe.permutations, probe.seed) = (3, [1, 0.01], 19, UInt64(round))
      let rows = try #require(ProbeFeatures(rows: features(48, 3, &generator), dimension: 3))
      guard let result = try await probe.run(rows, labels: labels), let p = result.pValue else { continue }
      if p <= 0.05 { small += 1 }
      sum += p / Double(rounds)
    }
    // Four standard deviations of the counts and of the mean.
    let expected = 0.05 * Double(rounds)
    #expect(Double(small) <= expected + 4 * (expected * 0.95).squareRoot(), "\(small) of \(rounds)")
    expectClose(sum, 0.525, relative: 0, absolute: 4 * (1.0 / 12 / Double(rounds)).squareRoot())
  }

  /// A feature that labels follow is found, by every number of threads alike.
  @Test func aPlantedFeatureIsFound() async throws {
    var generator = SeededGenerator(seed: 3)
    let (count, dimension) = (150, 40)
    var rows = features(count, dimension, &generator)
    let labels = (0..<count).map { _ in Double.random(in: 0...1, using: &generator) < 0.4 }
    for row in 0..<count where labels[row] { rows[row * dimension + 17] += 3 }
    let planted = try #require(ProbeFeatures(rows: rows, dimension: dimension))
    var probe = LinearProbe()
    probe.permutations = 19
    let result = try #require(try await probe.run(planted, labels: labels))
    #expect(result.discrimination.areaUnderCurve > 0.9 && result.pValue == 0.05 && result.isConverged)
    #expect(result.ranking[0] == 17 && result.penalties.count == 5)
    probe.threads = 3
    let other = try #require(try await probe.run(planted, labels: labels))
    #expect(other.scores == result.scores && other.pValue == result.pValue)
  }

  /// Windows of one text are alike and have one label: what tells texts apart is no sign of what is memorized.
  @Test func groupsStayTogether() async throws {
    var generator = SeededGenerator(seed: 5)
    let (groups, size, dimension) = (24, 10, 40)
    var rows: [Float] = []
    var labels: [Bool] = []
    for group in 0..<groups {
      let center = features(1, dimension, &generator)
      for _ in 0..<size { rows += zip(center, features(1, dimension, &generator)).map { $0 + 0.05 * $1 } }
      labels += Array(repeating: group % 2 == 0, count: size)
    }
    let all = try #require(ProbeFeatures(rows: rows, dimension: dimension))
    var probe = LinearProbe()
    probe.permutations = 0
    let apart = try #require(try await probe.run(all, labels: labels))
    let together = try #require(
      try await probe.run(all, labels: labels, groups: labels.indices.map { $0 / size }))
    #expect(apart.discrimination.areaUnderCurve > 0.95)
    #expect(together.discrimination.areaUnderCurve < 0.8 && together.pValue == nil)
    // Texts with different numbers of windows cannot change labels.
    probe.permutations = 19
    let sizes = (0..<15).flatMap { Array(repeating: $0, count: $0 + 1) }
    let unequal = labels.indices.map { $0 < sizes.count ? sizes[$0] : 15 + ($0 - sizes.count) / 60 }
    let mixed = labels.indices.map { $0 % 2 == 0 }
    #expect(try #require(try await probe.run(all, labels: mixed, groups: unequal)).pValue == nil)
    // As many groups as folds at least, and as many records of each kind.
    #expect(try await probe.run(all, labels: labels, groups: labels.indices.map { $0 / 80 }) == nil)
    #expect(try await probe.run(all, labels: labels.indices.map { $0 == 0 }) == nil)
    #expect(
      ProbeFeatures(rows: [1, .nan], dimension: 1) == nil && ProbeFeatures(rows: [1, 2, 3], dimension: 2) == nil)
  }

  /// Pairs counted one by one.
  @Test func differencesOfAreas() throws {
    let (a, aOthers) = ([0.9, 0.8, 0.3, 0.6, 0.6], [0.1, 0.6, 0.2, 0.35])
    let (b, bOthers) = ([0.2, 0.9, 0.5, 0.4, 0.1], [0.3, 0.1, 0.8, 0.1])
    func wins(_ x: Double, _ y: Double) -> Double { x > y ? 1 : x == y ? 0.5 : 0 }
    let pairs = zip(a, b).map { a, b in zip(aOthers, bOthers).map { wins(a, $0) - wins(b, $1) } }
    let byMember = pairs.map { $0.reduce(0, +) / 4 }
    let byOther = (0..<4).map { column in pairs.reduce(0) { $0 + $1[column] } / 5 }
    let mean = byMember.reduce(0, +) / 5
    func variance(_ values: [Double]) -> Double {
      values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }
    let deviation = (variance(byMember) / 5 + variance(byOther) / 4).squareRoot()
    let found = try #require(DiscriminationDifference(members: a, others: aOthers, less: b, others: bOthers))
    expectClose(found.value, mean, relative: 1e-14)
    expectClose(found.interval.upperBound - found.value, 1.959963984540054 * deviation, relative: 1e-12)
    expectClose(try #require(found.pValue), 2 * normalUpperTail(mean.magnitude / deviation), relative: 1e-12)
    let same = try #require(DiscriminationDifference(members: a, others: aOthers, less: a, others: aOthers))
    #expect(same.value == 0 && same.pValue == nil)
    #expect(DiscriminationDifference(members: [1], others: aOthers, less: [2], others: aOthers) == nil)
  }
}
