import Reports

extension SimulateReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Simulated \(mechanism == nil ? "counts" : "capture"): \(output)")
    let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
    let law = "\(family) (\(values))\(nMin > 0 ? ", n_min \(nMin)," : "")"
    switch mechanism {
    case nil:
      document.paragraph(
        "\(NumberText.count(records, "length")) from \(law), seed \(seed)"
          + (length.map { "; longer ones are censored at \($0)" } ?? "") + ".")
    case let mechanism?:
      let meaning =
        mechanism == "heterogeneity"
        ? "each record has one token probability, drawn from the family's mixing law"
        : "all records share the hazards of their positions"
      document.paragraph(
        "\(NumberText.count(records, "record")) of \(NumberText.count(length ?? 0, "token")) from \(law), "
          + "seed \(seed); \(meaning).")
    }
    return document
  }
}
