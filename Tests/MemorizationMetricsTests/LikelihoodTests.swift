import GSLNumerics
import MemorizationMetrics
import RealModule
import TestSupport
import Testing

private struct StatisticsCases: Decodable {
  struct Fitted: Decodable {
    let values: [Double]
    let shape: Double
    let location: Double
    let scale: Double
    let penalizedLikelihood: Double
  }
  struct Cumulative: Decodable {
    let shape: Double
    let z: Double
    let log: Double
  }
  struct Model: Decodable {
    enum Entry: Decodable {
      case history([Int])
      case number(Double)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self =
          if let history = try? container.decode([Int].self) { .history(history) } else {
            .number(try container.decode(Double.self))
          }
      }
    }
    let order: Int
    let texts: [[Int]]
    let queries: [[Entry]]
  }
  let skewNormals: [Fitted]
  let cumulatives: [Cumulative]
  let likelihoods: [[String: Value]]
  let nGrams: [Model]

  enum Value: Decodable {
    case list([Double])
    case number(Double)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      self =
        if let list = try? container.decode([Double].self) { .list(list) } else {
          .number(try container.decode(Double.self))
        }
    }

    var list: [Double] { if case .list(let list) = self { list } else { [] } }
    var number: Double { if case .number(let number) = self { number } else { .nan } }
  }
}

/// Against numpy, scipy, mpmath and nltk (References/make_statistics.py), and published numbers.
@Suite struct LikelihoodTests {
  private let cases: StatisticsCases

  init() throws {
    cases = try reference("statistics.json", in: .module)
  }

