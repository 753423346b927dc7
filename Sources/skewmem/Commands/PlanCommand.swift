import ArgumentParser
import SkewedMemorization

struct PlanCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "How many records to audit, and what a small audit shows.",
    discussion: """
      With --risky: the sample size that misses all of k risky records with at most the given probability. With \
      --sample: \
      the number of risky records that such an audit can detect, and with --observed the limits for their number in \
      the \
      whole data set.

      Example: skewmem plan --records 100000 --risky 20 --miss 0.05
      Example: skewmem plan --records 100000 --sample 500 --observed 2
      """)

  @Option(help: ArgumentHelp("Records in the data set.", valueName: "M"))
  var records: Int

  @Option(help: ArgumentHelp("Risky records in the data set.", valueName: "k"))
  var risky: Int?

  @Option(help: ArgumentHelp("Records in the audit.", valueName: "z"))
  var sample: Int?

  @Option(help: ArgumentHelp("Risky records seen in the audit.", valueName: "x"))
  var observed: Int?

  @Option(help: "Probability of missing every risky record.")
  var miss = 0.05

  @Option(help: "Confidence level of the interval.")
  var level = 0.95

  @OptionGroup var output: OutputOptions

  var captures: [String] { [] }

  func report() async throws -> PlanReport {
    try PlanReport(
      records: records, risky: risky, sample: sample, observed: observed, miss: miss, level: level)
  }
}
