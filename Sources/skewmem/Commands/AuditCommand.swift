import ArgumentParser
import Captures
import Foundation
import GSLNumerics
import SkewedMemorization

struct AuditCommand: ReportCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Everything a capture can tell: the riskiest records, how far matches go, what the average hides.",
    discussion: """
      Several files are read as one data set. Invalid lines are reported by file, line and field; unless \
      --skip-invalid \
      is given the command then writes no result and exits with 65.

      Example: skewmem audit notebooks-export/captures/jargon-train-epoch06.jsonl --format markdown --output report.md
      """)

  @Argument(help: ArgumentHelp("Captures, or folders of them, or summaries; - is standard input.", valueName: "file"))
  var files: [String]

  @Flag(help: "Report on the valid lines when others are invalid.")
  var skipInvalid = false

  @Flag(help: "Leave out the texts of the riskiest records.")
  var noText = false

  @Option(help: "How many of the riskiest records to name. Text and Markdown show up to 50; of more, the first.")
  var top = AuditAnalysis().top

  @Option(
    help: ArgumentHelp(
      "Lengths to report on, e.g. 10,50. (default: 1, 2, 4, 8, ... and the longest reference)", valueName: "n,n,..."))
  var length: NumberList<Int>?

  @Option(help: "Confidence level of the intervals.")
  var level = Resampling().level

  @Option(help: "Bootstrap replicates behind the population's intervals.")
  var replicates = Resampling().replicates

  @Option(help: "Seed of the bootstrap.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Controls: records of the same kind that were not trained on, by the same model. May be repeated.",
      valueName: "file"))
  var heldOut: [String] = []

  @Option(
    help: ArgumentHelp(
      "The same records and controls by a reference model, usually the one before training. May be repeated.",
      valueName: "file"))
  var reference: [String] = []

  @Option(help: "The false discovery rate of the list of memorized records.")
  var fdr = AuditAnalysis().falseDiscoveryRate

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: OutputOptions

  static let optionNames = ["falseDiscoveryRate": "fdr", "controls": "held-out"]

  var captures: [String] { files }
  var otherInputs: [String] { heldOut + reference }

  func report() async throws -> AuditReport {
    let files = try expandedCaptures(files)
    let total = totalBytes(files) ?? 0
    let outcome = try await analysis().run(
      files: files, skippingInvalid: skipInvalid, progress: { WorkProgress.current?.update($0, of: total) })
    if !output.quiet || outcome.report == nil { printErrors(outcome.errors, of: outcome.invalidLines) }
    guard let report = outcome.report else {
      if outcome.invalidLines == 0 {
        printError("\(files.map { $0 == "-" ? "standard input" : $0 }.joined(separator: ", ")): no records")
      } else if skipInvalid {
        printError("no valid record in \(outcome.invalidLines) lines")
      } else {
        printError(
          invalidLines(outcome.invalidLines, canBeSkipped: outcome.hasValidRecords)
        )
      }
      throw FailureCode.data
    }
    if report.recordsAtRisk.count < min(top, report.records), !output.quiet {
      printError("--top \(top): the summaries name \(report.recordsAtRisk.count) records and no more")
    }
    return report
  }

  private func analysis() throws -> AuditAnalysis {
    var analysis = AuditAnalysis()
    analysis.top = top
    analysis.showsTexts = !noText
    analysis.lengths = length?.numbers
    analysis.controls = try expandedCaptures(heldOut)
    analysis.reference = try expandedCaptures(reference)
    analysis.falseDiscoveryRate = fdr
    analysis.resampling = Resampling(
      seed: seed, threads: threadOptions.threads, replicates: replicates, level: level)
    analysis.captureOptions = try input.captureOptions()
    return analysis
  }

  /// The size of all files; nil when one of them is standard input or cannot be asked.
  private func totalBytes(_ files: [String]) -> Int? {
    var total = 0
    for file in files {
      guard file != "-", let attributes = try? FileManager.default.attributesOfItem(atPath: file),
        let size = attributes[.size] as? Int
      else { return nil }
      total += size
    }
    return total
  }
}
