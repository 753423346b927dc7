import Captures
import GSLNumerics
import Inference
import RealModule
import TokenProcess

/// How much of whole works a model repeats: coverage, spans, and what some draws are expected to bring out, from
/// windows of the works or long passes over them (TheModel §11).
///
/// ```swift
/// let values = Array(repeating: -0.1, count: 20)
/// let place = Record.Place(document: "poem", start: 50)
/// let record = try Record(id: "poem@50", tokenLogProbabilities: values, place: place)
/// var analysis = WorksAnalysis()
/// analysis.lengths = [10]
/// let report = try await analysis.run(on: Capture(name: "capture", records: [record]))
/// print(report.works[0].lengths[0].coverage[2].lower)  // prints 0.14285714285714285
/// ```
public struct WorksAnalysis: Sendable {
  /// The tokens n that a window must repeat; nil for those of 16, 32 and 50 that half of the windows have, or else the
  /// length of the longest.
  public var lengths: [Int]?
  /// The probabilities τ at which coverage is reported, each above 0 and at most 1.
  public var thresholds = WorkMeasures().thresholds
  /// Continuations drawn from each window, each 1 or more.
  public var draws = WorkMeasures().draws
  /// How tokens are drawn.
  public var decoding = Decoding.plain
  /// Tokens of context that a window of a long pass has at least, 0 or more.
  public var context = 50
  /// Whether every record is taken as a long pass; one without a document is then a work of its own.
  public var takesEveryStart = false
  /// A run of so many tokens that stands earlier in its context is copied from there, 1 or more.
  public var copiedTokens = 8
  /// How many of the riskiest passages are listed.
  public var top = 20
  /// Captures of texts that the model cannot have seen, for comparison.
  public var controls: [String] = []
  /// Folders with the texts of the works: `NAME.txt`, and `NAME.json` with `token_ids` and `offsets`.
  public var texts: [String] = []
  /// The bootstrap behind limits.
  public var resampling = Resampling()
  /// How files are read.
  public var captureOptions = CaptureOptions()

  /// The usual analysis.
  public init() {}

  /// Reads captures and reports on the works in them.
  ///
  /// - Complexity: O(tokens × lengths) time; memory of about 40 bytes a token of the works and length.
  /// - Throws: `CaptureError` for the first bad line, a record without a place, or a file that cannot be read;
  ///   ``EvidenceError``; `ArgumentError` for a setting out of range; `CancellationError`.
  public func run(files: [String], progress: (Int) -> Void = { _ in }) async throws -> WorksReport {
    try check()
    guard !files.isEmpty else { throw ArgumentError(name: "files", value: "none", allowed: "one or more") }
    try CaptureFiles.checkRepeated(files + controls)
    if let ordered { return try await ordered.run(files: files, progress: progress) }
    var evidence: [Warning] = []
    var found = Found()
    for file in files + controls {
      let isControl = controls.contains(file)
      let warnings = try await add(file, isControl: isControl, to: &found, progress: progress)
      evidence += files.count + controls.count > 1 ? warnings.map { $0.of(file) } : warnings
    }
    if !found.lengths.contains(where: found.isUsual), !files.contains("-"), !controls.contains("-") {
      return try await again(found).run(files: files, progress: progress)
    }
    var report = try report(found)
    report.files = files
    report.controlFiles = controls
    report.warnings = evidence + report.warnings
    return report
  }

  /// Reports on the works in a capture.
  ///
  /// - Throws: As ``run(files:progress:)``.
  public func run(on capture: Capture) async throws -> WorksReport {
    try check()
    if let ordered { return try await ordered.run(on: capture) }
    return try await naming(capture) {
      var found = Found()
      var copies = ContextCopies(gram: copiedTokens)
      var parts: [WorkSums.Part] = []
      for record in capture.records {
        parts.append(try part(of: record, &copies))
      }
      try add(parts, isControl: false, to: &found)
      if !found.lengths.contains(where: found.isUsual) {
        found = Found()
        try again(found, longest: parts.map(\.tokens).max() ?? 1).add(parts, isControl: false, to: &found)
      }
      var report = try report(found)
      report.files = [capture.name]
      return report
    }
  }

  /// The same analysis with thresholds and draws rising, each once; nil where they are.
  private var ordered: WorksAnalysis? {
    var ordered = self
    (ordered.thresholds, ordered.draws) = (Set(thresholds).sorted(), Set(draws).sorted())
    return ordered.thresholds == thresholds && ordered.draws == draws ? nil : ordered
  }

