import ArgumentParser
import Captures
import Foundation

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case markdown
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
  func isSameFile(as path: String) -> Bool {
    let resolved = [output, path].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().standardizedFileURL.path }
    return output != "-" && resolved[0] == resolved[1]
  }

  /// Writes a result, whole or not at all.
  func write(_ text: String) throws {
    try AtomicFile.write(Data(text.utf8), to: output)
  }

  /// Writes a value as JSON with sorted keys.
  func write(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
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
