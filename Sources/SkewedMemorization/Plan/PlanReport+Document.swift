import Reports

extension PlanReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Audit plan for \(NumberText.count(records)) records")
    var items: [String] = []
    if let risky, let sampleSize {
      items.append(
        "An audit of \(NumberText.count(sampleSize)) records misses all of \(NumberText.count(risky)) risky ones with "
          + "probability at most \(NumberText.text(miss)).")
    }
    if let sample, observed ?? 0 == 0 {
      if let detectable {
        items.append(
          "An audit of \(NumberText.count(sample)) records that finds none shows, at confidence "
            + "\(NumberText.level(1 - miss)) (one-sided, 1 - miss), that fewer than \(NumberText.count(detectable)) "
            + "are risky."
        )
      } else {
        items.append("An audit of no records shows nothing.")
      }
    }
    if let risky, let sample, let missProbability {
      items.append(
        "An audit of \(NumberText.count(sample)) records misses all of \(NumberText.count(risky)) risky ones with "
          + "probability "
          + "\(NumberText.text(missProbability)).")
    }
    if let observed, let sample, let riskyLower, let riskyUpper {
      items.append(
        "\(NumberText.count(observed, "risky record")) in an audit of \(NumberText.count(sample)) are compatible with "
          + "\(NumberText.count(riskyLower)) to \(NumberText.count(riskyUpper)) in the data set (two-sided "
          + "\(NumberText.level(level)) limits)."
      )
    }
    document.list(items)
    return document
  }
}
