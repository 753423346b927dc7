import Captures
import GSLNumerics
import Inference
import RealModule

/// Whether stated probabilities come true: what `skewmem calibrate` does.
public struct CalibrateAnalysis: Sendable {
  /// The number of bins of the reliability diagram.
  public var bins = 10
  /// The confidence level of limits.
  public var level = 0.95

  /// The usual analysis.
  public init() {}

  /// Compares statements with their outcomes. Each kind of probability that all statements have is one part of the
  /// report: the stated one, the answer's own, and the confidence from explanations.
  ///
  /// - Throws: `ArgumentError` for settings out of range; `CaptureError` where statements have no probability in common.
  public func run(on statements: [Statement], file: String) throws -> CalibrateReport {
    try ArgumentError.check(bins, "bins", in: 1...1000)
    try ArgumentError.check(share: level, "level")
    let outcomes = statements.map(\.outcome)
    let kinds: [(String, (Statement) -> Double?)] = [
      ("probability", { $0.probability }), ("answer", { $0.answerLogProbability.map { .exp($0) } }),
      (
        "explanations",
        {
          StableExplanations.logConfidence(entailment: $0.entailment, answer: $0.answersUnderExplanations)
            .map { .exp($0) }
        }
      ),
    ]
    let parts = kinds.compactMap { name, value -> CalibrationSummary? in
      let values = statements.compactMap(value)
      guard values.count == statements.count else { return nil }
      return Calibration(probabilities: values, outcomes: outcomes, bins: bins, level: level)
        .map { CalibrationSummary(name, $0) }
    }
    guard !parts.isEmpty else {
      throw CaptureError(
        file: file, field: "probability", problem: "is not in every line, nor is answer_logprob or explanations")
    }
    return CalibrateReport(file: file, level: level, parts: parts)
  }
}
