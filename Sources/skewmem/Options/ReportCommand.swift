import ArgumentParser
import Reports

/// A command whose result is one report.
protocol ReportCommand: AsyncParsableCommand {
  associatedtype Report: ReadableReport

  var output: OutputOptions { get }
  /// The captures that the arguments name.
  var captures: [String] { get }

  /// Reads what the arguments name, and reports on it; nothing is written.
  func report() async throws -> Report
}

extension ReportCommand {
  func run() async throws {
    try await reportingErrors {
      if !output.quiet { noteUnfinishedStores(captures) }
      try output.write(try await report())
    }
  }
}
