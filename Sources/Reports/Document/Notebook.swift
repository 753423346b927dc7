import Foundation

/// A Jupyter notebook with the outputs of its cells, nbformat 4.5.
public struct Notebook: Sendable {
  /// A cell.
  public enum Cell: Sendable {
    /// Text in Markdown.
    case markdown(String)
    /// Python, and what it puts out.
    case code(String, outputs: [Output])
  }

  /// What a cell puts out.
  public enum Output: Sendable {
    /// Printed text.
    case text(String)
    /// Something displayed.
    case display(NotebookOutput.Bundle)
  }

  /// The file's name.
  public let fileName: String
  /// The cells in their order.
  public let cells: [Cell]

  /// A notebook of these cells.
  public init(fileName: String, cells: [Cell]) {
    self.fileName = fileName
    self.cells = cells
  }

  /// A notebook that shows reports, one after the other, each as the output of a cell.
  ///
  /// ```swift
  /// var records: [Record] = []
  /// for i in 1...20 { records.append(try Record(id: "r\(i)", tokenLogProbabilities: [-0.1 * Double(i), -0.5])) }
  /// let report = try await AuditAnalysis().run(on: Capture(name: "twenty", records: records))
  /// let notebook = Notebook("Twenty records", fileName: "twenty.ipynb", reports: [report])
  /// print(notebook.cells.count)  // prints 2
  /// ```
  public init(_ title: String, fileName: String, reports: [any ReadableReport]) {
    self.init(
      fileName: fileName,
      cells: [.markdown("# " + ReportDocument.escaped(title))]
        + reports.map { report in
          .code(
            "# A report of skewmem, as it was made",
            outputs: report.notebookOutput.sections.flatMap(\.outputs).map { .display($0) })
        })
  }

  /// The file: the same notebook always gives the same bytes.
  public var data: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(File(cells)) + Data("\n".utf8)
    }
  }
}

// MARK: The file

private struct File: Encodable {
  let cells: [CellCoding]
  let metadata = Metadata()
  let nbformat = 4
  let minor = 5

  enum CodingKeys: String, CodingKey {
    case cells, metadata, nbformat
    case minor = "nbformat_minor"
  }

  init(_ cells: [Notebook.Cell]) {
    var executed = 0
    self.cells = cells.enumerated().map { index, cell in
      if case .code = cell { executed += 1 }
      return CellCoding(cell: cell, identifier: "cell-\(index + 1)", execution: executed)
    }
  }

  struct Metadata: Encodable {
    let kernelspec = ["display_name": "Python 3", "language": "python", "name": "python3"]
    let language = ["name": "python"]

    enum CodingKeys: String, CodingKey {
      case kernelspec
      case language = "language_info"
    }
  }
}

private struct Empty: Encodable {}

private struct CellCoding: Encodable {
  let cell: Notebook.Cell
  let identifier: String
  let execution: Int

  enum CodingKeys: String, CodingKey {
    case id, metadata, source, outputs
    case type = "cell_type"
    case execution = "execution_count"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(identifier, forKey: .id)
    try container.encode(Empty(), forKey: .metadata)
    switch cell {
    case .markdown(let text):
      try container.encode("markdown", forKey: .type)
      try container.encode(lines(text), forKey: .source)
    case .code(let source, let outputs):
      try container.encode("code", forKey: .type)
      try container.encode(lines(source), forKey: .source)
      try container.encode(execution, forKey: .execution)
      try container.encode(outputs.map(OutputCoding.init), forKey: .outputs)
    }
  }
}

private struct OutputCoding: Encodable {
  let output: Notebook.Output

  enum CodingKeys: String, CodingKey {
    case name, text, data, metadata
    case type = "output_type"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch output {
    case .text(let text):
      try container.encode("stream", forKey: .type)
      try container.encode("stdout", forKey: .name)
      try container.encode(lines(text), forKey: .text)
    case .display(let bundle):
      try container.encode("display_data", forKey: .type)
      try container.encode(bundle, forKey: .data)
      try container.encode(Empty(), forKey: .metadata)
    }
  }
}

/// Lines with their ends, as notebooks have texts.
private func lines(_ text: String) -> [String] {
  var parts = text.split(separator: "\n", omittingEmptySubsequences: false).map { "\($0)\n" }
  // What follows the last end of a line.
  let last = parts.removeLast().dropLast()
  return last.isEmpty ? parts : parts + [String(last)]
}
