import ArgumentParser
import Captures
import SkewedMemorization

struct SimilarityCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "similarity",
    abstract: "How alike records are, and what that has to do with how far they are repeated.",
    discussion: """
      Embeddings are those given as .npy, otherwise those of the capture (embedding_prefix, embedding_full), \
      otherwise TF-IDF vectors \
      of token ids.

      Memorized records are divided by the local intrinsic dimension of the data around them: data-driven where it is \
      low, overfitting-driven where it is not (arXiv 2411.00113).

      Example: skewmem similarity notebooks-export/captures/jargon-train-epoch06.jsonl \
      --prefix-embeddings notebooks-export/captures/jargon-prefix.npy --full-embeddings \
      notebooks-export/captures/jargon-full.npy
      """)

  @Argument(help: ArgumentHelp("A capture; - is standard input.", valueName: "file"))
  var file: String

  @OptionGroup var embeddings: EmbeddingOptions

  @Option(help: ArgumentHelp("Nearest neighbors of each record.", valueName: "k"))
  var neighbors = SimilarityAnalysis().neighbors

  @Option(help: "Permutations behind each p-value.")
  var permutations = SimilarityAnalysis().resampling.replicates

  @Option(help: "Seed of the permutations.")
  var seed: UInt64 = 0

  @OptionGroup var memorized: MemorizedOptions

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["replicates": "permutations"]

  var captures: [String] { [file] }
  var otherInputs: [String] { embeddings.files }

  func report() async throws -> SimilarityReport {
    var analysis = SimilarityAnalysis()
    analysis.neighbors = neighbors
    analysis.outcome = memorized.outcome
    analysis.resampling.replicates = permutations
    analysis.resampling.seed = seed
    analysis.resampling.threads = threadOptions.threads
    let records = try await input.capture(file, threadOptions, withAlternatives: false)
    return try await analysis.run(on: records, embeddings: try embeddings.read())
  }
}

/// Embeddings in files of their own.
struct EmbeddingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Embeddings of the prefixes (.npy), a row each record.", valueName: "file"))
  var prefixEmbeddings: String?

  @Option(help: ArgumentHelp("Embeddings of prefix and reference together (.npy).", valueName: "file"))
  var fullEmbeddings: String?

  func validate() throws {
    guard (prefixEmbeddings == nil) == (fullEmbeddings == nil) else {
      throw ValidationError("--prefix-embeddings and --full-embeddings come together.")
    }
  }

  var files: [String] { [prefixEmbeddings, fullEmbeddings].compactMap(\.self) }

  func read() throws -> SimilarityAnalysis.Embeddings? {
    guard let prefixEmbeddings, let fullEmbeddings else { return nil }
    return .init(
      prefix: try EmbeddingReader.rows(path: prefixEmbeddings), full: try EmbeddingReader.rows(path: fullEmbeddings))
  }
}
