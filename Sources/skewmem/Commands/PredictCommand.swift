import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct PredictCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "How probable it is that records are repeated for n tokens, under any decoding and in several draws.",
    discussion: """
      Probabilities are exact where the capture suffices. Under a temperature or truncation that asks for more tokens than it \
      holds they lie between proved bounds; for references shorter than n, or with --given m, the rest is predicted from the \
      other records, with an interval that holds for 90 % of new records.

      Example: skewmem predict capture.jsonl --length 50 --queries 100
      Example: skewmem predict capture.jsonl --length 32 --temperature 0.8 --top-k 20
      Example: skewmem predict capture.jsonl --length 8,16,32,64 --queries 1,100,1e4 --probability 0.1,0.5,0.9
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
  var queries: NumberList<Double> = [1]

  @Option(
    help: ArgumentHelp("Report how many draws reach this probability, and the share that does.", valueName: "p,..."))
  var probability: NumberList<Double> = [0.5]

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }

  func report() async throws -> PredictReport {
    guard !output.isSameFile(as: file) else {
      throw ValidationError("--output \(output.output) is the file to be read.")
    }
    var prediction = try Prediction(lengths: length.numbers)
    prediction.given = given
    prediction.decoding = try decodingOptions.decoding()
    prediction.evaluates = evaluate
    prediction.vocabularySize = vocabulary
    prediction.queries = queries.numbers
    prediction.probabilities = probability.numbers
    prediction.threads = threadOptions.threads
    let opened = try InputFile(path: file)
    if try AuditSummary.isSummary(opened) {
      return try prediction.report(on: try input.summary(opened), file: file)
    }
    // Without truncation or another temperature the tokens' own log-probabilities say all.
    let records = try await input.records(
      of: opened, threadOptions, withAlternatives: prediction.decoding != .plain || vocabulary != nil)
    let asked = prediction
    return try await naming(file) { try await asked.report(on: records, file: file) }
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

  /// Whether any of them is another than plain sampling has.
  var isGiven: Bool { temperature != 1 || topK != nil || topP != nil || minP != nil }

  func decoding() throws -> Decoding {
    try Decoding(temperature: temperature, topK: topK, topP: topP, minP: minP)
  }
}

/// Numbers with commas between them.
struct NumberList<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument, ExpressibleByArrayLiteral,
  Sendable
{
  let numbers: [Number]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Number(String($0)) }
    guard numbers.count == parts.count else { return nil }
    self.numbers = numbers
  }

  init(arrayLiteral elements: Number...) { numbers = elements }

  var defaultValueDescription: String { numbers.map { "\($0)" }.joined(separator: ",") }
}
