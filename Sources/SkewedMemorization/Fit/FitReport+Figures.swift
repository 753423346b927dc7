import Foundation
import Reports

extension FitReport {
  /// The lengths beside the families that fit best.
  var survivalFigure: Figure {
    let points = survival.compactMap { point in
      point.logSurvival.map { value in
        Figure.Point(
          log10(Double(point.n)), value / log(10), lower: point.lower.flatMap { $0 > 0 ? log10($0) : nil },
          upper: point.upper.flatMap { $0 > 0 ? log10($0) : nil })
      }
    }
    let families = fits.map(\.family).filter { family in survival.contains { $0.fitted[family] != nil } }
    let limits = [fits.first.flatMap { $0.nMin > 0 ? "N ≥ \($0.nMin)" : nil }, nMax.map { "N ≤ \($0)" }].compactMap(
      \.self)
    let condition = "P(N ≥ n\(limits.isEmpty ? "" : " | " + limits.joined(separator: ", ")))"
    return Figure(
      "Lengths and families",
      caption:
        "The share of lengths of at least n (solid, by the product-limit estimate where some are censored; 95 % "
        + "limits by Greenwood shaded, for counts) and the families that fit best (dashed). A straight line is a "
        + "power law; a curve "
        + "that bends down has a lighter tail.",
      x: .init("length, n", .logarithmic), y: .init(condition, .logarithmic),
      [
        .init("95 % limits", .band, color: 0, points.filter { $0.lower != nil && $0.upper != nil }),
        .init("lengths", .line, color: 0, points.map { .init($0.x, $0.y) }),
      ]
        + families.enumerated().map { index, family in
          .init(
            family, .dashes, color: index + 1,
            survival.compactMap { point in
              point.fitted[family]?.wrappedValue.map { .init(log10(Double(point.n)), $0 / log(10)) }
            })
        })
  }

  /// Quantiles of the lengths against those of the first fit.
  var quantileFigure: Figure {
    let longest = Double(quantiles.map { max($0.observed, $0.fitted) }.max() ?? 1)
    let shortest = Double(quantiles.map { min($0.observed, $0.fitted) }.min() ?? 0)
    return Figure(
      "Quantiles of the lengths and of \(fits.first?.family ?? "the fit")",
      caption:
        "Each point is a share of the lengths: how long they are at least, by the fit (across) and in the data (up). "
        + "Points above the line are lengths that the family calls "
        + "shorter than they are.",
      x: .init("length by the fit"), y: .init("length in the data"),
      [
        .init("equal", .dashes, color: 5, [.init(shortest, shortest), .init(longest, longest)]),
        .init("quantiles", .points, color: 0, quantiles.map { .init(Double($0.fitted), Double($0.observed)) }),
      ])
  }

  /// The mean excess over thresholds.
  func meanExcessFigure(_ extremes: ExtremesReport) -> Figure {
    Figure(
      "Mean excess",
      caption:
        "How far lengths beyond u go on, on average, with 95 % limits. A line that rises with u is a power law, a "
        + "flat one an exponential tail, a falling one ends somewhere.",
      x: .init("threshold u"), y: .init("mean excess over u, tokens"),
      [
        .init("mean excess", .line, color: 0, extremes.meanExcess.map { .init(Double($0.threshold), $0.mean) }),
        .init(
          "mean excess", .points, color: 0,
          extremes.meanExcess.map {
            .init(Double($0.threshold), $0.mean, lower: $0.interval?.lower, upper: $0.interval?.upper)
          }),
      ])
  }
}
