import Captures

/// Audits captures: the main job, from files to a report.
public struct Audit: Sendable {
  /// What the audit is asked for.
  public var options: AuditOptions

  /// An audit.
  public init(options: AuditOptions = AuditOptions()) {
    self.options = options
  }

  /// What the lines of the captures turned out to be.
  public struct Outcome: Sendable {
    /// The report; nil when invalid lines were found and not to be skipped, or no valid record was.
    public let report: AuditReport?
    /// The invalid lines; only the first hundred are kept.
    public let errors: [CaptureError]
    /// The number of invalid lines.
    public let invalidLines: Int
  }

  /// Reads captures as one data set and reports on it.
  ///
  /// - Parameters:
  ///   - files: Native captures; `-` is standard input.
  ///   - skippingInvalid: Whether to report on the valid lines when others are invalid.
  ///   - progress: Called now and then with the number of bytes read.
  /// - Throws: `CaptureError` for a file that cannot be read as a whole, `AuditOptions.OptionError`,
  ///   `CancellationError`.
  public func run(
    files: [String], skippingInvalid: Bool = false, progress: (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    var accumulator = try AuditAccumulator(options: options)
    var errors: [CaptureError] = []
    var invalid = 0
    try await CaptureReader(files: files, threads: options.threads).forEachLine(progress: progress) { line in
      switch line {
      case .success(let record):
        accumulator.add(record)
      case .failure(let error):
        invalid += 1
        if errors.count < 100 { errors.append(error) }
      }
    }
    let isReported = accumulator.records > 0 && (skippingInvalid || invalid == 0)
    return Outcome(
      report: isReported ? try await accumulator.report(files: files, skipped: invalid) : nil, errors: errors,
      invalidLines: invalid)
  }
}
