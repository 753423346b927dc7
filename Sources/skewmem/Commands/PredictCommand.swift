import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct PredictCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "How probable it is that records are repeated for n tokens, under any decoding and in several draws.",
    discussion: """
      Probabilities are exact where the capture suffices. Under a temperature or truncation that asks for more \
      tokens than it \
      holds they lie between proved bounds; for references shorter than n, or with --given m, the rest is predicted \
      from the \
      other records, with an interval that holds for 90 % of new records.

      Example: skewmem predict capture.jsonl --length 50 --draws 100
      Example: skewmem predict capture.jsonl --length 32 --temperature 0.8 --top-k 20
      Example: skewmem predict capture.jsonl --length 8,16,32,64 --draws 1,100,1e4 --probability 0.1,0.5,0.9
      """)

  @Argument(help: ArgumentHelp("A capture or a summary; - is standard input.", valueName: "file"))
  var file: String

  @Option(
    help: ArgumentHelp("Tokens to be repeated; the list of records is for the first of several.", valueName: "n,..."))
  var length: NumberList<Int>

  @Option(help: ArgumentHelp("Use only the first m tokens of each record and predict the rest.", valueName: "m"))
  var given: Int?

  @Flag(help: "With --given: also predict records that have n tokens, and say how well.")
  var evaluate = false

  @OptionGroup var decodingOptions: DecodingOptions

  @Option(
    help: ArgumentHelp(
      "Tokens in the vocabulary, for records that do not say: bounds above temperature 1 need it.", valueName: "V"))
  var vocabulary: Int?

  @Option(help: ArgumentHelp("Independent draws.", valueName: "q,..."))
  var draws: NumberList<Double> = [1]

  @Option(
    help: ArgumentHelp("Report how many draws reach this probability, and the share that does.", valueName: "p,..."))
  var probability: NumberList<Double> = [0.5]

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }

  func report() async throws -> PredictReport {
    var analysis = try PredictAnalysis(lengths: length.numbers)
    analysis.given = given
    analysis.decoding = try decodingOptions.decoding()
    analysis.evaluates = evaluate
    analysis.vocabularySize = vocabulary
    analysis.draws = draws.numbers
    analysis.probabilities = probability.numbers
    analysis.threads = threadOptions.threads
    return try await analysis.run(file: file, captureOptions: try input.captureOptions())
  }
}
