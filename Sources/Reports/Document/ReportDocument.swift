/// A report as headings, paragraphs, tables and figures, before it is text, Markdown or HTML.
///
/// ```swift
/// var document = ReportDocument()
/// document.title("Two records")
/// document.paragraph("One of two records is repeated whole.")
/// document.table(.init(["record", "P(whole)"], left: [0], rows: [["a", "0.98"], ["b", "1e-7"]]))
/// print(document.markdown)
/// ```
public struct ReportDocument: Sendable, Equatable {
  /// A part of a document.
  public enum Block: Sendable, Equatable {
    /// The document's own heading.
    case title(String)
    /// The heading of a section.
    case heading(String)
    /// A paragraph.
    case paragraph(String)
    /// A bulleted list.
    case list([String])
    /// A table.
    case table(Table)
    /// For pages and notebooks; text and Markdown have the tables.
    case figure(Figure)
    /// For pages; text, Markdown and notebooks have the tables.
    case heatMap(HeatMap)
    /// Texts, shaded on pages.
    case passages([Passage])
  }

  /// A table.
  public struct Table: Sendable, Equatable {
    /// The headings.
    public let columns: [String]
    /// Whether a column is flush left, as names are; numbers are flush right.
    public let isLeft: [Bool]
    /// The cells, a row as long as the headings.
    public let rows: [[String]]

    /// A table; `left` are the columns that are flush left.
    public init(_ columns: [String], left: Set<Int> = [], rows: [[String]]) {
      self.columns = columns
      isLeft = columns.indices.map { left.contains($0) }
      self.rows = rows
    }
  }

  /// The parts in their order.
  public private(set) var blocks: [Block] = []

  /// An empty document.
  public init() {}

  /// Adds the document's heading.
  public mutating func title(_ text: String) { blocks.append(.title(text)) }

  /// Adds the heading of a section.
  public mutating func heading(_ text: String) { blocks.append(.heading(text)) }

  /// Adds a paragraph.
  public mutating func paragraph(_ text: String) { blocks.append(.paragraph(text)) }

  /// Adds a list, unless it is empty.
  public mutating func list(_ items: [String]) { if !items.isEmpty { blocks.append(.list(items)) } }

  /// Adds a figure, unless nothing is drawn in it.
  public mutating func figure(_ figure: Figure) { if !figure.series.isEmpty { blocks.append(.figure(figure)) } }

  /// Adds a map, unless there is nothing to choose from.
  public mutating func heatMap(_ map: HeatMap) {
    if !map.layers.isEmpty, map.tokens > 0 { blocks.append(.heatMap(map)) }
  }

  /// Adds texts, unless there are none.
  public mutating func passages(_ passages: [Passage]) { if !passages.isEmpty { blocks.append(.passages(passages)) } }

  /// Adds a table.
  public mutating func table(_ table: Table) { blocks.append(.table(table)) }

  /// The figures, in their order.
  public var figures: [Figure] { blocks.compactMap { if case .figure(let figure) = $0 { figure } else { nil } } }
}
