import Foundation
import Reports

extension OverlapReport: ReadableReport {
  /// The report as it is read, see `ReadableReport`.
  public var document: ReportDocument {
    var document = ReportDocument()
    document.title("Generated texts against \(NumberText.count(works.count, "work"))")
    document.paragraph(opening)
    document.list(warnings.map { "Note: \($0.text)." })
    document.heading("Works")
    document.table(
      .init(
        [
          "work", "words", "in spans", "share", "\(NumberText.level(level)) limits", "longest span", "longest block",
          "near-verbatim", "generations",
        ], left: [0],
        rows: works.map { work in
          [
            NumberText.name(work.name), NumberText.count(work.words), NumberText.count(work.covered),
            share(work.covered, of: work.words), text(work.limits), NumberText.count(work.longestSpan),
            NumberText.count(work.longestBlock), share(work.nearVerbatim, of: work.words),
            NumberText.count(work.generations),
          ]
        }))
    document.paragraph(
      "A span is a run of at least \(NumberText.count(words, "word")) that a generated text and a work have in common. "
        + "A block joins spans with up to \(NumberText.count(gap, "word")) between them; blocks of "
        + "\(NumberText.count(blockWords, "word")) or more are near-verbatim copies. Words are compared in lower case, "
        + "without punctuation. Words in a run of \(NumberText.count(promptWords)) that the prompt has do not count.")
    document.heading("More generations")
    document.table(
      .init(
        ["generations", "words expected in spans", "share"],
        rows: total.expected.map { row in
          [
            NumberText.count(row.generations), NumberText.text(row.covered, digits: 4),
            NumberText.percent(total.words == 0 ? nil : row.covered / Double(total.words)),
          ]
        }))
    document.paragraph(
      "Up to \(NumberText.count(generations)) these are means over choices of the generations; beyond, they are Chao's "
        + "extrapolation, which is a lower bound and reliable to about twice as many.")
    for map in maps {
      document.heatMap(
        HeatMap(
          name: map.name, tokens: map.words, texts: map.texts,
          layers: [
            .init(
              name: "spans of \(words) words",
              runs: map.runs.map {
                .init(
                  start: $0.start, end: $0.end, logProbability: log(Double($0.generations) / Double(generations)))
              })
          ],
          thresholds: Set([1 / Double(generations), 0.01, 0.1]).filter { $0 >= 1 / Double(generations) }.sorted()))
    }
    if !spans.isEmpty {
      document.heading("The longest spans")
      document.table(
        .init(
          ["work", "from word", "words", "generation"] + (spans.contains { $0.text != nil } ? ["text"] : []),
          left: [0, 3, 4],
          rows: spans.map { span in
            [
              NumberText.name(span.work), NumberText.count(span.start), NumberText.count(span.words),
              NumberText.name(span.generation),
            ] + (span.text.map { [excerpt($0)] } ?? [])
          }))
    }
    return document
  }

  private var opening: String {
    let longest = works.map(\.longestSpan).max() ?? 0
    return
      "\(NumberText.count(generations, "generated text")) of \(NumberText.count(generatedWords)) words have "
      + "\(share(total.covered, of: total.words)) of the \(NumberText.count(total.words, "word")) of the works in "
      + "spans of "
      + "at least \(NumberText.count(words, "word")) (BMC@\(words)"
      + (total.limits.map { "; \(NumberText.level(level)) limits for as many other texts \(text($0))" } ?? "") + "). "
      + (longest > 0 ? "The longest span has \(NumberText.count(longest, "word")). " : "")
      + "This is what these texts show; a text that is not among them may have more."
  }

  private func share(_ part: Int, of whole: Int) -> String {
    NumberText.percent(whole == 0 ? nil : Double(part) / Double(whole))
  }

  private func text(_ limits: Interval?) -> String {
    limits.map { "\(NumberText.percent($0.lower)) – \(NumberText.percent($0.upper))" } ?? "—"
  }

  private func excerpt(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 160 ? line.prefix(159) + "…" : line
  }
}
