import ArgumentParser
import Captures
import SkewedMemorization

struct PrefixesCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "prefixes",
    abstract: "How a reference's probability depends on the prefix: several prefixes of the same references.",
    discussion: """
      Lines of one id with different prefix_id are one reference after several prefixes, as capture --prefix-lengths \
      makes them.

      Example: skewmem capture records.jsonl --prefix-lengths 10,25,50 --server http://127.0.0.1:8000 --output p.store \
      && skewmem prefixes p.store
      """)

  @Argument(help: ArgumentHelp("A capture; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Tokens of S(n). (default: up to 50, as half of the records have)", valueName: "n"))
  var length: Int?

  @Option(help: ArgumentHelp("The probability from which a prefix suffices.", valueName: "p"))
  var threshold = PrefixesAnalysis().threshold

  @Option(help: ArgumentHelp("Draws from each prefix.", valueName: "q,..."))
  var draws = NumberList<Int>(PrefixesAnalysis().draws)

  @Option(help: "How many references to list.")
  var top = PrefixesAnalysis().top

  @Option(help: "Confidence level of limits.")
  var level = Resampling().level

  @Option(help: "Bootstrap replicates.")
  var replicates = Resampling().replicates

  @Option(help: "Seed of the bootstrap.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }

  func report() async throws -> PrefixesReport {
    var analysis = PrefixesAnalysis()
    analysis.length = length
    analysis.threshold = threshold
    analysis.draws = draws.numbers
    analysis.top = top
    analysis.resampling = Resampling(
      seed: seed, threads: threadOptions.threads, replicates: replicates, level: level)
    return try await analysis.run(
      on: try await input.capture(file, threadOptions, withAlternatives: false))
  }
}
