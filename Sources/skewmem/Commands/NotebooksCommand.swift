import ArgumentParser
import Captures
import Foundation
import Reports

struct NotebooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notebooks",
    abstract: "Jupyter notebooks with claims, evidence and verdicts on captures, executed.",
    discussion: """
      Captures are told apart by the fields run, split and epoch of their records. Files of generations, and \
      embeddings named RUN-prefix.npy and \
      RUN-full.npy, are taken up too. What a notebook is about depends on what is there; what is left out is said. \
      The notebooks run again in a plain Python \
      kernel with skewmem on the PATH.

      Example: skewmem notebooks --output notebooks-export notebooks-export/captures
      """)

  @Argument(help: ArgumentHelp("Captures, generations and embeddings, or folders of them.", valueName: "file"))
  var files: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the notebooks go.", valueName: "folder"))
  var output: String

  @Flag(name: .shortAndLong, help: "No progress bar, no notes on standard error.")
  var quiet = false

  func run() async throws {
    try await reportingErrors {
      guard !files.contains("-") else {
        throw ValidationError("Notebooks need files: standard input is gone when they run again.")
      }
      let start = URL(fileURLWithPath: ".", isDirectory: true).standardizedFileURL
      let folder = URL(fileURLWithPath: output, isDirectory: true).standardizedFileURL
      let paths = files.map { Self.relative(URL(fileURLWithPath: $0).standardizedFileURL, to: folder) }
      let isNew = !FileManager.default.fileExists(atPath: folder.path)
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw OutputError(
          file: output, problem: isNew ? "is a folder that cannot be made" : "is a file; notebooks go into a folder")
      }
      // Notebooks name files as seen from their own folder, and so do the reports in them.
      guard FileManager.default.changeCurrentDirectoryPath(folder.path) else {
        throw OutputError(file: output, problem: "is a folder that cannot be entered")
      }
      let set: NotebookSet
      do {
        set = try await WorkLine.during(isQuiet: quiet) {
          try await NotebookSet(of: try await NotebookSources(paths), run: Self.report)
        }
      } catch {
        if isNew { rmdir(folder.path) }
        guard let error = error as? CaptureError else { throw error }
        // As seen from where the command was given.
        let file = Self.relative(URL(fileURLWithPath: error.file, relativeTo: folder).standardizedFileURL, to: start)
        throw CaptureError(file: file, line: error.line, field: error.field, problem: error.problem)
      }
      for notebook in set.notebooks { try AtomicFile.write(try notebook.data, to: notebook.fileName) }
      guard !quiet else { return }
      for notebook in set.notebooks { print("\(output)/\(notebook.fileName)") }
      for note in set.missing { printError(note) }
    }
  }

  /// What the command line reports with these arguments.
  private static func report(_ arguments: [String]) async throws -> any ReadableReport {
    let command = try SkewMem.parseAsRoot(arguments + ["--quiet"])
    guard let command = command as? any ReportCommand else {
      throw ValidationError("\(arguments.joined(separator: " ")) makes no report.")
    }
    return try await command.report()
  }

  /// The way from a folder to a file.
  private static func relative(_ file: URL, to folder: URL) -> String {
    let (target, base) = (file.pathComponents, folder.pathComponents)
    let shared = zip(target, base).prefix { $0 == $1 }.count
    let steps = Array(repeating: "..", count: base.count - shared) + target[shared...]
    return steps.isEmpty ? "." : steps.joined(separator: "/")
  }
}
