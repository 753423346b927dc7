import ArgumentParser
import Captures
import SkewedMemorization

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Whether captures can be what they are taken for: log-probabilities of the text by one model.",
    discussion: """
      Lists what no model's log-probabilities can be and what servers send when they did not compute them. Every other \
      command makes the same checks and refuses the same files. The exit code is 0 where all are usable, and 65 \
      otherwise.

      Example: skewmem check responses.jsonl --prefix-tokens 50
      """)

  @Argument(help: ArgumentHelp("Captures, or folders of them; - is standard input.", valueName: "file"))
  var files: [String]

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await reportingErrors {
      let files = try expandedCaptures(files)
      try checkOutput(output.output, against: files)
      var analysis = CheckAnalysis()
      analysis.captureOptions = try input.captureOptions()
      analysis.threads = threadOptions.threads
      let report = try await analysis.run(files: files)
      try output.write(report)
      if !report.isAccepted { throw FailureCode.data }
    }
  }
}
