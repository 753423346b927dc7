import Foundation
import Reports

extension ValidateReport {
  /// Observed frequencies by predicted probability, with where they would be if the predictions were true.
  func calibrationFigure(_ group: Group) -> Figure {
    // On a logarithmic axis nothing observed has no place.
    let bins = group.calibration.filter { $0.predicted > 0 && $0.observed > 0 }
    let ends = group.calibration.map(\.predicted).filter { $0 > 0 }
    let line = [ends.min() ?? 1, ends.max() ?? 1].map { Figure.Point(log10($0), log10($0)) }
    let name = group.decoding.description
    return Figure(
      "Predicted and observed: \(name)",
      caption:
        "How often draws match n tokens, by the probability that was predicted for it (points), and two standard "
        + "deviations around the prediction (shaded, down to a hundredth "
        + "of it). Probabilities of which nothing was observed have no place on this axis: the table has them.",
      x: .init("predicted probability", .logarithmic), y: .init("observed frequency", .logarithmic),
      [
        .init(
          "two standard deviations", .band, color: 5,
          group.calibration.compactMap { bin in
            guard bin.predicted > 0 else { return nil }
            let lower = max(bin.predicted - 2 * bin.deviation, bin.predicted / 100)
            return .init(
              log10(bin.predicted), log10(bin.predicted), lower: log10(lower),
              upper: log10(min(1, bin.predicted + 2 * bin.deviation)))
          }),
        .init("predicted", .dashes, color: 5, line),
        .init("observed", .points, color: 0, bins.map { .init(log10($0.predicted), log10($0.observed)) }),
      ])
  }
}
