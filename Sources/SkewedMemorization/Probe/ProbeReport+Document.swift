import Reports

extension ProbeReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Probe of \(NumberText.count(layers.count, "layer")): \(activations)")
    document.paragraph(
      "\(memorized) of \(NumberText.count(records, "record")) are memorized: \(outcomeText). A linear probe is trained "
        + "on the activations of \(folds - 1) of \(folds) parts of them and judged on the other part, for each part in "
        + "turn. The area under the curve (AUC) is the probability that a memorized record has a higher score than "
        + "another; 0.5 is chance.")
    if let best = layers.max(by: { $0.auc < $1.auc }) { document.paragraph(verdict(best)) }
    document.figure(layerFigure)
    document.list(warnings.map { "Note: \($0.text)." })
    document.heading("Layers")
    document.table(
      .init(
        ["layer", "features", "AUC", "95 % limits", "p", "p (Holm)", "beyond the best baseline", "95 % limits"],
        left: [0],
        rows: layers.map { layer in
          [
            layer.name, "\(layer.features)", NumberText.text(layer.auc), intervalText(layer.interval),
            NumberText.text(layer.p), NumberText.text(layer.holm),
            NumberText.text(layer.difference?.value), layer.difference.map { intervalText($0.interval) } ?? "—",
          ]
        }))
    document.paragraph(
      "p is the share of random orders of the labels that give an AUC as large when everything is done again, the "
        + "choice of the penalty included.")
    document.heading("Baselines")
    document.paragraph("The same procedure with numbers that need no look inside the model.")
    document.table(
      .init(
        ["baseline", "AUC", "95 % limits"], left: [0],
        rows: baselines.map { [$0.name, NumberText.text($0.auc), intervalText($0.interval)] }))
    for layer in layers where !layer.named.isEmpty {
      document.heading("Features of \(layer.name)")
      document.paragraph(
        "The \(layer.named.count) of \(NumberText.count(layer.features, "feature")) with the largest weights, for "
          + "standardized features.")
      document.table(
        .init(
          ["feature", "weight", "deviation over folds", "folds of that sign", "folds among these"],
          rows: layer.named.map {
            [
              "\($0.index)", NumberText.text($0.weight), NumberText.text($0.deviation),
              "\($0.sameSign) of \(folds)", "\($0.amongTop) of \(folds)",
            ]
          }))
    }
    return document
  }

  private var outcomeText: String {
    guard let threshold else { return "greedy decoding gives the whole reference" }
    let text = length.map { "their first \(NumberText.count($0, "token"))" } ?? "the whole reference"
    return "the model repeats \(text) with a probability of \(NumberText.text(threshold)) or more"
  }

  private func verdict(_ best: Layer) -> String {
    let chance =
      best.p.map { p in
        (best.holm ?? p) <= 0.05
          ? ", more than chance gives (p = \(NumberText.text(best.holm ?? p)))"
          : ", which chance gives too (p = \(NumberText.text(best.holm ?? p)))"
      } ?? ""
    let start = "The best layer is \(best.name) with an AUC of \(NumberText.text(best.auc))\(chance). "
    guard let difference = best.difference else { return start }
    let other = "\(difference.baseline) (AUC \(NumberText.text(best.auc - difference.value)))"
    if (difference.interval.lower ?? 0) > 0 {
      return start + "It says more than the best baseline, \(other)."
    }
    return start + "It is no better than the best baseline, \(other): activations add nothing to what the loss says."
  }

  private var layerFigure: Figure {
    let names = layers.map(\.name)
    return Figure(
      "AUC by layer", caption: "With 95 % limits; dashed the best baseline.",
      x: .init("layer", .categories(names)), y: .init("AUC"),
      [
        .init(
          "activations", .points, color: 0,
          layers.enumerated().map {
            .init(Double($0.offset), $0.element.auc, lower: $0.element.interval.lower, upper: $0.element.interval.upper)
          }),
        .init(
          "best baseline", .dashes, color: 3,
          baselines.map(\.auc).max().map { best in
            [.init(0, best), .init(Double(max(1, names.count - 1)), best)]
          } ?? []),
      ])
  }
}
