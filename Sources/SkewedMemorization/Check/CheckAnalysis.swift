import Captures
import GSLNumerics

/// Checks whether captures can be what they are taken for: what `skewmem check` does.
///
/// Every analysis that reads a capture makes the same checks and refuses what they refuse; this lists all findings.
public struct CheckAnalysis: Sendable {
  /// How files are read. What is allowed is listed all the same, and does not count against the verdict.
  public var captureOptions = CaptureOptions()
  /// Tasks that read records.
  public var threads = 1

  /// The usual checks.
  public init() {}

  /// Checks each of some captures.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read; `ArgumentError` for no files or fewer than one thread;
  ///   `CancellationError`. Invalid lines are findings.
  public func run(files: [String]) async throws -> CheckReport {
    try CaptureFiles.checkRepeated(files)
    try ArgumentError.check(threads: threads)
    guard !files.isEmpty else { throw ArgumentError(name: "files", value: "none", allowed: "one or more") }
    var options = captureOptions
    options.takesWholeReferences = true
    options.takesLongPasses = true
    let reader = CaptureReader(files: files, threads: threads, options: options)
    var report = CheckReport()
    for file in files {
      let input = try InputFile(path: file, sources: options.sources)
      guard try !DataSetSums.isSummary(input) else {
        throw CaptureError(file: file, problem: "is a summary; its captures were checked when it was made")
      }
      var (checks, records, tokens, invalid) = (EvidenceChecks(), 0, 0, 0)
      var errors: [CaptureError] = []
      try await reader.forEachPart(
        of: input,
        { lines in
          var part = Part()
          for line in lines { part.add(line) }
          return part
        },
        { part in
          checks.merge(part.checks)
          records += part.records
          tokens += part.tokens
          invalid += part.invalid
          for error in part.errors where errors.count < 10 && !errors.contains(where: { $0.kind == error.kind }) {
            errors.append(error)
          }
        })
      report.files.append(
        .init(
          file: file, records: records, withAlternatives: checks.listed, tokens: tokens, invalidLines: invalid,
          errors: records + invalid == 0 ? ["no records"] : errors.map(\.description),
          findings: checks.takingWindows(checks.findings(for: options)),
          allowed: options.allowed))
    }
    return report
  }

  private struct Part: Sendable {
    var checks = EvidenceChecks()
    var records = 0
    var tokens = 0
    var invalid = 0
    /// One of each kind.
    var errors: [CaptureError] = []

    mutating func add(_ line: CaptureLine) {
      switch line {
      case .success(let record):
        checks.add(record)
        records += 1
        tokens += record.tokenLogProbabilities.count
      case .failure(let error):
        invalid += 1
        if errors.count < 10, !errors.contains(where: { $0.kind == error.kind }) { errors.append(error) }
      }
    }
  }
}
