import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct MetricsCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Every established metric of memorization and membership beside the exact tail risk.",
    discussion: """
      Each metric is computed for each record where the capture has what it takes, ranked against the exact \
      probability of \
      repeating n tokens, and asked which of the riskiest records it puts below its own median. With held-out \
      records, membership \
      scores are compared by how well they tell the two apart.

      Example: skewmem metrics notebooks-export/captures/jargon-train-epoch06.jsonl \
      --generations notebooks-export/captures/jargon-samples-epoch06.jsonl
      Example: skewmem metrics train.jsonl --held-out heldout.jsonl --reference train-by-base-model.jsonl
      """)

  @Argument(help: ArgumentHelp("The capture of the training records; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("A capture of records that are not in the training set.", valueName: "file"))
  var heldOut: String?

  @Option(
    help: ArgumentHelp(
      "Sampled continuations, as for validate: id and generations, a line each; texts too if texts are to be compared.",
      valueName: "file"))
  var generations: String?

  @Option(
    help: ArgumentHelp(
      "The same records (and held-out ones) under a model that was not trained on them.", valueName: "file"))
  var reference: String?

  @Option(
    help: ArgumentHelp(
      "The same references after unrelated prefixes, any number of lines for each id.", valueName: "file"))
  var otherPrefixes: String?

  @Option(
    help: ArgumentHelp("The same references without any prefix, for ReCaLL beside --other-prefixes.", valueName: "file")
  )
  var unconditional: String?

  @Option(
    help: ArgumentHelp(
      "The same references after prefixes that are members, any number of lines for each id, for Con-ReCaLL.",
      valueName: "file"))
  var memberPrefixes: String?

  @Option(
    help: ArgumentHelp(
      "Perturbed versions of the texts, any number of lines for each id, for neighbourhood and PAC.",
      valueName: "file"))
  var perturbed: String?

  @Option(help: ArgumentHelp("The texts in lower case, for the lowercase ratio.", valueName: "file"))
  var lowercased: String?

  @Option(
    help: ArgumentHelp(
      "The same prefixes with wrong answers, any number of lines for each id, for the truth ratio.", valueName: "file"))
  var wrongAnswers: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Captures of the same records at other checkpoints or of other runs: one or more, after the capture.",
      valueName: "file"))
  var runs: [String] = []

  @Option(
    help: ArgumentHelp("Tokens of the tail risk (default: 16, or what nine of ten records have).", valueName: "n"))
  var length: Int?

  @Option(help: ArgumentHelp("Draws of discoverable extraction.", valueName: "q"))
  var draws = MetricSettings().draws

  @Option(help: ArgumentHelp("Probability of discoverable extraction.", valueName: "p"))
  var probability = MetricSettings().probability

  @Option(help: ArgumentHelp("Share of the lowest tokens in Min-K %.", valueName: "k"))
  var minK = MetricSettings().minKShare

  @Option(help: "Similarity from which a continuation counts as memorized.")
  var threshold = MetricSettings().similarityThreshold

  @Option(help: "Errors up to which the recall of the lm-extraction-benchmark is taken.")
  var errors = MetricSettings().errors

  @Option(help: ArgumentHelp("Order of an n-gram model of the other records; 0 for none.", valueName: "n"))
  var ngram = MetricSettings().nGramOrder

  @Option(help: "What words are: rouge (a–z and 0–9, as rouge_score) or unicode (any script).")
  var tokenizer = MetricSettings().tokenizer

  @Option(help: "Confidence level of the intervals.")
  var level = MetricSettings().level

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  var captures: [String] { [file] }
  var otherInputs: [String] {
    [
      heldOut, generations, reference, unconditional, otherPrefixes, memberPrefixes, perturbed, lowercased,
      wrongAnswers,
    ].compactMap(\.self) + runs
  }

  func report() async throws -> MetricsReport {
    var analysis = MetricsAnalysis()
    analysis.choosesLength = length == nil
    analysis.settings = settings
    analysis.threads = threadOptions.threads
    func capture(_ file: String?) async throws -> Capture? { try await input.capture(file, threadOptions) }
    var evidence = MetricsAnalysis.Evidence()
    evidence.heldOut = try await capture(heldOut)
    if let generations {
      evidence.generations = (
        generations, try GenerationsReader.read(path: generations, sources: InputOptions.sources())
      )
    }
    evidence.reference = try await capture(reference)
    evidence.unconditional = try await capture(unconditional)
    evidence.otherPrefixes = try await capture(otherPrefixes)
    evidence.memberPrefixes = try await capture(memberPrefixes)
    evidence.perturbed = try await capture(perturbed)
    evidence.lowercased = try await capture(lowercased)
    evidence.wrongAnswers = try await capture(wrongAnswers)
    for run in runs { evidence.runs.append(try await input.capture(run, threadOptions)) }
    return try await analysis.run(
      file: file, captureOptions: try input.checkedCaptureOptions(), beside: evidence)
  }

  private var settings: MetricSettings {
    var settings = MetricSettings()
    if let length { settings.length = length }
    settings.draws = draws
    settings.probability = probability
    settings.minKShare = minK
    settings.similarityThreshold = threshold
    settings.errors = errors
    settings.nGramOrder = ngram
    settings.tokenizer = tokenizer
    settings.level = level
    return settings
  }
}

extension MetricSettings.Tokenizer: ExpressibleByArgument {}
