import Reports

/// A report that can be filed: put in the form in which somebody relies on it.
public protocol FiledReport: ReadableReport {
  /// The report as a filing: claim, definition, evidence, controls, what was not tested, and how to make it once more.
  ///
  /// - Parameters:
  ///   - provenance: How the report was made.
  ///   - showsText: Whether passages of works are quoted.
  func filing(_ provenance: Provenance, showsText: Bool) -> ReportDocument
}

/// The parts that all filings have.
enum FilingParts {
  static func addDefinition(to document: inout ReportDocument, works: Bool) {
    document.heading("Definition")
    document.paragraph(
      "A reference of n tokens is repeated when a continuation that is drawn from the model after the reference's own "
        + "prefix begins with these n tokens. S(n) is the probability of that in one draw at temperature 1, computed "
        + "as "
        + "the product of the probabilities that the model gives to each token. It is the probability of (n, p)-"
        + "discoverable extraction in one draw (arXiv 2410.19482): after q draws it is 1 - (1 - S)^q.")
    if works {
      document.paragraph(
        "A token of a work is covered at a threshold p when it stands in a window of n tokens that one draw repeats "
          + "with probability p or more, given the text before it. The share of covered tokens is the coverage.")
    }
  }

  static func addChecks(_ warnings: [Warning], to document: inout ReportDocument) {
    document.heading("Checks of the evidence")
    document.paragraph(
      "The log-probabilities were checked for what no language model can send: values that were not computed, and "
        + "padding; and, of the first records, as far as they have ranks or list the most probable tokens: "
        + "probabilities that add up to more than 1, ranks that contradict the listed tokens, shifted tokens. Without "
        + "those fields the latter cannot be checked; skewmem check says of how many records. "
        + (warnings.isEmpty ? "Nothing was found." : "This was found, or is to be known:"))
    document.list(warnings.map { "\($0.text)." })
  }

  static func addAnnex(to document: inout ReportDocument, extraction: [[String]], controls: String) {
    document.heading("Annex: the question of EDPB Opinion 28/2024")
    document.paragraph(
      "The European Data Protection Board's Opinion 28/2024 (17 December 2024) asks, for a claim that a model is "
        + "anonymous, whether personal data of the training set can be extracted from it, directly or by "
        + "probabilistic means, with insignificant likelihood, and names resistance to attacks such as extraction, "
        + "membership inference and exfiltration as evidence (paragraphs 34 to 59). The numbers here that answer to it:"
    )
    document.table(
      .init(
        ["what the opinion asks", "number"], left: [0, 1],
        rows: extraction + [
          ["what text that was not trained on reaches", controls],
          ["regurgitation of other text, and other attacks", "not tested here"],
        ]))
    document.paragraph("Whether a likelihood is insignificant is a question of law, not of this report.")
  }
}

extension AuditReport: FiledReport {
  public func filing(_ provenance: Provenance, showsText: Bool) -> ReportDocument {
    var document = ReportDocument()
    document.title("Filing: verbatim memorization of training records")
    document.heading("Claim")
    let full = recordsInFull.first
    var claims = [
      "Of \(NumberText.count(records, "record")) (\(NumberText.count(tokens, "token"))), one draw from each is "
        + "expected to bring out the following numbers of records, word for word, for n tokens: "
        + extractable.map { "n = \($0.n): \(NumberText.text($0.expectedRecords))" }.joined(separator: "; ") + "."
    ]
    if let full {
      claims.append(
        "The record that comes out whole most likely is \(NumberText.name(full.id)): probability "
          + "\(NumberText.probability(log: full.logProbabilityFull)) for its \(NumberText.count(full.length, "token")) "
          + "in one draw.")
    }
    if let greedy {
      claims.append(
        "Greedy decoding brings out \(NumberText.count(greedy.censored)) of "
          + "\(NumberText.count(greedy.records, "record")) to the end, and matches up to "
          + "\(NumberText.count(greedy.maximum, "token")).")
    }
    let main = controls.flatMap { controls in controls.lengths.first { $0.n == controls.n } }
    if let controls, let main {
      claims.append(
        "At \(NumberText.count(main.n, "token")), \(NumberText.count(main.listed)) of "
          + "\(NumberText.count(main.records, controls.unit == "works" ? "work" : "record")) stand out from "
          + "\(NumberText.count(main.controls, "control")) at a false discovery rate of "
          + "\(NumberText.level(controls.falseDiscoveryRate)); with \(NumberText.level(level)) confidence at least "
          + "\(NumberText.count(main.memorizedAtLeast)) of them do so because of training, if untrained "
          + "ones are exchangeable with the controls. Each length is a statement of its own.")
    }
    document.list(claims)
    FilingParts.addDefinition(to: &document, works: works != nil)
    FilingParts.addChecks(warnings, to: &document)
    document.heading("Evidence against the claim")
    document.list(counterEvidence(main))
    document.heading("What was not tested")
    document.list(
      [
        controls == nil
          ? "What text that was not trained on reaches: no controls were given (--held-out), so nothing here says that "
            + "the probabilities come from training."
          : nil,
        near == nil ? "Copies with a few tokens changed: no search for near-copies was made." : nil,
        "Prefixes other than the records' own, system prompts, filters of a deployed service, and decoding other than "
          + "sampling at temperature 1 (greedy matches are listed where ranks are known).",
        "Whether the server computed what its model computes; capture --verify scores records again.",
      ].compactMap(\.self))
    appendSections(to: &document)
    FilingParts.addAnnex(
      to: &document,
      extraction: [
        [
          "likelihood that a whole record comes out in one draw at temperature 1, the largest of any record",
          NumberText.probability(log: full?.logProbabilityFull),
        ],
        [
          "records of which n tokens come out, expected in one draw from each; more draws bring out more",
          extractable.map { "n = \($0.n): \(NumberText.text($0.expectedRecords))" }.joined(separator: "; "),
        ],
        [
          "records that come out whole without randomness, by greedy decoding",
          greedy.map { "\(NumberText.count($0.censored)) of \(NumberText.count($0.records))" }
            ?? "not known: the captures have no ranks",
        ],
      ],
      controls: main.map {
        "S(\($0.n)) up to \(NumberText.probability(log: $0.largestControl)) among \($0.controls) controls"
      } ?? "not tested: no controls")
    provenance.add(to: &document)
    return document
  }

