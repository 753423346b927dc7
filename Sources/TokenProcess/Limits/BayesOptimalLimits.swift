import GSLNumerics
import RealModule

/// How far the two Bayes-optimal operators of a training set repeat its own records: what memorization of the training
/// set alone could do (arXiv 2502.01187, section 2; TheModel §8).
///
/// - The term-wise operator M_t goes on with the most frequent next token after the history; drawing instead takes next
///   tokens as often as they follow it. A history is the whole sequence from its beginning, prefix included, or its
///   last c tokens anywhere in the training set.
/// - The sequence-level operator M_b goes on with the most frequent whole reference after the prefix; drawing takes any
///   of them.
///
/// Among equally frequent choices each is taken with the same probability. Match lengths are min(N, L).
public struct BayesOptimalLimits: Sendable {
  /// One record's expected match lengths.
  public struct RecordLimits: Sendable, Equatable {
    /// Under M_t.
    public var termGreedy: Double
    /// Drawing next tokens.
    public var termExpected: Double
    /// Under M_b.
    public var sequenceGreedy: Double
    /// Drawing whole references.
    public var sequenceExpected: Double
    /// Under M_t with the last c tokens, by the order of ``contexts``.
    public var contextGreedy: [Double]
    /// Drawing next tokens with the last c tokens.
    public var contextExpected: [Double]
  }

  /// How a model's next tokens compare with those of the training set after the same whole history.
  public struct Agreement: Sendable, Equatable {
    /// Reference positions.
    public var positions = 0
    /// Those where it is known whether the model's first choice is a most frequent next token of the training set.
    public var known = 0
    /// Those where it is one.
    public var argmax = 0
    /// Bounds of the total variation distance between the two laws of the next token, summed over positions: they
    /// differ where the training set has next tokens that the capture does not list.
    public var totalVariation = (lower: CompensatedSum(), upper: CompensatedSum())

    public static func == (a: Self, b: Self) -> Bool {
      a.positions == b.positions && a.known == b.known && a.argmax == b.argmax
        && a.totalVariation.lower.value == b.totalVariation.lower.value
        && a.totalVariation.upper.value == b.totalVariation.upper.value
    }
  }

  /// c, for the limits with the last c tokens.
  public let contexts: [Int]
  /// By record.
  public let records: [RecordLimits]
  private let text: TrainingText
  private let histories: WholeHistories

  /// Computes the limits of a training set.
  ///
  /// - Parameters:
  ///   - prefixes: Token numbers; prefixes may be empty.
  ///   - references: As many.
  ///   - longestContext: Contexts are 1, 2, 4, … up to this.
  /// - Throws: `ArgumentError` for more than 2³² - 2 tokens, for lists of unequal lengths, and for an empty reference.
  /// - Complexity: O(tokens log tokens) time, and as much again for each context where histories repeat; some 50 bytes a
  ///   token.
  public init(prefixes: [[Int]], references: [[Int]], longestContext: Int = 0) throws(ArgumentError) {
    guard prefixes.count == references.count else {
      throw ArgumentError(
        name: "prefixes", value: "\(prefixes.count)", allowed: "\(references.count), as many as references")
    }
    guard references.allSatisfy({ !$0.isEmpty }) else {
      throw ArgumentError(name: "references", value: "an empty one", allowed: "one token or more")
    }
    let count = zip(prefixes, references).reduce(0) { $0 + $1.0.count + $1.1.count }
    guard count < Int(UInt32.max) - 1 else {
      throw ArgumentError(name: "tokens", value: "\(count)", allowed: "fewer than 4294967294")
    }
    let text = TrainingText(prefixes: prefixes, references: references)
    var next: [NextToken] = []
    let histories = WholeHistories(text, next: &next)
    let sequenceLevel = Self.sequenceLevel(text, histories)
    var records = (0..<text.count).map { record in
      let term = Self.expected(next, text.reference(record))
      return RecordLimits(
        termGreedy: term.greedy, termExpected: term.drawn, sequenceGreedy: sequenceLevel[record].greedy,
        sequenceExpected: sequenceLevel[record].drawn, contextGreedy: [], contextExpected: [])
    }
    next = []
    var contexts: [Int] = []
    var recent = RecentHistories(text)
    while recent.length <= longestContext {
      contexts.append(recent.length)
      next = recent.next()
      for record in records.indices {
        let limits = Self.expected(next, text.reference(record))
        records[record].contextGreedy.append(limits.greedy)
        records[record].contextExpected.append(limits.drawn)
      }
      next = []
      if 2 * recent.length <= longestContext { recent.double() } else { break }
    }
    self.contexts = contexts
    self.records = records
    self.text = text
    self.histories = histories
  }

  /// Σ_n Π_{j <= n} of what follows.
  private static func expected(_ next: [NextToken], _ range: Range<Int>) -> (greedy: Double, drawn: Double) {
    var (greedy, drawn) = (0.0, 0.0)
    var (greedyProduct, drawnProduct) = (1.0, 1.0)
    for position in range {
      greedyProduct *= next[position].best
      drawnProduct *= next[position].probability
      greedy += greedyProduct
      drawn += drawnProduct
    }
    return (greedy, drawn)
  }

