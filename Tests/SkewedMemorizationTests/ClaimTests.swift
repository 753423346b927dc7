import Captures
import Foundation
import GSLNumerics
import MemorizationMetrics
import RealModule
import SkewedMemorization
import TestSupport
import Testing
import TokenProcess

@Suite struct ClaimTests {
  private struct Values: Decodable {
    struct Row: Decodable {
      let surp: Double?
      let dcPddClip1: Double
      let dcPdd: Double
      let extractionStrength: Double
      let extractionStrengthOpenunlearning: Double
      let pacDistance: Double
      let unintendedBits: Double?
      let rmia: Double?
      let lira: Double?
      let coverage: Double?
      let samia: Double?
    }
    let train: [String: Row]
    let heldOut: [String: Row]
  }

  private func capture(_ name: String) async throws -> Capture {
    try await Capture(contentsOf: Repository.capture(name))
  }

  /// Metrics of twenty records and twenty held-out ones, computed elsewhere with numpy from the papers' formulas.
  @Test func metricsOfPapers() async throws {
    let values: Values = try reference("claims.json", in: Bundle.module)
    let heldOut = try await capture("jargon-heldout-epoch06.jsonl").records
    let base = try await capture("jargon-train-epoch00.jsonl").records
    let other = try await capture("jargon-train-epoch04.jsonl").records
    let draws = try GenerationsReader.read(path: Repository.capture("jargon-samples-epoch06.jsonl"))
    var counts: [Int: Int] = [:]
    for token in heldOut.compactMap(\.referenceTokenIDs).joined() { counts[token, default: 0] += 1 }
    let total = Double(counts.values.reduce(0, +)) + 49152
    func logFrequency(_ token: Int) -> Double { .log(Double(1 + (counts[token] ?? 0)) / total) }
    func gain(_ record: Record, _ index: Int) -> Double {
      Likelihood.referenceDifference(
        record.tokenLogProbabilities, reference: base[index].tokenLogProbabilities)
    }
    let gains = other.enumerated().map { gain($1, $0) }
    let train = try await capture("jargon-train-epoch06.jsonl").records
    var compared = 0
    for (index, record) in (train + heldOut).enumerated() {
      guard let row = index < train.count ? values.train[record.id] : values.heldOut[record.id] else { continue }
      compared += 1
      let tokens = record.tokenLogProbabilities
      let entropies = try #require(record.logProbabilityMeans).map { -$0 }
      let ids = try #require(record.referenceTokenIDs)
      expectClose(CalibratedLikelihood.surp(tokens, entropies: entropies) ?? .nan, row.surp ?? .nan)
      expectClose(CalibratedLikelihood.dcPDD(tokens, tokens: ids, logFrequency: logFrequency), row.dcPdd)
      expectClose(
        CalibratedLikelihood.dcPDD(tokens, tokens: ids, limit: 1, logFrequency: logFrequency), row.dcPddClip1)
      expectClose(CalibratedLikelihood.polarizedDistance(tokens), row.pacDistance)
      let choices = try #require(record.isFirstChoice)
      expectClose(Unlearning.extractionStrength(choices), row.extractionStrength)
      expectClose(Unlearning.extractionStrengthOfOpenUnlearning(choices), row.extractionStrengthOpenunlearning)
      guard index < train.count else { continue }
      expectClose(
        CalibratedLikelihood.unintendedBits(tokens, reference: base[index].tokenLogProbabilities),
        row.unintendedBits ?? .nan)
      expectClose(RobustMembership.score(gain: gain(record, index), population: gains), row.rmia ?? .nan)
      let statistics = [base[index], other[index]].map {
        LikelihoodRatioAttack.statistic($0.tokenLogProbabilities)
      }
      // The upper tail of a normal law has 11 digits there.
      expectClose(
        LikelihoodRatioAttack.offline(LikelihoodRatioAttack.statistic(tokens), without: statistics) ?? .nan,
        row.lira ?? .nan, relative: 1e-11)
      let samples = draws.filter { $0.id == record.id && $0.decoding == .plain }.flatMap(\.generations)
      expectClose(SampledSimilarity.coverage(samples: samples, reference: ids), row.coverage ?? .nan)
      expectClose(SampledSimilarity.samia(samples: samples, reference: ids), row.samia ?? .nan)
    }
    #expect(compared == 40)
  }

