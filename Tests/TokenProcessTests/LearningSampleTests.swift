import GSLNumerics
import TestSupport
import Testing

@testable import TokenProcess

/// What predictions of large data sets are learned from.
@Suite struct LearningSampleTests {
  /// Lengths from 1 to 40, of which few are long.
  private static func rows(_ count: Int) -> [(name: String, values: [Double])] {
    var generator = SeededGenerator(seed: 5)
    return (0..<count).map { index in
      let length = 1 + Int(39 * pow(Double.random(in: 0..<1, using: &generator), 6))
      return ("r\(index)", (0..<length).map { _ in -Double.random(in: 0..<2, using: &generator) })
    }
  }

  private static func pow(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1) { product, _ in product * x } }

  @Test func smallDataSetsAreWhole() {
    var sample = LearningSample(upTo: 8)
    let rows = Self.rows(500)
    for row in rows { sample.add(row.values, of: row.name) }
    #expect(sample.isComplete && sample.records == rows.map(\.values))
    #expect(sample.records(reaching: 30) == rows.map(\.values))
  }

  /// Neither order nor parts matter, memory is bounded, and each record is as likely to be in it.
  @Test func partsAndOrder() {
    let rows = Self.rows(20_000)
    func sample(_ rows: some Sequence<(name: String, values: [Double])>) -> LearningSample {
      var sample = LearningSample(upTo: 24, tokens: 12_000)
      for row in rows { sample.add(row.values, of: row.name) }
      return sample
    }
    let whole = sample(rows)
    #expect(!whole.isComplete)
    let tokens = whole.records.reduce(0) { $0 + $1.count }
    #expect(tokens <= 12_000 && tokens > 5000, "\(tokens)")
    var merged = sample(rows[..<7000])
    merged.merge(sample(rows[7000..<7010]))
    merged.merge(sample(rows[7010...]))
    #expect(merged.records == whole.records)
    #expect(merged.records(reaching: 24) == whole.records(reaching: 24))
    let reversed = sample(rows.reversed())
    #expect(reversed.records == whole.records.reversed())
    #expect(reversed.records(reaching: 24) == whole.records(reaching: 24))
    // The mean of what is drawn is that of all, within five standard errors.
    let first = rows.map { $0.values[0] }
    let drawn = whole.records.map { $0[0] }
    let (mean, of) = (drawn.reduce(0, +) / Double(drawn.count), first.reduce(0, +) / Double(first.count))
    #expect((mean - of).magnitude < 5 * 0.58 / Double(drawn.count).squareRoot(), "\(mean), \(of)")
  }

  /// Where few records of the sample are as long as is asked, the longest of all records are learned from.
  @Test func longestRecords() {
    let rows = Self.rows(20_000)
    var sample = LearningSample(upTo: 36, tokens: 12_000)
    for row in rows { sample.add(row.values, of: row.name) }
    let long = rows.filter { $0.values.count >= 36 }.map { Array($0.values[..<36]) }
    let drawn = sample.records.count { $0.count >= 36 }
    let learned = sample.records(reaching: 36)
    #expect(learned.count { $0.count >= 36 } == min(long.count, 166) && drawn < 60, "\(long.count), \(drawn)")
    #expect(learned.filter { $0.count >= 36 }.allSatisfy { long.contains($0) })
    #expect(sample.records(reaching: 1) == sample.records)
  }
}
