import RealModule
import Reports

extension MetricsReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Metrics of \(file == "-" ? "standard input" : file)")
    document.paragraph(
      "\(NumberText.count(dataset.count)) metrics of \(NumberText.count(records.count, "record")), beside the exact "
        + "probability "
        + "S(\(settings.length)) that a record's first \(settings.length) tokens are repeated (tail_risk, its natural "
        + "logarithm). "
        + "Rank correlations are positive where a metric agrees; missed are the records of the riskiest 1 % and 5 % "
        + "that it puts below "
        + "its own median (— where half of all records share its lowest value).")
    document.figure(agreementFigure)
    document.list(warnings.map { "Note: \($0.text)." })
    document.table(
      .init(
        [
          "metric", "records", "mean", "median", "maximum", "Spearman", "limits", "Kendall", "limits", "missed 1 %",
          "5 %",
        ],
        left: [0],
        rows: agreement.map { row in
          let summary = dataset[row.metric]
          return [
            row.metric, NumberText.count(row.records), NumberText.text(summary?.mean), NumberText.text(summary?.median),
            NumberText.text(summary?.maximum), NumberText.text(row.spearman), intervalText(row.spearmanInterval),
            NumberText.text(row.kendall), intervalText(row.kendallInterval), count(row.missedTop1Percent),
            count(row.missedTop5Percent),
          ]
        }))
    document.figure(rankFigure)
    let missing = agreement.filter { !($0.missedTop5Percent ?? []).isEmpty }
    if !missing.isEmpty {
      document.heading("What each metric misses of the riskiest 5 %")
      document.list(
        missing.map { row in
          let missed = row.missedTop5Percent ?? []
          let shown = missed.prefix(8).joined(separator: ", ")
          let more = missed.count - 8
          return "\(row.metric): \(shown)\(more > 0 ? " and \(more) more" : "")"
        })
    }
    if !dataSetMetrics.isEmpty {
      document.heading("The data set as a whole")
      document.table(
        .init(
          ["metric", "value", "limits"], left: [0],
          rows: dataSetMetrics.map { [$0.metric, NumberText.text($0.value), intervalText($0.interval)] }))
    }
    if !discrimination.isEmpty {
      document.heading("Telling training records from held-out ones")
      document.figure(discriminationFigure)
      document.figure(rocFigure)
      document.table(
        .init(
          ["score", "AUC", "limits", "found at 1 % false", "limits", "at 0.1 %", "limits"], left: [0],
          rows: discrimination.map { row in
            [
              row.metric, NumberText.text(row.auc), "[\(NumberText.text(row.lower)), \(NumberText.text(row.upper))]",
            ]
              + ["0.01", "0.001"].flatMap { rate in
                [
                  NumberText.percent(row.tprAtFPR[rate]),
                  row.tprInterval[rate].map { "[\(NumberText.percent($0.lower)), \(NumberText.percent($0.upper))]" }
                    ?? "—",
                ]
              }
          }))
    }
    document.heading("The riskiest records")
    let columns = [
      "expected_match", "greedy_match_length", "loss", "min_k", "min_k_plus_plus", "zlib_ratio",
      "teacher_forced_accuracy",
    ]
    .filter { dataset[$0] != nil }
    let riskiest = records.map { (risk: $0["tail_risk"] ?? -.infinity, record: $0) }
      .sorted { ($0.risk, $1.record.id) > ($1.risk, $0.record.id) }.map(\.record)
    document.table(
      .init(
        ["record", "S(\(settings.length))"] + columns, left: [0],
        rows: riskiest.prefix(20).map { record in
          [NumberText.name(record.id), NumberText.probability(log: record["tail_risk"])]
            + columns.map { NumberText.text(record[$0]) }
        }))
    if !unavailable.isEmpty {
      document.heading("Not available")
      let byNeed = Dictionary(grouping: unavailable, by: \.needs).sorted { $0.value[0].metric < $1.value[0].metric }
      document.list(byNeed.map { need, metrics in "\(metrics.map(\.metric).joined(separator: ", ")): needs \(need)" })
    }
    return document
  }

  private func count(_ missed: [String]?) -> String { missed.map { "\($0.count)" } ?? "—" }
}
