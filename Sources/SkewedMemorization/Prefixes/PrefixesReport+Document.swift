import Foundation
import Reports

extension PrefixesReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Several prefixes: \(file)")
    document.paragraph(
      "Of \(NumberText.count(records, "reference")) with \(NumberText.count(n, "token")) or more, "
        + "\(NumberText.count(severalPrefixes)) have more than one prefix. \(NumberText.count(reachedByAny)) come out "
        + "word for word with probability \(NumberText.setting(threshold)) or more after at least one of theirs.")
    document.list(warnings.map { "Note: \($0.text)." })
    document.figure(curveFigure)
    document.heading("By prefix")
    document.table(
      .init(
        [
          "prefix", "tokens", "references", "mean S(\(n))", "\(NumberText.level(level)) limits",
          "S(\(n)) ≥ \(NumberText.setting(threshold))",
        ], left: [0],
        rows: curve.map { point in
          [
            NumberText.name(point.prefixID), NumberText.text(point.tokens), NumberText.count(point.records),
            NumberText.text(point.mean), intervalText(point.interval), NumberText.count(point.reached),
          ]
        }))
    document.paragraph(
      "References expected when q draws are made from each prefix: "
        + expectedByAny.map { "q = \(NumberText.count($0.draws)): \(NumberText.text($0.probability))" }
        .joined(separator: "; ") + ".")
    document.heading("References most at risk")
    document.table(
      .init(
        ["reference", "prefixes", "largest S(\(n))", "after", "mean", "suffice", "shortest that does, tokens"],
        left: [0, 3],
        rows: riskiest.map { record in
          [
            NumberText.name(record.id), NumberText.count(record.prefixes),
            NumberText.probability(log: record.logMaximum), NumberText.name(record.best), NumberText.text(record.mean),
            NumberText.count(record.sufficient), record.shortestSufficient.map { NumberText.count($0) } ?? "—",
          ]
        }))
    if riskiest.count < records {
      document.paragraph("\(riskiest.count) of \(NumberText.count(records)) references are shown (--top).")
    }
    return document
  }

  private var curveFigure: Figure {
    Figure(
      "Probability by the length of the prefix",
      caption: "The mean of S(\(n)) over references, by the mean number of tokens of each prefix.",
      x: .init("tokens of the prefix"), y: .init("mean S(\(n))"),
      [
        .init(
          "mean S(\(n))", .line, color: 0,
          curve.compactMap { point in point.tokens.map { Figure.Point($0, point.mean) } })
      ].filter { $0.points.count > 1 })
  }
}
