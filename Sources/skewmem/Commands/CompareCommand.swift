import ArgumentParser
import Captures
import Inference
import SkewedMemorization

struct CompareCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Checkpoints and data sets against each other.",
    discussion: """
      Records of the same id are compared one by one (signed-rank and sign test), data sets without common records as samples \
      (Mann–Whitney, Kolmogorov–Smirnov, Anderson–Darling). P-values are adjusted for all tests of the report. Captures of one run at \
      several epochs also give its trajectory.

      Example: skewmem compare notebooks-export/captures/jargon-train-epoch0{0,4,6}.jsonl --pairs consecutive
      """)

  @Argument(help: ArgumentHelp("Two captures or more.", valueName: "file"))
  var files: [String]

  @Option(help: "Which are compared: all, consecutive or first (each with the first).")
  var pairs = Comparison.Pairs.all

  @Option(help: ArgumentHelp("Tokens of tail probabilities. (default: 1, 4, 16, ...)", valueName: "n,..."))
  var length: NumberList<Int>?

  @Option(help: "Differences of 0 in the signed-rank test: pratt (ranked) or wilcox (left out).")
  var zeros = SignedRankTest.Zeros.pratt

  @Option(help: "Confidence level of the limits.")
  var level = Comparison().level

  @Option(help: "Bootstrap replicates of the differences of tail probabilities.")
  var replicates = Comparison().replicates

  @Option(help: "Seed of bootstraps and permutations.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { files }

  func report() async throws -> CompareReport {
    let files = try expandedCaptures(files)
    guard files.count >= 2, Set(files).count == files.count else {
      throw ValidationError("compare takes two captures or more, each once.")
    }
    try output.check(against: files)
    var comparison = Comparison()
    comparison.pairs = pairs
    comparison.lengths = length?.numbers
    comparison.zeros = zeros
    comparison.level = level
    comparison.replicates = replicates
    comparison.seed = seed
    comparison.threads = threadOptions.threads
    var dataSets: [Comparison.DataSet] = []
    for file in files {
      dataSets.append(
        .init(name: file, records: try await input.records(of: file, threadOptions, withAlternatives: false)))
    }
    return try await comparison.report(on: dataSets)
  }
}

extension Comparison.Pairs: ExpressibleByArgument {}
extension SignedRankTest.Zeros: ExpressibleByArgument {}
