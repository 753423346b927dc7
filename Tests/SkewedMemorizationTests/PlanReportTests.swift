import Foundation
import RealModule
import SkewedMemorization
import TestSupport
import Testing

@Suite struct PlanReportTests {
  @Test func answersWhatIsAsked() throws {
    let plan = try PlanReport(records: 1000, risky: 10, sample: 50, observed: 1)
    #expect(plan.sampleSize == 258)
    #expect(plan.detectable == 57)
    let sample = try AuditSample(records: 1000)
    expectClose(try #require(plan.missProbability), Double.exp(try sample.logMissProbability(risky: 10, sample: 50)))
    #expect(try #require(plan.riskyLower) >= 1)
    let only = try PlanReport(records: 1000, risky: 10)
    #expect(only.sample == nil && only.detectable == nil && only.riskyUpper == nil && only.missProbability == nil)
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(only)) as? [String: Any]
    #expect(json?["schema"] as? String == "skewmem.plan/1" && json?["detectable"] is NSNull)
    #expect(throws: ArgumentError.self) { try PlanReport(records: 10, risky: 11) }
  }
}
