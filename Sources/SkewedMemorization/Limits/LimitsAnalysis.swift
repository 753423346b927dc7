import GSLNumerics
import RealModule
import TokenProcess

/// Sets a model's matches beside those of the Bayes-optimal operators of its training set: what `skewmem limits` does.
public struct LimitsAnalysis: Sendable {
  /// The longest of the short histories: 1, 2, 4, … tokens up to this.
  public var longestContext = 16

  /// The usual analysis.
  public init() {}

  /// Analyses a training set.
  ///
  /// - Throws: `ArgumentError` for a context out of range or too many tokens; `CaptureError` for a record without token
  ///   ids.
  public func run(on capture: Capture) async throws -> LimitsReport {
    try ArgumentError.check(longestContext, "longestContext", in: 0...1_048_576)
    return try await naming(capture) { try report(on: capture.records, file: capture.name) }
  }

  private func report(on records: [Record], file: String) throws -> LimitsReport {
    let references = try records.map { record throws(RecordError) in
      guard let tokens = record.referenceTokenIDs else {
        throw RecordError(
          field: "reference_token_ids", problem: "is missing in record \(record.id); limits are counted from token ids")
      }
      return tokens
    }
    let bare = records.count { $0.prefixTokenIDs == nil }
    let limits = try BayesOptimalLimits(
      prefixes: records.map { $0.prefixTokenIDs ?? [] }, references: references, longestContext: longestContext)
    let agreements = limits.agreement(with: records)
    let rows = records.indices.map { index in
      let (record, found, agreement) = (records[index], limits.records[index], agreements[index])
      let positions = Double(agreement?.positions ?? 1)
      return LimitsReport.RecordLimits(
        id: record.id, length: record.tokenLogProbabilities.count, termGreedy: found.termGreedy,
        termExpected: found.termExpected, sequenceGreedy: found.sequenceGreedy,
        sequenceExpected: found.sequenceExpected, contextGreedy: found.contextGreedy,
        contextExpected: found.contextExpected, greedy: GreedyMatch(record)?.length,
        expected: MatchLengthLaw(record).moments.mean,
        argmaxAgreement: agreement.flatMap { $0.known > 0 ? Double($0.argmax) / Double($0.known) : nil },
        totalVariation: agreement.map {
          Interval($0.totalVariation.lower.value / positions...$0.totalVariation.upper.value / positions)
        })
    }
    var report = LimitsReport(
      file: file, tokens: records.reduce(0) { $0 + ($1.prefixTokenIDs?.count ?? 0) + $1.tokenLogProbabilities.count },
      contexts: limits.contexts, records: rows, means: means(rows, contexts: limits.contexts.count), bracket: nil,
      agreement: total(agreements.compactMap(\.self)), warnings: [])
    report.bracket = bracket(rows)
    if bare > 0 {
      report.warnings.append(Warning(.noPrefixTokens, counts: ["bare": bare, "records": records.count]))
    }
    if Set(records.map(\.id)).count < records.count {
      report.warnings.append(Warning(.repetitions))
    }
    return report
  }

  private func means(_ rows: [LimitsReport.RecordLimits], contexts: Int) -> LimitsReport.Means {
    func mean(_ value: (LimitsReport.RecordLimits) -> Double) -> Double {
      GSLNumerics.mean(of: rows.map(value))
    }
    let greedy = rows.compactMap(\.greedy)
    return .init(
      length: mean { Double($0.length) }, termGreedy: mean(\.termGreedy), termExpected: mean(\.termExpected),
      sequenceGreedy: mean(\.sequenceGreedy), sequenceExpected: mean(\.sequenceExpected),
      contextGreedy: (0..<contexts).map { index in mean { $0.contextGreedy[index] } },
      contextExpected: (0..<contexts).map { index in mean { $0.contextExpected[index] } },
      greedy: greedy.isEmpty ? nil : Double(greedy.reduce(0, +)) / Double(greedy.count), expected: mean(\.expected))
  }

  private func bracket(_ rows: [LimitsReport.RecordLimits]) -> LimitsReport.Bracket? {
    var bracket = LimitsReport.Bracket(records: 0, below: 0, inside: 0, above: 0)
    for row in rows {
      guard let greedy = row.greedy.map(Double.init) else { continue }
      bracket.records += 1
      // Means over ties are rounded.
      if greedy < min(row.termGreedy, row.sequenceGreedy) - 1e-9 {
        bracket.below += 1
      } else if greedy > max(row.termGreedy, row.sequenceGreedy) + 1e-9 {
        bracket.above += 1
      } else {
        bracket.inside += 1
      }
    }
    return bracket.records > 0 ? bracket : nil
  }

  private func total(_ agreements: [BayesOptimalLimits.Agreement]) -> LimitsReport.Agreement? {
    let positions = agreements.reduce(0) { $0 + $1.positions }
    guard positions > 0 else { return nil }
    let sums = agreements.reduce((0.0, 0.0)) {
      ($0.0 + $1.totalVariation.lower.value, $0.1 + $1.totalVariation.upper.value)
    }
    let count = Double(positions)
    let known = agreements.reduce(0) { $0 + $1.known }
    return .init(
      positions: positions, argmax: known > 0 ? Double(agreements.reduce(0) { $0 + $1.argmax }) / Double(known) : nil,
      totalVariation: Interval(sums.0 / count...sums.1 / count))
  }
}
