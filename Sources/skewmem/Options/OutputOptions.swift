import ArgumentParser
import Captures
import Foundation
import Reports
import SkewedMemorization
import TokenProcess

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case markdown
  case html
  case csv
  case notebook
  case filing

  /// What a file's name ends with.
  init(fileName: String) {
    switch URL(fileURLWithPath: fileName).pathExtension.lowercased() {
    case "json": self = .json
    case "md", "markdown": self = .markdown
    case "html", "htm": self = .html
    case "csv": self = .csv
    default: self = .text
    }
  }
}

/// The options of every command.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: "How to print the result. (default: what the name of --output ends with, .json, .md, .html or .csv; or text)")
  var format: OutputFormat?

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
  var output: String = "-"

  @Option(
    help: ArgumentHelp("Also write the report's figures there, each as Vega-Lite and SVG.", valueName: "folder"))
  var figures: String?

  @Flag(help: "Quote passages of works in a filing.")
  var quote = false

  @Flag(name: .shortAndLong, help: "No progress bar, no notes on standard error.")
  var quiet = false

  func validate() throws {
    guard !quote || format == .filing else { throw ValidationError("--quote is for --format filing.") }
  }

  /// Whether text goes to a terminal that can show styles.
  var isStyled: Bool {
    let environment = ProcessInfo.processInfo.environment
    return output == "-" && isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR"] == nil
      && environment["TERM"] != "dumb"
  }

  /// Writes a report in the chosen format, whole or not at all.
  ///
  /// - Parameters:
  ///   - report: The report.
  ///   - inputs: The files that were read for it.
  func write(_ report: some ReadableReport, inputs: [String] = []) throws {
    let data: Data
    func provenance(hashesAll: Bool = false) throws -> Provenance {
      try Provenance(
        command: ["skewmem"] + Self.told(Array(CommandLine.arguments.dropFirst())), files: inputs,
        hashesAll: hashesAll)
    }
    func document() throws -> ReportDocument {
      var document = report.document
      try provenance().add(to: &document)
      return document
    }
    switch format ?? OutputFormat(fileName: output) {
    case .text:
      var document = report.document
      try provenance().addBriefly(to: &document)
      data = Data(document.text(isStyled: isStyled).utf8)
    case .markdown: data = Data(try document().markdown.utf8)
    case .html: data = Data(try document().html.utf8)
    case .filing:
      guard let filed = report as? any FiledReport else {
        throw ValidationError("--format filing is for audit and works.")
      }
      data = Data(filed.filing(try provenance(hashesAll: true), showsText: quote).markdown.utf8)
    case .csv:
      guard let table = try RecordTable(report) else {
        throw ValidationError("--format csv is for reports that list records.")
      }
      data = Data(table.csv.utf8)
    case .json: data = try Self.json(ReportWithProvenance(report, try provenance()))
    case .notebook: data = try Self.json(report.notebookOutput)
    }
    if let figures { try write(report.figures, to: figures) }
    try AtomicFile.write(data, to: output)
  }
}

extension OutputOptions {
  /// The arguments that a result depends on: not how many threads there were, nor where it and its figures went.
  static func told(_ arguments: [String]) -> [String] {
    var told: [String] = []
    var isValue = false
    for argument in arguments {
      if isValue {
        isValue = false
        continue
      }
      isValue = ["--threads", "--output", "-o", "--figures"].contains(argument)
      let isLeftOut = isValue || argument == "--quiet" || argument == "-q"
      if !isLeftOut, !argument.hasPrefix("--threads="), !argument.hasPrefix("--output="),
        !argument.hasPrefix("--figures=")
      {
        told.append(argument)
      }
    }
    return told
  }

  /// JSON as people can read it, keys in alphabetical order.
  static func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  private func write(_ figures: [Figure], to folder: String) throws {
    guard !figures.isEmpty else { throw ValidationError("--figures: this report has no figures.") }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw OutputError(file: folder, problem: "is a folder that cannot be made")
    }
    for (index, figure) in figures.enumerated() {
      let name = "\(folder)/figure-\(index + 1)"
      try AtomicFile.write(figure.vegaLite + Data("\n".utf8), to: name + ".vl.json")
      try AtomicFile.write(Data((figure.svg(identifier: "figure", standsAlone: true) + "\n").utf8), to: name + ".svg")
    }
  }
}

/// Options of commands that spread their work over threads.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads to use; results do not depend on it.")
  var threads: Int = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard threads >= 1 else { throw ValidationError("--threads is \(threads), and must be: 1 or more") }
  }
}

/// Throws when an output, unless it is standard output, is one of the files to be read, by whatever name.
func checkOutput(_ output: String, against files: [String]) throws {
  func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }
  guard output != "-", files.contains(where: { resolved($0) == resolved(output) }) else { return }
  throw ValidationError("--output \(output) is one of the files to be read.")
}
