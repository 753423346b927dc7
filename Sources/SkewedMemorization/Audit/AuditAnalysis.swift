import Captures
import Foundation
import GSLNumerics

/// Audits captures: the main job, from files or records to a report.
///
/// ```swift
/// var records: [Record] = []
/// for i in 1...20 { records.append(try Record(id: "r\(i)", tokenLogProbabilities: [-0.1 * Double(i), -0.5])) }
/// let report = try await AuditAnalysis().run(on: [Capture(name: "twenty", records: records)])
/// print(report.records, report.tokens)  // prints 20 40
/// ```
public struct AuditAnalysis: Sendable {
  /// The lengths n at which counts and concentration are reported; nil for 1, 2, 4, 8, … and the largest length.
  public var lengths: [Int]?
  /// How many of the riskiest records are named.
  public var top = 100
  /// The bootstrap behind the population's intervals.
  public var resampling = Resampling()
  /// Captures of controls: records of the same kind that were not trained on, by the same model.
  public var controls: [String] = []
  /// Captures of the same records and controls by a reference model, usually the one before training: what any model
  /// knows is then left out of the comparison with controls.
  public var reference: [String] = []
  /// The expected share of false discoveries on the list of memorized records, above 0 and below 1.
  public var falseDiscoveryRate = 0.05
  /// Whether the texts of the riskiest records are in the report, where captures have them.
  public var showsTexts = true
  /// How files are read. Without effect are `skipsAlternatives` and `takesWholeReferences`: an audit needs no
  /// alternatives, and no tokens of a reference.
  public var captureOptions = CaptureOptions()

