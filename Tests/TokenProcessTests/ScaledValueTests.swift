import RealModule
import TestSupport
import Testing

@testable import TokenProcess

/// Numbers and sums of any exponent.
@Suite struct ScaledValueTests {
  /// exp(x) for x far outside the range of Double comes back as its logarithm to the last digit.
  @Test func scaledValuesHoldAnyLogarithm() {
    for x in [0, -1e-10, -0.5, -745.5, -2000, -1e6, 600.25] {
      expectClose(ScaledValue(exponentOf: x, 0).log, x, relative: 4e-16, absolute: 2e-16)
    }
    #expect(ScaledValue(exponentOf: -.infinity, 0) == .zero)
    #expect(ScaledValue.zero.log == -.infinity)
    expectClose(ScaledValue(exponentOf: -700, 0).double, Double.exp(-700), relative: 1e-15)
    #expect(ScaledValue(exponentOf: -2000, 0).double == 0)
  }

  /// ln Σ exp(x) over terms 3000 apart, in either order, and merged.
  @Test func scaledSumIsIndependentOfOrder() {
    let logarithms = [-2000.0, -2000, -5000, -1999, -2700]
    let expected = -1999 + Double.log(1 + 2 * .exp(-1))
    var forward = ScaledSum()
    var backward = ScaledSum()
    for x in logarithms { forward.add(ScaledValue(exponentOf: x, 0)) }
    for x in logarithms.reversed() { backward.add(ScaledValue(exponentOf: x, 0)) }
    expectClose(forward.value.log, expected, relative: 1e-15)
    expectClose(backward.value.log, expected, relative: 1e-15)
    var merged = ScaledSum()
    merged.merge(forward)
    merged.merge(backward)
    expectClose(merged.value.log, expected + Double.log(2), relative: 1e-15)
    #expect(ScaledSum().value == .zero)
  }
}
