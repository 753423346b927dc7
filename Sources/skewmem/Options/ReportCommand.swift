import ArgumentParser
import Captures
import SkewedMemorization

/// A command whose result is one report.
protocol ReportCommand: AsyncParsableCommand {
  associatedtype Report: ReadableReport

  /// What the command calls arguments of the library, where its options have other names than ``optionName(of:_:)``
  /// gives.
  static var optionNames: [String: String] { get }

  var output: OutputOptions { get }
  /// The captures that the arguments name.
  var captures: [String] { get }
  /// Other files that are read.
  var otherInputs: [String] { get }

  /// Reads what the arguments name, and reports on it; nothing is written.
  func report() async throws -> Report
}

extension ReportCommand {
  static var optionNames: [String: String] { [:] }

  var otherInputs: [String] { [] }

  func run() async throws {
    try await reportingErrors(options: Self.optionNames) {
      try checkOutput(output.output, against: (try CaptureFiles.expanded(captures)) + otherInputs)
      guard (captures + otherInputs).count(where: { $0 == "-" }) <= 1 else {
        throw ValidationError("- (standard input) can be read once only.")
      }
      try AtomicFile.check(output.output)
      if !output.quiet { noteUnfinishedStores(captures) }
      let made = try await WorkLine.during(isQuiet: output.quiet) { try await report() }
      try output.write(made, inputs: try CaptureFiles.expanded(captures) + otherInputs)
    }
  }
}
