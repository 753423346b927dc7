import RealModule
import Reports

extension ValidateReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Generations \(file) against \(capture)")
    document.list(warnings.map { "Note: \($0.text)." })
    for group in groups {
      let name = group.decoding.description
      document.heading(name.prefix(1).uppercased() + name.dropFirst())
      document.paragraph(
        "\(NumberText.count(group.draws)) generations of \(NumberText.count(group.records, "record")), predicted "
          + (group.exact ? "exactly. " : "within proved bounds. ")
          + "The share of simulated data sets that are as far from the prediction is \(NumberText.text(group.pValue)): "
          + (group.pValue < 0.01
            ? "they do not come from this model with this scheme." : "nothing speaks against the prediction.")
          + " Brier score \(NumberText.text(group.brier)), mean log probability of a match length "
          + "\(NumberText.text(group.logScore))."
      )
      if let ties = group.nearTies, ties > 0 {
        document.paragraph(
          "At \(NumberText.count(ties, "position")) two tokens are first choices within rounding: greedy decoding may "
            + "choose either there.")
      }
      if let ends = group.earlyEnds {
        document.paragraph(
          "\(NumberText.count(ends.draws, "draw")) matched to the end, and ended before others of the same record. "
            + (ends.pValue < 0.01
              ? "With these ends as mismatches the draws do not agree with the prediction (p "
                + "\(NumberText.text(ends.pValue))): the generations end more often than this model does."
              : "With these ends as mismatches nothing speaks against the prediction (p "
                + "\(NumberText.text(ends.pValue)))."))
      }
      if let draws = group.samplingEquivalentDraws, let mean = group.meanProbability {
        document.paragraph(
          "Sampling would need \(NumberText.weight(draws)) draws a record to know the mean probability of "
            + "\(group.length) tokens, "
            + "\(NumberText.text(mean)), to 1 %.")
      }
      if let near = group.near {
        document.paragraph(
          "Near-copies: the share of draws that differ from the reference in at most e of the first n tokens, with "
            + "Clopper–Pearson limits, beside the mean of the proved bounds.")
        document.table(
          .init(
            ["distance", "n", "e", "records", "draws", "within e", "share", "limits", "proved bounds"], left: [0],
            rows: near.map { row in
              [
                row.distance.rawValue, NumberText.count(row.n), "\(row.e)", NumberText.count(row.records),
                NumberText.count(row.draws), NumberText.count(row.within),
                NumberText.percent(Double(row.within) / Double(row.draws)),
                row.interval.map { "\(NumberText.percent($0.lower)) – \(NumberText.percent($0.upper))" } ?? "—",
                "\(NumberText.percent(row.lower)) – \(NumberText.percent(row.upper))",
              ]
            }))
      }
      document.figure(calibrationFigure(group))
      document.table(
        .init(
          ["predicted", "observed", "deviation if true", "draws × lengths"],
          rows: group.calibration.map {
            [
              NumberText.text($0.predicted), NumberText.text($0.observed), NumberText.text($0.deviation),
              NumberText.count($0.draws),
            ]
          }))
      if let reliability = group.reliability { document.addCalibration([reliability], level: 0.95) }
    }
    return document
  }
}