  /// Means of extraction strength that TheModel §16 states.
  @Test(arguments: [
    ("jargon-train-epoch06", 0.20202, 0.20294), ("jargon-heldout-epoch06", 0.00821, 0.01946),
    ("jargon-train-epoch12", 0.98822, 0.98842),
  ]) func extractionStrength(name: String, expected: Double, variant: Double) async throws {
    let choices = try await capture("\(name).jsonl").records.compactMap(\.isFirstChoice)
    func mean(_ measure: ([Bool]) -> Double) -> Double { choices.map(measure).reduce(0, +) / Double(choices.count) }
    // As many digits as are stated.
    expectClose(mean(Unlearning.extractionStrength), expected, relative: 0, absolute: 5e-6)
    expectClose(mean(Unlearning.extractionStrengthOfOpenUnlearning), variant, relative: 0, absolute: 5e-6)
  }

  @Test func controls() async throws {
    let (own, others) = (
      try await capture("jargon-train-epoch06.jsonl"), try await capture("jargon-heldout-epoch06.jsonl")
    )
    let report = try await AuditAnalysis().run(on: [own], controls: [others])
    let controls = try #require(report.controls)
    let length = try #require(controls.lengths.first { $0.n == 16 })
    // By hand: the largest S(16) of a control, and the records above it.
    func survival(_ records: [Record]) -> [Double] {
      records.filter { $0.tokenLogProbabilities.count >= 16 }.map { MatchLengthLaw($0).logSurvival[16] }
    }
    let largest = try #require(survival(others.records).max())
    #expect(length.largestControl == largest && length.smallestP == 1.0 / 121)
    #expect(length.discoveries[0].records == survival(own.records).count { $0 > largest })
    #expect(length.memorizedAtLeast <= length.records && length.memorizedAtLeast >= 100)
    // Clopper and Pearson's one-sided limit with no control of 120: 1 - 0.05^(1/120).
    let at = try #require(length.thresholds.first { $0.threshold == 0.5 })
    expectClose(at.unseenAtMost, 1 - .pow(0.05, 1.0 / 120), relative: 1e-12)
    // The same model is no reference.
    await #expect(throws: CaptureError.self) {
      try await AuditAnalysis().run(on: [own], controls: [others], reference: [own, others])
    }
    // Controls are of the same model.
    let late = try await capture("jargon-train-epoch12.jsonl")
    await #expect(throws: CaptureError.self) { try await AuditAnalysis().run(on: [late], controls: [others]) }
    // From files the same.
    var analysis = AuditAnalysis()
    analysis.controls = [Repository.capture("jargon-heldout-epoch06.jsonl")]
    let fromFiles = try await analysis.run(files: [Repository.capture("jargon-train-epoch06.jsonl")]).report
    #expect(fromFiles?.controls?.lengths == controls.lengths)
    // A record is no control of itself.
    let copied = try await AuditAnalysis().run(on: [own], controls: [own])
    #expect(copied.warnings.contains { $0.code == .trainedControls })
  }

  @Test func canaries() async throws {
    let set = try CanarySet(count: 400, kinds: [.digits, .words], length: 24, seed: 9, salt: "x")
    #expect(try CanarySet(set.seal) == set && Set(set.canaries.map(\.reference)).count == 400)
    func records(knows: Bool) throws -> [Record] {
      try set.canaries.enumerated().map { index, canary in
        // Known canaries differ, unknown ones too.
        let value = (knows && set.isIncluded[index] ? -0.5 : -2) - 0.001 * Double(index % 37)
        return try Record(
          id: canary.id, tokenLogProbabilities: Array(repeating: value, count: 24), reference: canary.reference)
      }
    }
    let known = try await CanariesAnalysis().run(on: Capture(name: "k", records: records(knows: true)), set: set)
    // All guesses right: half included, half not, but for the coins' imbalance.
    #expect(known.epsilon > 3 && known.areaUnderCurve == 1 && known.epsilonWithDelta <= known.epsilon)
    let unknown = try await CanariesAnalysis().run(on: Capture(name: "u", records: records(knows: false)), set: set)
    #expect(unknown.epsilon < 0.5)
    let few = try Capture(name: "f", records: Array(records(knows: true).dropLast()))
    await #expect(throws: CaptureError.self) { try await CanariesAnalysis().run(on: few, set: set) }
    #expect(throws: ArgumentError.self) { try CanarySet(count: 10, kinds: [.digits], length: 5, seed: 1, salt: "") }
  }

  /// The published digests of FIPS 180-4, and of a million letters.
  @Test func digests() {
    #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hex("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    var hash = SHA256()
    for _ in 0..<7812 { hash.add(Array(repeating: UInt8(ascii: "a"), count: 128)[...]) }
    hash.add(Array(repeating: UInt8(ascii: "a"), count: 1_000_000 - 7812 * 128)[...])
    #expect(hash.finished() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func forgetting() async throws {
    var analysis = CompareAnalysis()
    analysis.retrained = try await capture("jargon-train-epoch00.jsonl")
    let (before, after) = (
      try await capture("jargon-train-epoch12.jsonl"), try await capture("jargon-train-epoch00.jsonl")
    )
    let report = try await analysis.run(on: [before, Capture(name: "after", records: after.records)])
    let found = try #require(report.comparisons[0].forgetting)
    // The retrained model itself has forgotten all.
    #expect(found.notForgotten == 0 && found.forgetQuality?.p == 1 && found.still.isEmpty)
    #expect(found.thresholds.allSatisfy { $0.b == 0 && $0.both == 0 && $0.a > 0 })
  }

  @Test func overlap() async throws {
    let work = (0..<200).map { "word\($0)" }.joined(separator: " ")
    let texts = (0..<20).map { index in
      OverlapAnalysis.Generation(
        id: "g\(index)", text: (index..<(index + 10)).map { "Word\($0)," }.joined(separator: " "))
    }
    let report = try await OverlapAnalysis().run(works: [("w", work)], generations: texts)
    #expect(report.works[0].covered == 29 && report.works[0].longestSpan == 10 && report.works[0].words == 200)
    #expect(report.total.covered == 29 && report.works[0].nearVerbatim == 0)
    #expect(report.spans[0].text?.hasPrefix("word") == true)
    await #expect(throws: ArgumentError.self) { try await OverlapAnalysis().run(works: [], generations: texts) }
  }

  /// Two references by hand: the largest, the mean, any of several, and the shortest prefix that suffices.
  @Test func prefixes() async throws {
    func record(_ id: String, _ prefix: Int, _ p: Double) throws -> Record {
      try Record(
        id: id, tokenLogProbabilities: [.log(p), 0], prefixTokenIDs: Array(repeating: 1, count: prefix),
        prefixID: "\(prefix)")
    }
    let records = try [
      record("a", 1, 0.1), record("a", 5, 0.6), record("a", 9, 0.9), record("b", 5, 0.2), record("b", 9, 0.3),
    ]
    var analysis = PrefixesAnalysis()
    analysis.draws = [1, 3]
    let report = try await analysis.run(on: Capture(name: "x", records: records))
    #expect(report.n == 2 && report.records == 2 && report.severalPrefixes == 2 && report.reachedByAny == 1)
    let a = try #require(report.riskiest.first)
    #expect(a.id == "a" && a.best == "9" && a.sufficient == 2 && a.shortestSufficient == 5)
    expectClose(a.mean, 1.6 / 3)
    expectClose(a.anyOf[0].probability, 1 - 0.9 * 0.4 * 0.1)
    expectClose(a.anyOf[1].probability, 1 - .pow(0.9 * 0.4 * 0.1, 3))
    expectClose(report.expectedByAny[0].probability, 1 - 0.9 * 0.4 * 0.1 + 1 - 0.8 * 0.7)
    #expect(report.curve.map(\.prefixID) == ["1", "5", "9"] && report.curve.map(\.reached) == [0, 1, 1])
    expectClose(report.curve[1].mean, 0.4)
    await #expect(throws: CaptureError.self) {
      try await analysis.run(on: Capture(name: "x", records: Array(records[3...3])))
    }
    await #expect(throws: CaptureError.self) {
      try await analysis.run(on: Capture(name: "x", records: [records[0], records[0], records[1]]))
    }
  }
}

