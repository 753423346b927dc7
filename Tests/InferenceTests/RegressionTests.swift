import GSLNumerics
import Inference
import RealModule
import TestSupport
import Testing

/// Against statsmodels' GLM with cluster-robust covariance (References/make_inference.py).
@Suite struct RegressionTests {
  private let cases: [InferenceCases.Regression]

  init() throws { cases = try InferenceCases.read().regression }

  private func columns(_ rows: [[Double]]) -> [[Double]] { rows[0].indices.map { k in rows.map { $0[k] } } }

  @Test func statsmodels() throws {
    #expect(cases.count >= 60)
    for entry in cases {
      let link = try #require(BinaryRegression.Link(rawValue: entry.link))
      let fit = try BinaryRegression(link: link, errors: .sandwich).fit(
        predictors: columns(entry.x), outcomes: entry.y, clusters: entry.clusters)
      for (ours, theirs) in zip(fit.coefficients, entry.coefficients) {
        // A coefficient near 0 has the digits of the others: the scale is its standard error.
        expectClose(ours, theirs, relative: 1e-9, absolute: 1e-10)
      }
      for (i, row) in entry.covariance.enumerated() {
        for (j, value) in row.enumerated() {
          let scale = (entry.covariance[i][i] * entry.covariance[j][j]).squareRoot()
          expectClose(fit.covariance[i, j], value, relative: 1e-8, absolute: 1e-8 * scale)
        }
      }
      expectClose(fit.logLikelihood, entry.logLikelihood, relative: 1e-10)
      expectClose(fit.deviance, entry.deviance, relative: 1e-9)
      for (k, effect) in fit.marginalEffects.enumerated() {
        expectClose(effect.value, entry.ame[k], relative: 1e-8, absolute: 1e-8 * entry.ameSe[k])
        expectClose(effect.standardError, entry.ameSe[k], relative: 1e-8)
      }
    }
  }

  /// A weight of k is k rows of the same cluster.
  @Test func weightsAreRepetitions() throws {
    let entry = cases[0]
    let link = try #require(BinaryRegression.Link(rawValue: entry.link))
    let weights = entry.y.indices.map { Double($0 % 3) }
    let repeated = entry.y.indices.flatMap { Array(repeating: $0, count: $0 % 3) }
    let a = try BinaryRegression(link: link, errors: .sandwich).fit(
      predictors: columns(entry.x), outcomes: entry.y, weights: weights, clusters: entry.clusters)
    let b = try BinaryRegression(link: link, errors: .sandwich).fit(
      predictors: columns(repeated.map { entry.x[$0] }), outcomes: repeated.map { entry.y[$0] },
      clusters: repeated.map { entry.clusters[$0] })
    for (x, y) in zip(a.coefficients, b.coefficients) { expectClose(x, y, relative: 1e-9, absolute: 1e-11) }
    expectClose(a.deviance, b.deviance, relative: 1e-10)
    #expect(a.calibration.count > 5)
    // Fitted and observed sums agree for the logit with a constant, group by group up to noise and in all exactly.
    let sums = a.calibration.reduce((0.0, 0.0)) { ($0.0 + $1.weight * $1.fitted, $0.1 + $1.weight * $1.observed) }
    if link == .logit { expectClose(sums.0, sums.1, relative: 1e-9) }
  }

