import ArgumentParser
import Captures
import Foundation
import SkewedMemorization

struct OverlapCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "overlap",
    abstract: "How much of works stands in generated texts: for models that give no probabilities.",
    discussion: """
      Finds every run of words that a generated text and a work have in common, the share of each work in such runs, \
      near-verbatim blocks, and what more generations would add.

      Example: skewmem overlap works/ generations.jsonl
      """)

  @Argument(
    help: ArgumentHelp(
      "Works (texts in UTF-8, or folders with .txt and .md files), and last the generations: lines with id and texts, "
        + "or text, and prompt.", valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("The least words of a span.", valueName: "k"))
  var words = OverlapAnalysis().words

  @Option(help: ArgumentHelp("Words in a run of so many words that the prompt has do not count.", valueName: "m"))
  var promptWords = OverlapAnalysis().promptWords

  @Option(help: ArgumentHelp("Words that may differ between two spans of a block.", valueName: "g"))
  var gap = OverlapAnalysis().gap

  @Option(help: ArgumentHelp("The least words of a near-verbatim block.", valueName: "b"))
  var blockWords = OverlapAnalysis().blockWords

  @Option(help: "How many of the longest spans to list.")
  var top = OverlapAnalysis().top

  @Flag(help: "Leave the texts of works out of the report.")
  var noText = false

  @Option(help: "Confidence level of limits.")
  var level = Resampling().level

  @Option(help: "Bootstrap replicates over generations.")
  var replicates = OverlapAnalysis().resampling.replicates

  @Option(help: "Seed of the bootstrap.")
  var seed: UInt64 = 0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard files.count >= 2 else {
      throw ValidationError("overlap takes works, and last the file of generations.")
    }
  }

  var captures: [String] { [] }
  var otherInputs: [String] { files }

  func report() async throws -> OverlapReport {
    var analysis = OverlapAnalysis()
    analysis.words = words
    analysis.promptWords = promptWords
    analysis.gap = gap
    analysis.blockWords = blockWords
    analysis.top = top
    analysis.showsText = !noText
    analysis.resampling = Resampling(seed: seed, replicates: replicates, level: level)
    return try await analysis.run(
      works: Array(files.dropLast()), generations: [files[files.count - 1]], sources: InputOptions.sources(), )
  }
}
