import Foundation
import GSLNumerics
import RealModule
import SkewedMemorization
import TestSupport
import Testing

@Suite struct PredictAnalysisTests {
  private func records() async throws -> [Record] {
    try await CaptureReader(files: [Repository.capture("jargon-train-epoch06.jsonl")]).records()
  }

  /// What is known is what the law says; the sum has its Poisson-binomial limits.
  @Test func exactPredictions() async throws {
    let records = try await records()
    var prediction = try PredictAnalysis(length: 20)
    prediction.draws = [100]
    let report = try await prediction.run(records: records)
    #expect(report.dataset.exact == 120 && report.dataset.extrapolated == 0 && report.predictor == nil)
    for (record, predicted) in zip(records, report.records) {
      let law = MatchLengthLaw(record)
      expectClose(
        predicted.logProbability ?? -.infinity, law.logExtraction(length: 20, draws: 100), relative: 1e-12)
      #expect(predicted.lower == predicted.upper && predicted.method == .exact)
    }
    let sum = report.records.reduce(0) { $0 + Double.exp($1.logProbability ?? -.infinity) }
    expectClose(report.dataset.expectedRecords, sum, relative: 1e-10)
    let (lower, upper) = (try #require(report.dataset.lower), try #require(report.dataset.upper))
    #expect(Double(lower) <= sum && sum <= Double(upper))
    #expect(report.dataset.maximumExpected > 15 && report.dataset.maximumExpected <= 20)
    // In one draw the longest of at most 64 tokens is the audit's.
    let whole = try await PredictAnalysis(length: 64).run(
      records: records.filter { $0.tokenLogProbabilities.count == 64 })
    var accumulator = SurvivalAccumulator()
    for record in records where record.tokenLogProbabilities.count == 64 { accumulator.add(MatchLengthLaw(record)) }
    expectClose(whole.dataset.maximumExpected, accumulator.maximum.mean, relative: 1e-10)
  }

  /// Top-k within twenty alternatives is known exactly, but not top-k 20: a token that is not listed may tie with the
  /// last one. A temperature alone is bounded, and wider when fewer are known.
  @Test func decodings() async throws {
    let records = try await records()
    var prediction = try PredictAnalysis(length: 16)
    prediction.decoding = try Decoding(temperature: 0.8, topK: 20)
    let full = try await prediction.run(records: records)
    #expect(full.dataset.bounded > 20 && full.warnings.map(\.code) == [.listEndsAtTopK])
    prediction.decoding = try Decoding(temperature: 0.8, topK: 4)
    let inside = try await prediction.run(records: records)
    #expect(inside.dataset.exact > 110 && inside.warnings.isEmpty, "\(inside.dataset.exact)")
    prediction.decoding = try Decoding(temperature: 0.8)
    let bounded = try await prediction.run(records: records)
    #expect(bounded.dataset.bounded > 100)
    for record in bounded.records {
      #expect((record.lower ?? -.infinity) <= (record.logProbability ?? -.infinity))
      #expect((record.logProbability ?? -.infinity) <= (record.upper ?? -.infinity))
    }
    // Above temperature 1 the rest may be as flat as the vocabulary is large: without its size there is no lower bound.
    prediction.decoding = try Decoding(temperature: 1.2)
    #expect(try await prediction.run(records: records).records.allSatisfy { $0.lower == -.infinity })
    prediction.vocabularySize = 49_152
    #expect(
      try await prediction.run(records: records).records.allSatisfy { ($0.lower ?? -.infinity) > -.infinity })
    prediction.decoding = try Decoding(temperature: 0.8)
    prediction.vocabularySize = nil
    let few = records.map { record in
      var record = record
      record.topLogProbabilities = record.topLogProbabilities.map { $0.map { Array($0.prefix(3)) } }
      return record
    }
    let wide = try await prediction.run(records: few)
    for (narrow, wide) in zip(bounded.records, wide.records) {
      #expect((wide.lower ?? -.infinity) <= (narrow.lower ?? -.infinity) + 1e-9)
      #expect((wide.upper ?? -.infinity) >= (narrow.upper ?? -.infinity) - 1e-9)
    }
    prediction.decoding = .greedy
    let greedy = try await prediction.run(records: records)
    for (record, predicted) in zip(records, greedy.records) {
      let match = try #require(GreedyMatch(record))
      #expect((predicted.logProbability == 0) == (match.length >= 16))
    }
    prediction.threads = 2
    #expect(try await prediction.run(records: records) == greedy)
  }

