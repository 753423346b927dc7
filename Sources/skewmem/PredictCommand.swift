import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "How probable it is that records are repeated for n tokens, under any decoding and in several draws.",
    discussion: """
      Probabilities are exact where the capture suffices. Under a temperature or truncation that asks for more tokens than it \
      holds they lie between proved bounds; for references shorter than n, or with --given m, the rest is predicted from the \
      other records, with an interval that holds for 90 % of new records.

      Example: skewmem predict capture.jsonl --length 50 --queries 100
      Example: skewmem predict capture.jsonl --length 32 --temperature 0.8 --top-k 20
      """)

  @Option(
    help: ArgumentHelp(
      "Tokens in the vocabulary, for records that do not say: bounds above temperature 1 need it.", valueName: "V"))
  var vocabulary: Int?

  @Argument(help: ArgumentHelp("A capture; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Tokens to be repeated.", valueName: "n"))
  var length: Int

  @Option(help: ArgumentHelp("Use only the first m tokens of each record and predict the rest.", valueName: "m"))
  var given: Int?

  @Flag(help: "With --given: also predict records that have n tokens, and say how well.")
  var evaluate = false

  @OptionGroup var decodingOptions: DecodingOptions

  @Option(help: ArgumentHelp("Independent draws.", valueName: "q"))
  var queries = 1.0

  @Option(help: ArgumentHelp("Report how many draws reach this probability.", valueName: "p"))
  var probability = 0.5

  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await reportingErrors {
      guard !output.isSameFile(as: file) else {
        throw ValidationError("--output \(output.output) is the file to be read.")
      }
      var prediction = try Prediction(length: length)
      prediction.given = given
      prediction.decoding = try decodingOptions.decoding()
      prediction.evaluates = evaluate
      prediction.vocabularySize = vocabulary
      prediction.queries = queries
      prediction.probability = probability
      prediction.threads = threadOptions.threads
      let records = try await CaptureReader(files: [file], threads: threadOptions.threads).records()
      guard !records.isEmpty else { throw CaptureError(file: file, problem: "no records") }
      try output.write(try await prediction.report(on: records, file: file))
    }
  }
}

/// How tokens are drawn.
struct DecodingOptions: ParsableArguments {
  @Option(help: "Temperature; 0 is greedy decoding.")
  var temperature = 1.0

  @Option(help: ArgumentHelp("Keep the k most probable tokens.", valueName: "k"))
  var topK: Int?

  @Option(help: ArgumentHelp("Keep the most probable tokens up to this share.", valueName: "p"))
  var topP: Double?

  @Option(help: ArgumentHelp("Keep tokens with this share of the best one's probability.", valueName: "p"))
  var minP: Double?

  func decoding() throws -> Decoding {
    try Decoding(temperature: temperature, topK: topK, topP: topP, minP: minP)
  }
}
