import Captures
import Foundation

/// Audits captures: the main job, from files to a report.
public struct Audit: Sendable {
  /// What the audit is asked for.
  public var options: AuditOptions
  /// How captures are read; an audit needs no alternatives, and no tokens of a reference.
  public var captureOptions: CaptureOptions

  /// An audit.
  public init(options: AuditOptions = AuditOptions(), captureOptions: CaptureOptions = CaptureOptions()) {
    self.options = options
    self.captureOptions = captureOptions
    self.captureOptions.skipsAlternatives = true
    self.captureOptions.takesWholeReferences = true
  }

  /// What the lines of the captures turned out to be.
  public struct Outcome: Sendable {
    /// The report; nil when invalid lines were found and not to be skipped, or no valid record was.
    public let report: AuditReport?
    /// The invalid lines; only the first hundred are kept.
    public let errors: [CaptureError]
    /// The number of invalid lines.
    public let invalidLines: Int
    /// Whether there are valid ones beside them.
    public let hasValidRecords: Bool
  }

  /// Reads captures and summaries as one data set and reports on it.
  ///
  /// - Parameters:
  ///   - files: Captures, and summaries of such; `-` is standard input.
  ///   - skippingInvalid: Whether to report on the valid lines when others are invalid.
  ///   - progress: Called now and then with the number of bytes read.
  /// - Throws: `CaptureError` for a file that cannot be read as a whole or is given twice, `AuditOptions.OptionError`, `ArgumentError` for summaries
  ///   that were made with other lengths, `CancellationError`.
  public func run(
    files: [String], skippingInvalid: Bool = false, progress: (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    let (summary, errors) = try await summarize(files: files, progress: progress)
    let invalid = summary.skipped
    let isReported = summary.records > 0 && (skippingInvalid || errors.isEmpty)
    return Outcome(
      report: isReported ? try await summary.accumulator.report(files: files, skipped: invalid) : nil, errors: errors,
      invalidLines: invalid, hasValidRecords: summary.records > 0)
  }

  /// Reads captures and summaries as one data set and sums them up.
  ///
  /// - Returns: The summary of the valid lines, and what is wrong with the first hundred invalid ones.
  /// - Throws: as ``run(files:skippingInvalid:progress:)``.
  public func summarize(
    files: [String], progress: (Int) -> Void = { _ in }
  ) async throws -> (summary: AuditSummary, errors: [CaptureError]) {
    try Self.checkRepeated(files)
    var empty = try AuditAccumulator(options: options)
    var summary = AuditSummary(empty)
    var errors: [CaptureError] = []
    var bytes = 0
    let reader = CaptureReader(files: files, threads: options.threads, options: captureOptions)
    for file in files {
      let input = try InputFile(path: file)
      let before = bytes
      if try AuditSummary.isSummary(input) {
        for part in try AuditSummary.read(input, options: options) {
          // The first summary says at which lengths, where nothing else does.
          if options.lengths == nil, summary.records == 0, summary.skipped == 0 {
            empty.options.lengths = part.accumulator.options.lengths
            summary = AuditSummary(empty)
          }
          try summary.merge(part)
        }
        bytes += input.bytesRead
        continue
      }
      func progressOfAll(_ read: Int) {
        bytes = before + read
        progress(bytes)
      }
      let start = empty
      try await reader.forEachPart(of: input, progress: progressOfAll) { lines in
        var part = Part(accumulator: start)
        for line in lines {
          switch line {
          case .success(let record):
            part.accumulator.add(record)
          case .failure(let error):
            part.invalid += 1
            if part.errors.count < 100 { part.errors.append(error) }
          }
        }
        return part
      } _: { part in
        try summary.merge(AuditSummary(part.accumulator, skipped: part.invalid))
        errors += part.errors.prefix(100 - errors.count)
      }
    }
    return (summary, errors)
  }

  /// Looks for a file that would be counted twice, under one name or several.
  ///
  /// - Throws: `CaptureError` that names it.
  public static func checkRepeated(_ files: [String]) throws(CaptureError) {
    var seen: Set<String> = []
    for file in files where !seen.insert(URL(fileURLWithPath: file).resolvingSymlinksInPath().path).inserted {
      throw CaptureError(file: file, problem: "is given twice")
    }
  }

  /// What some lines hold.
  private struct Part: Sendable {
    var accumulator: AuditAccumulator
    var errors: [CaptureError] = []
    var invalid = 0
  }
}
