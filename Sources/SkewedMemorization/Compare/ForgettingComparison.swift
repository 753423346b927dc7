import Inference
import MemorizationMetrics
import RealModule
import TokenProcess

/// What is left of records from one model to another, beside a model that was never trained on them.
struct ForgettingComparison {
  /// A record in each model.
  struct Trio {
    let a: Record
    let b: Record
    let retrained: Record?
  }

  let records: [Trio]
  /// Held-out records by b and by the retrained model, for PrivLeak.
  let heldOut: [Record]
  let retrainedHeldOut: [Record]
  let level: Double

  private static let thresholds = [0.001, 0.01, 0.1, 0.5]
  private static let usualLength = 50
  /// The false discovery rate of what is not forgotten.
  private static let falseDiscoveryRate = 0.05
  private static let shown = 20
  /// The share of Min-K % behind PrivLeak (MUSE, arXiv 2407.06460, appendix).
  private static let minKShare = 0.4

  /// Nil without records.
  func report() -> CompareReport.Forgetting? {
    guard !records.isEmpty else { return nil }
    let sizes = records.map { min($0.a.tokenLogProbabilities.count, Self.usualLength) }.sorted()
    let n = sizes[sizes.count / 2]
    let long = records.filter { $0.a.tokenLogProbabilities.count >= n }
    func survival(_ record: Record) -> Double { MatchLengthLaw(record).logSurvival[n] }
    let scores = long.map { (trio: $0, a: survival($0.a), b: survival($0.b), retrained: $0.retrained.map(survival)) }
    let hasRetrained = records.allSatisfy { $0.retrained != nil }
    let thresholds = Self.thresholds.map { threshold in
      let limit = Double.log(threshold)
      return CompareReport.Forgetting.Threshold(
        threshold: threshold, a: scores.count { $0.a >= limit }, b: scores.count { $0.b >= limit },
        both: scores.count { $0.a >= limit && $0.b >= limit },
        retrained: hasRetrained ? scores.count { $0.retrained.map { $0 >= limit } ?? false } : nil)
    }
    var still = scores.map { score in
      CompareReport.Forgetting.Still(
        id: score.trio.a.id, a: score.a, b: score.b, retrained: score.retrained, p: nil)
    }
    var notForgotten: Int?
    if hasRetrained {
      let pValues = Conformal.pValues(of: scores.map(\.b), controls: scores.compactMap(\.retrained))
      let adjusted = MultipleComparisons.benjaminiHochberg(pValues)
      for index in still.indices { still[index].p = pValues[index] }
      still = still.indices.filter { adjusted[$0] <= Self.falseDiscoveryRate }.map { still[$0] }
      notForgotten = still.count
    }
    still.sort { ($0.b ?? -.infinity, $1.id) > ($1.b ?? -.infinity, $0.id) }
    if !hasRetrained { still = Array(still.prefix(Self.shown)) }
    return .init(
      n: n, records: long.count, thresholds: thresholds, measures: measures(hasRetrained),
      forgetQuality: hasRetrained ? forgetQuality : nil, privacyLeakage: privacyLeakage, notForgotten: notForgotten,
      still: still)
  }

  private func measures(_ hasRetrained: Bool) -> [CompareReport.Forgetting.Measure] {
    let all: [(String, (Record) -> Double?)] = [
      ("extraction_strength", { $0.isFirstChoice.map(Unlearning.extractionStrength) }),
      (
        "extraction_strength_openunlearning",
        { $0.isFirstChoice.map(Unlearning.extractionStrengthOfOpenUnlearning) }
      ),
      ("exact_memorization", { $0.isFirstChoice.map(GreedyExtraction.teacherForcedAccuracy) }),
      ("expected_match", { MatchLengthLaw($0).moments.mean }),
    ]
    return all.compactMap { name, measure in
      func mean(_ records: [Record?]) -> Double? {
        let values = records.compactMap { $0.flatMap(measure) }
        return values.count == records.count ? values.reduce(0, +) / Double(values.count) : nil
      }
      guard let a = mean(records.map(\.a)), let b = mean(records.map(\.b)) else { return nil }
      return .init(measure: name, a: a, b: b, retrained: hasRetrained ? mean(records.map(\.retrained)) : nil)
    }
  }

  private var forgetQuality: CompareReport.Forgetting.ForgetQuality? {
    func values(_ records: [Record]) -> [Double] { records.map { -Likelihood.loss($0.tokenLogProbabilities) } }
    return KolmogorovSmirnovTest(values(records.map(\.b)), values(records.compactMap(\.retrained))).map {
      .init(measure: "mean_log_probability", statistic: $0.statistic, p: $0.pValue)
    }
  }

  private var privacyLeakage: Double? {
    func area(_ records: [Record], _ others: [Record]) -> Double? {
      func values(_ records: [Record]) -> [Double] {
        records.map { Likelihood.minK($0.tokenLogProbabilities, share: Self.minKShare) }
      }
      return Discrimination(members: values(records), others: values(others), level: level)?.areaUnderCurve
    }
    guard let own = area(records.map(\.b), heldOut),
      let retrained = area(records.compactMap(\.retrained), retrainedHeldOut)
    else { return nil }
    return Unlearning.privacyLeakage(areaUnderCurve: own, retrained: retrained)
  }
}