  /// Every length and number of draws of a grid is what a run of its own says, and bounds hold what more alternatives
  /// show.
  @Test func grids() async throws {
    let records = try await records()
    var prediction = try PredictAnalysis(lengths: [8, 16, 48])
    prediction.given = 24
    prediction.draws = [1, 1000]
    prediction.probabilities = [0.5, 0.01]
    let report = try await prediction.run(records: records)
    #expect(report.grid.count == 6 && report.grid[0].dataset == report.dataset && report.dataset.bounds == nil)
    for entry in report.grid {
      var single = try PredictAnalysis(length: entry.length)
      single.given = 24
      single.draws = [entry.draws]
      #expect(try await single.run(records: records).dataset == entry.dataset)
      #expect((entry.discoverable[0].rate ?? 1) <= (entry.discoverable[1].rate ?? 0))
    }
    // By the definition, at 16 tokens.
    let law = records.map { MatchLengthLaw($0).logSurvival[16] }
    #expect(
      report.grid[3].discoverable.map(\.rate)
        == Extraction.discoverableRates(logSurvivals: law, draws: [1000], probabilities: [0.5, 0.01])[0])

    var warm = try PredictAnalysis(length: 16)
    warm.decoding = try Decoding(temperature: 0.8)
    warm.draws = [2]
    let fine = try await warm.run(records: records).dataset
    let few = records.map { record in
      var record = record
      record.topLogProbabilities = record.topLogProbabilities.map { $0.map { Array($0.prefix(5)) } }
      return record
    }
    let coarse = try await warm.run(records: few).dataset
    let (inner, outer) = (try #require(fine.bounds), try #require(coarse.bounds))
    for key in [\PredictReport.Bounds.meanProbability, \.expectedRecords, \.maximumExpected, \.discoverableRate] {
      let (low, high) = (inner[keyPath: key][0], inner[keyPath: key][1])
      #expect(outer[keyPath: key][0] <= low && low <= high && high <= outer[keyPath: key][1])
    }
    #expect(inner.expectedRecords[0] < fine.expectedRecords && fine.expectedRecords < inner.expectedRecords[1])
    #expect(inner.maximumExpected[0] < fine.maximumExpected && fine.maximumExpected < inner.maximumExpected[1])
  }

