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
    abstract: "Captures, or lengths, drawn from a known law.",
    discussion: """
      Families: \(FamilyChoice.plainNames); each also with the prefix zero-inflated- \
      (parameter zero), cured- (parameter cured) or zero-inflated-cured-.

      The capture goes to --output; a summary in the chosen --format then goes to standard output. With --counts match \
      lengths alone are drawn, as skewmem fit reads them; with --fit from a law that was fitted.

      Example: skewmem simulate --family beta-geometric --parameter a=2 --parameter b=1.5 --records 10000 --length 64 \
      --seed 1 --output simulated.jsonl
      """)

  @Option(help: "The law of the match length; with --fit, one of the fitted families.")
  var family: String?

  @Option(
    help: ArgumentHelp(
      "Draw counts from the family with the smallest AIC of this output of skewmem fit --format json, or from "
        + "--family.",
      valueName: "file"))
  var fit: String?

  @Flag(help: "Draw lengths, and not records of tokens.")
  var counts = false

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A parameter of the family; repeat for each.", valueName: "name=value"))
  var parameter: [String] = []

  @Option(help: "Records to draw.")
  var records: Int

  @Option(help: "Tokens a record; with --counts, the length at which longer ones are censored.")
  var length: Int?

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
      let summary = try counts || fit != nil ? drawCounts() : drawRecords()
      guard output.output != "-", !output.quiet else { return }
      var standardOutput = output
      standardOutput.output = "-"
      try standardOutput.write(summary)
    }
  }

  private func drawRecords() throws -> SimulateReport {
    guard let family else { throw ValidationError("--family is missing.") }
    guard let length else { throw ValidationError("--length is missing: how many tokens a record has.") }
    let law = try Family.law(named: family, parameters: try namedNumbers(parameter, option: "parameter"))
    let simulator = try RecordSimulator(law: law, mechanism: mechanism, length: length, seed: seed)
    let bar = ProgressBar(total: records, unit: "records", isQuiet: output.quiet)
    var writer = try CaptureWriter(path: output.output)
    for index in 0..<records {
      try writer.write(simulator.record(index))
      if index % 1000 == 0 { bar.update(index) }
    }
    try writer.finish()
    bar.finish()
    return SimulateReport(simulator: simulator, records: records, output: output.output)
  }

  private func drawCounts() throws -> SimulateReport {
    guard mechanism == nil else { throw ValidationError("--mechanism is for records, not for --counts.") }
    let simulation: CountsSimulation
    if let fit {
      guard parameter.isEmpty else { throw ValidationError("--parameter and --fit exclude each other.") }
      let fitted = try FittedLaw(file: fit, family: family)
      simulation = try CountsSimulation(law: fitted.law, window: fitted.window, length: length, seed: seed)
    } else {
      guard let family else { throw ValidationError("--family or --fit is missing.") }
      let law = try Family.law(named: family, parameters: try namedNumbers(parameter, option: "parameter"))
      simulation = try CountsSimulation(law: law, length: length, seed: seed)
    }
    let lines = CountsReader.lines(of: try simulation.counts(records)).map { "\($0)\n" }
    try AtomicFile.write(Data(lines.joined().utf8), to: output.output)
    return SimulateReport(simulation: simulation, draws: records, output: output.output)
  }
}
