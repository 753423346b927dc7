import SkewedMemorization

extension MetricsReport {
  /// How each metric ranks the records beside the exact risk.
  var agreementFigure: Figure {
    let rows = agreement.filter { $0.spearman != nil }.sorted {
      ($0.spearman ?? 0, $1.metric) > ($1.spearman ?? 0, $0.metric)
    }
    return Figure(
      "Agreement with the exact risk",
      caption:
        "Spearman's rank correlation of each metric with S(\(settings.length)), with \(NumberText.level(settings.level)) limits, oriented so that 1 is full agreement. A high one still "
        + "may miss the few records at the top.",
      x: .init("", .categories(rows.map(\.metric))), y: .init("rank correlation"),
      [
        .init(
          "metrics", .points, color: 0,
          rows.enumerated().compactMap { index, row in
            row.spearman.map {
              .init(Double(index), $0, lower: row.spearmanInterval?.lower, upper: row.spearmanInterval?.upper)
            }
          })
      ])
  }

  /// How well each score tells training records from held-out ones.
  var discriminationFigure: Figure {
    let rows = discrimination.sorted { ($0.auc, $1.metric) > ($1.auc, $0.metric) }
    return Figure(
      "Telling training records from held-out ones",
      caption: "The area under the ROC curve of each score, with limits. 0.5 is guessing.",
      x: .init("", .categories(rows.map(\.metric))), y: .init("area under the ROC curve"),
      [
        .init(
          "scores", .points, color: 0,
          rows.enumerated().map {
            .init(Double($0.offset), $0.element.auc, lower: $0.element.lower, upper: $0.element.upper)
          })
      ])
  }
}
