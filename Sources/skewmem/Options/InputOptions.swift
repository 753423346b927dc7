import ArgumentParser
import CaptureStore
import Captures
import Foundation
import SkewedMemorization
import TokenProcess

/// How captures are read.
struct InputOptions: ParsableArguments {
  @Option(help: "The format of captures. (default: told by the content)")
  var inputFormat: CaptureFormat?

  @Option(help: ArgumentHelp("The reference of a text scored by a server begins after so many tokens.", valueName: "m"))
  var prefixTokens: Int?

  @Option(help: ArgumentHelp("The reference of a text scored by a server is its last tokens.", valueName: "n"))
  var suffixTokens: Int?

  @Option(
    help: ArgumentHelp(
      "A .npy of the lengths of an array's rows, or for a one-dimensional array of where each reference begins, and the last ends.",
      valueName: "file"))
  var arrayLengths: String?

  func validate() throws {
    guard prefixTokens == nil || suffixTokens == nil else {
      throw ValidationError("--prefix-tokens and --suffix-tokens exclude each other.")
    }
    for (name, value) in [("--prefix-tokens", prefixTokens), ("--suffix-tokens", suffixTokens)] {
      if let value, value < 1 { throw ValidationError("\(name) is 1 or more.") }
    }
  }

  var captureOptions: CaptureOptions {
    var options = CaptureOptions()
    options.format = inputFormat
    options.split = prefixTokens.map { .prefixTokens($0) } ?? suffixTokens.map { .suffixTokens($0) }
    options.arrayLengths = arrayLengths
    return options
  }

  /// The sum of the summaries of an opened file, of which nothing has been read.
  func summary(_ opened: InputFile) throws -> AuditSummary {
    try checkUse([opened.path])
    let summary = try AuditSummary.read(opened).merged()
    guard !summary.hasWholeReferences else {
      throw CaptureError(
        file: opened.path,
        problem:
          "sums up samples of lm-evaluation-harness, one value a reference: only audit and merge can do with that")
    }
    return summary
  }

  /// The first option given that is for captures alone.
  private var givenForCaptures: String? {
    let options = [
      ("--input-format", inputFormat != nil), ("--prefix-tokens", prefixTokens != nil),
      ("--suffix-tokens", suffixTokens != nil), ("--array-lengths", arrayLengths != nil),
    ]
    return options.first { $0.1 }?.0
  }

  /// Throws where options that are for captures are given, and every file is a summary.
  func checkUse(_ files: [String]) throws {
    guard let option = givenForCaptures, let first = files.first, try files.allSatisfy(Self.isSummaryFile) else {
      return
    }
    throw CaptureError(file: first, problem: "is a summary: \(option) is for captures")
  }

  /// Throws for files that are summaries, where records are needed.
  func refuseSummaries(_ files: [String]) throws {
    if let file = try files.first(where: Self.isSummaryFile) { throw Self.isSummary(file) }
  }

  /// Whether a file is a summary; of a pipe nothing can be said, as what was looked at would be gone.
  private static func isSummaryFile(_ file: String) throws -> Bool {
    var status = stat()
    guard file != "-", stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return try AuditSummary.isSummary(try InputFile(path: file))
  }

  private static func isSummary(_ file: String) -> CaptureError {
    CaptureError(
      file: file,
      problem: "is a summary; only audit, fit, predict and merge take summaries, this command needs captures")
  }

  /// The records of a capture, at least one; without the most probable tokens, which are most of it, where nobody asks for them.
  func records(
    of file: String, _ threadOptions: ThreadOptions, withAlternatives: Bool = true
  ) async throws -> [Record] {
    try await records(of: try InputFile(path: file), threadOptions, withAlternatives: withAlternatives)
  }

  /// The records of an opened capture, at least one.
  func records(
    of opened: InputFile, _ threadOptions: ThreadOptions, withAlternatives: Bool = true
  ) async throws -> [Record] {
    var options = captureOptions
    options.skipsAlternatives = !withAlternatives
    let reader = CaptureReader(files: [opened.path], threads: threadOptions.threads, options: options)
    guard try !AuditSummary.isSummary(opened) else { throw Self.isSummary(opened.path) }
    let records = try await reader.records(of: opened)
    guard !records.isEmpty else { throw CaptureError(file: opened.path, problem: "no records") }
    return records
  }
}

extension CaptureFormat: ExpressibleByArgument {}

/// The files that names stand for; what of folders is left out is said on standard error.
func expandedCaptures(_ names: [String]) throws(CaptureError) -> [String] {
  try CaptureFiles.expanded(names, note: printError)
}

/// Says on standard error which capture stores do not hold all that was asked for: what is made of them is of the rest.
func noteUnfinishedStores(_ names: [String]) {
  // What cannot be read is an error when it is read.
  for file in (try? CaptureFiles.expanded(names)) ?? [] {
    guard let progress = try? CaptureStore.progress(path: file), progress.finished < progress.passages else { continue }
    printError("\(file): \(progress.finished) of \(progress.passages) records have a result so far")
  }
}
