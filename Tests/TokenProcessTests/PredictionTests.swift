import Captures
import GSLNumerics
import RealModule
import TestSupport
import Testing
import TokenProcess

@Suite struct PredictionTests {
  private func records(_ name: String) async throws -> [[Double]] {
    try await CaptureReader(files: [Repository.capture(name)]).records().map(\.tokenLogProbabilities)
  }

  /// From 16 to 48 tokens on real captures: better than three baselines, whose scores are those published for these
  /// files, and 90 % intervals that cover 85 to 95 %.
  @Test(arguments: [
    ("jargon-train-epoch04.jsonl", -4.039, -4.547, -4.024), ("jargon-train-epoch06.jsonl", -3.397, -3.888, -3.370),
  ]) func realCaptures(name: String, mean: Double, own: Double, regression: Double) async throws {
    let evaluation = try #require(PredictionEvaluation(records: try await records(name), given: 16, length: 48))
    #expect(evaluation.records == 109)
    expectClose(evaluation.populationMeanScore, mean, relative: 0, absolute: 6e-4)
    expectClose(evaluation.ownMeanScore, own, relative: 0, absolute: 6e-4)
    expectClose(evaluation.regressionScore, regression, relative: 0, absolute: 6e-4)
    #expect(evaluation.logScore > max(mean, own, regression), "\(evaluation)")
    #expect((0.85...0.95).contains(evaluation.coverage), "\(evaluation)")
    // The truth is that of the records, and bins are all of them by rising prediction.
    let truth = try await self.records(name).filter { $0.count >= 48 }.map { row in
      Double.exp(row[..<48].reduce(0, +))
    }
    expectClose(evaluation.whole.actual, truth.reduce(0, +) / 109, relative: 1e-9)
    #expect(evaluation.bins.reduce(0) { $0 + $1.records } == 109)
    #expect(evaluation.bins.map(\.predicted) == evaluation.bins.map(\.predicted).sorted())
    let average = evaluation.bins.reduce(0) { $0 + Double($1.records) * $1.predicted } / 109
    expectClose(average, evaluation.whole.predicted, relative: 1e-9)
  }

  /// References of epoch 6 to 48 tokens from 16, by scipy on other code: the shrinkage on the square root scores
  /// -3.301.
  @Test func leaveOneOutScore() async throws {
    let prediction = try #require(
      LengthPrediction(records: try await records("jargon-train-epoch06.jsonl"), given: 16, length: 48))
    let best = try #require(
      prediction.predictor.components.first { $0.predictor.method == .shrinkage && $0.predictor.scale == .squareRoot })
    expectClose(best.predictor.logScore, -3.301, relative: 0, absolute: 6e-4)
    #expect(prediction.learned == 16...48 && prediction.records == 109)
    let weights = prediction.predictor.components.map(\.weight)
    expectClose(weights.reduce(0, +), 1, relative: 1e-12)
    #expect(weights == weights.sorted(by: >) && weights.allSatisfy { $0 >= 1e-3 })
    // Two weights are as the quarter power of the ratio of the products of densities.
    let second = prediction.predictor.components[1]
    let first = prediction.predictor.components[0]
    expectClose(
      .log(first.weight / second.weight), 0.25 * 109 * (first.predictor.logScore - second.predictor.logScore),
      relative: 1e-9, absolute: 1e-9)
  }

  /// Beyond every length: learned at the same proportion, the prediction goes on from there.
  @Test func beyondTheMeasuredLength() async throws {
    let records = try await records("jargon-train-epoch06.jsonl")
    let prediction = try #require(LengthPrediction(records: records, given: 64, length: 128))
    #expect(prediction.learned.upperBound == 64 && prediction.learned.lowerBound == 32)
    let known = try #require(records.first { $0.count == 64 })
    let estimate = prediction.estimate(known)
    let measured = known.reduce(0, +)
    #expect(estimate.median < measured && estimate.interval.contains(estimate.median))
    #expect(estimate.logMean() < measured && estimate.logMean() >= estimate.interval.lowerBound)
    // Twice as long: neither free nor twenty times as improbable a token.
    #expect(estimate.median > 20 * measured)
  }

  /// Few records that are longer than what is asked for: learned at that length, not beyond it.
  @Test func fewRecords() throws {
    let records = (0..<10).map { (index: Int) -> [Double] in
      (0..<48).map { (position: Int) -> Double in
        let step = (index * 5 + position) % 9
        return position < 16 ? -0.1 - 0.01 * Double(step) : -5
      }
    }
    let prediction = try #require(LengthPrediction(records: records, given: 8, length: 16))
    #expect(prediction.learned == 8...16 && prediction.records == 10)
    let truth = records[0][..<16].reduce(0, +)
    #expect((prediction.estimate(records[0]).median - truth).magnitude < 0.5)
  }

  /// A share of records with S(n) = 0 lies below all others: median and interval are those of the whole law.
  @Test(arguments: [0.03, 0.2, 0.4, 0.6]) func impossibleRecords(share: Double) throws {
    let count = 500
    let records = (0..<count).map { (index: Int) -> [Double] in
      (0..<32).map { (position: Int) -> Double in
        if position == 20, Double(index) < share * Double(count) { return -.infinity }
        let step = (index * 131 + position * 17) % 23
        return -0.2 - 0.1 * Double(step)
      }
    }
    let prediction = try #require(LengthPrediction(records: records, given: 16, length: 32))
    expectClose(prediction.impossibleShare, share, relative: 1e-12)
    let below = records.count { $0[..<32].reduce(0, +) < prediction.estimate($0).median }
    // The median of predictions of which some are of -∞ itself.
    if share < 0.5 {
      #expect((Double(below) / Double(count) - 0.5).magnitude < 0.06, "\(below)")
    } else {
      #expect(prediction.estimate(records[count - 1]).median == -.infinity)
    }
    let inside = records.count { prediction.estimate($0).interval.contains($0[..<32].reduce(0, +)) }
    // In sample, and never less than asked for; above 5 % the lower end is -∞, and only the upper one can be passed.
    #expect(Double(inside) / Double(count) >= 0.895, "\(inside)")
    #expect(Double(inside) / Double(count) <= 0.98, "\(inside)")
  }

  @Test func tooLittleToLearnFrom() {
    #expect(LengthPrediction(records: [], given: 1, length: 2) == nil)
    #expect(LengthPrediction(records: [[-1, -2, -3]], given: 1, length: 3) == nil)
    #expect(PredictionEvaluation(records: [[-1, -2]], given: 1, length: 2) == nil)
    // Nothing varies: what all records have is predicted.
    let same = LengthPrediction(records: Array(repeating: [-1, -1, -1], count: 30), given: 1, length: 3)
    #expect((same?.estimate([-1]).median ?? .nan).distance(to: -3).magnitude < 1e-6)
    // First tokens that are all alike: no line to learn, and the population is left.
    let alike = LengthPrediction(
      records: (0..<30).map { [-0.1, -Double($0 % 7) - 0.5, -Double($0 % 5) - 0.3] }, given: 1, length: 3)
    #expect(alike?.predictor.components.contains { $0.predictor.method == .shrinkage } == false)
  }
}

