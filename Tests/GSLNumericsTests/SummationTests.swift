import TestSupport
import Testing

@testable import GSLNumerics

@Suite struct SummationTests {
  @Test func compensatedSumKeepsSmallTerms() {
    var sum = CompensatedSum()
    sum.add(1)
    for _ in 0..<1_000_000 { sum.add(1e-17) }
    expectClose(sum.value, 1 + 1e-11, relative: 1e-16)
    sum.add(.infinity)
    #expect(sum.value == .infinity)
  }

  @Test func mergingIsAdding() {
    var a = CompensatedSum()
    var b = CompensatedSum()
    a.add(1e100)
    b.add(1)
    b.add(-1e100)
    a.merge(b)
    #expect(a.value == 1)
  }
}
