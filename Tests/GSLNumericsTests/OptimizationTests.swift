import GSLNumerics
import RealModule
import TestSupport
import Testing

@Suite struct OptimizationTests {
  private struct Failure: Error {}

  /// Rosenbrock's valley, minimum 0 at (1, 1).
  @Test func quasiNewtonFindsTheMinimum() throws {
    let minimum = try QuasiNewton().minimize(from: [-1.2, 1]) { x, gradient in
      let a = 1 - x[0]
      let b = x[1] - x[0] * x[0]
      gradient[0] = -2 * a - 400 * x[0] * b
      gradient[1] = 200 * b
      return a * a + 100 * b * b
    }
    #expect(minimum.isConverged)
    expectClose(minimum.point[0], 1, relative: 1e-8)
    expectClose(minimum.point[1], 1, relative: 1e-8)
    #expect(try #require(minimum.gradient).allSatisfy { $0.magnitude <= 1e-8 })
  }

  /// The line search turns back where the objective is not finite: -ln(1 - x²) + x has its domain in (-1, 1).
  @Test func quasiNewtonStaysInTheDomain() throws {
    let minimum = try QuasiNewton().minimize(from: [0.99]) { x, gradient in
      gradient[0] = 2 * x[0] / (1 - x[0] * x[0]) + 1
      return x[0].magnitude < 1 ? -.log(onePlus: -x[0] * x[0]) + x[0] : .infinity
    }
    #expect(minimum.isConverged)
    // 2x / (1 - x²) = -1
    expectClose(minimum.point[0], 1 - 2.0.squareRoot(), relative: 1e-7)
  }

  @Test func simplexFindsTheMinimum() throws {
    let minimum = try Simplex().minimize(from: [-1.2, 1]) { x in
      let a = 1 - x[0]
      let b = x[1] - x[0] * x[0]
      return a * a + 100 * b * b
    }
    #expect(minimum.isConverged)
    expectClose(minimum.point[0], 1, relative: 1e-6)
    #expect(minimum.gradient == nil)
  }

  @Test func rootOfCosine() throws {
    let root = try findRoot(in: 1...2) { Double.cos($0) }
    expectClose(root, 1.57079632679489661923, relative: 1e-15)
    #expect(try findRoot(in: 0...1) { $0 } == 0)
  }

  /// Bad starts, objectives that throw and objectives that are never finite are errors of ours, not aborts of GSL's.
  @Test func rejectsBadInput() {
    let method = QuasiNewton()
    #expect(throws: NumericsError.self) { try method.minimize(from: []) { _, _ in 0 } }
    #expect(throws: NumericsError.self) { try method.minimize(from: [.nan]) { _, _ in 0 } }
    #expect(throws: NumericsError.self) { try method.minimize(from: [.infinity]) { _, _ in 0 } }
    #expect(throws: NumericsError.self) { try method.minimize(from: [0]) { _, _ in .nan } }
    #expect(throws: Failure.self) { try method.minimize(from: [0]) { _, _ in throw Failure() } }
    #expect(throws: NumericsError.self) { try Simplex().minimize(from: []) { _ in 0 } }
    #expect(throws: NumericsError.self) { try Simplex().minimize(from: [-.infinity]) { _ in 0 } }
    #expect(throws: NumericsError.self) { try Simplex().minimize(from: [0], step: .nan) { _ in 0 } }
    #expect(throws: Failure.self) { try Simplex().minimize(from: [0]) { _ in throw Failure() } }
    #expect(throws: NumericsError.self) { try findRoot(in: 0...Double.infinity) { $0 } }
    #expect(throws: NumericsError.self) { try findRoot(in: 1...2) { $0 } }
    #expect(throws: NumericsError.self) { try findRoot(in: -1...1) { _ in .nan } }
    #expect(throws: NumericsError.self) { try findRoot(in: -1...1, relativeTolerance: .nan) { $0 } }
    #expect(throws: Failure.self) { try findRoot(in: -1...1) { _ in throw Failure() } }
  }

  @Test func errorThrownInTheMiddleOfASearchComesOut() {
    var calls = 0
    #expect(throws: Failure.self) {
      try QuasiNewton().minimize(from: [5]) { x, gradient in
        calls += 1
        if calls > 2 { throw Failure() }
        gradient[0] = 2 * x[0]
        return x[0] * x[0]
      }
    }
  }
}
