import Foundation
import TestSupport
import Testing

@testable import GSLNumerics

private struct Table: Decodable {
  struct Row: Decodable {
    let function: String
    let arguments: [Double]
    let values: [String]
  }
  let rows: [Row]
}

@Suite struct SpecialFunctionTests {
  /// Every function against 30-digit values (References/make_special_functions.py).
  @Test func agreeWithThirtyDigits() throws {
    let table: Table = try reference("special_functions.json", in: .module)
    var counts: [String: Int] = [:]
    for row in table.rows {
      let x = row.arguments
      let values: [Double] =
        switch row.function {
        case "logGamma": [try logGamma(x[0])]
        case "digamma": [try digamma(x[0])]
        case "trigamma": [try trigamma(x[0])]
        case "logBeta": [try logBeta(x[0], x[1])]
        case "logHurwitzZeta": [try logHurwitzZeta(x[0], x[1])]
        case "logIncompleteBeta": { [$0.lower, $0.upper] }(try logIncompleteBeta(x[0], x[1], x[2]))
        case "logIncompleteGamma": { [$0.lower, $0.upper] }(try logIncompleteGamma(x[0], x[1]))
        case "logRisingFactorial": [try logRisingFactorial(x[0], Int(x[1]))]
        case "logBetaRatio": [try logBetaRatio(x[0], x[1], Int(x[2]))]
        case "logLerch": [LerchSum(lambda: x[0], s: x[1], q: x[2]).log]
        case "normalQuantile": [try normalQuantile(x[0])]
        case "log1mExp": [log1mExp(x[0])]
        default: []
        }
      #expect(values.count == row.values.count, "no function \(row.function)")
      for (value, expected) in zip(values, row.values.map(number)) {
        // Absolute where the value is a logarithm near 0, i.e. where the function itself is near 1.
        expectClose(value, expected, relative: 1e-12, absolute: 1e-13, "\(row.function)\(x)")
      }
      counts[row.function, default: 0] += 1
    }
    #expect(counts.count == 12)
  }

  /// Steep powers and signs that cancel a term of the tail's series, by direct summation to 28 digits (mpmath).
  @Test func lerchSumsOfSteepPowers() {
    let cases: [(lambda: Double, s: Double, q: Double, log: Double)] = [
      (1e-3, 60, 1000, -411.6223251436431932), (1e-3, 100, 1000, -688.4234476131837072),
      (1e-2, 100, 200, -528.9066377102113828), (1e-3, 300, 1000, -2070.9763463087166709),
      (0.2, -10, 50, 42.2899609542012259), (0.02, -1, 50, 8.5221807331483889),
    ]
    for (lambda, s, q, log) in cases {
      expectClose(LerchSum(lambda: lambda, s: s, q: q).log, log, relative: 1e-13, "λ \(lambda) s \(s) q \(q)")
    }
  }

  /// ζ(s, x) x^s with mpmath, on both sides of where the series takes over.
  @Test func hurwitzZetaInUnitsOfItsFirstTerm() {
    let cases: [(s: Double, x: Double, value: Double)] = [
      (1.001, 30, 30000.502780249814937), (1.5, 13.5, 27.509251873956431573), (2.5, 14.5, 10.181016616422848548),
      (2.5, 17, 11.845577136716924488), (1.95, 7, 7.8915446112551225839), (10, 22, 2.9821525787274971405),
      (50, 62.5, 1.8414354293604200494), (3, 1e6, 500000.50000025), (1.2, 1e12, 5000000000000.5011102),
    ]
    for (s, x, value) in cases {
      // 1 / (s - 1) has the digits of s - 1.
      expectClose(hurwitzZetaOverFirstTerm(s, x), value, relative: 2e-15 + 2e-16 / (s - 1), "s \(s) x \(x)")
    }
  }

