import ArgumentParser
import Captures
import SkewedMemorization

/// Where a summary goes.
struct SummaryOutput: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
  var output = "-"

  @Flag(name: .shortAndLong, help: "No progress bar, no notes on standard error.")
  var quiet = false

  func write(_ summary: DataSetSums?) throws {
    guard let summary else { return }
    try AtomicFile.write(try summary.encoded(), to: output)
  }
}
