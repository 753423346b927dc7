import GSLNumerics
import Inference
import RealModule
import Similarity
import TokenProcess

/// Relates how alike records are to how far they are repeated: what `skewmem similarity` does (TheModel §9).
public struct SimilarityAnalysis: Sendable {
  /// k, the nearest neighbors of a record.
  public var neighbors = 10
  /// What counts as memorized where data-driven records are told from overfitting-driven ones.
  public var outcome = MemorizedOutcome.probability(length: nil, threshold: 0.5)
  /// The permutations behind each p-value, as replicates.
  public var resampling = Resampling(replicates: 9999)

  /// The usual analysis.
  public init() {}

  /// Embeddings of prefixes and of prefix and reference together, a vector each record.
  public struct Embeddings: Sendable {
    /// Of the prefixes.
    public var prefix: [[Double]]
    /// Of prefix and reference together.
    public var full: [[Double]]

    /// Two lists of vectors.
    public init(prefix: [[Double]], full: [[Double]]) {
      self.prefix = prefix
      self.full = full
    }
  }

  /// Analyses records with given embeddings, otherwise with those of the capture, otherwise with TF–IDF over token ids.
  ///
  /// - Throws: `ArgumentError` for settings out of range; `CaptureError` for fewer than three records, embeddings that
  ///   do not fit the records, or where there is nothing to make vectors of; `CancellationError`.
  public func run(on capture: Capture, embeddings: Embeddings? = nil) async throws -> SimilarityReport {
    try resampling.check(replicates: 199...1_000_000)
    return try await naming(capture) {
      try await report(on: capture.records, file: capture.name, embeddings: embeddings)
    }
  }

  private func report(on records: [Record], file: String, embeddings: Embeddings?) async throws -> SimilarityReport {
    guard records.count >= 3 else {
      throw RecordError(field: "records", problem: "are \(records.count); similarity takes 3 or more")
    }
    guard neighbors >= 1 else { throw ArgumentError(name: "neighbors", value: "\(neighbors)", allowed: "1 or more") }
    let (source, input, full) = try vectors(records, embeddings)
    let k = min(neighbors, records.count - 1)
    let nearInput = try await input.neighbors(k, threads: resampling.threads)
    let nearFull = try await full.neighbors(k, threads: resampling.threads)
    var rows = records.indices.map { index in
      SimilarityReport.RecordSimilarity(
        id: records[index].id, inputSimilarity: mean(nearInput[index]), fullSimilarity: mean(nearFull[index]),
        nearest: records[nearInput[index][0].index].id,
        inputDimension: IntrinsicDimension.levinaBickel(nearInput[index].map(\.distance)),
        fullDimension: nearFull[index][0].distance == 0
          ? 0 : IntrinsicDimension.levinaBickel(nearFull[index].map(\.distance)),
        expected: MatchLengthLaw(records[index]).moments.mean, greedy: GreedyMatch(records[index])?.length)
    }
    let distances = [nearInput, nearFull].map { $0.map { $0.map(\.distance) } }
    let (meanInput, meanFull) = (input.meanCosine ?? .nan, full.meanCosine ?? .nan)
    let (places, labels) = try outcome.labels(of: records)
    let causes = causes(places, labels, &rows)
    var report = SimilarityReport(
      file: file, vectors: source, neighbors: k,
      gap: .init(
        input: meanInput, full: meanFull, difference: meanFull - meanInput,
        interval: interval(meanFull - meanInput, input, full)),
      dimensions: .init(
        inputLevinaBickel: IntrinsicDimension.levinaBickel(ofAll: distances[0]),
        inputTwoNearest: IntrinsicDimension.twoNearest(distances[0]),
        fullLevinaBickel: IntrinsicDimension.levinaBickel(ofAll: distances[1]),
        fullTwoNearest: IntrinsicDimension.twoNearest(distances[1])),
      correlations: try await correlations(records, rows), causes: causes, records: rows, warnings: [])
    if causes == nil {
      let quarter = outcome.quarter(of: places.map { records[$0] })
      report.warnings.append(Warning(.noCauses, quarter.map { ["quarter": $0] } ?? [:]))
    }
    if report.correlations.isEmpty {
      report.warnings.append(Warning(.noCorrelations))
    }
    let empty = [input, full].map { vectors in vectors.zeros }.reduce(0, +)
    if empty > 0 {
      report.warnings.append(Warning(.zeroVectors, counts: ["vectors": empty]))
    }
    let copies = distances[0].count { $0.first == 0 }
    if copies > 0 {
      report.warnings.append(Warning(.copiedPrefixes, counts: ["prefixes": copies]))
    }
    if source == "tf-idf" {
      report.warnings.append(Warning(.termSimilarity))
    }
    return report
  }

  private func vectors(
    _ records: [Record], _ embeddings: Embeddings?
  ) throws -> (source: String, input: any VectorSet, full: any VectorSet) {
    if let embeddings {
      for (name, list) in [("prefix embeddings", embeddings.prefix), ("full embeddings", embeddings.full)]
      where list.count != records.count {
        throw RecordError(field: name, problem: "are \(list.count) vectors, but there are \(records.count) records")
      }
      return try dense("npy", embeddings.prefix, embeddings.full)
    }
    let own = records.compactMap { record in
      record.embeddingPrefix.flatMap { prefix in record.embeddingFull.map { (prefix, $0) } }
    }
    if own.count == records.count { return try dense("capture", own.map(\.0), own.map(\.1)) }
    let tokens = records.compactMap { record in
      record.prefixTokenIDs.flatMap { prefix in record.referenceTokenIDs.map { (prefix, prefix + $0) } }
    }
    guard tokens.count == records.count else {
      throw RecordError(
        field: "embedding_prefix",
        problem:
          "and embedding_full, or prefix_token_ids and reference_token_ids, are missing in "
          + "\(records.count - max(own.count, tokens.count)) of \(records.count) records, and no embeddings are given"
      )
    }
    return ("tf-idf", TermVectors(tokens.map(\.0)), TermVectors(tokens.map(\.1)))
  }

