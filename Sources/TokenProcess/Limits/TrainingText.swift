/// The tokens of a training set, one sequence (prefix and reference) after the other.
struct TrainingText: Sendable {
  /// Token numbers, counted anew from 1 in the order of their size.
  let tokens: [UInt32]
  /// How many tokens of its sequence are before each one.
  let depths: [UInt32]
  /// Where sequences begin, and the end.
  let starts: [Int]
  /// How many tokens of each sequence are its prefix.
  let prefixes: [Int]
  /// The original numbers, by the new ones less 1.
  let vocabulary: [Int]

  init(prefixes: [[Int]], references: [[Int]]) {
    precondition(prefixes.count == references.count, "\(prefixes.count) prefixes, \(references.count) references")
    let count = zip(prefixes, references).reduce(0) { $0 + $1.0.count + $1.1.count }
    let numbering = Numbering(of: [prefixes, references], count: count)
    var tokens: [UInt32] = []
    var depths: [UInt32] = []
    tokens.reserveCapacity(count)
    depths.reserveCapacity(count)
    var starts = [0]
    for (prefix, reference) in zip(prefixes, references) {
      for token in prefix { tokens.append(numbering[token]) }
      for token in reference { tokens.append(numbering[token]) }
      depths += 0..<UInt32(prefix.count + reference.count)
      starts.append(tokens.count)
    }
    vocabulary = numbering.vocabulary
    self.tokens = tokens
    self.depths = depths
    self.starts = starts
    self.prefixes = prefixes.map(\.count)
  }

  /// The number of sequences.
  var count: Int { prefixes.count }

  /// One more than the largest token.
  var tokenBound: UInt64 { UInt64(vocabulary.count) + 1 }

  /// The positions of a sequence's reference.
  func reference(_ sequence: Int) -> Range<Int> { (starts[sequence] + prefixes[sequence])..<starts[sequence + 1] }

  /// Whether a sequence has no token.
  func isEmpty(_ sequence: Int) -> Bool { starts[sequence] == starts[sequence + 1] }

  /// New numbers for tokens.
  private struct Numbering {
    /// The original numbers in order.
    let vocabulary: [Int]
    private let least: Int
    /// The new numbers from the least original one on, where these are not far apart.
    private var dense: [UInt32] = []
    private var sparse: [Int: UInt32] = [:]

    init(of lists: [[[Int]]], count: Int) {
      var bounds = (least: Int.max, most: Int.min)
      for list in lists.joined() {
        for token in list { bounds = (min(bounds.least, token), max(bounds.most, token)) }
      }
      least = bounds.least
      guard bounds.least <= bounds.most else {
        vocabulary = []
        return
      }
      let (range, isTooFar) = bounds.most.subtractingReportingOverflow(bounds.least)
      guard !isTooFar, range < max(4 * count, 1 << 20) else {
        var seen = Set<Int>()
        for list in lists.joined() { seen.formUnion(list) }
        vocabulary = seen.sorted()
        sparse = Dictionary(uniqueKeysWithValues: zip(vocabulary, UInt32(1)...))
        return
      }
      var dense = [UInt32](repeating: 0, count: range + 1)
      for list in lists.joined() {
        for token in list { dense[token - least] = 1 }
      }
      let used = dense.indices.filter { dense[$0] > 0 }
      vocabulary = used.map { $0 + bounds.least }
      for (index, place) in used.enumerated() { dense[place] = UInt32(index + 1) }
      self.dense = dense
    }

    subscript(token: Int) -> UInt32 { dense.isEmpty ? sparse[token, default: 0] : dense[token - least] }
  }
}

/// What follows a history in the training set, from the point of view of one occurrence of it.
struct NextToken {
  /// The share of the histories' occurrences that go on as this one does.
  let probability: Double
  /// 1 over the number of most frequent next tokens where this one's is among them, otherwise 0.
  let best: Double

  /// Alone.
  static let only = NextToken(count: 1, of: 1, most: 1, tied: 1)

  /// One that follows `count` of the `total` occurrences, where the most frequent `tied` tokens follow `most` each.
  init(count: Int, of total: Int, most: Int, tied: Int) {
    probability = Double(count) / Double(total)
    best = count == most ? 1 / Double(tied) : 0
  }
}
