import ArgumentParser
import Captures
import SkewedMemorization

struct WorksCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "works",
    abstract: "How much of whole works a model repeats, which passages, and where they stand.",
    discussion: """
      Takes captures whose records say where in a document they are (document, start): windows of texts as `capture \
      --stride` writes them, or long passes. With --format html the report is a page with a map of each text.

      Example: skewmem works book.jsonl --texts texts --held-out unseen.jsonl --format html --output book.html
      Example: skewmem works book.jsonl --lengths 50 --thresholds 0.001,0.5 --top-k 40
      Example: skewmem works capture.jsonl --every-start --context 0
      """)

  @Argument(help: ArgumentHelp("Captures, or folders of them; - is standard input.", valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("Captures of texts that the model cannot have seen.", valueName: "file"))
  var heldOut: [String] = []

  @Option(
    help: ArgumentHelp(
      "A folder of the works' texts, NAME.txt, and of their tokens, NAME.json. May be repeated.", valueName: "folder"))
  var texts: [String] = []

  @Option(
    help: ArgumentHelp(
      "Tokens that a window must repeat. (default: those of 16, 32, 50 that most have)", valueName: "n,..."))
  var lengths: NumberList<Int>?

  @Option(help: ArgumentHelp("Probabilities at which coverage is reported.", valueName: "p,..."))
  var thresholds: NumberList<Double> = [0.001, 0.01, 0.1, 0.5]

  @Option(help: ArgumentHelp("Continuations drawn from each window.", valueName: "q,..."))
  var draws: NumberList<Double> = [1, 10, 100]

  @Option(help: ArgumentHelp("Tokens of context that a window of a long pass has at least.", valueName: "m"))
  var context = 50

  @Flag(help: "Take every record as a long pass: a window begins at each token with enough context.")
  var everyStart = false

  @Option(
    help: ArgumentHelp(
      "A run of so many tokens that stands earlier in its context is copied, not remembered.", valueName: "n"))
  var copiedTokens = 8

  @Option(help: ArgumentHelp("How many passages to list.", valueName: "count"))
  var top = 20

  @OptionGroup var decodingOptions: DecodingOptions

  @Option(help: "Bootstrap replicates behind limits.")
  var replicates = Resampling().replicates

  @Option(help: "The confidence level of limits.")
  var level = Resampling().level

  @Option(help: "Seed of the bootstrap.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["lengths": "lengths"]

  var captures: [String] { files + heldOut }

  func report() async throws -> WorksReport {
    var analysis = WorksAnalysis()
    analysis.lengths = lengths?.numbers
    analysis.thresholds = thresholds.numbers
    analysis.draws = draws.numbers
    analysis.decoding = try decodingOptions.decoding()
    analysis.context = context
    analysis.takesEveryStart = everyStart
    analysis.copiedTokens = copiedTokens
    analysis.top = top
    analysis.controls = heldOut
    analysis.texts = texts
    analysis.resampling = Resampling(
      seed: seed, threads: threadOptions.threads, replicates: replicates, level: level)
    analysis.captureOptions = try input.captureOptions()
    return try await analysis.run(files: try expandedCaptures(files))
  }
}
