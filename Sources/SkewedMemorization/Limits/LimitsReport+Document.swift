import Reports

extension LimitsReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Limits of memorization of \(file == "-" ? "standard input" : file)")
    document.paragraph(
      "From \(NumberText.count(tokens, "token")) of \(NumberText.count(records.count, "record")): going on with the "
        + "most frequent next token "
        + "(term-wise, M_t) repeats \(NumberText.text(means.termGreedy)) of \(NumberText.text(means.length)) tokens "
        + "on average, going on with the "
        + "most frequent whole reference (M_b) \(NumberText.text(means.sequenceGreedy)). The model's greedy decoding "
        + "repeats "
        + "\(NumberText.text(means.greedy)), and \(NumberText.text(means.expected)) are expected of a draw.")
    if let bracket {
      document.paragraph(
        "Of \(NumberText.count(bracket.records, "record")), greedy decoding repeats fewer tokens than both operators "
          + "for "
          + "\(NumberText.count(bracket.below)), between them for \(NumberText.count(bracket.inside)), and more than "
          + "both for "
          + "\(NumberText.count(bracket.above)).")
    }
    if let agreement {
      document.paragraph(
        "At \(NumberText.percent(agreement.argmax)) of \(NumberText.count(agreement.positions, "reference position")) "
          + "the model's first choice is "
          + "a most frequent next token of the training set after the same history. The two laws of the next token are "
          + "\(range(agreement.totalVariation)) apart on average in total "
          + "variation: agreement of first choices is much weaker than agreement of laws.")
    }
    document.list(warnings.map { "Note: \($0.text)." })
    document.heading("With only the last tokens of the history")
    document.table(
      .init(
        ["history", "most frequent next token", "drawn next token"], left: [0],
        rows: contexts.indices.map { index in
          [
            NumberText.count(contexts[index], "token"), NumberText.text(means.contextGreedy[index]),
            NumberText.text(means.contextExpected[index]),
          ]
        } + [["all of it", NumberText.text(means.termGreedy), NumberText.text(means.termExpected)]]))
    document.heading("Records that the training set itself leaves open")
    let open = records.filter {
      $0.termGreedy < Double($0.length) - 1e-9 || $0.sequenceGreedy < Double($0.length) - 1e-9
    }
    if open.isEmpty {
      document.paragraph(
        "None: every history goes on in one way, so that perfect memory of the training set repeats everything.")
      return document
    }
    document.table(
      .init(
        ["record", "tokens", "M_t", "drawn tokens", "M_b", "drawn references", "greedy", "E[N]"], left: [0],
        rows: open.sorted { $0.termGreedy / Double($0.length) < $1.termGreedy / Double($1.length) }.prefix(20).map {
          record in
          [
            record.id, "\(record.length)", NumberText.text(record.termGreedy), NumberText.text(record.termExpected),
            NumberText.text(record.sequenceGreedy), NumberText.text(record.sequenceExpected),
            record.greedy.map { "\($0)" } ?? "—", NumberText.text(record.expected),
          ]
        }))
    return document
  }

  private func range(_ ends: Interval) -> String {
    let (lower, upper) = (NumberText.text(ends.lower), NumberText.text(ends.upper))
    return lower == upper ? lower : "\(lower) to \(upper)"
  }
}
