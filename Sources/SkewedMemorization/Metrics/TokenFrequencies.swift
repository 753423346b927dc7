import RealModule
import TokenProcess

/// How often tokens occur in other texts, one added to each count (Laplace).
struct TokenFrequencies: Sendable {
  private let counts: [Int: Int]
  private let total: Int
  private let vocabulary: Int

  /// - Parameters:
  ///   - records: The texts.
  ///   - others: Records of the same vocabulary.
  /// - Returns: nil where no record says its tokens.
  init?(_ records: [Record], vocabularyOf others: RecordsOutline) {
    var counts: [Int: Int] = [:]
    for token in records.lazy.compactMap(\.referenceTokenIDs).joined() { counts[token, default: 0] += 1 }
    guard !counts.isEmpty else { return nil }
    self.counts = counts
    total = counts.values.reduce(0, +)
    let largest = max(counts.keys.max() ?? 0, others.largestToken ?? 0)
    let stated = max(records.compactMap(\.vocabularySize).max() ?? 0, others.vocabularySize ?? 0)
    vocabulary = max(stated, largest < .max ? largest + 1 : largest)
  }

  func logFrequency(_ token: Int) -> Double {
    .log((Double(counts[token] ?? 0) + 1) / (Double(total) + Double(vocabulary)))
  }

  /// The same without the tokens of one of the records; nil where it does not say them.
  func without(_ record: Record) -> (@Sendable (Int) -> Double)? {
    guard let tokens = record.referenceTokenIDs else { return nil }
    let own = tokens.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return { token in
      let count = (counts[token] ?? 0) - (own[token] ?? 0)
      return .log((Double(count) + 1) / (Double(total - tokens.count) + Double(vocabulary)))
    }
  }
}
