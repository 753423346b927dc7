import Reports

extension MitigateReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Mitigation for \(file == "-" ? "standard input" : file)")
    document.paragraph(
      "Risk: the expected number of records repeated for \(NumberText.count(length, "token")) in "
        + "\(NumberText.weight(draws)) draws each. As things are "
        + "it is \(risk(current)); the longest match is "
        + "\(NumberText.text(current.longest)) of \(length) tokens on average."
        + (budget.map { budget in
          " The budget of \(NumberText.text(budget)) is \(current.meetsBudget == true ? "met already" : "not met")."
        } ?? ""))
    if budget != nil, current.meetsBudget != true {
      document.paragraph(
        cheapest.isEmpty
          ? "None of the options meets it." : "What gives up the least of each kind and meets it:")
      document.list(
        cheapest.map { "\($0.label): risk \(risk($0)), giving up \(price($0))" })
    }
    document.heading("What could be done")
    document.table(
      .init(
        ["option", "risk", "longest match", "gives up"] + (budget == nil ? [] : ["meets the budget"]),
        left: [0, 3],
        rows: ([current] + options).map { option in
          [
            option.label, risk(option), NumberText.text(option.longest), price(option),
          ] + (budget == nil ? [] : [option.meetsBudget == true ? "yes" : "no"])
        }))
    document.list(
      (options.contains { $0.kind == "cut" }
        ? [
          "Shorter output holds no \(NumberText.count(length, "token")) at once; a model that is asked again with the "
            + "text so far goes on"
        ] : []).map { "Note: \($0)." } + warnings.map { "Note: \($0.text)." })
    return document
  }

  /// The expected number of records, or its proved bounds.
  private func risk(_ option: Option) -> String {
    NumberText.range(option.riskBounds.map { [$0.lower ?? 0, $0.upper ?? .infinity] }, else: option.risk) {
      NumberText.text($0)
    }
  }

  private func price(_ option: Option) -> String {
    switch option.kind {
    case "remove": NumberText.count(option.recordsRemoved, "record")
    case "cut": "output beyond \(NumberText.count(option.outputTokens ?? 0, "token"))"
    case "none": "nothing"
    default:
      option.lossIncrease.map { "a mean loss \(NumberText.text($0.magnitude)) \($0 < 0 ? "lower" : "higher")" }
        ?? "a loss that is not known: some tokens cannot be drawn, or are known within bounds only"
    }
  }
}
