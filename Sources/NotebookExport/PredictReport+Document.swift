import RealModule
import SkewedMemorization

extension PredictReport: ReadableReport, DocumentReport {
  var document: ReportDocument {
    var document = ReportDocument()
    document.title("Repeating \(NumberText.count(length)) tokens of \(file == "-" ? "standard input" : file)")
    let draws = queries == 1 ? "one draw" : "\(NumberText.weight(queries)) draws"
    document.paragraph(
      "With \(decoding.text), in \(draws) from each of \(NumberText.count(records.count, "record")), "
        + "\(NumberText.text(dataset.expectedRecords)) records are expected to come out"
        + (dataset.lower.flatMap { lower in dataset.upper.map { " (95 % limits \(lower) – \($0))" } } ?? "")
        + "; the longest match, of at most \(NumberText.count(length)) tokens, is \(NumberText.text(dataset.maximumExpected)) on average. "
        + "\(NumberText.percent(dataset.discoverableRate)) of the records come out with probability \(NumberText.text(probability)) or more."
    )
    var known: [String] = []
    if dataset.exact > 0 { known.append("\(NumberText.count(dataset.exact)) exact") }
    if dataset.bounded > 0 { known.append("\(NumberText.count(dataset.bounded)) between proved bounds") }
    if dataset.extrapolated > 0 { known.append("\(NumberText.count(dataset.extrapolated)) predicted (90 % intervals)") }
    document.paragraph("Probabilities: " + known.joined(separator: ", ") + ".")
    if let predictor {
      document.paragraph(
        "Predicted by \(predictor.method) on the \(predictor.scale) scale of surprisal, the best of the predictors by leave-one-out "
          + "log score (\(NumberText.text(predictor.logScore))), learned from tokens 1 to \(predictor.learnedFrom) and "
          + "\(predictor.learnedFrom + 1) to \(predictor.learnedTo) of \(NumberText.count(predictor.records, "record"))."
      )
    }
    if let evaluation {
      document.paragraph(
        "Of \(NumberText.count(evaluation.records, "record")) predicted without being learned from, "
          + "\(NumberText.percent(evaluation.coverage)) lie in their \(NumberText.level(evaluation.level)) interval. Mean log score "
          + "\(NumberText.text(evaluation.logScore, digits: 4)); of the others' mean \(NumberText.text(evaluation.populationMeanScore, digits: 4)), of the "
          + "record's own mean carried on \(NumberText.text(evaluation.ownMeanScore, digits: 4)), of a linear regression "
          + "\(NumberText.text(evaluation.regressionScore, digits: 4)).")
    }
    document.list(warnings.map { "Note: \($0)." })
    document.heading("Records most likely to come out")
    let riskiest = records.sorted { ($0.logProbability ?? -.infinity) > ($1.logProbability ?? -.infinity) }
    document.table(
      .init(
        ["record", "probability", "from", "to", "known", "draws for \(NumberText.text(probability))"], left: [0, 4],
        rows: riskiest.prefix(20).map {
          [
            $0.id, NumberText.probability(log: $0.logProbability), NumberText.probability(log: $0.lower),
            NumberText.probability(log: $0.upper), $0.method.rawValue, NumberText.text($0.queriesForProbability),
          ]
        }))
    return document
  }
}

extension DecodingDescription {
  /// In words.
  var text: String {
    if temperature == 0 { return "greedy decoding" }
    return
      ([
        "temperature \(NumberText.text(temperature))", topK.map { "top-k \($0)" },
        topP.map { "top-p \(NumberText.text($0))" },
        minP.map { "min-p \(NumberText.text($0))" },
      ] as [String?]).compactMap(\.self).joined(separator: ", ")
  }
}
