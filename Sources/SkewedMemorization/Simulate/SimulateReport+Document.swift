import Reports

extension SimulateReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Simulated capture: \(output)")
    let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
    let meaning =
      mechanism == "heterogeneity"
      ? "each record has one token probability, drawn from the family's mixing law"
      : "all records share the hazards of their positions"
    document.paragraph(
      "\(NumberText.count(records, "record")) of \(NumberText.count(length, "token")) from \(family) (\(values)), "
        + "seed \(seed); \(meaning)."
    )
    return document
  }
}
