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
    // From nearly even to one token that is nearly certain.
    let scale = Double.random(in: 0.3...4, using: &generator) * (Bool.random(using: &generator) ? 1 : 3)
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

  /// A value as a format writes it.
  private func written(_ value: Double, _ precision: LogProbabilityPrecision) -> Double {
    switch precision {
    case .double: return value
    case .single: return Double(Float(value))
    case .bfloat16, .half:
      guard value.isFinite, value != 0 else { return value }
      let step = Double(sign: .plus, exponent: value.exponent - (precision == .half ? 10 : 7), significand: 1)
      return (value / max(step, precision == .half ? 0x1p-24 : 0)).rounded(.toNearestOrEven)
        * max(step, precision == .half ? 0x1p-24 : 0)
    case .decimals(let digits):
      let unit = Double.pow(10, Double(digits)).rounded()
      return (value * unit).rounded(.toNearestOrEven) / unit
    }
  }

  /// Bounds from the most probable tokens, as formats write them, against the whole distribution: always around the
  /// truth, and exact whenever the kept tokens are known. 10⁵ tokens a format in the slow suite.
  @Test(arguments: [
    LogProbabilityPrecision.double, .single, .half, .bfloat16, .decimals(3), .decimals(4), .decimals(5), .decimals(6),
  ])
  func boundsContainTheTruth(_ precision: LogProbabilityPrecision) throws {
    var generator = SeededGenerator(seed: 2)
    var (exact, wide) = (0, 0)
    for _ in 0..<(slowTestsAreEnabled ? 100_000 : 3000) {
      let logits = randomLogits(&generator)
      let decoding = try randomDecoding(&generator)
      let plain = try Decoding.plain.logProbabilities(logits: logits)
      let truth = try decoding.logProbabilities(logits: logits)
      let order = logits.indices.sorted { plain[$0] > plain[$1] }
      let isShort = Int.random(in: 0..<3, using: &generator) == 0
      let isBare = Int.random(in: 0..<10, using: &generator) == 0
      let size = isBare ? 0 : min(isShort ? Int.random(in: 1...4, using: &generator) : 20, logits.count)
      let token = Int.random(in: logits.indices, using: &generator)
      let place = order.prefix(size).firstIndex(of: token)
      let hasPlace = precision != .double || Bool.random(using: &generator)
      let known = KnownTokens(
        reference: written(plain[token], precision),
        rank: isBare || Bool.random(using: &generator) ? plain.count { $0 > plain[token] } : nil,
        listed: order.prefix(size).map { written(plain[$0], precision) },
        place: hasPlace ? place.map { .listed($0) } ?? .notListed : .unknown,
        vocabulary: Bool.random(using: &generator) ? logits.count : nil, precision: precision)
      let interval = try #require(known.interval(under: decoding))
      let isPlain = decoding == .plain
      let isInside = interval.lower <= truth[token] + 1e-13 && truth[token] <= interval.upper + 1e-13
      // Without a list a precision cannot matter at temperature 1; single values are those of the listed numbers.
      if !interval.isExact || precision == .double && !isPlain {
        #expect(isInside, "\(decoding) \(interval) \(truth[token]) \(known)")
      }
      let kept = truth.count { $0 > -.infinity }
      if precision == .double, hasPlace {
        // Top-k inside the list settles the kept tokens; so does a nucleus whose share is not rescaled.
        let isListed = decoding.topK.map { $0 < size && plain[order[$0]] < plain[order[$0 - 1]] } ?? false
        let isNucleus = decoding.temperature == 1 && kept < size && decoding.topK == nil && decoding.minP == nil
        if isListed || isNucleus { #expect(interval.isExact, "\(decoding) \(interval) \(known)") }
      }
      if interval.isExact {
        exact += 1
        // Numbers as they are written, to the precision they are written with.
        let expected = truth[token]
        let error =
          2 * (1 + 1 / decoding.temperature) * ([token] + order.prefix(size)).map { precision.error(of: plain[$0]) }
          .filter { $0 < 1 }.max()!
        let isClose = interval.upper == expected || (interval.upper - expected).magnitude <= error + 1e-12
        #expect(isClose, "\(decoding) \(interval) \(expected) \(known)")
      } else {
        wide += 1
      }
    }
    #expect(exact > 500 && wide > 200, "\(exact) \(wide)")
  }

  /// The format is told from the values, and its error is at least half its step.
  @Test func precisionsAreRecognized() {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<40).map { _ in -15 * generator.uniform() }
    for precision in [
      LogProbabilityPrecision.double, .single, .half, .bfloat16, .decimals(3), .decimals(4), .decimals(5),
      .decimals(6), .decimals(8),
    ] {
      let recorded = values.map { written($0, precision) }
      #expect(LogProbabilityPrecision(of: recorded) == precision)
      for (value, record) in zip(values, recorded) {
        #expect((value - record).magnitude <= precision.error(of: record))
      }
    }
    // Shortest decimals of 32-bit numbers; and zeros, which every format has.
    #expect(
      LogProbabilityPrecision(of: (values + [-0.0012345678]).map { Double(Float($0).description) ?? 0 }) == .single)
    #expect(LogProbabilityPrecision(of: [0, 0, -.infinity]) == .single)
  }

  /// Lists of two and three tokens with six decimals, and twenty with 32 bits: what they leave of 1 is mostly rounding.
  /// Truth from the distributions that the lists were written from.
  @Test func roundedListsOfCertainTokens() throws {
    func law(_ listed: [Double], _ reference: Int, _ vocabulary: Int, _ temperature: Double) throws -> LogInterval {
      var record = Record(unchecked: "a", tokenLogProbabilities: [listed[reference]])
      record.referenceTokenIDs = [reference]
      record.topLogProbabilities = [listed.enumerated().map { .init(tokenID: $0, logProbability: $1) }]
      record.vocabularySize = vocabulary
      return try DecodedLaw(record, under: try Decoding(temperature: temperature)).tokens[0]
    }
    for (temperature, truth) in [(2.0, 0.99257), (3, 0.81977)] {
      let bounds = try law([0, -15.424948], 0, 200, temperature)
      #expect(Double.exp(bounds.lower) <= truth && truth <= Double.exp(bounds.upper), "\(bounds)")
      #expect(!bounds.isExact)
    }
    let wide = try law([0, -15.424948, -20.490072], 0, 200, 2)
    #expect(Double.exp(wide.lower) <= 0.99191 && wide.upper >= Double.log(0.99951))
    let single = try law(
      [
        -1.1920927533992653e-07, -17.090219497680664, -18.173002243041992, -18.27492904663086, -18.334144592285156,
        -19.118181228637695, -19.19657325744629, -19.414871215820312, -19.45415496826172, -19.503929138183594,
        -19.570842742919922, -19.613920211791992, -19.71396827697754, -19.780166625976562, -19.786588668823242,
        -19.84204864501953, -19.92180633544922, -19.927553176879883, -19.95697593688965, -19.990528106689453,
      ], 1, 2000, 2)
    #expect(single.lower <= -8.55889 && -8.55889 <= single.upper, "\(single)")
  }

  /// A tie across the end of the list cannot be excluded: top-k of all that is listed gives bounds, and surely where an
  /// unlisted reference is as probable as the last listed token.
  @Test func tiesAtTheEndOfTheList() throws {
    let listed = [0.4, 0.2, 0.1].map { Double.log($0) }
    let decoding = try Decoding(temperature: 1, topK: 3)
    let known = KnownTokens(reference: listed[1], listed: listed, place: .listed(1), vocabulary: 100)
    let bounds = try #require(known.interval(under: decoding))
    // Nobody else, or three others of 0.1.
    expectClose(bounds.upper, Double.log(0.2 / 0.7), relative: 1e-12)
    expectClose(bounds.lower, Double.log(0.2), relative: 1e-12)
    let fewer = try Decoding(temperature: 1, topK: 2)
    #expect(known.interval(under: fewer)?.isExact == true)
    let tied = KnownTokens(reference: listed[2], listed: listed, place: .notListed, vocabulary: 100)
    let own = try #require(tied.interval(under: decoding))
    expectClose(own.upper, Double.log(0.1 / 0.8), relative: 1e-12)
    #expect(tied.interval(under: fewer) == LogInterval(-.infinity))
  }

  /// Every completion of the unknown part: few tokens at the largest probability, or all alike, stays inside and is
  /// reached.
  @Test func boundsAreReached() throws {
    let listed = [0.4, 0.2, 0.1].map { Double.log($0) }
    for temperature in [0.5, 2] {
      let decoding = try Decoding(temperature: temperature)
      let known = KnownTokens(reference: listed[1], listed: listed, place: .listed(1), vocabulary: 103)
      let interval = try #require(known.interval(under: decoding))
      var ends: [Double] = []
      for others in [[0.1, 0.1, 0.1] + Array(repeating: 0, count: 97), Array(repeating: 0.003, count: 100)] {
        let logits = listed + others.map { Double.log($0) }
        ends.append(try decoding.logProbabilities(logits: logits)[1])
      }
      expectClose(interval.lower, try #require(ends.min()), relative: 1e-12)
      expectClose(interval.upper, try #require(ends.max()), relative: 1e-12)
      // Without the vocabulary there is no bound on how flat the rest is.
      let open = try #require(
        KnownTokens(reference: listed[1], listed: listed, place: .listed(1)).interval(under: decoding))
      if temperature > 1 {
        #expect(open.lower == -.infinity)
      } else {
        expectClose(open.upper, Double.log(0.04 / 0.21), relative: 1e-12)
      }
    }
  }

  /// ln S(n) at one length is that among all, for known tokens and for bounds, and the tokens are those given.
  @Test func survivalAtOneLength() {
    let known = [-0.1, -2.5, -1e-12, -700].map { LogInterval($0) }
    let bounds = [LogInterval(-0.1), LogInterval(lower: -3, upper: -2.5), LogInterval(lower: -.infinity, upper: 0)]
    for (tokens, isExact) in [(known, true), (bounds, false), ([], true)] {
      let law = DecodedLaw(tokens: tokens)
      #expect(law.tokens == tokens && law.length == tokens.count && law.isExact == isExact)
      #expect((0...tokens.count).map { law.logSurvival($0) } == law.logSurvival)
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
