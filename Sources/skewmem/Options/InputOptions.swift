import ArgumentParser
import Captures
import Foundation
import ModelServers
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
      """
      The records that were sent to a server (id, prefix, reference or prefix_token_ids, a line each): where each \
      reference begins, and its name.
      """, valueName: "file"))
  var records: String?

  @Option(
    help: ArgumentHelp(
      "A .npy of the lengths of an array's rows, or for a one-dimensional array of where each reference begins, and "
        + "the last ends.",
      valueName: "file"))
  var arrayLengths: String?

  @Option(
    help: ArgumentHelp(
      "Columns of a table (Parquet, Arrow, Feather) that have other names than a capture's fields.",
      valueName: "field=column,..."))
  var columns: String?

  @Option(
    help: ArgumentHelp(
      """
      Let through what checks of evidence refuse: \(Self.refused.joined(separator: ", ")). May be repeated.
      """, valueName: "code"))
  var allow: [String] = []

  func validate() throws {
    if let unknown = allow.first(where: { !Self.refused.contains($0) }) {
      throw ValidationError(
        "--allow \(unknown) is no code of what is refused: \(Self.refused.joined(separator: ", ")).")
    }
    if let columns, columns.split(separator: ",").contains(where: { $0.split(separator: "=").count != 2 }) {
      throw ValidationError("--columns \(columns) is no list of field=column.")
    }
    guard records == nil || prefixTokens == nil && suffixTokens == nil else {
      throw ValidationError("--records says where references begin: leave out --prefix-tokens and --suffix-tokens.")
    }
    guard prefixTokens == nil || suffixTokens == nil else {
      throw ValidationError("--prefix-tokens and --suffix-tokens exclude each other.")
    }
    for (name, value) in [("--prefix-tokens", prefixTokens), ("--suffix-tokens", suffixTokens)] {
      if let value, value < 1 { throw ValidationError("\(name) is \(value), and must be: 1 or more") }
    }
  }

  private static let refused = Warning.Code.refused.map(\.rawValue)

  /// What reads captures that are no files of lines.
  static func sources(columns: String? = nil) -> [any LineSource] { [StoreSource(), TableSource(columns: columns)] }

  /// Opens a file that may be a capture.
  static func opened(_ file: String) throws(CaptureError) -> InputFile { try InputFile(path: file, sources: sources()) }

  func captureOptions() throws -> CaptureOptions {
    var options = CaptureOptions()
    options.promptRecords = try records.map { try PromptRecords(path: $0) }
    options.format = inputFormat
    options.split = prefixTokens.map { .prefixTokens($0) } ?? suffixTokens.map { .suffixTokens($0) }
    options.arrayLengths = arrayLengths
    options.allowed = Set(allow)
    options.sources = Self.sources(columns: columns)
    return options
  }

  /// The same for a capture that is checked as a whole.
  func checkedCaptureOptions() throws -> CaptureOptions {
    var options = try captureOptions()
    options.alternativesSample = EvidenceChecks.alternativesSample
    return options
  }

  /// Throws for files that are summaries, where records are needed.
  func refuseSummaries(_ files: [String]) throws {
    guard let file = try files.first(where: Self.isSummaryFile) else { return }
    throw CaptureError(
      file: file,
      problem: "is a summary; only audit, fit, predict and merge take summaries, this command needs captures")
  }

  /// Whether a file is a summary; of a pipe nothing can be said, as what was looked at would be gone.
  private static func isSummaryFile(_ file: String) throws -> Bool {
    var status = stat()
    guard file != "-", stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return try DataSetSums.isSummary(try Self.opened(file))
  }

  /// A capture that may not be asked for.
  func capture(_ file: String?, _ threads: ThreadOptions, withAlternatives: Bool = true) async throws -> Capture? {
    guard let file else { return nil }
    return try await capture(file, threads, withAlternatives: withAlternatives) as Capture
  }

  /// A capture; without the most probable tokens, which are most of it, where nobody asks for them.
  func capture(_ file: String, _ threads: ThreadOptions, withAlternatives: Bool = true) async throws -> Capture {
    var options = try checkedCaptureOptions()
    options.skipsAlternatives = !withAlternatives
    return try await Capture(contentsOf: file, options: options, threads: threads.threads)
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
