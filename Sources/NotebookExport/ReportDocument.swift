/// A report as headings, paragraphs, tables and figures, before it is text, Markdown or HTML.
struct ReportDocument {
  enum Block {
    case title(String)
    case heading(String)
    case paragraph(String)
    case list([String])
    case table(Table)
    /// For pages; text and Markdown have the tables.
    case figure(Figure)
  }

  struct Table {
    let columns: [String]
    /// Whether a column is set flush left, as names are; numbers are flush right.
    let isLeft: [Bool]
    let rows: [[String]]

    init(_ columns: [String], left: Set<Int> = [], rows: [[String]]) {
      self.columns = columns
      isLeft = columns.indices.map { left.contains($0) }
      self.rows = rows
    }
  }

  var blocks: [Block] = []

  mutating func title(_ text: String) { blocks.append(.title(text)) }
  mutating func heading(_ text: String) { blocks.append(.heading(text)) }
  mutating func paragraph(_ text: String) { blocks.append(.paragraph(text)) }
  mutating func list(_ items: [String]) { if !items.isEmpty { blocks.append(.list(items)) } }
  mutating func figure(_ figure: Figure) { if !figure.series.isEmpty { blocks.append(.figure(figure)) } }
  mutating func table(_ table: Table) { blocks.append(.table(table)) }
}