  /// The usual audit.
  public init() {}

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
  /// - Throws: `CaptureError` for a file that cannot be read as a whole or is given twice; `ArgumentError` for a
  ///   setting out of range, or summaries that were made with other lengths; `CancellationError`.
  public func run(
    files: [String], skippingInvalid: Bool = false, progress: (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    try check()
    guard !files.isEmpty else { throw ArgumentError(name: "files", value: "none", allowed: "one or more") }
    var scores = controls.isEmpty ? nil : ControlScores(lengths: lengths)
    var (sums, errors, evidence) = try await summarize(files: files, scores: &scores, progress: progress)
    let isReported = sums.records > 0 && (skippingInvalid || errors.isEmpty)
    var report = isReported ? try await run(on: sums, files: files) : nil
    if let scores, report != nil {
      let others = try await controlScores(files: controls, evidence: &evidence)
      let before = reference.isEmpty ? nil : try await controlScores(files: reference, evidence: &evidence)
      report?.controls = try comparison(scores, others, before).report(
        files: controls, referenceFiles: reference, warnings: &evidence)
    }
    if let warnings = report?.warnings { report?.warnings = evidence + warnings }
    return Outcome(
      report: report, errors: errors, invalidLines: sums.skipped, hasValidRecords: sums.records > 0)
  }

  /// Reports on the records of captures as one data set.
  ///
  /// - Throws: `DistributionError.noData` without captures; `ArgumentError` for a setting out of range;
  ///   `CancellationError`.
  public func run(on captures: [Capture]) async throws -> AuditReport {
    try await run(on: captures, controls: [])
  }

  /// Reports on the records of captures as one data set, beside controls.
  ///
  /// - Parameters:
  ///   - captures: The captures.
  ///   - controls: Records of the same kind that were not trained on.
  ///   - reference: The same records and controls by a reference model; empty for none.
  /// - Throws: As ``run(on:)-([Capture])``; `CaptureError` where records and controls cannot be compared.
  public func run(
    on captures: [Capture], controls: [Capture], reference: [Capture] = []
  ) async throws -> AuditReport {
    try check()
    func scores(_ captures: [Capture]) -> ControlScores {
      var scores = ControlScores(lengths: lengths)
      for record in captures.lazy.flatMap(\.records) { scores.add(record) }
      return scores
    }
    var sums = try DataSetSums(lengths: lengths, top: top)
    for capture in captures { sums.add(capture.records) }
    var report = try await run(on: sums, files: captures.map(\.name))
    if !controls.isEmpty {
      let before = reference.isEmpty ? nil : scores(reference)
      report.controls = try comparison(scores(captures), scores(controls), before).report(
        files: controls.map(\.name), referenceFiles: reference.map(\.name), warnings: &report.warnings)
    }
    report.add(evidenceOf: captures + controls + reference)
    if sums.areWindows { report.warnings.removeAll { $0.code == .overlappingWindows } }
    return report
  }

  /// Reports on the records of one capture.
  ///
  /// - Throws: As ``run(on:)-([Capture])``.
  public func run(on capture: Capture) async throws -> AuditReport { try await run(on: [capture]) }

  /// Reports on what was summed up, at the lengths and with the names that were kept.
  ///
  /// - Parameters:
  ///   - sums: The sums.
  ///   - files: Where the records came from, for the report.
  /// - Throws: `DistributionError.noData` without records; `ArgumentError` for a setting out of range;
  ///   `CancellationError`.
  public func run(on sums: DataSetSums, files: [String] = []) async throws -> AuditReport {
    try resampling.check()
    var report = try await sums.report(files: files, resampling: resampling)
    if !showsTexts {
      for index in report.recordsAtRisk.indices { report.recordsAtRisk[index].text = nil }
    }
    return report
  }

  /// Reads captures and summaries as one data set and sums them up.
  ///
  /// - Returns: The sums over the valid lines, what is wrong with the first hundred invalid ones, and what checks of
  ///   evidence found in each capture.
  /// - Throws: As ``run(files:skippingInvalid:progress:)``.
  public func summarize(
    files: [String], progress: (Int) -> Void = { _ in }
  ) async throws -> (sums: DataSetSums, errors: [CaptureError], evidence: [Warning]) {
    var scores: ControlScores?
    return try await summarize(files: files, scores: &scores, progress: progress)
  }

  private func check() throws {
    try resampling.check()
    guard falseDiscoveryRate > 0, falseDiscoveryRate < 1 else {
      throw ArgumentError(name: "falseDiscoveryRate", value: "\(falseDiscoveryRate)", allowed: "above 0, below 1")
    }
    guard reference.isEmpty || !controls.isEmpty else {
      throw ArgumentError(name: "reference", value: "given", allowed: "beside controls (held-out records) only")
    }
  }

  private func comparison(
    _ members: ControlScores, _ controls: ControlScores, _ reference: ControlScores?
  ) -> ControlComparison {
    ControlComparison(
      members: members, controls: controls, reference: reference, level: resampling.level,
      falseDiscoveryRate: falseDiscoveryRate, top: top)
  }

  /// How files are read: an audit needs neither alternatives, but for a sample that checks look at, nor tokens.
  private var readingOptions: CaptureOptions {
    var options = captureOptions
    options.skipsAlternatives = true
    options.takesWholeReferences = true
    options.alternativesSample = EvidenceChecks.alternativesSample
    return options
  }

  /// The scores of captures beside those that are audited.
  private func controlScores(files: [String], evidence: inout [Warning]) async throws -> ControlScores {
    var all = ControlScores(lengths: lengths)
    let options = readingOptions
    let reader = CaptureReader(files: files, threads: resampling.threads, options: options)
    let start = all
    for file in files {
      let input = try InputFile(path: file, sources: options.sources)
      guard try !DataSetSums.isSummary(input) else {
        throw CaptureError(file: file, problem: "is a summary; controls are compared one by one and need captures")
      }
      var checks = EvidenceChecks()
      var problem: CaptureError?
      try await reader.forEachPart(of: input, progress: { _ in }) { lines in
        var (scores, checks, problem) = (start, EvidenceChecks(), CaptureError?.none)
        for line in lines {
          switch line {
          case .success(let record):
            scores.add(record)
            checks.add(record)
          case .failure(let error): problem = problem ?? error
          }
        }
        return (scores, checks, problem)
      } _: { part in
        all.merge(part.0)
        checks.merge(part.1)
        problem = problem ?? part.2
      }
      if let problem { throw problem }
      guard checks.records > 0 else { throw CaptureError(file: file, problem: "no records") }
      evidence += checks.takingWindows(try checks.accepted(file: file, options)).map { $0.of(file) }
    }
    return all
  }

  private func summarize(
    files: [String], scores: inout ControlScores?, progress: (Int) -> Void
  ) async throws -> (sums: DataSetSums, errors: [CaptureError], evidence: [Warning]) {
    try CaptureFiles.checkRepeated(files + controls)
    try CaptureFiles.checkRepeated(reference)
    var empty = try DataSetSums(lengths: lengths, top: top)
    var sums = empty
    var errors: [CaptureError] = []
    var bytes = 0
    let options = readingOptions
    var evidence: [Warning] = []
    let reader = CaptureReader(files: files, threads: resampling.threads, options: options)
    var hasCapture = false
    for file in files {
      let input = try InputFile(path: file, sources: options.sources)
      let before = bytes
      if try DataSetSums.isSummary(input) {
        guard scores == nil else {
          throw CaptureError(
            file: file,
            problem: "is a summary; records are compared with controls one by one: "
              + "give the captures")
        }
        for part in try DataSetSums.read(input) {
          // The first summary says at which lengths, where nothing else does.
          if lengths == nil, sums.records == 0, sums.skipped == 0 {
            empty.lengths = part.lengths
            sums = empty
          }
          try sums.merge(part)
        }
        bytes += input.bytesRead
        continue
      }
      hasCapture = true
      func progressOfAll(_ read: Int) {
        bytes = before + read
        progress(bytes)
      }
      let start = empty
      var checks = EvidenceChecks()
      let noScores = scores.map { _ in ControlScores(lengths: lengths) }
      try await reader.forEachPart(of: input, progress: progressOfAll) { lines in
        var part = Part(sums: start, scores: noScores)
        var records: [Record] = []
        records.reserveCapacity(lines.count)
        for line in lines {
          switch line {
          case .success(let record):
            part.checks.add(record)
            part.scores?.add(record)
            records.append(record)
          case .failure(let error):
            part.sums.skipped += 1
            if part.errors.count < 100 { part.errors.append(error) }
          }
        }
        part.sums.add(records)
        return part
      } _: { part in
        try sums.merge(part.sums)
        errors += part.errors.prefix(100 - errors.count)
        checks.merge(part.checks)
        if let found = part.scores { scores?.merge(found) }
      }
      let found = checks.takingWindows(try checks.accepted(file: file, options))
      evidence += files.count > 1 ? found.map { $0.of(file) } : found
    }
    if !hasCapture, let first = files.first { try captureOptions.refuse(for: first, because: "is a summary") }
    return (sums, errors, evidence)
  }

  /// What some lines hold.
  private struct Part: Sendable {
    var sums: DataSetSums
    var scores: ControlScores?
    var checks = EvidenceChecks()
    var errors: [CaptureError] = []
  }
}
