import ArgumentParser
import Captures
import SkewedMemorization

struct CalibrateCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Whether stated probabilities come true: reliability, Brier score, calibration error, risk–coverage.",
    discussion: """
      Each line has outcome (true or false) and probability; or answer_logprob and explanations, each with \
      entailment_logprob and answer_logprob, from which confidence by stable explanations is computed and set beside \
      the answer's own probability.

      Example: skewmem calibrate statements.jsonl --bins 10
      """)

  @Argument(help: ArgumentHelp("Statements, a JSON object a line; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: "Bins of the reliability diagram.")
  var bins = CalibrateAnalysis().bins

  @Option(help: "Confidence level of limits.")
  var level = CalibrateAnalysis().level

  @OptionGroup var output: OutputOptions

  var captures: [String] { [] }
  var otherInputs: [String] { [file] }

  func report() async throws -> CalibrateReport {
    var analysis = CalibrateAnalysis()
    analysis.bins = bins
    analysis.level = level
    return try analysis.run(on: try StatementsReader.read(path: file), file: file)
  }
}
