import SkewedMemorization

/// A report that can be read as text and as Markdown, and written as JSON.
public protocol ReadableReport: Encodable {
  /// The report as plain text, what a person wants to read first; `isStyled` allows terminal styles.
  func text(isStyled: Bool) -> String

  /// The report as GitHub-flavoured Markdown.
  var markdown: String { get }
}

/// A report that is laid out once, as a document.
protocol DocumentReport: ReadableReport {
  var document: ReportDocument { get }
}

extension DocumentReport {
  public func text(isStyled: Bool = false) -> String { document.text(isStyled: isStyled) }

  public var markdown: String { document.markdown }
}
