import Foundation
import SkewedMemorization

/// Writes a notebook cell by cell; cells that run `skewmem` get the outputs of the very report they ask for.
struct NotebookAuthor {
  private(set) var cells: [Notebook.Cell] = []
  private let run: NotebookSet.Runner

  /// A notebook with a heading, and a first cell that defines `skewmem`.
  init(_ title: String, _ introduction: String, run: @escaping NotebookSet.Runner) {
    self.run = run
    cells = [.markdown("# \(title)\n\n\(introduction)"), .code(Self.preamble, outputs: [])]
  }

  /// What runs the command line in a plain Python kernel.
  private static let preamble = #"""
    import json
    import subprocess

    from IPython.display import display


    def skewmem(*arguments, only=None):
        """Run skewmem and display its report, or of it the sections named in `only`."""
        command = ["skewmem", *arguments, "--quiet", "--format", "notebook"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for section in report["sections"]:
            if only is None or section["title"] in only:
                for output in section["outputs"]:
                    display(output, raw=True)
    """#

  /// Adds text in Markdown.
  mutating func text(_ markdown: String) { cells.append(.markdown(markdown)) }

  /// Adds a cell of Python that prints.
  mutating func python(_ source: String, prints lines: [String]) {
    cells.append(.code(source, outputs: [.text(lines.joined(separator: "\n") + "\n")]))
  }

  /// Adds a cell that runs `skewmem` and shows its report, or the named sections of it.
  ///
  /// - Returns: The report, for what the notebook says of it.
  mutating func skewmem<Report: ReadableReport>(
    _ arguments: [String], only titles: [String]? = nil, as type: Report.Type
  ) async throws -> Report {
    let report = try await run(arguments)
    guard let typed = report as? Report else { throw NotebookSet.OtherReport(arguments: arguments) }
    let sections = report.notebookOutput.sections.filter { section in titles?.contains(section.title) ?? true }
    var source = Self.call(arguments)
    if let titles { source += ",\n    only=[" + titles.map(Self.quoted).joined(separator: ", ") + "]" }
    cells.append(.code(source + ")", outputs: sections.flatMap(\.outputs).map { .display($0) }))
    return typed
  }

  func notebook(_ fileName: String) -> Notebook { Notebook(fileName: fileName, cells: cells) }

  /// `skewmem("…", "…"` in lines of at most 100 letters.
  private static func call(_ arguments: [String]) -> String {
    var source = "skewmem("
    var column = source.count
    for (index, argument) in arguments.enumerated() {
      let text = quoted(argument) + (index < arguments.count - 1 ? "," : "")
      if column + 1 + text.count > 100 {
        source += "\n    " + text
        column = 4 + text.count
      } else {
        source += (index > 0 ? " " : "") + text
        column += 1 + text.count
      }
    }
    return source
  }

  /// A string of Python.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.properties.generalCategory == .control: result += "\\x" + String(format: "%02x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
