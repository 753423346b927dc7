import ArgumentParser
import Captures
import SkewedMemorization

/// Where a summary goes.
struct SummaryOutput: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
  var output = "-"

  func check(_ files: [String]) throws { try Self.check(output, against: files) }

  /// Throws when the output is one of the files to be read.
  static func check(_ output: String, against files: [String]) throws {
    if files.contains(where: { OutputOptions.isSameFile(output, $0) }) {
      throw ValidationError("--output \(output) is one of the files to be read.")
    }
  }

  func write(_ summary: AuditSummary?) throws {
    guard let summary else { return }
    try AtomicFile.write(try summary.encoded(), to: output)
  }
}
