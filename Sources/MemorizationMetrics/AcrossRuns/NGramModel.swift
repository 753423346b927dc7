import GSLNumerics
import RealModule

/// An n-gram language model over token numbers with Witten–Bell smoothing, for distributional memorization (Wang et
/// al., arXiv 2407.14985): the rank correlation of a language model's probabilities with those of the data that it was
/// trained on.
///
/// P(w | h) = (c(h, w) + T(h) P(w | h')) / (c(h) + T(h)), where c counts, T(h) is the number of different tokens seen
/// after h, and h' is h without its first token; the shortest history backs off to 1/V for each token (Witten, Bell,
/// 1991). A history never seen gives the shorter one's value.
public struct NGramModel: Sendable {
  /// n: tokens of history and one.
  public let order: Int
  /// V, the number of tokens that are equally probable where nothing is known.
  public let vocabularySize: Int
  private var histories: [[Int]: History] = [:]

  private struct History: Sendable {
    var total = 0
    var counts: [Int: Int] = [:]
  }

  /// A model that has seen nothing.
  ///
  /// - Precondition: order >= 1, vocabularySize >= 1.
  public init(order: Int, vocabularySize: Int) {
    precondition(order >= 1 && vocabularySize >= 1, "order \(order), \(vocabularySize) tokens")
    self.order = order
    self.vocabularySize = vocabularySize
  }

  /// Counts a text's tokens, each after as much history as the text has.
  ///
  /// - Complexity: O(order² · tokens).
  public mutating func add(_ tokens: [Int]) { count(tokens, by: 1) }

  /// Takes back a text that was added.
  public mutating func remove(_ tokens: [Int]) { count(tokens, by: -1) }

  private mutating func count(_ tokens: [Int], by change: Int) {
    for (index, token) in tokens.enumerated() {
      for length in 0..<min(order, index + 1) {
        let history = Array(tokens[(index - length)..<index])
        histories[history, default: History()].total += change
        histories[history]?.counts[token, default: 0] += change
        if histories[history]?.counts[token] == 0 { histories[history]?.counts[token] = nil }
        if histories[history]?.total == 0 { histories[history] = nil }
      }
    }
  }

  /// P(token | history); only the last n - 1 tokens of the history count.
  public func probability(of token: Int, after history: some BidirectionalCollection<Int>) -> Double {
    var value = 1 / Double(vocabularySize)
    let history = Array(history.suffix(order - 1))
    for length in 0...history.count {
      guard let seen = histories[Array(history.suffix(length))] else { break }
      let types = Double(seen.counts.count)
      value = (Double(seen.counts[token] ?? 0) + types * value) / (Double(seen.total) + types)
    }
    return value
  }

  /// Σ ln P(w_j | w_1 … w_{j-1}) of a text.
  public func logProbability(_ tokens: [Int]) -> Double {
    tokens.indices.reduce(0) { sum, index in
      sum + .log(probability(of: tokens[index], after: tokens[max(0, index - order + 1)..<index]))
    }
  }
}