  /// From the first 16 tokens, and beyond every reference.
  @Test func extrapolations() async throws {
    let records = try await records()
    var prediction = try PredictAnalysis(length: 48)
    prediction.given = 16
    prediction.evaluates = true
    let report = try await prediction.run(records: records)
    #expect(report.dataset.extrapolated == 120 && report.predictor?.learnedTo == 48)
    #expect((0.85...0.95).contains(try #require(report.evaluation).coverage))
    let known = zip(records, report.records).filter { $0.0.tokenLogProbabilities.count >= 48 }
    let covered = known.count { record, predicted in
      let truth = MatchLengthLaw(record).logSurvival[48]
      return (predicted.lower ?? -.infinity) <= truth && truth <= (predicted.upper ?? 0)
    }
    // Of 109 at 90 %; these were learned from.
    #expect((93...106).contains(covered), "\(covered)")
    let far = try await PredictAnalysis(length: 100).run(records: records)
    #expect(far.dataset.extrapolated == 120 && !far.warnings.isEmpty)
    #expect(far.records.allSatisfy { ($0.lower ?? -.infinity) <= ($0.upper ?? -.infinity) })
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(far)) as? [String: Any]
    #expect(json?["schema"] as? String == "skewmem.predict/1")
    let first = try #require((json?["records"] as? [[String: Any]])?.first)
    #expect(
      Set(first.keys) == [
        "id", "log_probability", "lower", "upper", "method", "draws_for_probability", "draws_lower",
        "draws_upper",
      ])
  }

  /// A prefix and a rest known by heart leave scores that do not exist, and JSON all the same.
  @Test func evaluationOfConstantData() async throws {
    let records = (0..<30).map { index in
      Record(
        unchecked: "\(index)",
        tokenLogProbabilities: Array(repeating: 0, count: 4) + (4..<12).map { -Double((index * 7 + $0 * 3) % 11) / 10 })
    }
    var prediction = try PredictAnalysis(length: 12)
    prediction.given = 4
    prediction.evaluates = true
    let report = try await prediction.run(records: records)
    #expect(report.evaluation?.regressionScore?.isFinite == true)
    _ = try JSONEncoder().encode(report)
    prediction.lengths = [4]
    prediction.given = 2
    let certain = try await prediction.run(records: records)
    // Four tokens that are always certain: all that is left of the scores is that of the family's tail.
    #expect(certain.evaluation?.populationMeanScore?.isFinite != true)
    _ = try JSONEncoder().encode(certain)
  }

  @Test func badSettingsAreNamed() async throws {
    #expect(throws: ArgumentError.self) { try PredictAnalysis(length: 0) }
    let records = try await records()
    for change: (inout PredictAnalysis) -> Void in [
      { $0.given = 0 }, { $0.draws = [0] }, { $0.draws = [.infinity] }, { $0.probabilities = [0.5, 1] },
      { $0.draws = [] }, { $0.evaluates = true },
      { $0.vocabularySize = 0 }, { $0.vocabularySize = 49_000 },
    ] {
      var prediction = try PredictAnalysis(length: 3)
      change(&prediction)
      let changed = prediction
      await #expect(throws: ArgumentError.self) { try await changed.run(records: records) }
    }
    // Greedy decoding of a record without ranks or alternatives.
    var prediction = try PredictAnalysis(length: 1)
    prediction.decoding = .greedy
    let greedy = prediction
    await #expect(throws: CaptureError.self) {
      try await greedy.run(records: [Record(unchecked: "a", tokenLogProbabilities: [-1])])
    }
  }

  /// The real generations of the real capture: agreement at both schemes, and none under a wrong temperature.
  @Test func realGenerations() async throws {
    let generations = try GenerationsReader.read(path: Repository.capture("jargon-samples-epoch06.jsonl"))
    let report = try await ValidateAnalysis().run(records: await records(), generations: generations)
    #expect(report.groups.map(\.draws) == [1920, 1920] && report.warnings.isEmpty)
    for group in report.groups {
      #expect(group.pValue > 0.01 && group.exact == (group.decoding == .plain), "\(group)")
      #expect(group.calibration.reduce(0) { $0 + $1.draws } == 1920 * 20)
      // 64 draws of 30 records: a mean probability and a share that are those of the draws themselves.
      let reliability = try #require(group.reliability)
      #expect(reliability.count == 1920 && reliability.bins.count == 10)
      #expect(abs(reliability.meanProbability - reliability.baseRate) < 0.05)
      #expect(reliability.debiasedCalibrationError < 0.05 && (reliability.areaUnderCurve ?? 0) > 0.9)
      for bin in group.calibration where bin.draws > 1000 {
        #expect((bin.observed - bin.predicted).magnitude < 4 * bin.deviation + 1e-3, "\(bin)")
      }
    }
    let wrong = try generations.filter { $0.decoding == .plain }.map {
      SampledGenerations(id: $0.id, decoding: try Decoding(temperature: 0.5, topK: 20), generations: $0.generations)
    }
    let disagreement = try await ValidateAnalysis().run(records: await records(), generations: wrong)
    #expect(disagreement.groups[0].pValue < 0.001)
  }

  /// Records of one name are told apart by run, split and epoch; where generations do not say which is theirs, they are
  /// not compared.
  @Test func sameNames() async throws {
    func record(_ split: String, _ first: Int) -> Record {
      var record = Record(unchecked: "a", tokenLogProbabilities: [-0.01, -0.01])
      record.split = split
      record.referenceTokenIDs = [first, 7]
      return record
    }
    func draws(_ split: String?, _ first: Int) -> SampledGenerations {
      var set = SampledGenerations(id: "a", decoding: .plain, generations: Array(repeating: [first, 7], count: 20))
      set.split = split
      return set
    }
    let records = [record("train", 1), record("test", 2)]
    let report = try await ValidateAnalysis().run(records: records, generations: [draws("test", 2), draws("train", 1)])
    #expect(report.groups[0].records == 2 && report.groups[0].pValue > 0.01 && report.warnings.isEmpty)
    let unsaid = await #expect(throws: CaptureError.self) {
      try await ValidateAnalysis().run(records: records, generations: [draws(nil, 1)])
    }
    #expect(unsaid?.problem.contains("several records are called a") == true)
    await #expect(throws: CaptureError.self) {
      try await ValidateAnalysis().run(records: records, generations: [draws("other", 1)])
    }
  }

  /// Greedy generations that differ at near-ties alone agree; those that differ elsewhere do not.
  @Test func nearTies() async throws {
    let records = (0..<10).map { index -> Record in
      var record = Record(unchecked: "\(index)", tokenLogProbabilities: [-0.05, -0.72, -0.05])
      record.referenceTokenIDs = [1, 2, 3]
      record.ranks = [0, 0, 0]
      record.topLogProbabilities = [
        [.init(tokenID: 1, logProbability: -0.05), .init(tokenID: 9, logProbability: -4)],
        [.init(tokenID: 2, logProbability: -0.72), .init(tokenID: 9, logProbability: -0.78)],
        [.init(tokenID: 3, logProbability: -0.05), .init(tokenID: 9, logProbability: -4)],
      ]
      return record
    }
    func p(_ tokens: [Int], _ nearTie: Double = 0.1) async throws -> ValidateReport.Group {
      var validation = ValidateAnalysis()
      validation.nearTie = nearTie
      let sets = records.indices.map {
        SampledGenerations(id: "\($0)", decoding: .greedy, generations: [$0 < 3 ? tokens : [1, 2, 3]])
      }
      return try await validation.run(records: records, generations: sets).groups[0]
    }
    let flipped = try await p([1, 9, 7])
    #expect(flipped.pValue > 0.5 && flipped.nearTies == 10)
    #expect(try await p([1, 9, 7], 0.01).pValue < 0.001)
    #expect(try await p([9, 2, 3]).pValue < 0.001)
  }

  /// One token in ten ends the text: seen by the test of early ends, which is quiet where draws end as often as the
  /// model leaves room for.
  @Test func earlyEnds() async throws {
    let records = (0..<20).map { index -> Record in
      var record = Record(unchecked: "\(index)", tokenLogProbabilities: Array(repeating: .log(0.95), count: 20))
      record.referenceTokenIDs = Array(0..<20)
      return record
    }
    func group(_ endsAfterMatch: Double, _ seed: UInt64) async throws -> ValidateReport.Group {
      var generator = SeededGenerator(seed: seed)
      let sets = records.map { record -> SampledGenerations in
        let draws = (0..<16).map { _ -> [Int] in
          var tokens: [Int] = []
          while tokens.count < 20 {
            if generator.uniform() > 0.95 {
              // A mismatch is an end as often as `endsAfterMatch` says, or a stretch of other tokens.
              if generator.uniform() < 0.5 { return tokens }
              return tokens + Array(repeating: 99, count: 20 - tokens.count)
            }
            if generator.uniform() < endsAfterMatch { return tokens }
            tokens.append(tokens.count)
          }
          return tokens
        }
        return SampledGenerations(id: record.id, decoding: .plain, generations: draws + [Array(0..<20)])
      }
      return try await ValidateAnalysis().run(records: records, generations: sets).groups[0]
    }
    var found = 0
    for seed in 0..<5 { found += try await group(0.1, UInt64(seed)).earlyEnds?.pValue ?? 1 < 0.01 ? 1 : 0 }
    #expect(found == 5)
    let quiet = try await group(0, 9)
    #expect(try #require(quiet.earlyEnds?.pValue) > 0.001)
  }

  /// The deviation of an observed frequency is that of frequencies observed in data sets drawn from the predictions.
  @Test func deviationsAreThoseOfDraws() async throws {
    let records = (0..<6).map { index in
      var record = Record(
        unchecked: "\(index)", tokenLogProbabilities: (0..<12).map { -0.02 * Double(index + 1) - 0.03 * Double($0 % 4) }
      )
      record.referenceTokenIDs = Array(0..<12)
      return record
    }
    let laws = records.map { MatchLengthLaw($0) }
    var validation = ValidateAnalysis()
    validation.resampling.replicates = 100
    var generator = SeededGenerator(seed: 11)
    var observed: [Double: [Double]] = [:]
    var deviations: [Double: Double] = [:]
    for _ in 0..<400 {
      let generations = zip(records, laws).map { record, law in
        let draws = (0..<10).map { _ -> [Int] in
          let u = generator.uniform()
          let n = (1...12).last { .exp(law.logSurvival[$0]) >= u } ?? 0
          return (0..<12).map { $0 < n ? $0 : 99 }
        }
        return SampledGenerations(id: record.id, decoding: .plain, generations: draws)
      }
      let report = try await validation.run(records: records, generations: generations)
      for bin in report.groups[0].calibration {
        observed[bin.predicted, default: []].append(bin.observed)
        deviations[bin.predicted] = bin.deviation
      }
    }
    #expect(observed.count >= 6)
    for (predicted, values) in observed {
      let mean = values.reduce(0, +) / 400
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399).squareRoot()
      let expected = try #require(deviations[predicted])
      // Four standard errors of a mean and of a standard deviation of 400.
      #expect((mean - predicted).magnitude < 4 * expected / 20)
      #expect((deviation / expected - 1).magnitude < 4 / 798.0.squareRoot(), "\(predicted)")
    }
  }

  /// Draws that were ended where they left the reference say the same as whole ones, where the file says how many
  /// tokens were asked for.
  @Test func drawsEndedEarly() async throws {
    let whole = try GenerationsReader.read(path: Repository.capture("jargon-samples-epoch06.jsonl"))
    let records = try await records()
    let references = Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0.referenceTokenIDs ?? []) })
    let ended = whole.map { set in
      let reference = references[set.id] ?? []
      return SampledGenerations(
        id: set.id, decoding: set.decoding,
        generations: set.generations.map { tokens in
          let mismatch = zip(tokens, reference).enumerated().first { $0.element.0 != $0.element.1 }?.offset
          return Array(tokens.prefix((mismatch ?? tokens.count) + 1))
        }, maximumTokens: 20)
    }
    let expected = try await ValidateAnalysis().run(records: records, generations: whole)
    #expect(try await ValidateAnalysis().run(records: records, generations: ended) == expected)
  }

  /// A file, of which laws take the place of records, gives what its records in memory give.
  @Test func filesAsRecords() async throws {
    let file = Repository.capture("jargon-train-epoch06.jsonl")
    let capture = try await Capture(contentsOf: file)
    for decoding in [Decoding.plain, try Decoding(temperature: 0.8, topK: 5), try Decoding(temperature: 1.5)] {
      var analysis = try PredictAnalysis(lengths: [8, 24, 60])
      analysis.draws = [1, 100]
      analysis.decoding = decoding
      let expected = try await analysis.run(on: capture)
      analysis.threads = 2
      #expect(try await analysis.run(file: file) == expected)
    }
    var greedy = try PredictAnalysis(length: 2)
    greedy.decoding = .greedy
    try await Repository.withScratchFolder { folder in
      let bare = folder.appendingPathComponent("bare.jsonl").path
      try #"{"id": "a", "token_logprobs": [-1, -2]}"#.write(toFile: bare, atomically: true, encoding: .utf8)
      await #expect(throws: CaptureError.self) { try await greedy.run(file: bare) }
      try "".write(toFile: bare, atomically: true, encoding: .utf8)
      await #expect(throws: CaptureError.self) { try await greedy.run(file: bare) }
    }
  }

  /// Generations drawn from the predicted laws: p-values are uniform, also with few draws.
  @Test func agreementIsUniformUnderTheNull() async throws {
    let sets = slowTestsAreEnabled ? 300 : 40
    var laws: [DecodedLaw] = []
    for record in 0..<12 {
      var tokens: [LogInterval] = []
      for position in 0..<15 {
        let probability = 0.55 + 0.03 * Double((record * 7 + position) % 14)
        tokens.append(LogInterval(Double.log(probability)))
      }
      laws.append(DecodedLaw(tokens: tokens))
    }
    var values: [Double] = []
    for set in 0..<sets {
      var generator = SeededGenerator(seed: 77, stream: UInt64(set))
      var draws: [AgreementTest.Draws] = []
      for (index, law) in laws.enumerated() {
        var matches: [(length: Int, compared: Int)] = []
        for draw in 0..<(3 + index) {
          let compared = draw % 3 == 0 ? 8 : 15
          let u = Double.log(generator.uniform())
          // N = number of n >= 1 with S(n) >= u.
          matches.append(((1...compared).count { law.logSurvival[$0].upper >= u }, compared))
        }
        draws.append(AgreementTest.Draws(law: law, matches: matches))
      }
      values.append(try await AgreementTest(draws, simulations: 199, seed: UInt64(set)).pValue)
    }
    values.sort()
    var distance = 0.0
    for (index, value) in values.enumerated() {
      let (below, above) = (Double(index) / Double(sets), Double(index + 1) / Double(sets))
      distance = max(distance, above - value, value - below)
    }
    #expect(distance < 1.628 / Double(sets).squareRoot() + 0.005, "\(values)")
  }
}