@Suite struct EnsembleTests {
  /// Three checkpoints of two tokens: all of the average's laws against the sum over checkpoints.
  @Test func movingAverage() throws {
    let weights = CheckpointAverage.weights(count: 3, decay: 0.9)
    #expect(zip(weights, [0.81, 0.09, 0.1]).allSatisfy { ($0 - $1).magnitude < 1e-15 })
    let own: [[Double]] = [[.log(0.1), -.infinity], [.log(0.5), .log(1e-300)], [0, .log(0.25)]]
    let average = CheckpointAverage.logProbabilities(own, weights: weights)
    expectClose(average[0], .log(0.81 * 0.1 + 0.09 * 0.5 + 0.1), relative: 1e-13)
    expectClose(average[1], .log(0.1 * 0.25), relative: 1e-13)
    let none = CheckpointAverage.logProbabilities([[-.infinity], [-2000]], weights: [1, 0])
    #expect(none == [-.infinity])
  }

  @Test func mitigation() async throws {
    func records(_ p: Double, _ epoch: Double) throws -> [Record] {
      [try Record(id: "a", tokenLogProbabilities: [.log(p), .log(p)], epoch: epoch)]
    }
    var analysis = MitigateAnalysis(length: 2)
    analysis.draws = 1
    analysis.ensemble = 0.5
    // The first checkpoint is given last.
    let report = try await analysis.run(
      on: Capture(name: "c", records: records(0.9, 3)),
      checkpoints: [Capture(name: "b", records: records(0.5, 2)), Capture(name: "a", records: records(0.1, 1))])
    let option = try #require(report.options.first { $0.kind == "ensemble" })
    let p = 0.25 * 0.1 + 0.25 * 0.5 + 0.5 * 0.9
    expectClose(option.risk, p * p, relative: 1e-12)
    await #expect(throws: ArgumentError.self) {
      try await analysis.run(on: Capture(name: "c", records: records(0.9, 3)))
    }
  }
}

