import ArgumentParser
import Captures
import Foundation
import GSLNumerics
import HeavyTails
import SkewedMemorization
import TokenProcess

extension RecordSimulator.Mechanism: ExpressibleByArgument {}

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Captures drawn from a known process.",
    discussion: """
      Families: \(FamilyChoice.plainNames); each also with the prefix zero-inflated- \
      (parameter zero), cured- (parameter cured) or zero-inflated-cured-.

      The capture goes to --output; a summary in the chosen --format then goes to standard output.

      Example: skewmem simulate --family beta-geometric --parameter a=2 --parameter b=1.5 --records 10000 --length 64 \
      --seed 1 --output simulated.jsonl
      """)

  @Option(help: "The law of the match length.")
  var family: String

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A parameter of the family; repeat for each.", valueName: "name=value"))
  var parameter: [String] = []

  @Option(help: "Records to draw.")
  var records: Int

  @Option(help: "Tokens a record.")
  var length: Int

  @Option(
    help: ArgumentHelp(
      "heterogeneity: each record has its own token probability; duration-dependence: all share the hazards. "
        + "(default: heterogeneity where the family is a mixture)"
    ))
  var mechanism: RecordSimulator.Mechanism?

  @Option(help: "Seed.")
  var seed: UInt64 = 0

  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await reportingErrors {
      try ArgumentError.check(records, "records", in: 1...1_000_000_000)
      let law = try Family.law(named: family, parameters: try parameters())
      let simulator = try RecordSimulator(law: law, mechanism: mechanism, length: length, seed: seed)
      let bar = ProgressBar(total: records, unit: "records", isQuiet: output.quiet)
      var writer = try CaptureWriter(path: output.output)
      for index in 0..<records {
        try writer.write(simulator.record(index))
        if index % 1000 == 0 { bar.update(index) }
      }
      try writer.finish()
      bar.finish()
      guard output.output != "-", !output.quiet else { return }
      let summary = SimulateReport(simulator: simulator, records: records, output: output.output)
      var standardOutput = output
      standardOutput.output = "-"
      try standardOutput.write(summary)
    }
  }

  private func parameters() throws -> [String: Double] {
    var values: [String: Double] = [:]
    for text in parameter {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let numbers = parts.last?.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) } ?? []
      guard parts.count == 2, !numbers.contains(nil) else {
        throw ValidationError("--parameter \"\(text)\" is not of the form name=value or name=value,value,….")
      }
      for (index, value) in numbers.enumerated() {
        let name = numbers.count > 1 ? "\(parts[0])[\(index + 1)]" : String(parts[0])
        guard values.updateValue(value ?? .nan, forKey: name) == nil else {
          throw ValidationError("--parameter \(parts[0]) is given twice.")
        }
      }
    }
    return values
  }
}
