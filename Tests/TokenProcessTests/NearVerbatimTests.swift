import GSLNumerics
import RealModule
import TestSupport
import Testing
import TokenProcess

@Suite struct NearVerbatimTests {
  /// A Markov chain of a few tokens that tells the most probable ones, and counts what it is asked.
  private final class Chain: ContinuationModel {
    /// ln p of each token after each token; the last row is the beginning.
    let logits: [[Double]]
    let decoding: Decoding
    let shown: Int

    init(tokens: Int, shown: Int? = nil, decoding: Decoding = .plain, _ generator: inout SeededGenerator) {
      logits = (0...tokens).map { _ in
        let values = (0..<tokens).map { _ in 2.5 * generator.normal() }
        let total = Double.log(values.reduce(0) { $0 + .exp($1) })
        return values.map { $0 - total }
      }
      self.decoding = decoding
      self.shown = shown ?? tokens
    }

    var tokens: Int { logits.count - 1 }

    /// ln p under the scheme.
    func law(after last: Int?) -> [Double] { (try? decoding.logProbabilities(logits: logits[last ?? tokens])) ?? [] }

    func nextTokens(along continuations: [[Int]]) async throws -> [[NextTokens]] {
      continuations.map { text in
        text.indices.map { place in
          let values = logits[place > 0 ? text[place - 1] : tokens]
          var ids = values.indices.sorted { values[$0] > values[$1] }.prefix(shown).map { $0 }
          if !ids.contains(text[place]) { ids.append(text[place]) }
          return NextTokens(
            ids.map { Record.Alternative(tokenID: $0, logProbability: values[$0]) }, under: decoding,
            vocabulary: tokens)
        }
      }
    }

    /// Every string with its probability.
    func strings(_ count: Int) -> [(tokens: [Int], probability: Double)] {
      var strings: [(tokens: [Int], probability: Double)] = [([], 1)]
      for _ in 0..<count {
        strings = strings.flatMap { string in
          law(after: string.tokens.last).enumerated().map {
            (string.tokens + [$0.offset], string.probability * .exp($0.element))
          }
        }
      }
      return strings
    }
  }

