import ArgumentParser
import Captures
import GSLNumerics
import SkewedMemorization

struct SummarizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summarize",
    abstract: "Sum up a part of a data set in a small file that merges with those of other parts.",
    discussion: """
      audit, fit and predict take summaries in place of captures, with the same numbers. For references of 64 tokens \
      a summary is at most 25 MB, however large the part.

      Example: skewmem summarize part-17.jsonl --output part-17.summary
      Example: zcat part-17.jsonl.gz | skewmem summarize - > part-17.summary
      """)

  @Argument(help: ArgumentHelp("Captures, or folders of them; - is standard input.", valueName: "file"))
  var files: [String]

  @Flag(help: "Sum up the valid lines when others are invalid.")
  var skipInvalid = false

  @OptionGroup var options: SummaryOptions

  func run() async throws {
    try await reportingErrors {
      if !options.output.quiet { noteUnfinishedStores(files) }
      try await WorkLine.during(isQuiet: options.output.quiet) {
        try await options.write(files, skippingInvalid: skipInvalid)
      }
    }
  }
}

struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Add up the summaries of the parts of a data set.",
    discussion: """
      A file may hold several summaries, one after the other.

      Example: skewmem merge part-*.summary --output all.summary && skewmem audit all.summary
      """)

  @Argument(help: ArgumentHelp("Summaries.", valueName: "file"))
  var files: [String]

  @OptionGroup var output: SummaryOutput

  func run() async throws {
    try await reportingErrors {
      let files = try expandedCaptures(files)
      try checkOutput(output.output, against: files)
      var merged: DataSetSums?
      try CaptureFiles.checkRepeated(files)
      var hashes: [String: String] = [:]
      for file in files {
        // A pipe is opened once, and has no name to be read by again.
        let opened = try InputFile(path: file)
        if files.count > 1, opened.canBeOpenedAgain,
          let same = hashes.updateValue(file, forKey: try SHA256.ofFile(file).hex)
        {
          throw CaptureError(file: file, problem: "is the same as \(same): its records would count twice")
        }
        for summary in try DataSetSums.read(opened) {
          do {
            if merged == nil { merged = summary } else { try merged?.merge(summary) }
          } catch let error as ArgumentError {
            throw CaptureError(
              file: file, problem: "was made with other lengths than the files before it: \(error.description)")
          }
        }
      }
      try output.write(merged)
    }
  }
}

/// What a summary is made with.
struct SummaryOptions: ParsableArguments {
  @Option(help: "How many of the riskiest records to name in reports.")
  var top = AuditAnalysis().top

  @Option(help: ArgumentHelp("Lengths to report on, if not 1, 2, 4, 8, ... and the longest.", valueName: "n,..."))
  var length: NumberList<Int>?

  @OptionGroup var input: InputOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var output: SummaryOutput

  func write(_ files: [String], skippingInvalid: Bool) async throws {
    let files = try expandedCaptures(files)
    try checkOutput(output.output, against: files)
    var analysis = AuditAnalysis()
    analysis.top = top
    analysis.lengths = length?.numbers
    analysis.resampling.threads = threadOptions.threads
    analysis.captureOptions = try input.captureOptions()
    let (sums, errors, evidence) = try await analysis.summarize(files: files)
    printErrors(errors, of: sums.skipped)
    for warning in evidence { printError("Note: \(warning.text)") }
    guard errors.isEmpty || skippingInvalid else {
      printError(invalidLines(sums.skipped, canBeSkipped: sums.records > 0))
      throw FailureCode.data
    }
    try output.write(sums)
  }
}