/// Sums of predicted probabilities against the truth: intervals can cover while their mean is far off.
@Suite struct PredictionCalibrationTests {
  /// Processes whose later tokens are known, so that the truth of Σ S(n) is too.
  enum Process: String, CaseIterable {
    /// One token probability a record, beta distributed: the first tokens say all.
    case constant
    /// A record's level with independent noise.
    case noisy
    /// No level of records: all tokens alike.
    case independent
    /// Tokens become more probable along the reference.
    case rising
    /// Half of the records are known by heart.
    case twoGroups = "two-groups"
    /// A level that wanders from token to token.
    case wandering
    /// Noise with a heavy tail.
    case spiky

    func record(_ generator: inout SeededGenerator, tokens: Int) -> [Double] {
      func normal() -> Double {
        (-2 * Double.log(generator.uniform())).squareRoot() * Double.cos(2 * .pi * generator.uniform())
      }
      let level = 0.15 * Double.exp(0.8 * normal())
      switch self {
      case .constant:
        let p = -Double.log(generator.uniform()) / (-Double.log(generator.uniform()) - Double.log(generator.uniform()))
        return Array(repeating: max(-8, Double.log(min(1 - 1e-9, max(1e-4, p)))), count: tokens)
      case .noisy: return (0..<tokens).map { _ in -level * Double.exp(0.5 * normal()) }
      case .independent: return (0..<tokens).map { _ in -0.15 * Double.exp(0.5 * normal()) }
      case .rising: return (0..<tokens).map { -level / (1 + 0.15 * Double($0)) }
      case .twoGroups:
        let isKnown = generator.uniform() < 0.5
        return (0..<tokens).map { _ in isKnown ? -1e-3 * Double.exp(normal()) : -level * Double.exp(0.5 * normal()) }
      case .wandering:
        var offset = 0.0
        return (0..<tokens).map { _ in
          offset = 0.8 * offset + 0.3 * normal()
          return -level * Double.exp(offset)
        }
      case .spiky:
        return (0..<tokens).map { _ in -0.5 * level - (generator.uniform() < 0.03 ? 2 * generator.uniform() : 0) }
      }
    }
  }

  /// Of 120 records the first 60 are known to the end; of the others the first 8 tokens. Σ S(32) of those is predicted,
  /// over many data sets, without bias: within four standard errors of the mean, or 5 %.
  @Test(arguments: Process.allCases) func meansAreCalibrated(process: Process) throws {
    var generator = SeededGenerator(seed: 41, stream: UInt64(Process.allCases.firstIndex(of: process) ?? 0))
    let sets = slowTestsAreEnabled ? 100 : 8
    var differences: [Double] = []
    var truths = 0.0
    for _ in 0..<sets {
      let records = (0..<120).map { _ in process.record(&generator, tokens: 32) }
      let seen = Array(records[..<60]) + records[60...].map { Array($0[..<8]) }
      let prediction = try #require(LengthPrediction(records: seen, given: 8, length: 32))
      var (predicted, truth) = (0.0, 0.0)
      for record in records[60...] {
        predicted += Double.exp(prediction.estimate(Array(record[..<8])).logMean())
        truth += Double.exp(record.reduce(0, +))
      }
      differences.append(predicted - truth)
      truths += truth / Double(sets)
    }
    let mean = differences.reduce(0, +) / Double(sets)
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sets - 1)
    let error = (variance / Double(sets)).squareRoot()
    #expect(mean.magnitude < max(4 * error, 0.05 * truths), "\(process): \(mean) ± \(error) of \(truths)")
  }

  /// Records of one token probability each: the first tokens say all, and predictions are exact.
  @Test func whatIsCertainIsPredicted() throws {
    var generator = SeededGenerator(seed: 5)
    let records = (0..<60).map { _ in Process.constant.record(&generator, tokens: 32) }
    let prediction = try #require(LengthPrediction(records: records, given: 8, length: 32))
    for record in records {
      let estimate = prediction.estimate(record)
      expectClose(estimate.median, record.reduce(0, +), relative: 1e-6, absolute: 1e-6)
    }
    #expect(prediction.predictor.components[0].predictor.method == .shrinkage)
  }
}
