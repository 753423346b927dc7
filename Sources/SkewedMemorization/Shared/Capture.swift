import Captures
import TokenProcess

/// The records of one capture, and the name that reports call it by: usually its file.
///
/// ```swift
/// let records = [try Record(id: "a", tokenLogProbabilities: [-0.1, -0.2])]
/// let capture = try Capture(name: "two tokens", records: records)
/// print(capture.records.count)  // prints 1
/// ```
public struct Capture: Sendable {
  /// Its name.
  public let name: String
  /// Its records, at least one.
  public let records: [Record]
  /// What checks found in the file that the records are from, see ``EvidenceChecks``; empty for records from elsewhere.
  public private(set) var evidence: [Warning] = []

  /// Records under a name.
  ///
  /// - Throws: `CaptureError` without records.
  public init(name: String, records: [Record]) throws(CaptureError) {
    guard !records.isEmpty else { throw CaptureError(file: name, problem: "no records") }
    self.name = name
    self.records = records
  }

  /// Reads a capture: a file, `-` for standard input, or what one of the options' sources reads.
  ///
  /// - Throws: `CaptureError` for the first bad line, a file that cannot be read or is a summary, or one without
  ///   records; ``EvidenceError`` for one whose values cannot be log-probabilities of the text; `ArgumentError` for
  ///   fewer than one thread; `CancellationError`.
  public init(contentsOf file: String, options: CaptureOptions = CaptureOptions(), threads: Int = 1) async throws {
    try await self.init(InputFile(path: file, sources: options.sources), options: options, threads: threads)
  }

  /// Reads a capture from a file that has been opened, of which nothing has been read.
  package init(_ opened: InputFile, options: CaptureOptions, threads: Int) async throws {
    try Self.refuseSummary(opened)
    try ArgumentError.check(threads: threads)
    let reader = CaptureReader(files: [opened.path], threads: threads, options: options)
    try self.init(name: opened.path, records: try await reader.records(of: opened))
    var checks = EvidenceChecks()
    for record in records { checks.add(record) }
    evidence = try checks.accepted(file: opened.path, options)
  }

  /// Throws for a summary, of which nothing has been read.
  static func refuseSummary(_ opened: InputFile) throws {
    guard try DataSetSums.isSummary(opened) else { return }
    throw CaptureError(
      file: opened.path,
      problem: "is a summary; only audit, fit, predict and merge take summaries, this analysis needs captures")
  }
}

/// The report on a capture, with what checks of evidence found in it. What the analysis found wrong with a record is
/// said of its capture.
func naming<Report: WarnedReport>(
  _ capture: Capture, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Report
) async throws -> Report {
  do {
    var report = try await body()
    report.add(evidenceOf: [capture])
    return report
  } catch let error as RecordError {
    throw CaptureError(file: capture.name, field: error.field, problem: error.problem)
  }
}
