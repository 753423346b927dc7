import Foundation
import GSLNumerics
import TestSupport
import Testing

@testable import TokenProcess

/// The Bayes-optimal operators against exact rational arithmetic over lists (References/make_limits.py).
@Suite struct LimitsTests {
  private struct Case: Decodable {
    struct Sequence: Decodable {
      let prefix: [Int]
      let reference: [Int]
    }
    struct Result: Decodable {
      let termExpected: Double
      let termGreedy: Double
      let sequenceGreedy: Double
      let sequenceExpected: Double
      let contextGreedy: [Double]
      let contextExpected: [Double]
    }
    let name: String
    let records: [Sequence]
    let results: [Result]
  }

  @Test func references() throws {
    let cases: [Case] = try reference("limits.json", in: .module)
    #expect(cases.count >= 50)
    for entry in cases {
      let limits = try BayesOptimalLimits(
        prefixes: entry.records.map(\.prefix), references: entry.records.map(\.reference), longestContext: 5)
      #expect(limits.contexts == [1, 2, 4])
      for (ours, theirs) in zip(limits.records, entry.results) {
        expectClose(ours.termGreedy, theirs.termGreedy, relative: 1e-13)
        expectClose(ours.termExpected, theirs.termExpected, relative: 1e-13)
        expectClose(ours.sequenceGreedy, theirs.sequenceGreedy, relative: 1e-13)
        expectClose(ours.sequenceExpected, theirs.sequenceExpected, relative: 1e-13)
        for c in 0..<3 {
          expectClose(ours.contextGreedy[c], theirs.contextGreedy[c], relative: 1e-13)
          expectClose(ours.contextExpected[c], theirs.contextExpected[c], relative: 1e-13)
        }
      }
    }
  }

