import RealModule
import Reports

extension PredictReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    var lengths: [Int] = []
    for entry in grid where !lengths.contains(entry.length) { lengths.append(entry.length) }
    document.title(
      "Repeating \(lengths.map { NumberText.count($0) }.joined(separator: ", ")) tokens of "
        + "\(file == "-" ? "standard input" : file)"
    )
    let inDraws = draws == 1 ? "one draw" : "\(NumberText.weight(draws)) draws"
    document.paragraph(
      "\(NumberText.count(length, "token")): with \(decoding), in \(inDraws) from each of "
        + "\(NumberText.count(dataset.exact + dataset.bounded + dataset.extrapolated, "record")), "
        + "\(NumberText.text(dataset.expectedRecords)) records are expected to come out"
        + (dataset.lower.flatMap { lower in dataset.upper.map { " (95 % limits \(lower) – \($0))" } } ?? "")
        + "; the longest match, of at most \(NumberText.count(length)) tokens, is "
        + "\(NumberText.text(dataset.maximumExpected)) on average. "
        + "\(NumberText.percent(dataset.discoverableRate)) of the records come out with probability "
        + "\(NumberText.text(probability)) or more."
    )
    document.figure(grid.count > 1 ? gridFigure : recordsFigure)
    var known: [String] = []
    if dataset.exact > 0 { known.append("\(NumberText.count(dataset.exact)) exact") }
    if dataset.bounded > 0 { known.append("\(NumberText.count(dataset.bounded)) between proved bounds") }
    if dataset.extrapolated > 0 { known.append("\(NumberText.count(dataset.extrapolated)) predicted (90 % intervals)") }
    document.paragraph(
      "Probabilities\(grid.contains { $0.length != length } ? " of \(NumberText.count(length, "token"))" : ""): "
        + known.joined(separator: ", ") + ".")
    if let bounds = dataset.bounds {
      document.paragraph(
        "Within the bounds, the expected number of records is \(NumberText.text(bounds.expectedRecords[0])) to "
          + "\(NumberText.text(bounds.expectedRecords[1])) and the longest match "
          + "\(NumberText.text(bounds.maximumExpected[0])) to "
          + "\(NumberText.text(bounds.maximumExpected[1])) on average.")
    }
    if let predictor {
      let parts = predictor.components.map {
        "\(NumberText.percent($0.weight)) \($0.method) on the \($0.scale) scale of surprisal"
      }
      document.paragraph(
        "Predicted by a mixture, weighted by leave-one-out log score (\(NumberText.text(predictor.logScore))): "
          + parts.joined(separator: ", ")
          + "; learned from tokens 1 to \(predictor.learnedFrom) and "
          + "\(predictor.learnedFrom + 1) to \(predictor.learnedTo) of "
          + "\(NumberText.count(predictor.records, "record"))."
      )
    }
    if let evaluation {
      document.paragraph(
        "Of \(NumberText.count(evaluation.records, "record")) predicted without being learned from, "
          + "\(NumberText.percent(evaluation.coverage)) lie in their \(NumberText.level(evaluation.level)) interval. "
          + "Mean log score "
          + "\(NumberText.text(evaluation.logScore, digits: 4)); of the others' mean "
          + "\(NumberText.text(evaluation.populationMeanScore, digits: 4)), of the "
          + "record's own mean carried on \(NumberText.text(evaluation.ownMeanScore, digits: 4)), of a linear "
          + "regression "
          + "\(NumberText.text(evaluation.regressionScore, digits: 4)).")
      document.paragraph(
        "Calibration: the mean predicted probability of \(NumberText.count(length, "token")) is "
          + "\(NumberText.text(evaluation.meanPredicted)), and the mean true one "
          + "\(NumberText.text(evaluation.meanActual)). In fifths of the records:")
      document.table(
        .init(
          ["records", "predicted", "true"],
          rows: evaluation.reliability.map {
            [NumberText.count($0.records), NumberText.text($0.predicted), NumberText.text($0.actual)]
          }))
    }
    document.list(warnings.map { "Note: \($0.text)." })
    if grid.count > 1 || (grid.first?.discoverable.count ?? 0) > 1 {
      document.heading("By length and number of draws")
      let probabilities = grid[0].discoverable.map(\.probability)
      document.table(
        .init(
          ["tokens", "draws", "records expected", "known", "95 % limits", "longest match"]
            + probabilities.map { "out with p ≥ \(NumberText.text($0))" }, left: [],
          rows: grid.map { entry in
            [
              NumberText.count(entry.length), NumberText.weight(entry.draws),
              NumberText.text(entry.dataset.expectedRecords),
              entry.dataset.bounds.map { bounds in
                "\(NumberText.text(bounds.expectedRecords[0])) – \(NumberText.text(bounds.expectedRecords[1]))"
              }
                ?? (entry.dataset.extrapolated > 0
                  ? "\(NumberText.count(entry.dataset.extrapolated)) predicted" : "exact"),
              entry.dataset.lower.flatMap { lower in entry.dataset.upper.map { "\(lower) – \($0)" } } ?? "—",
              NumberText.text(entry.dataset.maximumExpected),
            ] + entry.discoverable.map { NumberText.percent($0.rate) }
          }))
    }
    if grid.count > 1 { document.figure(recordsFigure) }
    addRecords(to: &document, inDraws)
    document.addNearCopies(near)
    return document
  }

  private func addRecords(to document: inout ReportDocument, _ inDraws: String) {
    let riskiest = records.sorted { ($0.logProbability ?? -.infinity) > ($1.logProbability ?? -.infinity) }
    let shown = riskiest.prefix(20).filter { $0.upper != nil }
    // A summary has none of most lengths.
    guard !shown.isEmpty else { return }
    document.heading("Records most likely to come out: \(NumberText.count(length)) tokens in \(inDraws)")
    document.table(
      .init(
        ["record", "probability", "from", "to", "known", "draws for \(NumberText.text(probability))"], left: [0, 4],
        rows: shown.map {
          [
            NumberText.name($0.id), NumberText.probability(log: $0.logProbability),
            NumberText.probability(log: $0.lower),
            NumberText.probability(log: $0.upper), $0.method.rawValue,
            $0.drawsForProbability.map { $0 < 1e6 ? NumberText.weight($0) : NumberText.text($0) } ?? "—",
          ]
        }))
    if records.count > 20 {
      document.paragraph(
        "The 20 most probable of \(NumberText.count(records.count)) records are shown; JSON and CSV have all of them.")
    }
  }
}
