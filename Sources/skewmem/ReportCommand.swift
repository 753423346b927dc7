import ArgumentParser
import NotebookExport

/// A command whose result is one report.
protocol ReportCommand: AsyncParsableCommand {
  associatedtype Report: ReadableReport

  var output: OutputOptions { get }

  /// Reads what the arguments name, and reports on it; nothing is written.
  func report() async throws -> Report
}

extension ReportCommand {
  func run() async throws {
    try await reportingErrors { try output.write(try await report()) }
  }
}
