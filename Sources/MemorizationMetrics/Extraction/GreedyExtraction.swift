/// Metrics of greedy decoding, from whether the model's first choice is the reference token at each position, given the
/// reference tokens before it.
public enum GreedyExtraction {
  /// Whether the whole reference comes out by greedy decoding: k-extractable, or discoverable, memorization after k
  /// tokens of prefix (Carlini et al., arXiv 2202.07646; Nasr et al., arXiv 2311.17035).
  ///
  /// - Precondition: there is a position.
  public static func isExtractable(_ isFirstChoice: [Bool]) -> Bool {
    precondition(!isFirstChoice.isEmpty, "no position")
    return isFirstChoice.allSatisfy(\.self)
  }

  /// Exact memorization, or teacher-forced accuracy: the share of positions whose first choice is the reference token
  /// given the reference before it (Tirumala et al., arXiv 2205.10770).
  ///
  /// - Precondition: there is a position.
  public static func teacherForcedAccuracy(_ isFirstChoice: [Bool]) -> Double {
    precondition(!isFirstChoice.isEmpty, "no position")
    return Double(isFirstChoice.count { $0 }) / Double(isFirstChoice.count)
  }

  /// The memorization score of Pythia: the share of positions at which a free-running greedy generation has the
  /// reference's token (Biderman et al., arXiv 2304.11158, 32 tokens after 32).
  ///
  /// - Precondition: the reference is not empty.
  public static func pythiaScore(generation: [Int], reference: [Int]) -> Double {
    precondition(!reference.isEmpty, "no position")
    return Double(zip(generation, reference).count { $0 == $1 }) / Double(reference.count)
  }

  /// The share of windows of l consecutive tokens that come out greedily (Liu, Evans, Xiong, arXiv 2604.18697); nil for
  /// fewer tokens than l.
  ///
  /// - Complexity: O(L).
  public static func windowRate(_ isFirstChoice: [Bool], length l: Int) -> Double? {
    precondition(l >= 1, "windows of \(l) tokens")
    guard isFirstChoice.count >= l else { return nil }
    var run = 0
    var windows = 0
    for isRight in isFirstChoice {
      run = isRight ? run + 1 : 0
      if run >= l { windows += 1 }
    }
    return Double(windows) / Double(isFirstChoice.count - l + 1)
  }
}

/// The score of the lm-extraction-benchmark (Google Research, 2022): recall at a number of errors.
public enum RecallAtErrors {
  /// The share of records that were guessed by the time of the last right guess with fewer than `errors` wrong ones
  /// before it.
  ///
  /// - Parameters:
  ///   - guesses: Each guess's record and whether it is right, most confident first; a record may be guessed several
  ///     times.
  ///   - records: The number of records.
  ///   - errors: 100 in the benchmark.
  /// - Returns: nil when no guess is right before that many errors, as in the benchmark.
  /// - Complexity: O(guesses).
  public static func recall<ID: Hashable>(
    _ guesses: some Sequence<(record: ID, isRight: Bool)>, records: Int, errors: Int = 100
  ) -> Double? {
    precondition(records >= 1 && errors >= 1, "\(records) records, \(errors) errors")
    var solved: Set<ID> = []
    var wrong = 0
    for guess in guesses {
      if guess.isRight {
        solved.insert(guess.record)
      } else {
        wrong += 1
        if wrong >= errors { break }
      }
    }
    return solved.isEmpty ? nil : Double(solved.count) / Double(records)
  }
}

/// (l, b)-inextractability (Liu, Evans, Xiong, arXiv 2604.18697): no l consecutive tokens come out in fewer than 2^b
/// expected queries.
public enum Inextractability {
  /// b = -log2 max over windows of l tokens of their probability given what precedes them; nil for fewer tokens than l.
  ///
  /// The minimum over records is the data set's b.
  ///
  /// - Complexity: O(L). A window is the sum from its start to the next multiple of l and that from there to its end,
  ///   so that no small term is lost beside a large one outside of it.
  public static func bits(_ logProbabilities: [Double], length l: Int) -> Double? {
    precondition(l >= 1, "windows of \(l) tokens")
    guard logProbabilities.count >= l else { return nil }
    let count = logProbabilities.count
    var fromStart = logProbabilities
    var toEnd = logProbabilities
    for index in 1..<max(1, count) where index % l != 0 { fromStart[index] += fromStart[index - 1] }
    for index in stride(from: count - 2, through: 0, by: -1) where (index + 1) % l != 0 {
      toEnd[index] += toEnd[index + 1]
    }
    let best = (0...(count - l)).map { $0 % l == 0 ? toEnd[$0] : toEnd[$0] + fromStart[$0 + l - 1] }.max()
    return best.map { max(0, -$0 / 0.693147180559945309417) }
  }
}