  /// Σ_n of the share of candidates behind the prefix that go through the record's node at depth n.
  private static func sequenceLevel(
    _ text: TrainingText, _ histories: WholeHistories
  ) -> [(greedy: Double, drawn: Double)] {
    var result = (0..<text.count).map { record -> (greedy: Double, drawn: Double) in
      let length = Double(text.reference(record).count)
      return (length, length)
    }
    let groups = Dictionary(grouping: 0..<text.count) { record in
      histories.history(before: text.reference(record).lowerBound, in: record, of: text)
    }
    // By node; 0 between two uses.
    var counts = [UInt32](repeating: 0, count: Int(histories.count))
    func ending(_ record: Int) -> Int { Int(histories.nodes[text.reference(record).upperBound - 1]) }
    for (_, group) in groups where group.count > 1 {
      // Equal references end in the same node.
      for record in group { counts[ending(record)] += 1 }
      let most = group.reduce(0) { max($0, counts[ending($1)]) }
      var winners: [Int] = []
      for record in group {
        if counts[ending(record)] == most { winners.append(record) }
        counts[ending(record)] = 0
      }
      /// The mean number of nodes that a record's reference shares with each of the candidates.
      func shared(with candidates: [Int]) -> [Double] {
        for candidate in candidates {
          for position in text.reference(candidate) { counts[Int(histories.nodes[position])] += 1 }
        }
        let sums = group.map { text.reference($0).reduce(0) { $0 + Int(counts[Int(histories.nodes[$1])]) } }
        for candidate in candidates {
          for position in text.reference(candidate) { counts[Int(histories.nodes[position])] = 0 }
        }
        return sums.map { Double($0) / Double(candidates.count) }
      }
      for (record, limits) in zip(group, zip(shared(with: winners), shared(with: group))) { result[record] = limits }
    }
    return result
  }

  /// Compares a model's next tokens along the references with those of the training set.
  ///
  /// The total variation distance is Σ (p_v - q_v)⁺ over the next tokens v of the training set, p their shares and q
  /// the model's probabilities: q of a token that is not listed lies between 0 and the smallest listed, and of all of
  /// them together between 0 and what is left of 1.
  ///
  /// - Parameter captured: The records of the training set, in order, with reference token ids as given.
  /// - Returns: By record; nil where a record says nothing of the model's first choices.
  public func agreement(with captured: [Record]) -> [Agreement?] {
    precondition(captured.count == records.count, "\(captured.count) records, \(records.count) in the training set")
    return captured.indices.map { agreement(of: $0, captured[$0]) }
  }

  private func agreement(of index: Int, _ record: Record) -> Agreement? {
    guard let identifiers = record.referenceTokenIDs, let isFirst = record.isFirstChoice else { return nil }
    let (greedy, lists) = (record.greedyTokenIDs, record.topLogProbabilities)
    var agreement = Agreement()
    for (j, position) in text.reference(index).enumerated() {
      agreement.positions += 1
      let first = isFirst[j] ? identifiers[j] : greedy?[j] ?? lists?[j].first?.tokenID
      let own = Double.exp(record.tokenLogProbabilities[j])
      guard
        let following = histories.branches(of: histories.history(before: position, in: index, of: text))
      else {
        // The training set has this token alone.
        agreement.known += 1
        if first == identifiers[j] { agreement.argmax += 1 }
        agreement.totalVariation.lower.add(max(0, 1 - own))
        agreement.totalVariation.upper.add(max(0, 1 - own))
        continue
      }
      let most = following.reduce(0) { max($0, $1.count) }
      let best = following.filter { $0.count == most }.map(\.token)
      // An unknown first choice that is not the reference may be another of the most frequent tokens, where there is
      // one.
      if first != nil || best == [identifiers[j]] {
        agreement.known += 1
        if let first, best.contains(first) { agreement.argmax += 1 }
      }
      let total = Double(following.reduce(0) { $0 + $1.count })
      let listed = lists?[j] ?? []
      let isListed = listed.contains { $0.tokenID == identifiers[j] }
      let left = max(0, 1 - listed.reduce(isListed ? 0 : own) { $0 + .exp($1.logProbability) })
      let largest = min(left, listed.map { Double.exp($0.logProbability) }.min() ?? left)
      var (lower, upper) = (0.0, 0.0)
      var unlisted = (lower: 0.0, share: 0.0)
      for (token, count) in following {
        let share = Double(count) / total
        if token == identifiers[j] {
          lower += max(0, share - own)
          upper += max(0, share - own)
        } else if let alternative = listed.first(where: { $0.tokenID == token }) {
          lower += max(0, share - .exp(alternative.logProbability))
          upper += max(0, share - .exp(alternative.logProbability))
        } else {
          unlisted.lower += max(0, share - largest)
          unlisted.share += share
        }
      }
      // Each may have `largest`, all together `left`.
      lower += max(unlisted.lower, unlisted.share - left)
      upper += unlisted.share
      agreement.totalVariation.lower.add(lower)
      agreement.totalVariation.upper.add(min(1, upper))
    }
    return agreement
  }
}
