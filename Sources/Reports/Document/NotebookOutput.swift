import GSLNumerics

/// A report as a Jupyter notebook displays it: sections of outputs, each in several media types of which a front end
/// shows the richest it knows.
///
/// Its JSON (`skewmem … --format notebook`) is `{"schema": "skewmem.notebook/1", "sections": [{"title": …, "outputs":
/// [{media type: data}]}]}`; an output goes to IPython as `display(output, raw=True)`.
public struct NotebookOutput: Encodable, Sendable {
  /// One output in several media types.
  public struct Bundle: Encodable, Sendable {
    /// Texts by media type: `text/plain` always, `text/markdown`, `text/html` or `image/svg+xml` where there is one.
    public let texts: [String: String]
    /// What the output draws, as `application/vnd.vegalite.v5+json`.
    public let figure: Figure?

    private struct Key: CodingKey {
      let stringValue: String
      let intValue: Int? = nil

      init(stringValue: String) { self.stringValue = stringValue }

      init?(intValue: Int) { nil }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      for (type, text) in texts { try container.encode(text, forKey: Key(stringValue: type)) }
      if let figure {
        try container.encode(
          figure.vegaLiteSpecification, forKey: Key(stringValue: "application/vnd.vegalite.v5+json"))
      }
    }
  }

  /// The outputs under one heading.
  public struct Section: Encodable, Sendable {
    /// The heading; `Summary` for what comes before the first one.
    public let title: String
    /// The outputs in their order, the heading first.
    public internal(set) var outputs: [Bundle]
  }

  /// `skewmem.notebook/1`.
  public let schema = "skewmem.notebook/1"
  /// The sections in their order.
  public let sections: [Section]
}

extension ReportDocument {
  /// The document as a notebook displays it.
  public var notebookOutput: NotebookOutput {
    typealias Bundle = NotebookOutput.Bundle
    func prose(_ plain: String, _ markdown: String) -> Bundle {
      let lines = plain.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
      return Bundle(texts: ["text/plain": lines.joined(separator: "\n"), "text/markdown": markdown], figure: nil)
    }
    var sections = [NotebookOutput.Section(title: "Summary", outputs: [])]
    for block in blocks {
      var outputs: [Bundle] = []
      switch block {
      case .title(let text): outputs = [prose(text, "**\(Self.escaped(text))**")]
      case .heading(let text):
        sections.append(.init(title: text, outputs: []))
        outputs = [prose(text, "**\(Self.escaped(text))**")]
      case .paragraph(let text): outputs = [prose(text, Self.escaped(text))]
      case .list(let items):
        outputs = [
          prose(
            items.map { "- \(printable($0))" }.joined(separator: "\n"),
            items.map { "- \(Self.escaped($0))" }.joined(separator: "\n"))
        ]
      case .table(let table):
        outputs = [
          Bundle(
            texts: ["text/plain": Self.text(of: table, bold: { $0 }), "text/html": Self.html(of: table)], figure: nil)
        ]
      case .heatMap: break
      case .passages(let passages):
        outputs = passages.map { prose("- \($0.line)", "- \(Self.escaped($0.line))") }
      case .figure(let figure):
        outputs = [
          Bundle(
            texts: [
              "text/plain": printable("[picture: \(figure.title)]"),
              "image/svg+xml": figure.svg(identifier: figure.identifier, standsAlone: true),
            ], figure: figure),
          prose(
            "\(figure.title). \(figure.caption)", "**\(Self.escaped(figure.title)).** \(Self.escaped(figure.caption))"),
        ]
      }
      sections[sections.count - 1].outputs += outputs
    }
    return NotebookOutput(sections: sections.filter { !$0.outputs.isEmpty })
  }
}

extension Figure {
  /// A name that pictures of one page do not share unless they are the same.
  fileprivate var identifier: String {
    "figure-" + String(Fingerprint(vegaLite).value, radix: 36)
  }
}
