import GSLNumerics
import RealModule
import TestSupport
import Testing
import TokenProcess

@Suite struct DecodingTests {
  /// A token's probability by the definition of each step: how many tokens, and how much of them, lie strictly above
  /// it.
  private func reference(_ logits: [Double], _ decoding: Decoding) -> [Double] {
    let weights = logits.map { Double.exp(($0 - (logits.max() ?? 0)) / decoding.temperature) }
    var kept = logits.indices.map { _ in true }
    if let k = decoding.topK {
      for v in kept.indices { kept[v] = weights.count { $0 > weights[v] } < k }
    }
    if let share = decoding.topP {
      let inside = kept.indices.filter { kept[$0] }
      let total = inside.reduce(0) { $0 + weights[$1] }
      for v in inside {
        kept[v] =
          inside.filter { weights[$0] > weights[v] }.reduce(0) { $0 + weights[$1] } < share * total * (1 - 1e-14)
      }
    }
    if let share = decoding.minP {
      for v in kept.indices where weights[v] < share * (1 - 1e-14) { kept[v] = false }
    }
    let total = kept.indices.reduce(0) { $0 + (kept[$1] ? weights[$1] : 0) }
    return kept.indices.map { kept[$0] ? weights[$0] / total : 0 }
  }

  private func randomDecoding(_ generator: inout SeededGenerator) throws -> Decoding {
    try Decoding(
      temperature: [0.5, 0.7, 0.9, 1, 1, 1.1, 1.5].randomElement(using: &generator) ?? 1,
      topK: Bool.random(using: &generator) ? Int.random(in: 1...40, using: &generator) : nil,
      topP: Bool.random(using: &generator) ? Double.random(in: 0.05...1, using: &generator) : nil,
      minP: Int.random(in: 0..<3, using: &generator) == 0 ? Double.random(in: 0...0.3, using: &generator) : nil)
  }

  private func randomLogits(_ generator: inout SeededGenerator) -> [Double] {
    let scale = Double.random(in: 0.3...4, using: &generator)
    let isTied = Int.random(in: 0..<4, using: &generator) == 0
    return (0..<Int.random(in: 1...120, using: &generator)).map { _ in
      let value = scale * generator.normal()
      return isTied ? (2 * value).rounded() / 2 : value
    }
  }

