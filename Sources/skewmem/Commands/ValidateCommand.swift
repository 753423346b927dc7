import ArgumentParser
import Captures
import Foundation
import ModelServers
import SkewedMemorization

struct ValidateCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Predicted match lengths against sampled generations.",
    discussion: """
      The generations are JSON objects, one a line: id, generations (lists of token ids), and temperature, top_k, \
      top_p, min_p as \
      they were drawn. A generation that ends before others of its line is taken to have been cut, and in a test of \
      its own to have been ended by the model. A p-value below 0.01 says that they were not drawn from the captured \
      model with that scheme.

      Example: skewmem validate notebooks-export/captures/jargon-train-epoch06.jsonl \
      --generations notebooks-export/captures/jargon-samples-epoch06.jsonl
      """)

  @Argument(help: ArgumentHelp("The capture that predicts.", valueName: "capture"))
  var capture: String

  @Option(help: ArgumentHelp("The generations.", valueName: "file"))
  var generations: String

  @Option(help: "Simulations behind each p-value.")
  var simulations = 2000

  @Option(help: "Seed of the simulations.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "How much less probable than the first choice, in ln p, a token may be that greedy decoding chose. (default: "
        + "twice the largest change that a store's records showed when they were scored again, or else 0.1)",
      valueName: "x"))
  var nearTie: Double?

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["replicates": "simulations"]

  var captures: [String] { [capture] }
  var otherInputs: [String] { [generations] }

  func report() async throws -> ValidateReport {
    var analysis = ValidateAnalysis()
    analysis.resampling = Resampling(seed: seed, threads: threadOptions.threads, replicates: simulations)
    if let nearTie {
      analysis.nearTie = nearTie
    } else if let largest = try CaptureStore.noise(path: capture)?.max() {
      analysis.nearTie = 2 * largest
    }
    return try await analysis.run(
      on: try await input.capture(capture, threadOptions),
      generations: try GenerationsReader.read(path: generations, sources: InputOptions.sources()), file: generations)
  }
}
