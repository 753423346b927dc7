import Foundation
import Inference
import Reports

extension DriversReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Drivers of memorization in \(NumberText.count(records, "record"))")
    if let model = models.first {
      let clear = model.predictors.filter { $0.p <= 0.05 }.sorted { $0.p < $1.p }
      document.paragraph(
        clear.isEmpty
          ? "No predictor goes with longer or shorter matches beyond chance (\(model.outcome), p > 0.05)."
          : "\(model.outcome == "greedy" ? "Greedy decoding" : "Sampling") goes wrong "
            + clear.map { predictor in
              let isDoubling = predictor.name == "log2_repetitions"
              let ratio = isDoubling ? predictor.ratio : predictor.ratioPerDeviation
              return "\(NumberText.percent((ratio - 1).magnitude)) \(ratio < 1 ? "less" : "more") often for "
                + (isDoubling ? "each doubling of the repetitions" : "one standard deviation more of \(predictor.name)")
            }.joined(separator: ", ") + ".")
    }
    document.figure(doses.isEmpty ? ratioFigure : doseFigure)
    if !doses.isEmpty { document.figure(ratioFigure) }
    document.list(warnings.map { "Note: \($0.text)." })
    for model in models {
      document.heading("Hazard of the first mismatch: \(model.outcome), \(model.link)")
      document.paragraph(
        "\(NumberText.count(model.rows, "position")) of \(NumberText.count(model.clusters, "record")); standard "
          + "errors allow for dependence within a record"
          + (model.errors == BinaryRegression.Errors.jackknife.rawValue ? " and p-values are by permutation" : "")
          + ". The predictors take away \(NumberText.percent(model.explained)) of the deviance "
          + "(\(NumberText.text(model.deviance, digits: 5)) of \(NumberText.text(model.nullDeviance, digits: 5))).")
      document.table(
        .init(
          [
            "predictor", "coefficient", "standard error", "p", "ratio", "95 % limits", "per deviation",
            "mean change of h",
            "standard error",
          ],
          left: [0],
          rows: model.predictors.map {
            [
              $0.name, NumberText.text($0.coefficient), NumberText.text($0.standardError), NumberText.text($0.p),
              NumberText.text($0.ratio), intervalText($0.ratioInterval),
              NumberText.text($0.ratioPerDeviation), NumberText.text($0.marginalEffect),
              NumberText.text($0.marginalEffectError),
            ]
          }))
      document.figure(calibrationFigure(model))
      document.table(
        .init(
          ["weight", "fitted hazard", "observed"],
          rows: model.calibration.map {
            [NumberText.text($0.weight), NumberText.text($0.fitted), NumberText.text($0.observed)]
          }))
    }
    for model in scales {
      document.heading("Length scale: \(model.outcome), \(model.family)")
      document.paragraph(
        "The scale of the match length's law, with one shape for all "
          + "\(NumberText.count(model.clusters, "record")): \(model.shapeName) = \(NumberText.text(model.shape)) "
          + "\(intervalText(model.shapeInterval)). Where all predictors are 0 the scale is "
          + "\(NumberText.text(exp(model.constant))). Stretch is the factor by which lengths grow for one more unit of "
          + "the predictor. Standard errors allow for dependence within a record; p-values are by permutation.")
      document.table(
        .init(
          ["predictor", "coefficient", "standard error", "p", "stretch", "95 % limits"], left: [0],
          rows: model.predictors.map {
            [
              $0.name, NumberText.text($0.coefficient), NumberText.text($0.standardError), NumberText.text($0.p),
              NumberText.text($0.stretch), intervalText($0.stretchInterval),
            ]
          }))
    }
    if !doses.isEmpty {
      document.heading("Repetition")
      document.table(
        .init(
          ["shown", "records", "greedy mean", "95 % limits", "E[N]", "95 % limits"],
          rows: doses.map {
            [
              NumberText.weight($0.repetitions), NumberText.count($0.records), NumberText.text($0.greedy),
              intervalText($0.greedyInterval), NumberText.text($0.expected), intervalText($0.expectedInterval),
            ]
          }))
    }
    attention?.add(to: &document)
    if let independence {
      document.heading("Are positions recalled independently?")
      document.paragraph(
        "Of \(NumberText.count(independence.pairs, "pair")) among the first \(independence.positions) positions, "
          + "\(NumberText.count(independence.dependentPairs)) depend on each other beyond chance (exact permutation "
          + "test, Benjamini–Hochberg at 0.05). "
          + "Records that differ make positions depend across records even where each record's own are independent.")
      document.table(
        .init(
          ["distance", "pairs", "mean information (nats)", "dependent"],
          rows: independence.byDistance.filter { [1, 2, 4, 8, 16].contains($0.distance) }.map {
            ["\($0.distance)", "\($0.pairs)", NumberText.text($0.information), "\($0.dependent)"]
          }))
      document.table(
        .init(
          ["position", "recalled after all before", "otherwise", "information (nats)", "p", "BH"],
          rows: independence.afterAll.filter { [2, 3, 4, 6, 8, 12, 16, 24, 32].contains($0.position) }.map {
            [
              "\($0.position)", NumberText.percent($0.afterAll), NumberText.percent($0.otherwise),
              NumberText.text($0.information), NumberText.text($0.p), NumberText.text($0.benjaminiHochberg),
            ]
          }))
    }
    return document
  }
}