  @Test func scores() throws {
    for entry in cases.likelihoods {
      let values = try #require(entry["log_probabilities"]).list
      expectClose(Likelihood.loss(values), entry["loss"]!.number, relative: 1e-14)
      expectClose(Likelihood.perplexity(values), .exp(entry["loss"]!.number), relative: 1e-13)
      for share in [0.05, 0.2, 0.5, 1.0] {
        expectClose(Likelihood.minK(values, share: share), entry["min_k_\(share)"]!.number, relative: 1e-13)
        expectClose(
          Likelihood.minKPlusPlus(
            values, means: entry["means"]!.list, deviations: entry["deviations"]!.list, share: share),
          entry["min_k_plus_plus_\(share)"]!.number, relative: 1e-12)
      }
    }
    let values = [-1.0, -2, -3]
    #expect(Likelihood.zlibRatio(values, compressedLength: 8) == -0.25)
    #expect(Likelihood.referenceDifference(values, reference: [-2, -3, -4]) == 1)
    #expect(Likelihood.referenceRatio(values, reference: [-2, -3, -4]) == 1.5)
    #expect(Likelihood.recall(unconditional: values, afterNonMember: [-2, -2, -3.5]) == 1.25)
    #expect(Likelihood.loss([-.infinity, -1]) == .infinity && Likelihood.minK([-.infinity, -1]) == -.infinity)
    // A model that is certain: of the reference token, or of another.
    #expect(Likelihood.minKPlusPlus([0], means: [0], deviations: [0]) == 0)
    #expect(Likelihood.minKPlusPlus([-5], means: [0], deviations: [0]) == -.infinity)
    #expect(Likelihood.minKPlusPlus([-1e-4], means: [-2e-4], deviations: [0]) == 0)
    // A record that is known by heart.
    #expect(Likelihood.referenceRatio([0, 0], reference: [-1, -2]) == .infinity)
    #expect(Likelihood.recall(unconditional: [0, 0], afterNonMember: [-1, -2]) == .infinity)
    #expect(
      Likelihood.referenceRatio([0, 0], reference: [0, 0]) == 1
        && Likelihood.recall(unconditional: [0], afterNonMember: [0]) == 1)
  }

  /// ln P(s | own prefix) - ln mean P(s | other), also where all are far below the smallest Double.
  @Test func priorAware() {
    expectClose(
      Likelihood.priorAware([-1, -1], others: [[-3, -3], [-4, -4]]), -2 - .log((.exp(-6.0) + .exp(-8.0)) / 2),
      relative: 1e-14)
    expectClose(Likelihood.priorAware([-500, -500], others: [[-700, -700], [-700, -700]]), 400, relative: 1e-14)
    expectClose(Likelihood.priorAware([-3], others: [[-3]]), 0, relative: 0, absolute: 1e-15)
  }

  /// ln P(X <= x) beyond the mode, where it is -P(X > x) but for its square; P(X > x) by mpmath in 40 digits.
  @Test(arguments: [
    (-20.0, 0.9, 1.42765506073037366e-75), (-3, 0.9, 0.00017190834054767443), (-3, 3, 3.2642743096552352e-23),
    (-3, 6, 1.96202104759836105e-82), (0.5, 0.9, 0.27945963790686148), (0.5, 3, 0.0025601407888004843),
    (0.5, 6, 1.971071366864046e-9), (0.5, 12, 3.5529642213618558e-33), (5, 0.9, 0.36812017944087749),
    (5, 3, 0.0026997960632601891), (5, 6, 1.9731752900753963e-9), (5, 12, 3.5529642241553584e-33),
    (30, 0.9, 0.36812025069351897), (30, 3, 0.0026997960632601891), (30, 6, 1.9731752900753963e-9),
  ])
  func skewNormalBeyondItsMode(shape: Double, z: Double, upper: Double) {
    let law = SkewNormal(location: 2, scale: 0.5, shape: shape)
    expectClose(law.logCumulative(2 + 0.5 * z), .log(onePlus: -upper), relative: 1e-11)
  }

  /// The exposure of the design's references: 1 … 16, canary 0 → 4, 3.5 → 2, 20 → log2(16/17).
  @Test func exposureByRank() throws {
    let exposure = try #require(Exposure(referenceLosses: (1...16).map(Double.init).shuffled()))
    #expect(exposure.byRank(loss: 0) == 4 && exposure.byRank(loss: 3.5) == 2)
    expectClose(exposure.byRank(loss: 20), .log2(16.0 / 17), relative: 1e-14)
    // A tie is not below.
    #expect(exposure.byRank(loss: 1) == 4)
    #expect(Exposure(referenceLosses: []) == nil && Exposure(referenceLosses: [.nan]) == nil)
    let alike = try #require(Exposure(referenceLosses: [2, 2, 2, 2, 2]))
    #expect(alike.law == nil && alike.extrapolated(loss: 1) == nil && alike.byRank(loss: 1) == .log2(5))
    let infinite = try #require(Exposure(referenceLosses: [1, 2, 3, 4, 5, .infinity]))
    #expect(infinite.law != nil && infinite.byRank(loss: .infinity) == 0)
  }

  /// The largest penalized likelihood, at least what scipy's simplex finds from eight starts, and the same law.
  @Test func skewNormalFits() throws {
    for fitted in cases.skewNormals {
      let law = try #require(SkewNormal(penalizedLikelihood: fitted.values))
      let penalty = 0.875913 * .log(onePlus: 0.856250 * law.shape * law.shape)
      let likelihood = fitted.values.reduce(-penalty) { $0 + law.logDensity($1) }
      #expect(likelihood >= fitted.penalizedLikelihood - 1e-7, "\(law) \(likelihood) \(fitted.penalizedLikelihood)")
      // The likelihood is flat in the shape: a simplex that stops at 1e-14 of it is this near in the parameters.
      expectClose(law.location, fitted.location, relative: 1e-4, absolute: 1e-4)
      expectClose(law.scale, fitted.scale, relative: 1e-4)
      expectClose(law.shape, fitted.shape, relative: 1e-3, absolute: 1e-4)
    }
    #expect(SkewNormal(penalizedLikelihood: [1, 2, 3]) == nil)
    #expect(SkewNormal(penalizedLikelihood: [1, 1, 1, 1, 1]) == nil)
    #expect(SkewNormal(penalizedLikelihood: [1, 2, 3, 4, 5, 1e160]) == nil)
    // Values whose plain likelihood rises towards the half-normal law.
    let half = try #require(SkewNormal(penalizedLikelihood: (1...40).map { Double($0 * $0) / 100 }))
    #expect(half.shape > 2 && half.shape < 100 && half.logCumulative(1e9) == 0)
    #expect(half.logCumulative(-10) < -40 && half.logCumulative(-10) > -.infinity)
  }

  /// ln P(X <= x) with mpmath at 30 digits, to tails of 1e-17,000,000.
  @Test func skewNormalTails() {
    for value in cases.cumulatives {
      let law = SkewNormal(location: 2, scale: 0.5, shape: value.shape)
      expectClose(
        law.logCumulative(2 + 0.5 * value.z), value.log, relative: 1e-11, absolute: 1e-12, "\(value)")
    }
  }

  @Test func nGramModels() throws {
    for model in cases.nGrams {
      var built = NGramModel(order: model.order, vocabularySize: 10)
      for text in model.texts { built.add(text) }
      // Adding and taking back changes nothing.
      built.add([1, 2, 3, 9, 9])
      built.remove([1, 2, 3, 9, 9])
      for query in model.queries {
        guard case .history(let history) = query[0], case .number(let token) = query[1],
          case .number(let expected) = query[2]
        else { continue }
        expectClose(built.probability(of: Int(token), after: history), expected, relative: 1e-13)
      }
      // A law over ten tokens.
      let total = (1...10).reduce(0) { $0 + built.probability(of: $1, after: [1, 2]) }
      expectClose(total, 1, relative: 1e-13)
    }
    #expect(NGramModel(order: 3, vocabularySize: 4).logProbability([1, 2]) == 2 * .log(0.25))
  }

  /// Each text by the others: as a model that it was taken back from says, also where texts repeat each other.
  @Test(arguments: [1, 2, 3, 6]) func nGramsOfTheOthers(order: Int) {
    var generator = SeededGenerator(seed: UInt64(order))
    var texts: [[Int]] = (0..<60).map { _ in
      (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        Int.random(in: 0..<Int.random(in: 1...9, using: &generator), using: &generator) * 1_000_003
      }
    }
    texts += [texts[3], texts[3], texts[7] + texts[8], [.max], Array(repeating: 5, count: 30)]
    var model = NGramModel(order: order, vocabularySize: 50)
    for text in texts { model.add(text) }
    for (text, value) in zip(texts, NGramModel.leaveOneOut(texts, order: order, vocabularySize: 50)) {
      model.remove(text)
      expectClose(value, model.logProbability(text), relative: 1e-13)
      model.add(text)
    }
    // Without others every token is as probable.
    let alone: [Double] = NGramModel.leaveOneOut([[1, 2]], order: order, vocabularySize: 4)
    #expect(alone == [2 * Double.log(0.25)])
  }

  /// So many tokens that places are done in parts: the same, on any number of threads.
  @Test func nGramsInParts() async throws {
    var generator = SeededGenerator(seed: 11)
    let texts: [[Int]] = (0..<4000).map { _ in
      (0..<60).map { _ in
        let x = Double.random(in: 0..<1, using: &generator)
        return Int(3000 * x * x * x)
      }
    }
    var model = NGramModel(order: 3, vocabularySize: 3000)
    var numbered = NumberedTexts()
    for text in texts {
      model.add(text)
      numbered.add(text)
    }
    let sums = try await NGramModel.leaveOneOut(numbered, order: 3, vocabularySize: 3000, threads: 2)
    for index in stride(from: 0, to: texts.count, by: 97) {
      model.remove(texts[index])
      expectClose(sums[index], model.logProbability(texts[index]), relative: 1e-13)
      model.add(texts[index])
    }
    #expect(sums == NGramModel.leaveOneOut(texts, order: 3, vocabularySize: 3000))
  }
}