  @Test func badDataAreNamed() {
    let x = (0..<20).map(Double.init)
    let y = x.map { $0 < 10 ? 0.0 : 1 }
    for link in BinaryRegression.Link.allCases {
      let regression = BinaryRegression(link: link)
      #expect(throws: BinaryRegression.DataError.separated) { try regression.fit(predictors: [x], outcomes: y) }
      #expect(throws: BinaryRegression.DataError.separated) {
        try regression.fit(predictors: [x], outcomes: x.map { _ in 1 })
      }
      let mixed = x.map { Int($0) % 3 == 0 ? 1.0 : 0 }
      #expect(throws: BinaryRegression.DataError.collinear) {
        try regression.fit(predictors: [x, x.map { 3 * $0 + 1 }], outcomes: mixed)
      }
      #expect(throws: BinaryRegression.DataError.collinear) {
        try regression.fit(predictors: [x.map { _ in 7 }], outcomes: mixed)
      }
      #expect(throws: BinaryRegression.DataError.self) {
        try regression.fit(predictors: [x], outcomes: x.map { $0 / 10 })
      }
      #expect(throws: BinaryRegression.DataError.self) { try regression.fit(predictors: [[1]], outcomes: [1]) }
    }
  }

  /// Data that are nearly told apart have a maximum, and data of which a part is have none: what a review found on the
  /// wrong side.
  @Test func separation() throws {
    var generator = SeededGenerator(seed: 17)
    for link in BinaryRegression.Link.allCases {
      // A binary predictor whose ones all have the outcome 1, in many samples.
      for _ in 0..<40 {
        let x = (0..<80).map { _ in generator.uniform() < 0.3 ? 1.0 : 0 }
        let y = x.map { $0 == 1 || generator.uniform() < 0.4 ? 1.0 : 0 }
        #expect(throws: BinaryRegression.DataError.separated) {
          try BinaryRegression(link: link, errors: .sandwich).fit(predictors: [x], outcomes: y)
        }
      }
      // One row far away on its proper side.
      var x = (0..<1000).map { _ in generator.normal() }
      var y = x.map { value in generator.uniform() < 1 / (1 + .exp(-value)) ? 1.0 : 0 }
      x[0] = link == .logit ? 1e5 : 900
      y[0] = 1
      let with = try BinaryRegression(link: link, errors: .sandwich).fit(predictors: [x], outcomes: y)
      let without = try BinaryRegression(link: link, errors: .sandwich).fit(
        predictors: [Array(x[1...])], outcomes: Array(y[1...]))
      // It is certain, and says nothing.
      for (a, b) in zip(with.coefficients, without.coefficients) { expectClose(a, b, relative: 1e-6) }
    }
    // Hazards of 1e-10 have a maximum like any others, and so have rows of tiny weight.
    let x = (0..<200).map { Double($0 % 10) }
    let tiny = x.map { 1e-10 * .exp(0.3 * $0) }
    let fit = try BinaryRegression(link: .complementaryLogLog).fit(predictors: [x], outcomes: tiny)
    expectClose(fit.coefficients[1], 0.3, relative: 1e-6)
    let y = x.map { $0 > 4 && Int($0) % 3 > 0 || Int($0) % 4 == 1 ? 1.0 : 0 }
    let heavy = try BinaryRegression(link: .logit, errors: .sandwich).fit(
      predictors: [x], outcomes: y, clusters: x.indices.map { $0 / 4 })
    let light = try BinaryRegression(link: .logit).fit(
      predictors: [x], outcomes: y, weights: x.map { _ in 1e-28 }, clusters: x.indices.map { $0 / 4 })
    for (a, b) in zip(heavy.coefficients, light.coefficients) { expectClose(a, b, relative: 1e-9) }
    // As few clusters as coefficients leave no error.
    #expect(throws: BinaryRegression.DataError.self) {
      try BinaryRegression(link: .logit, errors: .sandwich).fit(
        predictors: [x], outcomes: y, clusters: x.indices.map { $0 % 2 })
    }
  }

  /// Intervals of known coefficients, with rows that depend on each other within clusters.
  @Test func clusteredCoverage() throws {
    var generator = SeededGenerator(seed: 3)
    var covered = 0
    let trials = 200
    for _ in 0..<trials {
      var (x, y, clusters): ([Double], [Double], [Int]) = ([], [], [])
      for cluster in 0..<60 {
        let shared = generator.normal()
        let choice = generator.uniform()
        for _ in 0..<5 {
          // The whole cluster shares predictor and luck: rows taken for independent would be too sure.
          x.append(shared)
          y.append(choice < 1 / (1 + .exp(-(0.3 + 0.8 * shared))) ? 1 : 0)
          clusters.append(cluster)
        }
      }
      let fit = try BinaryRegression(link: .logit, errors: .sandwich).fit(
        predictors: [x], outcomes: y, clusters: clusters)
      if (fit.coefficients[1] - 0.8).magnitude < 1.96 * fit.standardErrors[1] { covered += 1 }
    }
    // 95 % less what 60 clusters cost: about 93 %; 200 trials have a standard deviation of 1.8 %.
    #expect((175...200).contains(covered), "\(covered) of \(trials)")
  }
}
