import ArgumentParser
import SkewedMemorization

struct LimitsCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits",
    abstract: "What the training set alone allows: the two Bayes-optimal operators beside greedy decoding.",
    discussion: """
      Counts, over the token ids of all records of the capture, what follows each history, and how far going on with \
      the most \
      frequent would repeat each record. Needs reference_token_ids, and prefix_token_ids where prefixes matter.

      Example: skewmem limits notebooks-export/captures/jargon-train-epoch06.jsonl
      """)

  @Argument(help: ArgumentHelp("A capture of the training set; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Also with only the last 1, 2, 4, … tokens of the history, up to c.", valueName: "c"))
  var context = LimitsAnalysis().longestContext

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["longestContext": "context"]

  var captures: [String] { [file] }

  func report() async throws -> LimitsReport {
    var analysis = LimitsAnalysis()
    analysis.longestContext = context
    return try await analysis.run(on: try await input.capture(file, threadOptions))
  }
}
