import ArgumentParser
import Captures
import Inference
import SkewedMemorization

struct CompareCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Checkpoints and data sets against each other.",
    discussion: """
      Records of the same id are compared one by one (signed-rank and sign test), data sets without common records \
      as samples \
      (Mann–Whitney, Kolmogorov–Smirnov, Anderson–Darling). P-values are adjusted for all tests of the report. \
      Captures of one run at \
      several epochs also give its trajectory: when records are learned and forgotten, and beside held-out records \
      (split) the epoch from which the model overfits.

      Records that both have are also asked what is still repeated, for unlearning: with --retrained, which ones were \
      not forgotten.

      Example: skewmem compare before.jsonl after.jsonl --retrained retrained.jsonl
      Example: skewmem compare notebooks-export/captures/jargon-train-epoch0{0,4,6}.jsonl --pairs consecutive
      """)

  @Argument(help: ArgumentHelp("Two captures or more.", valueName: "file"))
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "The same records by a model that was trained without them: what was not forgotten.", valueName: "file"))
  var retrained: String?

  @Option(help: ArgumentHelp("Held-out records by the second model, for PrivLeak.", valueName: "file"))
  var heldOut: String?

  @Option(help: ArgumentHelp("The same held-out records by the retrained model.", valueName: "file"))
  var retrainedHeldOut: String?

  @Option(help: "Which are compared: all, consecutive or first (each with the first).")
  var pairs = CompareAnalysis.Pairs.all

  @Option(help: ArgumentHelp("Tokens of tail probabilities. (default: 1, 4, 16, ...)", valueName: "n,..."))
  var length: NumberList<Int>?

  @Option(help: ArgumentHelp("A record is learned where its first n tokens are repeated.", valueName: "n"))
  var learnedLength = CompareAnalysis().learned.length

  @Option(help: ArgumentHelp("With this probability or more.", valueName: "p"))
  var learnedThreshold = CompareAnalysis().learned.threshold

  @Option(help: "Differences of 0 in the signed-rank test: pratt (ranked) or wilcox (left out).")
  var zeros = SignedRankTest.Zeros.pratt

  @Option(help: "Confidence level of the intervals.")
  var level = Resampling().level

  @Option(help: "Bootstrap replicates of the differences of tail probabilities.")
  var replicates = Resampling().replicates

  @Option(help: "Seed of bootstraps and permutations.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["learned.length": "learned-length", "learned.threshold": "learned-threshold"]

  var captures: [String] { files }
  var otherInputs: [String] { [retrained, heldOut, retrainedHeldOut].compactMap(\.self) }

  func report() async throws -> CompareReport {
    let files = try expandedCaptures(files)
    try CaptureFiles.checkRepeated(files)
    guard files.count >= 2 else { throw ValidationError("compare takes two captures or more.") }
    var analysis = CompareAnalysis()
    analysis.pairs = pairs
    analysis.lengths = length?.numbers
    analysis.zeros = zeros
    analysis.learned = (learnedLength, learnedThreshold)
    analysis.resampling = Resampling(
      seed: seed, threads: threadOptions.threads, replicates: replicates, level: level)
    var captures: [Capture] = []
    for file in files { captures.append(try await input.capture(file, threadOptions, withAlternatives: false)) }
    analysis.retrained = try await input.capture(retrained, threadOptions, withAlternatives: false)
    analysis.heldOut = try await input.capture(heldOut, threadOptions, withAlternatives: false)
    analysis.retrainedHeldOut = try await input.capture(retrainedHeldOut, threadOptions, withAlternatives: false)
    return try await analysis.run(on: captures)
  }
}

extension CompareAnalysis.Pairs: ExpressibleByArgument {}
extension SignedRankTest.Zeros: ExpressibleByArgument {}
