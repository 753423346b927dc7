extension ReportDocument {
  /// Plain text for a terminal, 80 to 100 columns wide; bold headings when the terminal can show them.
  public func text(isStyled: Bool) -> String {
    func bold(_ text: String) -> String { isStyled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    return blocks.compactMap { block -> String? in
      switch block {
      case .title(let text): bold(printable(text)) + "\n" + String(repeating: "=", count: text.count)
      case .heading(let text): "\n" + bold(text)
      case .paragraph(let text): Self.wrapped(printable(text), width: 96)
      case .list(let items):
        items.map { "- " + Self.wrapped(printable($0), width: 94, indent: "  ") }.joined(separator: "\n")
      case .table(let table): Self.text(of: table, bold: bold)
      case .passages(let passages):
        passages.map { "- " + Self.wrapped(printable($0.line), width: 94, indent: "  ") }.joined(separator: "\n")
      case .figure, .heatMap: nil
      }
    }.joined(separator: "\n") + "\n"
  }

  static func text(of table: Table, bold: (String) -> String) -> String {
    let rows = table.rows.map { $0.map { printable($0) } }
    let widths = table.columns.indices.map { column in
      ([table.columns[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return table.isLeft[column] ? cell + padding : padding + cell
      }
      var line = "  " + padded.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    return ([bold(line(table.columns))] + rows.map(line)).joined(separator: "\n")
  }

  private static func wrapped(_ text: String, width: Int, indent: String = "") -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = indent
      }
      line += line.isEmpty || line == indent ? String(word) : " " + word
    }
    lines.append(line)
    return lines.joined(separator: "\n")
  }
}
