import ArgumentParser
import Captures
import Inference
import SkewedMemorization

struct DriversCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "drivers",
    abstract: "What goes with longer matches: hazard regression of the first mismatch, repetition, independence.",
    discussion: """
      Predictors are those of log_position, log2_repetitions, epoch, log_prefix_length, first_token_rarity and \
      input_similarity that \
      vary, and the fields named by --field. Several files are the same records at several checkpoints, or further \
      records.

      Example: skewmem drivers notebooks-export/captures/repeats-train-epoch02.jsonl.gz
      """)

  @Argument(help: ArgumentHelp("Captures; - is standard input.", valueName: "file"))
  var files: [String]

  @Option(help: "cloglog (hazard ratios) or logit (odds ratios).")
  var link = DriversAnalysis().link

  @Option(
    help: """
      jackknife (p-values by permutation, which hold for few records and skewed predictors) or sandwich (the plain \
      clustered sandwich and Student's law).
      """)
  var errors = DriversAnalysis().errors

  @Option(
    help: ArgumentHelp(
      "Also regress the scale of this family on the predictors: beta-geometric or discrete-weibull.",
      valueName: "family"))
  var scale: DriversAnalysis.ScaleFamily?

  @Option(help: ArgumentHelp("Only these predictors. (default: all that vary)", valueName: "name,..."))
  var predictors: String?

  @Option(
    help: ArgumentHelp("A further numeric field of the lines of native captures; may be repeated.", valueName: "name"))
  var field: [String] = []

  @Option(help: ArgumentHelp("Embeddings of the prefixes (.npy), a row each record, for one file.", valueName: "file"))
  var prefixEmbeddings: String?

  @Option(
    help: ArgumentHelp(
      "Attention on the prefixes (score.py --attention), for one file.", valueName: "file"))
  var attention: String?

  @Option(help: ArgumentHelp("Nearest neighbors behind input_similarity.", valueName: "k"))
  var neighbors = DriversAnalysis().neighbors

  @Option(help: ArgumentHelp("First positions whose pairs are tested for independence.", valueName: "n"))
  var positions = DriversAnalysis().positions

  @Option(help: "Seed of the bootstraps and permutations.")
  var seed: UInt64 = 0

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["fields": "field"]

  var captures: [String] { files }
  var otherInputs: [String] { [prefixEmbeddings, attention].compactMap(\.self) }

  func report() async throws -> DriversReport {
    let files = try expandedCaptures(files)
    guard prefixEmbeddings == nil || files.count == 1 else {
      throw ValidationError("--prefix-embeddings are of one file.")
    }
    guard attention == nil || files.count == 1 else { throw ValidationError("--attention is of one file.") }
    guard field.isEmpty || !files.contains("-") else {
      throw ValidationError("--field reads the files a second time: standard input cannot be.")
    }
    var analysis = DriversAnalysis()
    analysis.link = link
    analysis.errors = errors
    analysis.scale = scale
    analysis.predictors = predictors?.split(separator: ",").map { String($0.filter { $0 != " " }) }
    analysis.neighbors = neighbors
    analysis.positions = positions
    analysis.resampling.seed = seed
    analysis.resampling.threads = threadOptions.threads
    var captures: [Capture] = []
    var covariates: [String: DriversAnalysis.Covariates] = [:]
    for file in files {
      captures.append(try await input.capture(file, threadOptions, withAlternatives: false))
      var own = DriversAnalysis.Covariates()
      own.prefixEmbeddings = try prefixEmbeddings.map { try EmbeddingReader.rows(path: $0) }
      if !field.isEmpty { own.fields = try NumericFields.read(field, path: file, sources: InputOptions.sources()) }
      covariates[file] = own
    }
    var report = try await analysis.run(on: captures, covariates: covariates)
    if let attention, let capture = captures.first {
      report.attention = try await analysis.attention(
        of: capture, try AttentionReader(path: attention), file: attention)
    }
    return report
  }
}

extension DriversAnalysis.ScaleFamily: ExpressibleByArgument {}
extension BinaryRegression.Link: ExpressibleByArgument {}
extension BinaryRegression.Errors: ExpressibleByArgument {}
