import ArgumentParser
import Captures
import SkewedMemorization
import TokenProcess

struct MitigateCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "mitigate",
    abstract: "What would make the tail shorter, and at what price.",
    discussion: """
      The risk is the expected number of records repeated for n tokens in q draws each. Weighed are the removal of \
      the riskiest records \
      (counted, not retrained), shorter output, other decoding schemes (every combination of --temperature and \
      --top-k) and earlier \
      checkpoints; with --budget the option of each kind that gives up the least.

      Example: skewmem mitigate notebooks-export/captures/jargon-train-epoch06.jsonl --length 50 --draws 100 \
      --budget 0.1 \
      --checkpoint notebooks-export/captures/jargon-train-epoch04.jsonl
      """)

  @Argument(help: ArgumentHelp("A capture; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Tokens whose repetition is the risk.", valueName: "n"))
  var length: Int

  @Option(help: ArgumentHelp("Independent draws from each record.", valueName: "q"))
  var draws = 100.0

  @Option(help: ArgumentHelp("What the risk is to stay below.", valueName: "records"))
  var budget: Double?

  @Option(help: ArgumentHelp("Temperatures to weigh.", valueName: "T,..."))
  var temperature: NumberList<Double>?

  @Option(help: ArgumentHelp("Top-k to weigh.", valueName: "k,..."))
  var topK: NumberList<Int>?

  @Option(
    help: ArgumentHelp(
      "Tokens in the vocabulary, for records that do not say: bounds above temperature 1 need it.", valueName: "V"))
  var vocabulary: Int?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Captures of the same records at other checkpoints.", valueName: "file"))
  var checkpoint: [String] = []

  @Option(
    help: ArgumentHelp(
      "Also weigh sampling from a moving average of the checkpoints and the capture, with this decay.", valueName: "β"))
  var ensemble: Double?

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }
  var otherInputs: [String] { checkpoint }

  func report() async throws -> MitigateReport {
    var analysis = MitigateAnalysis(length: length)
    analysis.draws = draws
    analysis.budget = budget
    analysis.vocabularySize = vocabulary
    analysis.ensemble = ensemble
    analysis.threads = threadOptions.threads
    analysis.decodings = try decodings()
    let records = try await input.capture(file, threadOptions)
    var checkpoints: [Capture] = []
    for name in checkpoint { checkpoints.append(try await input.capture(name, threadOptions)) }
    return try await analysis.run(on: records, checkpoints: checkpoints)
  }

  private func decodings() throws -> [Decoding] {
    let topKs = (topK?.numbers.map { Optional($0) } ?? []) + (topK == nil ? [nil] : [])
    return try (temperature?.numbers ?? [1]).flatMap { temperature in
      try topKs.map { try Decoding(temperature: temperature, topK: $0) }
    }.filter { $0 != .plain }
  }
}