  @Test func logitsAgreeWithThePlainDefinition() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let logits = randomLogits(&generator)
      let decoding = try randomDecoding(&generator)
      let found = try decoding.logProbabilities(logits: logits.map { $0 + 700 })
      for (value, expected) in zip(found, reference(logits, decoding)) {
        expectClose(Double.exp(value), expected, relative: 1e-9, "\(decoding) \(logits)")
      }
    }
    #expect(try Decoding.greedy.logProbabilities(logits: [1, 3, 3]) == [-.infinity, 0, -.infinity])
    #expect(throws: ArgumentError.self) { try Decoding.plain.logProbabilities(logits: []) }
    #expect(throws: ArgumentError.self) { try Decoding.plain.logProbabilities(logits: [.nan, 1]) }
  }

  /// Bounds from the twenty most probable tokens against the whole distribution: always around the truth, and exact
  /// whenever the kept tokens are known. 10⁵ cases in the slow suite.
  @Test func boundsContainTheTruth() throws {
    var generator = SeededGenerator(seed: 2)
    var (exact, wide) = (0, 0)
    for _ in 0..<(slowTestsAreEnabled ? 100_000 : 4000) {
      let logits = randomLogits(&generator)
      let decoding = try randomDecoding(&generator)
      let plain = try Decoding.plain.logProbabilities(logits: logits)
      let truth = try decoding.logProbabilities(logits: logits)
      let order = logits.indices.sorted { plain[$0] > plain[$1] }
      var size = min(20, logits.count)
      // A list that is complete in its ties.
      while size < order.count, plain[order[size]] == plain[order[size - 1]] { size += 1 }
      if Int.random(in: 0..<10, using: &generator) == 0 { size = 0 }
      let token = Int.random(in: logits.indices, using: &generator)
      let place = order.prefix(size).firstIndex(of: token)
      let known = KnownTokens(
        reference: plain[token],
        rank: size == 0 || Bool.random(using: &generator) ? plain.count { $0 > plain[token] } : nil,
        listed: order.prefix(size).map { plain[$0] }, place: Bool.random(using: &generator) ? place : nil,
        vocabulary: Bool.random(using: &generator) ? logits.count : nil)
      let interval = try #require(known.interval(under: decoding))
      let isInside = interval.lower <= truth[token] + 1e-13 && truth[token] <= interval.upper + 1e-13
      #expect(isInside, "\(decoding) \(interval) \(truth[token]) \(known)")
      // Top-k inside the list settles the kept tokens; so does a nucleus whose share is not rescaled.
      let isListed = decoding.topK.map { $0 <= size } ?? false
      let kept = truth.count { $0 > -.infinity }
      if isListed || decoding.temperature == 1 && kept < size && decoding.topK == nil {
        #expect(interval.isExact, "\(decoding) \(interval) \(known)")
      }
      if interval.isExact {
        exact += 1
        expectClose(Double.exp(interval.upper), .exp(truth[token]), relative: 1e-12, "\(decoding) \(known)")
      } else {
        wide += 1
      }
    }
    #expect(exact > 1000 && wide > 200, "\(exact) \(wide)")
  }

  /// Every completion of the unknown part: few tokens at the largest probability, or all alike, stays inside and is
  /// reached.
  @Test func boundsAreReached() throws {
    let listed = [0.4, 0.2, 0.1].map { Double.log($0) }
    for temperature in [0.5, 2] {
      let decoding = try Decoding(temperature: temperature)
      let known = KnownTokens(reference: listed[1], listed: listed, place: 1, vocabulary: 103)
      let interval = try #require(known.interval(under: decoding))
      var ends: [Double] = []
      for others in [[0.1, 0.1, 0.1] + Array(repeating: 0, count: 97), Array(repeating: 0.003, count: 100)] {
        let logits = listed + others.map { Double.log($0) }
        ends.append(try decoding.logProbabilities(logits: logits)[1])
      }
      expectClose(interval.lower, try #require(ends.min()), relative: 1e-12)
      expectClose(interval.upper, try #require(ends.max()), relative: 1e-12)
      // Without the vocabulary there is no bound on how flat the rest is.
      let open = try #require(KnownTokens(reference: listed[1], listed: listed, place: 1).interval(under: decoding))
      if temperature > 1 {
        #expect(open.lower == -.infinity)
      } else {
        expectClose(open.upper, Double.log(0.04 / 0.21), relative: 1e-12)
      }
    }
  }

  /// A rank that the probability rules out by rounding, as 16 bits do, is no crash under any scheme.
  @Test func nearlyImpossibleRanks() throws {
    var record = Record(unchecked: "a", tokenLogProbabilities: [-0.6926, -0.1, -3])
    record.ranks = [1, 0, 5]
    try record.validate()
    for temperature in [0.5, 0.7, 1, 1.5] {
      for topK in [nil, 1, 2, 5] {
        for topP in [nil, 0.9] {
          record.vocabularySize = topK == 5 ? 100 : nil
          let law = try DecodedLaw(record, under: try Decoding(temperature: temperature, topK: topK, topP: topP))
          #expect(law.tokens.allSatisfy { $0.lower <= $0.upper })
        }
      }
    }
  }

  @Test func schemesAreChecked() throws {
    for (temperature, topK, topP, minP) in [
      (-1.0, nil, nil, nil), (.nan, nil, nil, nil), (1, 0, nil, nil), (1, nil, 0.0, nil), (1, nil, 1.5, nil),
      (1, nil, nil, -0.1),
    ] as [(Double, Int?, Double?, Double?)] {
      #expect(throws: ArgumentError.self) {
        try Decoding(temperature: temperature, topK: topK, topP: topP, minP: minP)
      }
    }
    #expect(try Decoding(temperature: 0) == .greedy)
    #expect(try Decoding(temperature: 0.8, topK: 20).description == "temperature 0.8, top-k 20")
  }

  /// REFERENCES: (n, p)-discoverable extraction at p_z = 0.001 and 0.01, and far below what a Double holds.
  @Test func drawsForAProbability() {
    for (z, expected) in [(0.001, [106.0, 693, 2302, 6905]), (0.01, [11, 69, 230, 688])] {
      for (p, draws) in zip([0.1, 0.5, 0.9, 0.999], expected) {
        #expect(Extraction.draws(logSurvival: .log(z), probability: p) == draws)
      }
    }
    // ln 2 / 1e-300, and one draw of a certain token.
    let many = Extraction.draws(logSurvival: -300 * Double.log(10), probability: 0.5)
    expectClose(many, 6.931471805599453e299, relative: 1e-12)
    #expect(Extraction.draws(logSurvival: -1000, probability: 0.5) == .infinity)
    #expect(Extraction.draws(logSurvival: 0, probability: 0.5) == 1)
    #expect(Extraction.draws(logSurvival: -.infinity, probability: 0.5) == .infinity)
    let far = Extraction.logProbability(logSurvival: -1000, draws: 1e18)
    expectClose(far, -1000 + 18 * Double.log(10), relative: 1e-14)
    // 1 - (1 - 1e-3)^693 by expm1 and log1p of other arguments.
    expectClose(
      Extraction.logProbability(logSurvival: Double.log(0.001), draws: 693),
      Double.log(1 - Double.pow(0.999, 693)), relative: 1e-12)
    #expect(Extraction.logProbability(logSurvival: -5, draws: 0) == -.infinity)
    #expect(Extraction.logProbability(logSurvival: 0, draws: 1e18) == 0)
    let rates = Extraction.discoverableRates(
      logSurvivals: [0.001, 0.01, 0.5].map { Double.log($0) }, draws: [1, 69, 693], probabilities: [0.5, 0.9])
    let third = 1.0 / 3
    let expected: [[Double]] = [[third, 0], [2 * third, third], [1, 2 * third]]
    #expect(rates == expected)
  }
}
