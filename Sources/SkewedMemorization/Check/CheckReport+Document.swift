import Reports

extension CheckReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Evidence in \(NumberText.count(files.count, "capture"))")
    for file in files {
      if files.count > 1 { document.heading(file.file) }
      document.paragraph(
        "\(verdictText(file)) Checked: \(NumberText.count(file.records, "record")) with "
          + NumberText.count(file.tokens, "token")
          + (file.withAlternatives < file.records
            ? "; without alternatives, so that sums, ranks and the base of the logarithms cannot be checked: "
              + "\(NumberText.count(file.records - file.withAlternatives))." : "."))
      if file.invalidLines > 0 {
        document.paragraph("Invalid lines: \(NumberText.count(file.invalidLines)). The first of each kind:")
      }
      document.list(file.errors)
      document.list(
        file.findings.map { finding in
          "\(file.refused.contains(finding.code.rawValue) ? "Refused" : "Note") (\(finding.code.rawValue)): "
            + "\(finding.text)."
        })
    }
    return document
  }

  private func verdictText(_ file: File) -> String {
    switch file.verdict {
    case .passed: "Passed."
    case .warned: "Usable, with notes."
    case .refused: "Refused: this is no evidence as it stands."
    }
  }
}