  private func counterEvidence(_ main: Controls.Length?) -> [String] {
    var items: [String] = []
    if let main {
      if let at = main.thresholds.first(where: { $0.controls > 0 }) {
        items.append(
          "\(NumberText.count(at.controls, "control")) of \(NumberText.count(main.controls)) reach a probability of "
            + "\(NumberText.setting(at.threshold)) at \(main.n) tokens too.")
      }
    }
    // What a mean of logarithms says: at most records nothing happens.
    if let typical = decomposition.lengths.last(where: { $0.quenched.map { $0 < .log(0.1) } ?? false }) {
      items.append(
        "A typical record is not repeated: the geometric mean of S(\(typical.n)) is "
          + "\(NumberText.probability(log: typical.quenched))."
          + (typical.effectiveRecords.map {
            " The expected number at \(typical.n) tokens is carried by \(NumberText.text($0)) records."
          } ?? ""))
    }
    if items.isEmpty { items.append("None was found in these data; see what was not tested.") }
    return items
  }

  /// The tables of the report itself.
  private func appendSections(to document: inout ReportDocument) {
    var isShown = false
    for block in self.document.blocks {
      switch block {
      case .title: break
      case .heading(let text):
        isShown = [
          "Controls: what unseen text reaches too", "Works", "Records most at risk", "How far matches go",
          "Near-copies",
        ].contains(text)
        if isShown { document.heading(text) }
      case .paragraph(let text): if isShown { document.paragraph(text) }
      case .table(let table): if isShown { document.table(table) }
      case .list(let items): if isShown { document.list(items) }
      case .figure, .heatMap, .passages: break
      }
    }
  }
}

extension WorksReport: FiledReport {
  public func filing(_ provenance: Provenance, showsText: Bool) -> ReportDocument {
    var report = self
    if !showsText { for index in report.passages.indices { report.passages[index].text = nil } }
    var document = ReportDocument()
    document.title("Filing: how much of works a model repeats")
    document.heading("Claim")
    let blocks = report.document.blocks
    let opening = blocks.compactMap { block -> String? in
      if case .paragraph(let text) = block { text } else { nil }
    }.first
    document.list([opening].compactMap(\.self))
    FilingParts.addDefinition(to: &document, works: true)
    FilingParts.addChecks(warnings, to: &document)
    document.heading("What was not tested")
    document.list(
      [
        controlFiles.isEmpty
          ? "What works that the model cannot have seen reach: no controls were given (--controls)." : nil,
        "Copies with a few tokens changed, prefixes other than the text before each passage, filters of a deployed "
          + "service.",
      ].compactMap(\.self))
    for block in blocks {
      switch block {
      case .title, .figure, .heatMap, .passages: break
      case .heading(let text): document.heading(text)
      case .paragraph(let text): if text != opening { document.paragraph(text) }
      case .table(let table): document.table(table)
      case .list: break
      }
    }
    FilingParts.addAnnex(
      to: &document,
      extraction: [
        [
          "likelihood that a passage comes out whole in one draw at temperature 1, the largest of any passage; more "
            + "draws and greedy decoding bring out more",
          NumberText.probability(log: passages.first?.logProbability),
        ]
      ],
      controls: controlFiles.isEmpty ? "not tested: no controls" : "see the works that are named as controls")
    provenance.add(to: &document)
    return document
  }
}
