/// The tokens of a training set, one sequence (prefix and reference) after the other.
struct TrainingText: Sendable {
  /// Token numbers, counted anew from 1 in the order of their size: 0 stands before every sequence.
  let tokens: [UInt32]
  /// Where sequences begin, and the end.
  let starts: [Int]
  /// How many tokens of each sequence are its prefix.
  let prefixes: [Int]
  /// The original numbers, by the new ones less 1.
  let vocabulary: [Int]

  init(prefixes: [[Int]], references: [[Int]]) {
    precondition(prefixes.count == references.count, "\(prefixes.count) prefixes, \(references.count) references")
    var seen = Set<Int>()
    for list in prefixes { seen.formUnion(list) }
    for list in references { seen.formUnion(list) }
    vocabulary = seen.sorted()
    let numbers = Dictionary(uniqueKeysWithValues: zip(vocabulary, UInt32(1)...))
    var tokens: [UInt32] = []
    tokens.reserveCapacity(zip(prefixes, references).reduce(0) { $0 + $1.0.count + $1.1.count })
    var starts = [0]
    for (prefix, reference) in zip(prefixes, references) {
      for token in prefix { tokens.append(numbers[token] ?? 0) }
      for token in reference { tokens.append(numbers[token] ?? 0) }
      starts.append(tokens.count)
    }
    self.tokens = tokens
    self.starts = starts
    self.prefixes = prefixes.map(\.count)
  }

  /// The number of sequences.
  var count: Int { prefixes.count }

  /// One more than the largest token.
  var tokenBound: UInt64 { UInt64(vocabulary.count) + 1 }

  /// The positions of a sequence's reference.
  func reference(_ sequence: Int) -> Range<Int> { (starts[sequence] + prefixes[sequence])..<starts[sequence + 1] }
}

/// What follows a history in the training set, from the point of view of one occurrence of it.
struct NextToken {
  /// The share of the histories' occurrences that go on as this one does.
  let probability: Double
  /// 1 over the number of most frequent next tokens where this one's is among them, otherwise 0.
  let best: Double

  /// Alone.
  static let only = NextToken(probability: 1, best: 1)

  /// For each part of a run of one history, the parts being its next tokens.
  static func of(_ counts: [Int]) -> [NextToken] {
    let total = Double(counts.reduce(0, +))
    let most = counts.max() ?? 0
    let tied = Double(counts.count { $0 == most })
    return counts.map { NextToken(probability: Double($0) / total, best: $0 == most ? 1 / tied : 0) }
  }
}
