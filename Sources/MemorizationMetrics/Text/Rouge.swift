/// ROUGE (Lin, 2004) with the conventions of rouge_score 0.1.2: words as ``TextUnits/rougeWords(_:)``, or token
/// numbers.
public struct Rouge: Sendable, Equatable {
  /// The share of the candidate that is in the reference.
  public let precision: Double
  /// The share of the reference that is in the candidate.
  public let recall: Double
  /// 2 P R / (P + R), 0 where both are 0.
  public var fMeasure: Double {
    precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
  }

  /// ROUGE-N: n-grams in common, each as often as in the text that has it less often.
  ///
  /// - Precondition: order >= 1.
  /// - Complexity: O(order · tokens).
  public static func nGrams<Token: Hashable>(
    _ candidate: [Token], _ reference: [Token], order: Int
  ) -> Rouge {
    let found = nGramCounts(candidate, order: order)
    let expected = nGramCounts(reference, order: order)
    let overlap = found.reduce(0) { $0 + min($1.value, expected[$1.key] ?? 0) }
    func share(_ tokens: Int) -> Double { Double(overlap) / Double(max(1, tokens - order + 1)) }
    return Rouge(precision: share(candidate.count), recall: share(reference.count))
  }

  /// ROUGE-L: the longest common subsequence.
  ///
  /// - Complexity: O(n ⌈m/64⌉).
  public static func longestCommonSubsequence<Token: Hashable>(_ candidate: [Token], _ reference: [Token]) -> Rouge {
    guard !candidate.isEmpty, !reference.isEmpty else { return Rouge(precision: 0, recall: 0) }
    let (a, b) = TextUnits.numbered(candidate, reference)
    let length = Double(CommonSequence.subsequence(a, b))
    return Rouge(precision: length / Double(a.count), recall: length / Double(b.count))
  }
}

/// How often each n-gram occurs.
///
/// - Precondition: order >= 1.
func nGramCounts<Token: Hashable>(_ tokens: [Token], order: Int) -> [ArraySlice<Token>: Int] {
  precondition(order >= 1, "n-grams of order \(order)")
  var counts: [ArraySlice<Token>: Int] = [:]
  for start in stride(from: 0, through: tokens.count - order, by: 1) {
    counts[tokens[start..<(start + order)], default: 0] += 1
  }
  return counts
}