  private func dense(
    _ source: String, _ prefix: [[Double]], _ full: [[Double]]
  ) throws(RecordError) -> (source: String, input: any VectorSet, full: any VectorSet) {
    func vectors(_ name: String, _ rows: [[Double]]) throws(RecordError) -> DenseVectors {
      do throws(VectorError) {
        return try DenseVectors(rows)
      } catch {
        throw RecordError(field: name, problem: error.description)
      }
    }
    let (input, whole) = (try vectors("prefix embeddings", prefix), try vectors("full embeddings", full))
    guard input.dimension == whole.dimension else {
      throw RecordError(
        field: "full embeddings",
        problem:
          "have \(whole.dimension) dimensions and the prefix embeddings \(input.dimension): they are not of one model")
    }
    return (source, input, whole)
  }

  private func mean(_ neighbors: [Neighbor]) -> Double {
    neighbors.reduce(0) { $0 + $1.cosine } / Double(neighbors.count)
  }

  /// The jackknife: without record i, the mean over the other pairs follows from record i's own mean cosine.
  private func interval(_ difference: Double, _ input: any VectorSet, _ full: any VectorSet) -> Interval? {
    let count = Double(input.count)
    guard input.count >= 10 else { return nil }
    // θ_(-i) - θ = -2 (m_i - θ)/(M - 2), m_i the record's mean cosine with the others.
    let own = zip(full.meanCosines, input.meanCosines).map { $0 - $1 }
    let deviations = own.map { -2 * ($0 - difference) / (count - 2) }
    let width = 1.959963984540054 * jackknifeVariance(deviations).squareRoot()
    return Interval(difference - width...difference + width)
  }

  /// Divides the memorized records by the local dimension of the data; nil for fewer than 5 of them, or fewer than 20
  /// others.
  private func causes(
    _ places: [Int], _ labels: [Bool], _ rows: inout [SimilarityReport.RecordSimilarity]
  ) -> SimilarityReport.Causes? {
    let known = zip(places, labels).compactMap { place, isMemorized in
      rows[place].fullDimension.map { (place: place, isMemorized: isMemorized, dimension: $0) }
    }
    let memorized = known.filter(\.isMemorized)
    let others = known.filter { !$0.isMemorized }.map(\.dimension).sorted()
    guard memorized.count >= 5, others.count >= 20,
      let discrimination = Discrimination(members: memorized.map { -$0.dimension }, others: others.map { -$0 })
    else { return nil }
    // Strictly below it lie at most 5 % of the others, copies included.
    let low = others[Int(0.05 * Double(others.count))]
    for record in memorized { rows[record.place].drivenBy = record.dimension < low ? "data" : "overfitting" }
    let dataDriven = memorized.count { $0.dimension < low }
    let fields = outcome.fields
    return .init(
      outcome: fields.outcome, length: fields.length, threshold: fields.threshold, lowDimension: low,
      memorized: memorized.count, dataDriven: dataDriven, overfittingDriven: memorized.count - dataDriven,
      others: others.count, auc: discrimination.areaUnderCurve, interval: Interval(discrimination.interval))
  }

  private func correlations(
    _ records: [Record], _ rows: [SimilarityReport.RecordSimilarity]
  ) async throws -> [SimilarityReport.Correlation] {
    let expected = rows.map(\.expected)
    let lengths = records.map { Double($0.tokenLogProbabilities.count) }
    let losses = records.map { -$0.tokenLogProbabilities.reduce(0, +) / Double($0.tokenLogProbabilities.count) }
    let measures: [(String, [Double?])] = [
      ("input_similarity", rows.map(\.inputSimilarity)), ("full_similarity", rows.map(\.fullSimilarity)),
      ("similarity_gap", rows.map { $0.fullSimilarity - $0.inputSimilarity }),
      ("input_dimension", rows.map(\.inputDimension)),
    ]
    let asked = measures.flatMap { measure in
      [[], ["length"], ["length", "loss"]].map { (measure: measure.0, values: measure.1, given: $0) }
    }
    let found = try await inParallel(0..<asked.count, threads: resampling.threads) {
      index -> SimilarityReport.Correlation? in
      let (measure, values, given) = asked[index]
      let known = values.indices.filter { values[$0] != nil }
      let covariates = given.map { name in known.map { name == "length" ? lengths[$0] : losses[$0] } }
      guard
        let partial = PartialRankCorrelation(
          known.compactMap { values[$0] }, known.map { expected[$0] }, given: covariates,
          permutations: resampling.replicates,
          seed: resampling.seed &+ UInt64(index))
      else { return nil }
      return .init(
        measure: measure, given: given, value: partial.value, p: partial.pValue, benjaminiHochberg: partial.pValue,
        records: known.count)
    }
    var correlations = found.compactMap(\.self)
    let adjusted = MultipleComparisons.benjaminiHochberg(correlations.map(\.p))
    for index in correlations.indices { correlations[index].benjaminiHochberg = adjusted[index] }
    return correlations
  }
}
