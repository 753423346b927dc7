import Inference
import Reports

/// Whether stated probabilities come true: the JSON of `skewmem calibrate --format json`, schema
/// `skewmem.calibrate/1`.
public struct CalibrateReport: Codable, Sendable, Equatable {
  /// `skewmem.calibrate/1`.
  public var schema = "skewmem.calibrate/1"
  /// The file of statements.
  public var file: String
  /// The confidence level of limits.
  public var level: Double
  /// Each kind of probability.
  public var parts: [CalibrationSummary]
  /// What to know before using the numbers.
  public var warnings: [Warning] = []

  init(file: String, level: Double, parts: [CalibrationSummary]) {
    (self.file, self.level, self.parts) = (file, level, parts)
  }
}

extension CalibrateReport: WarnedReport {}

extension CalibrateReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Calibration: \(file)")
    if let first = parts.first {
      document.paragraph(
        "\(NumberText.count(first.count, "statement")), of which \(NumberText.percent(first.baseRate)) came true.")
    }
    document.list(warnings.map { "Note: \($0.text)." })
    document.addCalibration(parts, level: level)
    document.figure(reliabilityFigure)
    return document
  }

  private var reliabilityFigure: Figure {
    Figure(
      "Reliability diagram", caption: "The share of statements that came true, by the probability that was stated.",
      x: .init("stated probability"), y: .init("share that came true"),
      [.init("perfect", .dashes, color: 3, [.init(0, 0), .init(1, 1)])]
        + parts.enumerated().map { index, part in
          .init(part.kind, .line, color: index, part.bins.map { Figure.Point($0.probability, $0.share) })
        })
  }
}
