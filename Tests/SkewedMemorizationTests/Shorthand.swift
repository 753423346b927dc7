import SkewedMemorization

// Tests make records by hand: an analysis runs on them under the name "x".

extension PredictAnalysis {
  func run(records: [Record]) async throws -> PredictReport { try await run(on: Capture(name: "x", records: records)) }
}

extension ValidateAnalysis {
  func run(records: [Record], generations: [SampledGenerations]) async throws -> ValidateReport {
    try await run(on: Capture(name: "c", records: records), generations: generations, file: "g")
  }
}

extension LimitsAnalysis {
  func run(records: [Record]) async throws -> LimitsReport { try await run(on: Capture(name: "x", records: records)) }
}

extension SimilarityAnalysis {
  func run(records: [Record], embeddings: Embeddings? = nil) async throws -> SimilarityReport {
    try await run(on: Capture(name: "x", records: records), embeddings: embeddings)
  }
}

extension DriversAnalysis {
  func run(records: [Record], fields: [String: [Double?]] = [:]) async throws -> DriversReport {
    var covariates = Covariates()
    covariates.fields = fields
    return try await run(on: [Capture(name: "x", records: records)], covariates: ["x": covariates])
  }
}

extension MitigateAnalysis {
  func run(records: [Record], checkpoints: [Capture] = []) async throws -> MitigateReport {
    try await run(on: Capture(name: "x", records: records), checkpoints: checkpoints)
  }
}

/// The records of an analysis of metrics, and what there is beside them.
struct MetricData {
  var records: [Record]
  var heldOut: [Record] = []
  var generations: [SampledGenerations] = []
  var referenceModel: [Record] = []
  var otherPrefixes: [Record] = []
  var unconditional: [Record] = []
  var runs: [[Record]] = []

  init(records: [Record]) { self.records = records }

  var evidence: MetricsAnalysis.Evidence {
    get throws {
      func capture(_ name: String, _ records: [Record]) throws -> Capture? {
        records.isEmpty ? nil : try Capture(name: name, records: records)
      }
      var evidence = MetricsAnalysis.Evidence()
      evidence.heldOut = try capture("y", heldOut)
      evidence.generations = generations.isEmpty ? nil : ("g", generations)
      evidence.reference = try capture("reference", referenceModel)
      evidence.unconditional = try capture("unconditional", unconditional)
      evidence.otherPrefixes = try capture("prefixes", otherPrefixes)
      evidence.runs = try runs.compactMap { try capture("run", $0) }
      return evidence
    }
  }
}

extension MetricsAnalysis {
  func run(_ data: MetricData) async throws -> MetricsReport {
    try await run(on: Capture(name: "x", records: data.records), beside: try data.evidence)
  }
}
