import Reports

extension ProbeReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Probe of \(NumberText.count(layers.count, "layer")): \(activations)")
    document.paragraph(
      "\(memorized) of \(NumberText.count(records, "record")) are memorized: \(outcomeText). A linear probe is trained "
        + "on the activations of \(folds - 1) of \(folds) parts of all \(NumberText.count(records)) records and judged on the "
        + "other part, for each part in turn. The area under the curve (AUC) is the probability that a memorized record has a higher score than "
        + "another; 0.5 is chance.")
    if let best { document.paragraph(verdict(best)) }
    document.figure(layerFigure)
    document.list(warnings.map { "Note: \($0.text)." })
    document.heading("Layers")
    document.table(
      .init(
        ["layer", "features", "AUC", "95 % limits", "p", "p, all layers", "beyond the best baseline", "95 % limits"],
        left: [0],
        rows: layers.map { layer in
          [
            layer.name, "\(layer.features)", NumberText.text(layer.auc), intervalText(layer.interval),
            NumberText.text(layer.p), NumberText.text(layer.adjusted),
            NumberText.text(layer.difference?.value), layer.difference.map { intervalText($0.interval) } ?? "—",
          ]
        }))
    if permutations > 0 {
      document.paragraph(
        "p is the share of \(NumberText.count(permutations)) random orders of the labels that give an AUC as large when "
          + "everything is done again, the choice of the penalty included; the smallest possible is "
          + "\(NumberText.text(1 / Double(permutations + 1))). The next column counts orders whose best layer is as good: "
          + "it allows for the number of layers.")
    }
    document.heading("Baselines")
    document.paragraph("The same procedure with numbers that need no look inside the model.")
    document.table(
      .init(
        ["baseline", "AUC", "95 % limits"], left: [0],
        rows: baselines.map { [$0.name, NumberText.text($0.auc), intervalText($0.interval)] }))
    if let layer = best, !layer.named.isEmpty {
      document.heading("Features of \(layer.name)")
      document.paragraph(
        "The \(NumberText.count(layer.named.count)) of \(NumberText.count(layer.features, "feature")) with the largest "
          + "weights, for standardized features; those of other layers are in the JSON report.")
      document.table(
        .init(
          [
            "feature", "weight", "standard deviation over folds", "folds with the same sign",
            "folds where it is among these",
          ],
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
      (best.adjusted ?? best.p).map { p in
        (p <= 0.05 ? ", more than chance gives" : ", not beyond what chance gives")
          + " (p = \(NumberText.text(p))\(layers.count > 1 ? ", all layers taken into account" : ""))"
      } ?? ""
    let start = "The best layer is \(best.name) with an AUC of \(NumberText.text(best.auc))\(chance). "
    guard let difference = best.difference else { return start }
    let other =
      "the best baseline (\(difference.baselineText), AUC \(NumberText.text(best.auc - difference.value)))"
    let limits = "\(NumberText.text(difference.value)) with limits \(intervalText(difference.interval))"
    if (difference.interval.lower ?? 0) > 0 { return start + "It is better than \(other), by \(limits)." }
    if (difference.interval.upper ?? 0) < 0 {
      return start + "It is worse than \(other): a difference of \(limits). What the loss says tells more."
    }
    return start + "These data do not say whether it is better than \(other): a difference of \(limits)."
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
