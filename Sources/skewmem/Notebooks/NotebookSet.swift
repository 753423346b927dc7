import SkewedMemorization

/// The notebooks that captures can fill.
struct NotebookSet: Sendable {
  /// Runs `skewmem` with arguments and returns its report.
  typealias Runner = @Sendable (_ arguments: [String]) async throws -> any ReadableReport

  /// A report of another kind than the arguments ask for.
  struct OtherReport: Error { let arguments: [String] }

  /// The notebooks.
  private(set) var notebooks: [Notebook] = []
  /// What is not there, and what it takes.
  private(set) var missing: [String] = []

  /// Writes the notebooks.
  ///
  /// - Parameters:
  ///   - sources: What they are about; paths are as notebooks will name them.
  ///   - runner: Runs `skewmem`; what it throws is thrown.
  init(of sources: NotebookSources, run runner: @escaping Runner) async throws {
    // Several cells show parts of one report.
    let reports = ReportCache(runner)
    let run: Runner = { try await reports.report($0) }
    notebooks = [
      try await SkewNotebook(sources).written(run), try await AveragesNotebook(sources).written(run),
    ]
    let drivers = DriversNotebook(sources)
    if drivers.hasSubject {
      notebooks.append(try await drivers.written(run))
    } else {
      missing.append(
        "03-drivers.ipynb takes captures of one run at several epochs, of runs that share records, with repetitions, "
          + "or with embeddings"
      )
    }
    missing += drivers.missing
    let extraction = ExtractionNotebook(sources)
    notebooks.append(try await extraction.written(run))
    missing += extraction.missing
    let metrics = MetricsNotebook(sources)
    notebooks.append(try await metrics.written(run))
    missing += metrics.missing
    let works = WorksNotebook(sources)
    if works.hasSubject {
      notebooks.append(try await works.written(run))
    } else {
      missing.append("06-whole-works.ipynb takes captures of windows of texts (document, start)")
    }
    let claims = ClaimsNotebook(sources)
    if claims.hasSubject {
      notebooks.append(try await claims.written(run))
    } else {
      missing.append("07-claims.ipynb takes records and held-out records (split) of one run and epoch")
    }
    let inside = InsideNotebook(sources)
    if inside.hasSubject {
      notebooks.append(try await inside.written(run))
    } else {
      missing.append(
        "08-inside-the-model.ipynb takes activations or attention (CAPTURE.activations.safetensors, "
          + "CAPTURE.attention.safetensors) of \(sources.subject.path)")
    }
  }
}

/// Makes each report once.
private actor ReportCache {
  private let run: NotebookSet.Runner
  private var reports: [[String]: any ReadableReport] = [:]

  init(_ run: @escaping NotebookSet.Runner) { self.run = run }

  func report(_ arguments: [String]) async throws -> any ReadableReport {
    if let known = reports[arguments] { return known }
    let made = try await run(arguments)
    reports[arguments] = made
    return made
  }
}
