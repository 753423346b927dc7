import Captures
import GSLNumerics
import Inference
import TokenProcess

extension DriversAnalysis {
  /// Asks of every head whether records that it attends to in a certain way are repeated further (arXiv 2310.06714): the
  /// partial rank correlation of each measure with ln S(n), given the reference's length and mean loss.
  ///
  /// n is the largest power of two up to half of the shortest reference: the loss of the whole reference would leave
  /// nothing of ln S at its end.
  ///
  /// - Parameters:
  ///   - capture: The records.
  ///   - attention: The attention on their prefixes.
  ///   - file: Where that is from.
  /// - Throws: `CaptureError` where attention is not that of the records, or they are too few; `CancellationError`.
  public func attention(
    of capture: Capture, _ attention: AttentionReader, file: String
  ) async throws -> DriversReport.Attention {
    let rows = try attention.rows(of: capture.records, file: file)
    let laws = capture.records.map { MatchLengthLaw($0) }
    guard let shortest = laws.map(\.length).min(), laws.count >= 10 else {
      throw CaptureError(file: file, problem: "is of \(laws.count) records; ten are the least")
    }
    var length = 1
    while 4 * length <= shortest { length *= 2 }
    let outcome = laws.map { $0.logSurvival[length] }
    let given = [
      laws.map { Double($0.length) }, laws.map { -$0.logSurvival[$0.length] / Double($0.length) },
    ]
    var measures: [DriversReport.Attention.Measure] = []
    for measure in attention.measures {
      let (n, seed) = (length, resampling.seed)
      let found = try await inParallel(0..<measure.layers * measure.heads, threads: resampling.threads) { place in
        try Task.checkCancellation()
        let values = measure.values(layer: place / measure.heads, head: place % measure.heads)
        return PartialRankCorrelation(
          rows.map { values[$0] }, outcome, given: given, permutations: 4999, seed: seed &+ UInt64(place))
      }
      let known = found.indices.filter { found[$0] != nil }
      let adjusted = MultipleComparisons.benjaminiHochberg(known.compactMap { found[$0]?.pValue })
      measures.append(
        .init(
          name: measure.name, length: n,
          heads: zip(known, adjusted).compactMap { place, adjusted in
            found[place].map {
              .init(
                layer: place / measure.heads, head: place % measure.heads, correlation: $0.value, p: $0.pValue,
                benjaminiHochberg: adjusted)
            }
          }))
    }
    return DriversReport.Attention(file: file, records: laws.count, measures: measures)
  }
}
