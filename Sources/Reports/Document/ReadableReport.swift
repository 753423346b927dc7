/// A report that is laid out once, as a document, and read as text, Markdown, a page, in a notebook and as JSON.
///
/// A conforming type supplies its layout, ``document``; all else follows from it.
public protocol ReadableReport: Encodable, Sendable {
  /// The report as headings, paragraphs, tables and figures, what a person wants to read first at the top.
  var document: ReportDocument { get }
}

extension ReadableReport {
  /// The report as plain text; `isStyled` allows terminal styles.
  public func text(isStyled: Bool = false) -> String { document.text(isStyled: isStyled) }

  /// The report as GitHub-flavoured Markdown.
  public var markdown: String { document.markdown }

  /// The report as one HTML page with figures, which needs no network.
  public var html: String { document.html }

  /// The report as a notebook displays it.
  public var notebookOutput: NotebookOutput { document.notebookOutput }

  /// The figures of the page, in their order.
  public var figures: [Figure] { document.figures }
}
