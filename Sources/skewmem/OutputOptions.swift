import ArgumentParser
import Captures
import Foundation
import NotebookExport
import TokenProcess

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case markdown
  case html
}

/// The options of every command.
struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "How to print the result.")
  var format: OutputFormat = .text

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
  var output: String = "-"

  @Flag(name: .shortAndLong, help: "No progress bar, no notes on standard error.")
  var quiet = false

  /// Whether text goes to a terminal that can show styles.
  var isStyled: Bool {
    output == "-" && isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }

  /// Whether the output is this file, by whatever name.
  func isSameFile(as path: String) -> Bool { Self.isSameFile(output, path) }

  /// Whether an output, unless it is standard output, is a file by whatever name.
  static func isSameFile(_ output: String, _ path: String) -> Bool {
    let resolved = [output, path].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().standardizedFileURL.path }
    return output != "-" && resolved[0] == resolved[1]
  }

  /// Throws when the output is one of the files to be read.
  func check(against files: [String]) throws { try SummaryOutput.check(output, against: files) }

  /// Writes a report in the chosen format, whole or not at all.
  func write(_ report: some ReadableReport) throws {
    let data: Data
    switch format {
    case .text: data = Data(report.text(isStyled: isStyled).utf8)
    case .markdown: data = Data(report.markdown.utf8)
    case .html: data = Data(report.html.utf8)
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      data = try encoder.encode(report) + Data("\n".utf8)
    }
    try AtomicFile.write(data, to: output)
  }
}

/// Options of commands that spread their work over threads.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads to use; results do not depend on it.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads must be 1 or more.") }
  }
}