  /// The textbook table.
  private func levenshtein(_ a: [Int], _ b: [Int]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var next = [i + 1]
      for (j, y) in b.enumerated() { next.append(min(row[j] + (x == y ? 0 : 1), row[j + 1] + 1, next[j] + 1)) }
      row = next
    }
    return row[b.count]
  }

  private func distance(_ kind: TokenDistance, _ a: [Int], _ b: [Int]) -> Int {
    kind == .hamming ? zip(a, b).count { $0 != $1 } : levenshtein(a, b)
  }

  /// A beam search of the published kind (arXiv 2603.24917), which asks for one token after each beginning that it
  /// keeps: its lower bound, and what it asked.
  private func beam(
    _ kind: TokenDistance, _ limit: Int, _ reference: [Int], width: Int, _ chain: Chain
  ) async throws -> (lower: Double, calls: Int) {
    var kept: [(tokens: [Int], log: Double)] = [([], 0)]
    var calls = 0
    for _ in reference {
      var next: [(tokens: [Int], log: Double)] = []
      for beginning in kept {
        calls += 1
        for (token, value) in chain.law(after: beginning.tokens.last).enumerated() {
          let tokens = beginning.tokens + [token]
          // The least distance that is still possible.
          let least =
            kind == .hamming
            ? zip(tokens, reference).count { $0 != $1 }
            : (0...reference.count).map { levenshtein(tokens, Array(reference.prefix($0))) }.min() ?? 0
          if least <= limit { next.append((tokens, beginning.log + value)) }
        }
      }
      kept = Array(next.sorted { $0.log > $1.log }.prefix(width))
    }
    let within = kept.filter { distance(kind, $0.tokens, reference) <= limit }
    return (within.reduce(0) { $0 + .exp($1.log) }, calls)
  }

  /// With as many requests the lower bound is at least as high as that of a beam, but for one comparison in a hundred:
  /// a beam does not care for the upper bound, and may be lucky.
  @Test(arguments: TokenDistance.allCases) func aBeamIsNoBetter(_ kind: TokenDistance) async throws {
    var (lost, compared, gain) = (0, 0, 0.0)
    for round in 0..<60 {
      var generator = SeededGenerator(seed: 300, stream: UInt64(round))
      let chain = Chain(tokens: 5, &generator)
      let reference = (0..<8).map { _ in Int.random(in: 0..<5, using: &generator) }
      let limit = 1 + round % 3
      for width in [1, 2, 4, 8] {
        let (lower, calls) = try await beam(kind, limit, reference, width: width, chain)
        var search = try NearVerbatimSearch(distance: kind, limit: limit)
        (search.budget, search.relativeWidth, search.batch) = (calls, 0, 1)
        let found = try await search.bounds(of: reference, chain)
        lost += .exp(found.logLower) >= lower * (1 - 1e-12) ? 0 : 1
        compared += 1
        gain += found.logLower - max(.log(lower), -60)
        #expect(lower <= .exp(found.logUpper) * (1 + 1e-12))
      }
    }
    #expect(100 * lost <= compared && gain > 0, "\(lost) of \(compared), \(gain / Double(compared))")
  }

  /// Bounds hold after any number of requests, and meet the truth when nothing is open: both distances, all e, several
  /// decodings, whole and cut lists.
  @Test(arguments: TokenDistance.allCases) func boundsAgainstEnumeration(_ kind: TokenDistance) async throws {
    let schemes = [
      Decoding.plain, try Decoding(temperature: 0.7), try Decoding(temperature: 1, topK: 2),
      try Decoding(temperature: 1.3, topP: 0.8),
    ]
    for round in 0..<24 {
      var generator = SeededGenerator(seed: 100, stream: UInt64(round))
      let vocabulary = 3 + round % 3
      let n = 3 + round % 4
      let shown = round % 3 == 2 ? vocabulary - 1 : vocabulary
      let model = Chain(tokens: vocabulary, shown: shown, decoding: schemes[round % 4], &generator)
      let strings = model.strings(n)
      let reference = (0..<n).map { _ in Int.random(in: 0..<vocabulary, using: &generator) }
      for e in 0...4 {
        let truth = CompensatedSum(
          of: strings.filter { distance(kind, $0.tokens, reference) <= e }.map(\.probability)
        ).value
        for budget in [1, 2, 5, 20, 5000] {
          var search = try NearVerbatimSearch(distance: kind, limit: e)
          (search.budget, search.relativeWidth, search.kept) = (budget, 0, 100_000)
          let result = try await search.bounds(of: reference, model)
          let (lower, upper) = (Double.exp(result.logLower), Double.exp(result.logUpper))
          // Enumeration adds up a thousand products: its own rounding.
          #expect(lower <= truth + 1e-14 && upper >= truth - 1e-14, "\(kind) e \(e) n \(n): \(lower) \(truth) \(upper)")
          #expect(result.requests <= budget)
          if budget == 5000, shown == vocabulary {
            expectClose(lower, truth, relative: 1e-12, absolute: 1e-15, "\(kind) e \(e) n \(n) \(model.decoding)")
            expectClose(upper, truth, relative: 1e-12, absolute: 1e-15)
            // What was found is different strings, and each is within the distance.
            let whole = result.found.filter { $0.tokens.count == n }
            #expect(Set(whole.map(\.tokens)).count == whole.count)
            #expect(whole.allSatisfy { distance(kind, $0.tokens, reference) <= e })
            let mass = result.found.reduce(0) { $0 + .exp($1.logProbability) }
            expectClose(mass, truth, relative: 1e-12, absolute: 1e-15)
          }
        }
      }
    }
  }

  /// No edits: the exact law, from one request. 200 tokens of a text that is nearly certain, and one of 1e-300.
  @Test func noEditsIsTheExactLaw() async throws {
    struct Certain: ContinuationModel {
      let logProbability: Double
      func nextTokens(along continuations: [[Int]]) async throws -> [[NextTokens]] {
        continuations.map { $0.map { NextTokens([.init(tokenID: $0, logProbability: logProbability)]) } }
      }
    }
    for (p, n) in [(-1e-12, 200), (-3.4538776394910684, 200), (0, 5)] {
      let model = Certain(logProbability: p)
      for kind in TokenDistance.allCases {
        let result = try await NearVerbatimSearch(distance: kind, limit: 0).bounds(of: Array(0..<n), model)
        expectClose(result.logLower, Double(n) * p, relative: 1e-12, absolute: 1e-14)
        expectClose(result.logUpper, Double(n) * p, relative: 1e-12, absolute: 1e-14)
        #expect(result.requests == 1 && result.isSettled && result.logLower <= result.logUpper)
      }
    }
  }

  /// The result does not depend on how many are asked at a time, when all is asked; a width that is wanted is reached.
  @Test func batchesAndWidths() async throws {
    var generator = SeededGenerator(seed: 7)
    let model = Chain(tokens: 5, &generator)
    let reference = [0, 1, 2, 3, 4, 0, 1, 2]
    var results: [NearVerbatimSearch.Result] = []
    for batch in [1, 8] {
      var search = try NearVerbatimSearch(distance: .levenshtein, limit: 2)
      (search.batch, search.budget, search.relativeWidth) = (batch, 3000, 0.05)
      let result = try await search.bounds(of: reference, model)
      #expect(result.isSettled && result.logUpper - result.logLower <= 0.06)
      results.append(result)
      #expect(try await search.bounds(of: reference, model) == result)
    }
    #expect(results[0].requests <= results[1].requests)
    await #expect(throws: ArgumentError.self) {
      try await NearVerbatimSearch(distance: .hamming, limit: 1).bounds(of: [], model)
    }
    #expect(throws: ArgumentError.self) { try NearVerbatimSearch(distance: .hamming, limit: -1) }
  }

  /// Estimates agree with enumeration on average, limits hold, and the variance is below that of plain samples.
  @Test(arguments: [1, 2]) func conditionalMonteCarlo(_ e: Int) async throws {
    var generator = SeededGenerator(seed: 11)
    let model = Chain(tokens: 4, &generator)
    let reference = [0, 1, 2, 3, 1, 0]
    let truth = model.strings(6).filter { distance(.hamming, $0.tokens, reference) <= e }.reduce(0) {
      $0 + $1.probability
    }
    let rounds = slowTestsAreEnabled ? 2000 : 300
    var estimates: [Double] = []
    var held = 0
    var variance = 0.0
    for round in 0..<rounds {
      var method = try ConditionalMonteCarlo(limit: e)
      (method.draws, method.seed) = (50, UInt64(round))
      let result = try await method.estimate(of: reference, model)
      estimates.append(result.estimate)
      if result.limits.contains(truth) { held += 1 }
      variance += result.variance / Double(rounds)
    }
    // On average: the variance of a few draws is itself a matter of chance.
    #expect(variance < truth * (1 - truth))
    let mean = estimates.reduce(0, +) / Double(rounds)
    let deviation = (estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rounds - 1)).squareRoot()
    // Four standard errors of the mean.
    expectClose(mean, truth, relative: 0, absolute: 4 * deviation / Double(rounds).squareRoot())
    #expect(Double(held) / Double(rounds) >= 0.95, "\(held) of \(rounds)")
  }

  /// Where a model lists few tokens limits take the others as nothing below and as all above.
  @Test func tokensThatAreNotListed() async throws {
    var generator = SeededGenerator(seed: 12)
    let model = Chain(tokens: 5, shown: 2, &generator)
    let reference = [0, 1, 2, 3]
    let truth = model.strings(4).filter { distance(.hamming, $0.tokens, reference) <= 1 }.reduce(0) {
      $0 + $1.probability
    }
    var method = try ConditionalMonteCarlo(limit: 1)
    method.draws = 400
    let result = try await method.estimate(of: reference, model)
    #expect(result.limits.contains(truth))
    var search = try NearVerbatimSearch(distance: .hamming, limit: 1)
    search.relativeWidth = 0
    let bounds = try await search.bounds(of: reference, model)
    #expect(!bounds.isSettled && bounds.logUnlisted > -.infinity)
    #expect(Double.exp(bounds.logLower) <= truth && truth <= Double.exp(bounds.logUpper))
  }
}
