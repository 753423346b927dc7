extension ReportDocument {
  /// GitHub-flavoured Markdown.
  public var markdown: String {
    blocks.compactMap { block -> String? in
      switch block {
      case .title(let text): "# " + Self.escaped(text) + "\n"
      case .heading(let text): "## " + Self.escaped(text) + "\n"
      case .paragraph(let text): Self.escaped(text) + "\n"
      case .list(let items): items.map { "- " + Self.escaped($0) }.joined(separator: "\n") + "\n"
      case .table(let table): Self.markdown(of: table) + "\n"
      case .passages(let passages): passages.map { "- " + Self.escaped($0.line) }.joined(separator: "\n") + "\n"
      case .figure, .heatMap: nil
      }
    }.joined(separator: "\n")
  }

  private static func markdown(of table: Table) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let rule = line(table.isLeft.map { $0 ? ":--" : "--:" })
    return ([line(table.columns.map(escaped)), rule] + table.rows.map { line($0.map(escaped)) })
      .joined(separator: "\n")
  }

  /// Text from a capture is shown, not interpreted.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for character in printable(text) {
      if "\\`*_[]<>#|~&$".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }
}
