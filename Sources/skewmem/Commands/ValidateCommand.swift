import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct ValidateCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Predicted match lengths against sampled generations.",
    discussion: """
      The generations are JSON objects, one a line: id, generations (lists of token ids), and temperature, top_k, top_p, min_p as \
      they were drawn. A generation that ends before its reference is taken to have been cut, not ended by the model. A p-value below 0.01 says that they were not drawn from the captured model with that scheme.

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

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (100...1_000_000).contains(simulations) else { throw ValidationError("--simulations is 100 to 1000000.") }
  }

  var captures: [String] { [capture] }

  func report() async throws -> ValidateReport {
    for file in [capture, generations] where output.isSameFile(as: file) {
      throw ValidationError("--output \(output.output) is a file to be read.")
    }
    var validation = Validation()
    validation.simulations = simulations
    validation.seed = seed
    validation.threads = threadOptions.threads
    let records = try await input.records(of: capture, threadOptions)
    return try await validation.report(
      on: records, generations: try GenerationsReader.read(path: generations), capture: capture, file: generations)
  }
}