  /// The same list of records in another order has the same limits, record by record: also past the sizes at which
  /// sorting changes its way.
  @Test func orderDoesNotMatter() throws {
    var generator = SeededGenerator(seed: 2)
    let references = (0..<400).map { _ in (0..<8).map { _ in Int(generator.next() % 3) } }
    let prefixes = (0..<400).map { _ in (0..<2).map { _ in Int(generator.next() % 2) } }
    let order = (0..<400).shuffled(using: &generator)
    let a = try BayesOptimalLimits(prefixes: prefixes, references: references, longestContext: 16)
    let b = try BayesOptimalLimits(
      prefixes: order.map { prefixes[$0] }, references: order.map { references[$0] }, longestContext: 16)
    for (index, original) in order.enumerated() { #expect(b.records[index] == a.records[original]) }
    // With all of the history the last 16 tokens are the whole of it.
    for record in a.records { #expect(record.contextGreedy[4] == record.termGreedy) }
  }

  /// Against dictionaries of whole lists of tokens, in groups small and large, with token numbers near and far apart.
  @Test(arguments: [(300, 1), (9000, 1), (9000, 1 << 40)]) func dictionariesOfHistories(count: Int, unit: Int) throws {
    var generator = SeededGenerator(seed: 5)
    let texts = (0..<count).map { _ in
      (0..<Int.random(in: 2...7, using: &generator)).map { _ in
        unit * (Int.random(in: 0...2, using: &generator) * Int.random(in: 0...20, using: &generator) - 7)
      }
    }
    let limits = try BayesOptimalLimits(
      prefixes: texts.map { Array($0.prefix(1)) }, references: texts.map { Array($0.dropFirst()) }, longestContext: 4)
    /// Expected matches where what follows is counted by the history that a function takes from the text so far.
    func expected(_ history: ([Int]) -> [Int]) -> [(greedy: Double, drawn: Double)] {
      var counts: [[Int]: [Int: Int]] = [:]
      for text in texts {
        for index in text.indices { counts[history(Array(text[..<index])), default: [:]][text[index], default: 0] += 1 }
      }
      return texts.map { text in
        var (greedy, drawn, greedyProduct, drawnProduct) = (0.0, 0.0, 1.0, 1.0)
        for index in 1..<text.count {
          let following = counts[history(Array(text[..<index])), default: [:]]
          let (own, most) = (following[text[index], default: 0], following.values.max() ?? 0)
          greedyProduct *= own == most ? 1 / Double(following.values.count { $0 == most }) : 0
          drawnProduct *= Double(own) / Double(following.values.reduce(0, +))
          greedy += greedyProduct
          drawn += drawnProduct
        }
        return (greedy, drawn)
      }
    }
    for (found, wanted) in zip(limits.records, expected { $0 }) {
      expectClose(found.termGreedy, wanted.greedy, relative: 1e-13)
      expectClose(found.termExpected, wanted.drawn, relative: 1e-13)
    }
    for (place, context) in [1, 2, 4].enumerated() {
      let wanted = expected { text in
        Array(repeating: Int.min, count: max(0, context - text.count)) + text.suffix(context)
      }
      for (found, wanted) in zip(limits.records, wanted) {
        expectClose(found.contextGreedy[place], wanted.greedy, relative: 1e-13)
        expectClose(found.contextExpected[place], wanted.drawn, relative: 1e-13)
      }
    }
  }

  /// Agreement with two laws of the next token written out by hand.
  @Test func agreement() throws {
    // After [1] the training set has 2 twice and 3 once; after [1, 2] it has 5 and 6.
    let prefixes = [[1], [1], [1]]
    let references = [[2, 5], [2, 6], [3, 7]]
    let limits = try BayesOptimalLimits(prefixes: prefixes, references: references)
    var record = Record(unchecked: "a", tokenLogProbabilities: [.log(0.5), .log(0.25)])
    record.referenceTokenIDs = [2, 5]
    record.greedyTokenIDs = [2, 9]
    record.ranks = [0, 1]
    record.topLogProbabilities = [
      [.init(tokenID: 2, logProbability: .log(0.5)), .init(tokenID: 4, logProbability: .log(0.3))],
      [.init(tokenID: 9, logProbability: .log(0.6)), .init(tokenID: 5, logProbability: .log(0.25))],
    ]
    var bare = Record(unchecked: "b", tokenLogProbabilities: [.log(0.5), .log(0.25)])
    bare.referenceTokenIDs = [2, 6]
    var other = Record(unchecked: "c", tokenLogProbabilities: [.log(0.1), 0])
    other.referenceTokenIDs = [3, 7]
    other.ranks = [3, 0]
    let found = limits.agreement(with: [record, bare, other])
    let first = try #require(found[0])
    // Position 1: 2/3 - 0.5 and 1/3 - q, q at most 0.2; position 2: 0.5 - 0.25 and 0.5 - q, q at most 0.15.
    expectClose(first.totalVariation.lower.value, 2.0 / 3 - 0.5 + 1.0 / 3 - 0.2 + 0.25 + 0.35, relative: 1e-12)
    expectClose(first.totalVariation.upper.value, 2.0 / 3 - 0.5 + 1.0 / 3 + 0.25 + 0.5, relative: 1e-12)
    #expect(first.argmax == 1 && first.positions == 2)
    #expect(found[1] == nil)
    // The model's first choice is unknown at position 1, where it is not the reference and may be the training set's.
    #expect(try #require(found[2]).argmax == 1 && found[2]?.known == 1 && first.known == 2)
  }

  /// Three next tokens as frequent as each other, of which the model gives one 0.9: the other two share 0.1.
  @Test func unlistedTokensShareWhatIsLeft() throws {
    let limits = try BayesOptimalLimits(prefixes: [[1], [1], [1]], references: [[2], [3], [4]])
    var record = Record(unchecked: "a", tokenLogProbabilities: [.log(0.9)])
    record.referenceTokenIDs = [2]
    record.ranks = [0]
    let found = try #require(limits.agreement(with: [record, record, record])[0])
    expectClose(found.totalVariation.lower.value, 2.0 / 3 - 0.1, relative: 1e-12)
    expectClose(found.totalVariation.upper.value, 2.0 / 3, relative: 1e-12)
  }

  @Test func badInputIsNamed() throws {
    #expect(throws: ArgumentError.self) { try BayesOptimalLimits(prefixes: [[]], references: [[]]) }
    #expect(throws: ArgumentError.self) { try BayesOptimalLimits(prefixes: [], references: [[1]]) }
    #expect(try BayesOptimalLimits(prefixes: [], references: []).records.isEmpty)
    let one = try BayesOptimalLimits(prefixes: [[]], references: [Array(0..<100_000)], longestContext: 4)
    #expect(one.records[0].termGreedy == 100_000 && one.records[0].contextGreedy == [100_000, 100_000, 100_000])
  }
}
