import RealModule
import Reports

extension PredictReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    var lengths: [Int] = []
    for entry in grid where !lengths.contains(entry.length) { lengths.append(entry.length) }
    document.title(
      "Repeating \(lengths.map { NumberText.count($0) }.joined(separator: ", ")) token\(lengths == [1] ? "" : "s") of "
        + "\(file == "-" ? "standard input" : file)"
    )
    let inDraws = draws == 1 ? "one draw" : "\(NumberText.weight(draws)) draws"
    document.paragraph(
      "\(NumberText.count(length, "token")): with \(decoding), in \(inDraws) from each of "
        + "\(NumberText.count(dataset.exact + dataset.bounded + dataset.extrapolated, "record")), "
        + "\(expected(dataset)) records are expected to come out"
        + (dataset.lower.flatMap { lower in dataset.upper.map { " (95 % limits \(lower) – \($0))" } } ?? "")
        + "; the longest match, of at most \(NumberText.count(length)) tokens, is "
        + "\(NumberText.range(dataset.bounds?.maximumExpected, else: dataset.maximumExpected) { NumberText.text($0) }) "
        + "on average. "
        + "\(NumberText.range(dataset.bounds?.discoverableRate, else: dataset.discoverableRate, NumberText.percent)) "
        + "of the records come out with probability "
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
    if let bounds = dataset.bounds, bounds.expectedRecords[1] > 2 * bounds.expectedRecords[0] {
      document.paragraph(
        "The capture does not say more: under this decoding the numbers depend on tokens that it does not list. Score "
          + "the records again with more alternatives.")
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
              expected(entry.dataset),
              entry.dataset.extrapolated > 0
                ? "\(NumberText.count(entry.dataset.extrapolated)) predicted"
                : entry.dataset.bounds == nil ? "exact" : "bounds",
              entry.dataset.lower.flatMap { lower in entry.dataset.upper.map { "\(lower) – \($0)" } } ?? "—",
              NumberText.range(entry.dataset.bounds?.maximumExpected, else: entry.dataset.maximumExpected) {
                NumberText.text($0)
              },
            ]
              + entry.discoverable.map { share in
                NumberText.range(
                  [share.lower, share.upper].compactMap(\.self), else: share.rate, NumberText.percent)
              }
          }))
    }
    if grid.count > 1 { document.figure(recordsFigure) }
    addRecords(to: &document, inDraws)
    document.addNearCopies(near)
    return document
  }

  /// The expected number of records, or its bounds.
  private func expected(_ dataset: DataSet) -> String {
    NumberText.range(dataset.bounds?.expectedRecords, else: dataset.expectedRecords) { NumberText.text($0) }
  }

  private static func draws(_ value: Double?) -> String {
    value.map { $0 < 1e6 ? NumberText.weight($0) : NumberText.text($0) } ?? "—"
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
            NumberText.name($0.id), $0.isUncertain ? "—" : NumberText.probability(log: $0.logProbability),
            NumberText.probability(log: $0.lower),
            NumberText.probability(log: $0.upper), $0.method.rawValue,
            $0.isUncertain
              ? NumberText.range([$0.drawsLower ?? .infinity, $0.drawsUpper ?? .infinity], else: nil, Self.draws)
              : Self.draws($0.drawsForProbability),
          ]
        }))
    if records.count > 20 {
      document.paragraph(
        "The 20 most probable of \(NumberText.count(records.count)) records are shown; JSON and CSV have all of them.")
    }
  }
}

extension PredictReport.RecordPrediction {
  /// Whether its bounds differ in what is shown of them: their middle is no estimate then.
  fileprivate var isUncertain: Bool {
    method == .bounds && NumberText.probability(log: lower) != NumberText.probability(log: upper)
  }
}