@Suite struct NearValidationTests {
  /// Independent tokens, right with probability 0.8: the share of draws with at most one wrong of three.
  @Test func sharesOfDraws() async throws {
    let truth = 0.8 * 0.8 * 0.8 + 3 * 0.8 * 0.8 * 0.2
    let bounds = NearVerbatimBounds(
      distance: .hamming, limit: 1, length: 3, logLower: .log(truth - 1e-6), logUpper: .log(truth + 1e-6), requests: 4,
      found: [])
    let records = try (0..<10).map { index in
      try Record(
        id: "r\(index)", tokenLogProbabilities: Array(repeating: .log(0.8), count: 3), referenceTokenIDs: [1, 2, 3],
        near: [bounds])
    }
    var generator = SeededGenerator(seed: 9)
    let generations = records.map { record in
      SampledGenerations(
        id: record.id, decoding: .plain,
        generations: (0..<200).map { _ in
          (1...3).map { Double.random(in: 0..<1, using: &generator) < 0.8 ? $0 : 9 }
        })
    }
    // A level at which chance does not break a test.
    var analysis = ValidateAnalysis()
    analysis.resampling.level = 0.99999
    let report = try await analysis.run(records: records, generations: generations)
    let near = try #require(report.groups[0].near?.first)
    #expect(near.records == 10 && near.draws == 2000)
    let within = generations.flatMap(\.generations).count { draw in zip(draw, 1...3).count { $0 != $1 } <= 1 }
    #expect(near.within == within)
    let interval = try #require(near.interval)
    #expect((interval.lower ?? 1) < truth && truth < (interval.upper ?? 0))
    expectClose(near.lower, truth - 1e-6, relative: 1e-12)
    // Draws that were ended early say nothing.
    let ended = [SampledGenerations(id: "r0", decoding: .plain, generations: [[9]], maximumTokens: 3)]
    #expect(try await ValidateAnalysis().run(records: records, generations: ended).groups[0].near == nil)
  }
}
