import Captures
import RealModule
import TokenProcess

/// What counts as memorized, where records are divided into those that are and those that are not.
public enum MemorizedOutcome: Sendable, Equatable {
  /// Greedy decoding gives the whole reference.
  case greedy
  /// The first `length` tokens are repeated with a probability of at least `threshold`; of a nil length the whole
  /// reference.
  case probability(length: Int?, threshold: Double)

  /// What reports say of it: `greedy`, or `probability` with its length and threshold.
  var fields: (outcome: String, length: Int?, threshold: Double?) {
    switch self {
    case .greedy: ("greedy", nil, nil)
    case .probability(let length, let threshold): ("probability", length, threshold)
    }
  }

  /// The places of the records that can have the outcome, and whether they do.
  func labels(of records: [Record]) throws(ArgumentError) -> (places: [Int], labels: [Bool]) {
    switch self {
    case .greedy:
      let matches = records.map { GreedyMatch($0) }
      guard !matches.contains(where: { $0 == nil }) else {
        throw ArgumentError(
          name: "greedy", value: "not known of \(matches.count { $0 == nil }) records",
          allowed: "captures with greedy_token_ids or ranks, or a threshold of the probability")
      }
      return (Array(records.indices), matches.map { $0?.isCensored == true })
    case .probability(let length, let threshold):
      try ArgumentError.check(share: threshold, "threshold")
      if let length { try ArgumentError.check(length, "length", in: 1...Record.longestReference) }
      let long = records.indices.filter { records[$0].tokenLogProbabilities.count >= length ?? 1 }
      return (long, long.map { Self.logProbability(records[$0], length) >= .log(threshold) })
    }
  }

  /// The argument to change where too few of `records` can have the outcome, or do.
  func argument(_ records: [Record]) -> String {
    guard case .probability(let length, _) = self else { return "greedy" }
    return records.isEmpty && length != nil ? "length" : "threshold"
  }

  /// The outcome, as an error's value.
  var text: String {
    guard case .probability(let length, let threshold) = self else { return "asked for" }
    return "\(threshold)" + (length.map { " at length \($0)" } ?? " for the whole reference")
  }

  /// A threshold that a quarter of the records reach, if there is one.
  func quarter(of records: [Record]) -> Double? {
    guard case .probability(let length, _) = self, !records.isEmpty else { return nil }
    let values = records.map { Self.logProbability($0, length) }.sorted(by: >)
    let quarter = Double.exp(values[records.count / 4])
    return quarter > 0 ? quarter : nil
  }

  /// ln S(n); of a nil length that of the whole reference.
  private static func logProbability(_ record: Record, _ length: Int?) -> Double {
    let law = MatchLengthLaw(record)
    return law.logSurvival[length ?? law.length]
  }
}