  /// The plain forms are the exponentials of the logarithmic ones.
  @Test func plainFormsFollowTheLogarithms() throws {
    expectClose(try hurwitzZeta(2, 1), Double.pi * Double.pi / 6, relative: 1e-14)
    expectClose(try incompleteBeta(2, 3, 0.5), 0.6875, relative: 1e-14)
    expectClose(try incompleteGamma(1, 2), 0.864664716763387308, relative: 1e-14)
    expectClose(normalUpperTail(10), 7.61985302416052606597e-24, relative: 1e-13)
    expectClose(logAddExp(-1000, -1000), -1000 + 0.693147180559945309, relative: 1e-15)
    #expect(logAddExp(-.infinity, -.infinity) == -.infinity)
  }

  /// NaN, infinities and arguments out of the domain are errors, never an abort.
  @Test func rejectsWhatIsOutsideTheDomain() {
    for bad in [Double.nan, .infinity, -.infinity, -1] {
      #expect(throws: NumericsError.self) { try logGamma(bad) }
      #expect(throws: NumericsError.self) { try digamma(bad) }
      #expect(throws: NumericsError.self) { try trigamma(bad) }
      #expect(throws: NumericsError.self) { try logBeta(bad, 1) }
      #expect(throws: NumericsError.self) { try logBeta(1, bad) }
      #expect(throws: NumericsError.self) { try logHurwitzZeta(bad, 1) }
      #expect(throws: NumericsError.self) { try hurwitzZeta(2, bad) }
      #expect(throws: NumericsError.self) { try logIncompleteBeta(bad, 1, 0.5) }
      #expect(throws: NumericsError.self) { try logIncompleteBeta(1, bad, 0.5) }
      #expect(throws: NumericsError.self) { try incompleteBeta(1, 1, bad) }
      #expect(throws: NumericsError.self) { try logIncompleteGamma(bad, 1) }
      #expect(throws: NumericsError.self) { try incompleteGamma(1, bad) }
      #expect(throws: NumericsError.self) { try logRisingFactorial(bad, 3) }
      #expect(throws: NumericsError.self) { try logBetaRatio(bad, 1, 3) }
      #expect(throws: NumericsError.self) { try logBetaRatio(1, bad, 3) }
      #expect(throws: NumericsError.self) { try normalQuantile(bad) }
    }
    #expect(throws: NumericsError.self) { try logGamma(0) }
    #expect(throws: NumericsError.self) { try hurwitzZeta(1, 1) }
    #expect(throws: NumericsError.self) { try incompleteBeta(1, 1, 1.5) }
    #expect(throws: NumericsError.self) { try logRisingFactorial(1, -1) }
    #expect(throws: NumericsError.self) { try logBetaRatio(1, 1, -1) }
    #expect(throws: NumericsError.self) { try normalQuantile(1) }
    // GSL itself reports an overflow here; it reaches the caller as an error.
    #expect(throws: NumericsError.self) { try trigamma(1e-200) }
  }

  @Test func errorsNameTheArgument() {
    let error = NumericsError.argument(function: "logGamma", name: "x", value: -1, allowed: "x > 0")
    #expect(error.description == "logGamma: argument x = -1.0 is outside its range (x > 0)")
  }

  /// P(T <= t) and the log density by mpmath at 40 digits.
  @Test(arguments: [
    (-3.0, 5.0, 0.015049623948731286924, -4.0574778405981988444),
    (-40, 7, 7.9510899924251852343e-10, -22.699391017300173089),
    (1.5, 100, 0.9316174709376555716, -2.0450942427514023797),
    (0.2, 100_000, 0.57925950609716375514, -0.93894122920463376901),
    (-6, 100_000, 9.899647278008812792e-10, -18.915881778202555049),
  ]) func studentsT(t: Double, degreesOfFreedom: Double, lowerTail: Double, logDensity: Double) {
    // GSL's incomplete beta keeps twelve digits.
    expectClose(studentLowerTail(t, degreesOfFreedom: degreesOfFreedom), lowerTail, relative: 1e-11)
    expectClose(logStudentDensity(t, degreesOfFreedom: degreesOfFreedom), logDensity, relative: 1e-12)
  }
}
