import Inference
import Reports

/// Probabilities beside outcomes.
public struct CalibrationSummary: Codable, Sendable, Equatable {
  /// What states the probability: `probability`, `answer`, `explanations`, or `P(N >= n)`.
  public var kind: String
  /// Outcomes.
  public var count: Int
  /// The share that came true.
  public var baseRate: Double
  /// The mean probability.
  public var meanProbability: Double
  /// Brier's score.
  public var brier: Double
  /// Its parts.
  public var reliability: Double
  /// The second.
  public var resolution: Double
  /// The third.
  public var uncertainty: Double
  /// The expected calibration error.
  public var expectedCalibrationError: Double
  /// The root-mean-square calibration error without what chance adds.
  public var debiasedCalibrationError: Double
  /// The area under the ROC curve; null where all outcomes are alike.
  @OrNull public var areaUnderCurve: Double?
  /// Its limits.
  @OrNull public var areaInterval: Interval?
  /// The area under the risk–coverage curve.
  public var riskCoverageArea: Double
  /// The reliability diagram.
  public var bins: [Bin]

  enum CodingKeys: String, CodingKey {
    case kind, count, brier, reliability, resolution, uncertainty, bins
    case baseRate = "base_rate"
    case meanProbability = "mean_probability"
    case expectedCalibrationError = "expected_calibration_error"
    case debiasedCalibrationError = "debiased_calibration_error"
    case areaUnderCurve = "auc"
    case areaInterval = "auc_interval"
    case riskCoverageArea = "risk_coverage_area"
  }

  /// A bin.
  public struct Bin: Codable, Sendable, Equatable {
    /// Outcomes.
    public var count: Int
    /// The mean probability.
    public var probability: Double
    /// The share that came true.
    public var share: Double
    /// Its limits.
    public var interval: Interval
  }

  init(_ kind: String, _ found: Calibration) {
    self.kind = kind
    (count, baseRate, meanProbability) = (found.count, found.baseRate, found.meanProbability)
    (brier, reliability, resolution) = (found.brier, found.reliability, found.resolution)
    uncertainty = found.uncertainty
    expectedCalibrationError = found.expectedCalibrationError
    debiasedCalibrationError = found.debiasedCalibrationError
    areaUnderCurve = found.discrimination?.areaUnderCurve
    areaInterval = found.discrimination.map { Interval($0.interval) }
    riskCoverageArea = found.riskCoverageArea
    bins = found.bins.map {
      .init(count: $0.count, probability: $0.probability, share: $0.share, interval: Interval($0.interval))
    }
  }
}

extension ReportDocument {
  /// Probabilities beside outcomes as they are read.
  mutating func addCalibration(_ parts: [CalibrationSummary], level: Double) {
    table(
      .init(
        [
          "probability", "mean", "Brier", "reliability", "resolution", "uncertainty", "calibration error", "debiased",
          "AUC", "limits", "risk–coverage area",
        ], left: [0],
        rows: parts.map { part in
          [
            part.kind, NumberText.text(part.meanProbability), NumberText.text(part.brier),
            NumberText.text(part.reliability), NumberText.text(part.resolution), NumberText.text(part.uncertainty),
            NumberText.text(part.expectedCalibrationError), NumberText.text(part.debiasedCalibrationError),
            NumberText.text(part.areaUnderCurve), intervalText(part.areaInterval),
            NumberText.text(part.riskCoverageArea),
          ]
        }))
    paragraph(
      "A small Brier score, calibration error and area under the risk–coverage curve are good, a large AUC too. "
        + "The debiased error is a root mean square without what chance adds.")
    for part in parts {
      heading("Reliability: \(part.kind)")
      table(
        .init(
          ["stated", "came true", "\(NumberText.level(level)) limits", "statements"],
          rows: part.bins.map { bin in
            [
              NumberText.text(bin.probability), NumberText.percent(bin.share),
              "\(NumberText.percent(bin.interval.lower)) – \(NumberText.percent(bin.interval.upper))",
              NumberText.count(bin.count),
            ]
          }))
    }
  }
}
