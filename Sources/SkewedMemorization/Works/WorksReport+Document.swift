import Reports

extension WorksReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    let own = works.filter { !$0.isControl }
    document.title(own.count == 1 ? "How much of \(own[0].document) comes out" : "How much of each work comes out")
    document.paragraph(opening)
    document.list(warnings.map { "Note: \($0.text)." })
    for (index, total) in total.enumerated() {
      addCoverage(total, at: index, to: &document)
      if index == 0 { addMaps(to: &document) }
    }
    addNear(to: &document)
    addExpected(to: &document)
    addPassages(to: &document)
    addMethod(to: &document)
    return document
  }

  private var opening: String {
    guard let total = total.first, let coverage = total.coverage.first else { return "No works." }
    guard total.unknownTokens < total.tokens else {
      return
        "Nothing is known of passages of \(NumberText.count(total.n, "token")): no window is that long, or has so many "
        + "tokens before it."
    }
    let passage = passages.first
    var text =
      "\(NumberText.percent(coverage.lower))\(upTo(coverage.upper, from: coverage.lower)) of "
      + "\(NumberText.count(total.tokens, "token")) stand in a passage of \(NumberText.count(total.n, "token")) that "
      + "one "
      + "draw repeats word for word with probability \(NumberText.setting(coverage.threshold)) or more"
    if let controls = coverage.controls { text += " (controls: \(NumberText.percent(controls)))" }
    text += ", when the model is given what stands before it"
    text += decoding == .plain ? "." : ", with \(decoding)."
    if total.unknownTokens > 0 {
      text += " Of \(NumberText.count(total.unknownTokens)) of them nothing is known: no window covers them."
    }
    if let passage {
      text +=
        " The riskiest \(NumberText.count(passage.n, "token")) come out with probability "
        + "\(NumberText.probability(log: passage.logProbability))."
    }
    return text
  }

  private func upTo(_ upper: Double, from lower: Double) -> String {
    upper > lower ? " to \(NumberText.percent(upper))" : ""
  }

  private func range(_ lower: Double, _ upper: Double) -> String {
    lower == upper ? NumberText.percent(lower) : "\(NumberText.percent(lower)) – \(NumberText.percent(upper))"
  }

  private func addCoverage(_ total: WorksTotal, at index: Int, to document: inout ReportDocument) {
    document.heading("Passages of \(NumberText.count(total.n, "token"))")
    document.paragraph(
      "The share of each work's tokens in a window of \(NumberText.count(total.n, "token")) that one draw repeats with "
        + "at "
        + "least the probability on top, and the longest run of such tokens.")
    let thresholds = total.coverage.map { "p ≥ \(NumberText.setting($0.threshold))" }
    let hasCopies = works.contains { work in
      let length = work.lengths[index]
      return length.coverageWithCopies.map { $0[0].lower > length.coverage[0].lower } ?? false
    }
    var rows = works.map { work in
      let length = work.lengths[index]
      let withCopies = (length.coverageWithCopies ?? length.coverage)[0]
      return [
        NumberText.name(work.document) + (work.isControl ? " (control)" : ""), NumberText.count(work.tokens),
        NumberText.count(length.unknownTokens),
      ]
        + (length.unknownTokens == work.tokens
          ? length.coverage.map { _ in "—" } + ["—", "—"]
          : length.coverage.map { range($0.lower, $0.upper) } + [
            NumberText.count(length.coverage.first?.longestSpan ?? 0),
            NumberText.probability(log: length.logProbability),
          ]) + (hasCopies ? [range(withCopies.lower, withCopies.upper)] : [])
    }
    if works.count(where: { !$0.isControl }) > 1 {
      rows.append(
        ["all works", NumberText.count(total.tokens), NumberText.count(total.unknownTokens)]
          + total.coverage.map { range($0.lower, $0.upper) } + ["", ""] + (hasCopies ? [""] : []))
    }
    document.table(
      .init(
        ["work", "tokens", "unknown"] + thresholds + ["longest", "highest p"]
          + (hasCopies ? ["with copies"] : []),
        left: [0], rows: rows))
    if let coverage = total.coverage.first, let limits = coverage.limits, let kind = coverage.resampled {
      document.paragraph(
        "For works like these the share at p ≥ \(NumberText.setting(coverage.threshold)) has the "
          + "\(NumberText.level(level)) limits \(NumberText.percent(limits.lower)) to "
          + "\(NumberText.percent(limits.upper)), "
          + (kind == "works" ? "by resampling works." : "by resampling blocks of the text."))
    }
    if hasCopies {
      document.paragraph(
        "Copies are tokens in a run of \(copiedTokens) that stands in the same context before. Any model repeats what "
          + "it "
          + "has just read, so only the last column counts them, at \(thresholds[0]).")
    }
  }

  private func addNear(to document: inout ReportDocument) {
    let rows = works.flatMap { work in (work.near ?? []).map { (work, $0) } }
    guard let first = rows.first?.1 else { return }
    let hasDecoding = rows.contains { $0.1.decoding != .plain }
    document.heading("Near-copies")
    document.paragraph(
      "The share of each work's tokens in a window of n tokens of which a draw comes out with at most e tokens "
        + "changed, with at least the probability on top: between proved bounds, beside windows that come out verbatim."
    )
    document.table(
      .init(
        ["work", "distance"] + (hasDecoding ? ["decoding"] : []) + ["n", "e", "windows"]
          + first.coverage.flatMap { ["p ≥ \(NumberText.setting($0.threshold)): verbatim", "within e"] },
        left: hasDecoding ? [0, 1, 2] : [0, 1],
        rows: rows.map { work, near in
          [NumberText.name(work.document) + (work.isControl ? " (control)" : ""), near.distance.rawValue]
            + (hasDecoding ? ["\(near.decoding)"] : [])
            + [NumberText.count(near.n), "\(near.e)", NumberText.count(near.windows)]
            + near.coverage.flatMap { [NumberText.percent($0.verbatim), range($0.lower, $0.upper)] }
        }))
  }

  private func addExpected(to document: inout ReportDocument) {
    guard let first = works.first?.lengths.first else { return }
    document.heading("What some draws bring out")
    document.paragraph(
      "The share of each work that is expected to come out in matches of \(NumberText.count(first.n, "token")) or "
        + "more, "
        + "when so many continuations are drawn from every window; copies left out.")
    document.table(
      .init(
        ["work", "windows"] + first.expected.map { NumberText.weight($0.draws) + ($0.draws == 1 ? " draw" : " draws") },
        left: [0],
        rows: works.map { work in
          [
            NumberText.name(work.document) + (work.isControl ? " (control)" : ""),
            work.longPasses > 0 ? "every token" : NumberText.count(work.windows),
          ] + work.lengths[0].expected.map { range($0.lower, $0.upper) }
        }))
  }

  /// The characters of a passage that a table shows.
  private static let shownCharacters = 160

  private func addPassages(to document: inout ReportDocument) {
    guard let first = passages.first else { return }
    document.heading("Riskiest passages")
    document.paragraph(
      "Runs of tokens in windows of \(NumberText.count(first.n, "token")) with probability "
        + "\(NumberText.setting(first.threshold)) or more. The probability is the highest of any such window in the "
        + "run, and "
        + "not that of the whole run.")
    let hasTexts = passages.contains { $0.text != nil }
    document.table(
      .init(
        ["work", "from token", "tokens", "highest p of \(first.n)"] + (hasTexts ? ["text"] : []), left: [0, 4],
        rows: passages.prefix(20).map { passage in
          [
            NumberText.name(passage.document), NumberText.count(passage.start),
            NumberText.count(passage.end - passage.start), NumberText.probability(log: passage.logProbability),
          ] + (hasTexts ? [shown(passage.text)] : [])
        }))
  }

  private func shown(_ text: String?) -> String {
    guard let text else { return "—" }
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > Self.shownCharacters ? line.prefix(Self.shownCharacters - 1) + "…" : line
  }

  private func addMaps(to document: inout ReportDocument) {
    guard maps.count == works.count else { return }
    for (work, map) in zip(works, maps) {
      document.heatMap(
        HeatMap(
          name: work.document + (work.isControl ? " (control)" : ""), tokens: work.tokens,
          texts: map.tokenTexts(work.tokens),
          layers: work.lengths.map { length in
            .init(
              name: NumberText.count(length.n, "token"),
              runs: length.risk.map { .init(start: Int($0[0]), end: Int($0[1]), logProbability: $0[2]) })
          }, thresholds: work.lengths.first?.coverage.map(\.threshold) ?? []))
    }
  }

  private func addMethod(to document: inout ReportDocument) {
    document.heading("How to read this")
    let windows = works.contains { $0.windows > 0 }
    let passes = works.contains { $0.longPasses > 0 }
    var items: [String] = []
    if windows {
      let contexts = works.filter { $0.windows > 0 }.compactMap(\.context)
      let least = contexts.map { $0[0] }.min()
      let most = contexts.map { $0[1] }.max()
      items.append(
        "Windows: the model was given "
          + (least.flatMap { least in most.map { least == $0 ? "\(least)" : "\(least) to \($0)" } } ?? "some")
          + " tokens of the text, and asked for what follows.")
    }
    if passes {
      items.append(
        "Long passes: a window begins at every token that has at least \(NumberText.count(context, "token")) of the "
          + "text "
          + "before it, and often many more. This asks another question than windows with a short context: the two are "
          + "not to be compared.")
    }
    items.append(
      "Tokens that no window covers are unknown, not safe: they count as part of the work and never as repeated.")
    items.append(
      "Probabilities are exact for the texts themselves; limits are about more texts like them, and are left out "
        + "where "
        + "it is too short.")
    document.list(items)
  }
}

extension WorksReport.WorkMap {
  /// The text of each token; nil where it is not known. Text between tokens whose places are not known stands with the
  /// first of them; what is not known stands as a mark.
  func tokenTexts(_ tokens: Int) -> [String]? {
    guard let boundaries, let scalars else { return nil }
    func known(_ token: Int) -> Int? {
      guard token < boundaries.count, (0...scalars.count).contains(boundaries[token]) else { return nil }
      return boundaries[token]
    }
    var texts: [String] = []
    texts.reserveCapacity(tokens)
    var token = 0
    while token < tokens {
      // From a token to the next one whose place is known.
      var next = token + 1
      while next < tokens, known(next) == nil { next += 1 }
      let start = known(token) ?? (token == 0 ? 0 : nil)
      let end = known(next) ?? (next == tokens ? scalars.count : nil)
      var text = "▯"
      if let start, let end, start <= end {
        var view = String.UnicodeScalarView()
        for scalar in scalars[start..<end] { view.append(scalar == 0 ? "▯" : Unicode.Scalar(scalar) ?? "▯") }
        text = String(view)
      }
      texts.append(text)
      texts += Array(repeating: "", count: next - token - 1)
      token = next
    }
    return texts
  }
}