  private func check() throws(ArgumentError) {
    if let lengths { try ArgumentError.check(lengths: lengths) }
    try ArgumentError.check(context, "context", in: 0...Record.longestReference)
    try ArgumentError.check(copiedTokens, "copiedTokens", in: 1...1000)
    try ArgumentError.check(top, "top", in: 0...100_000)
    for (values, name, allowed) in [
      (thresholds, "thresholds", "above 0, at most 1"), (draws, "draws", "1 to 1e18"),
    ] {
      if values.isEmpty { throw ArgumentError(name: name, value: "none", allowed: "one or more") }
      let bad = values.first { !($0 > 0 && (name == "draws" ? $0 >= 1 && $0 <= 1e18 : $0 <= 1)) }
      if let bad { throw ArgumentError(name: name, value: "\(bad)", allowed: allowed) }
    }
    guard !decoding.isGreedy else {
      throw ArgumentError(
        name: "temperature", value: "0", allowed: "above 0: one draw of greedy decoding is like another")
    }
    try resampling.check()
  }

  // MARK: Reading

  /// The same analysis at the length of the longest window, where most are too short for the usual lengths.
  private func again(_ found: Found, longest: Int? = nil) -> WorksAnalysis {
    var analysis = self
    analysis.lengths = [longest ?? found.sums.values.compactMap { $0.sizes.keys.max() }.max() ?? 1]
    return analysis
  }

  /// What records of one part of a file say.
  private struct Lines: Sendable {
    var parts: [WorkSums.Part] = []
    var checks = EvidenceChecks()
    var error: CaptureError?
  }

  private func add(
    _ file: String, isControl: Bool, to found: inout Found, progress: (Int) -> Void
  ) async throws -> [Warning] {
    var options = captureOptions
    options.skipsAlternatives = !needsAlternatives
    options.takesLongPasses = true
    options.alternativesSample = EvidenceChecks.alternativesSample
    let input = try InputFile(path: file, sources: options.sources)
    guard try !DataSetSums.isSummary(input) else {
      throw CaptureError(file: file, problem: "is a summary; works need captures")
    }
    let reader = CaptureReader(
      files: [file], threads: resampling.threads, options: options)
    var checks = EvidenceChecks()
    try await reader.forEachPart(of: input, progress: progress) { lines in
      var part = Lines()
      var copies = ContextCopies(gram: copiedTokens)
      for line in lines {
        do throws(CaptureError) {
          let record = try line.get()
          part.checks.add(record)
          do throws(RecordError) {
            part.parts.append(try self.part(of: record, &copies))
          } catch {
            throw CaptureError(
              file: file, field: error.field, problem: "record \(record.id): \(error.problem)")
          }
        } catch {
          part.error = error
          break
        }
      }
      return part
    } _: { part in
      if let error = part.error { throw error }
      try add(part.parts, isControl: isControl, to: &found)
      checks.merge(part.checks)
    }
    guard checks.records > 0 else { throw CaptureError(file: file, problem: "no records") }
    // That windows overlap is what this is about.
    return try checks.accepted(file: file, options).filter { $0.code != .overlappingWindows }
  }

  /// Adds what records say; the first ones settle the lengths where nobody asked for any.
  private func add(_ parts: [WorkSums.Part], isControl: Bool, to found: inout Found) throws(CaptureError) {
    if found.lengths.isEmpty {
      (found.lengths, found.areAsked) = (lengths.map { Set($0).sorted() } ?? WorkRows.usualLengths, lengths != nil)
    }
    for part in parts { try found.add(part, isControl: isControl) }
  }

  private var needsAlternatives: Bool { decoding != .plain }

  private func part(of record: Record, _ copies: inout ContextCopies) throws(RecordError) -> WorkSums.Part {
    var place = record.place
    if takesEveryStart {
      place = place ?? Record.Place(document: record.id, start: 0)
      place?.isLongPass = true
    }
    guard let place else {
      throw RecordError(
        field: "document",
        problem:
          "is missing in record \(record.id), as is start: they say where in a text a record is. A record that is no "
          + "window of a text can be taken as a long pass: --every-start")
    }
    return try WorkSums.Part(
      record, place, needsAlternatives ? decoding : nil, context: context, copies: &copies)
  }

  /// The works found, in their order.
  struct Found: Sendable {
    var lengths: [Int] = []
    var areAsked = false
    var order: [(document: String, isControl: Bool)] = []
    var sums: [String: WorkSums] = [:]
    private var controls: [String: Bool] = [:]

    /// Whether a length was asked for, or half of all windows have it.
    func isUsual(_ length: Int) -> Bool {
      if areAsked { return true }
      let sizes = sums.values.flatMap(\.sizes)
      return 2 * sizes.filter { $0.key >= length }.map(\.value).reduce(0, +) >= sizes.map(\.value).reduce(0, +)
    }

    mutating func add(_ part: WorkSums.Part, isControl: Bool) throws(CaptureError) {
      if let known = controls[part.document] {
        guard known == isControl else {
          throw CaptureError(
            file: part.document, problem: "is the name of a work and of a control; controls are texts of their own")
        }
      } else {
        controls[part.document] = isControl
        order.append((part.document, isControl))
      }
      sums[part.document, default: WorkSums(lengths: lengths)].add(part)
    }
  }
}
