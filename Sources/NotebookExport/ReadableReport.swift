import SkewedMemorization

/// A report that can be read as text, as Markdown, as a page and in a notebook, and written as JSON.
public protocol ReadableReport: Encodable, Sendable {
  /// The report as plain text, what a person wants to read first; `isStyled` allows terminal styles.
  func text(isStyled: Bool) -> String

  /// The report as GitHub-flavoured Markdown.
  var markdown: String { get }

  /// The report as one HTML page with pictures, which needs no network.
  var html: String { get }

  /// The report as a notebook displays it.
  var notebookOutput: NotebookOutput { get }

  /// The pictures of the page, in their order.
  var figures: [Figure] { get }
}

/// A report that is laid out once, as a document.
protocol DocumentReport: ReadableReport {
  var document: ReportDocument { get }
}

extension DocumentReport {
  public func text(isStyled: Bool = false) -> String { document.text(isStyled: isStyled) }

  public var markdown: String { document.markdown }

  public var html: String { document.html }

  public var notebookOutput: NotebookOutput { document.notebookOutput }

  public var figures: [Figure] {
    document.blocks.compactMap { if case .figure(let figure) = $0 { figure } else { nil } }
  }
}
