import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct ProbeCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Whether a model's activations tell which records it has memorized, layer by layer.",
    discussion: """
      Activations are written by integrations/huggingface/score.py --activations. A linear probe is judged by nested \
      cross-validation, beside length, mean loss and the first token's log-probability, with a p-value by permutation.

      Example: skewmem probe capture.jsonl --activations activations.safetensors --threshold 0.1
      """)

  @Argument(help: ArgumentHelp("The capture; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Activations of its records (.safetensors, or .npy for one layer).", valueName: "file"))
  var activations: String

  @Option(help: ArgumentHelp("Only these layers. (default: all of the file)", valueName: "name,..."))
  var layers: String?

  @OptionGroup var memorized: MemorizedOptions

  @Option(help: "Folds of the cross-validation.")
  var folds = ProbeAnalysis().folds

  @Option(
    help: "Orders of the labels behind p-values. (default: 199; fewer for many records and features, 19 at least)")
  var permutations: Int?

  @Option(help: "How many features are named for each layer.")
  var top = ProbeAnalysis().top

  @Option(
    help: ArgumentHelp(
      "Write the named features of the best layer and as many random ones for score.py --ablate.", valueName: "file"))
  var features: String?

  @Option(help: "Seed of folds, permutations and random features.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }
  var otherInputs: [String] { [activations] }

  func report() async throws -> ProbeReport {
    var analysis = ProbeAnalysis()
    analysis.outcome = memorized.outcome
    analysis.layers = layers?.split(separator: ",").map { String($0.filter { $0 != " " }) }
    analysis.folds = folds
    analysis.permutations = permutations
    analysis.top = top
    analysis.seed = seed
    analysis.threads = threadOptions.threads
    let capture = try await input.capture(file, threadOptions, withAlternatives: false)
    let report = try await analysis.run(
      on: capture, activations: try ActivationReader(path: activations), file: activations)
    if let features { try write(report, to: features) }
    return report
  }

  private func write(_ report: ProbeReport, to path: String) throws {
    struct Ablation: Encodable {
      let schema = "skewmem.features/1"
      let layer: String
      let sets: [ProbeReport.FeatureSet]
    }
    guard let best = report.best else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try AtomicFile.write(
      try encoder.encode(Ablation(layer: best.name, sets: best.ablation)) + Data("\n".utf8), to: path)
  }
}
