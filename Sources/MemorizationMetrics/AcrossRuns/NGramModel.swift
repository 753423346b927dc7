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

extension NGramModel {
  /// Σ ln P(w_j | w_1 … w_{j-1}) of each text by the model of all the others.
  ///
  /// The values are those of a model from which the text was taken back. History length by history length all places of
  /// all texts are sorted by history and token, so that what belongs together lies side by side.
  ///
  /// - Parameters:
  ///   - texts: At most 2³² tokens in all.
  ///   - order: n, 1 or more.
  ///   - vocabularySize: V, 1 or more.
  /// - Complexity: O(order · tokens) time; about 60 bytes a token. A history that one text alone has takes none.
  public static func leaveOneOut(_ texts: [[Int]], order: Int, vocabularySize: Int) -> [Double] {
    precondition(order >= 1 && vocabularySize >= 1, "order \(order), \(vocabularySize) tokens")
    var places = LeaveOneOut(texts, vocabularySize: vocabularySize)
    for _ in 0..<order where !places.isDone { places.lengthen() }
    return places.logProbabilities
  }
}

/// Every place of every text, with P of its token by the other texts after a history that grows by a token at a time.
private struct LeaveOneOut {
  /// The tokens of all texts by number, one text after the other, and which text each is of.
  private var tokens: [UInt32] = []
  private var text: [UInt32] = []
  private var probabilities: [Double]
  private let texts: Int
  /// The places at which another text has the same history, and a number for each history.
  private var places: [UInt32]
  private var histories: [UInt32]
  /// By text, of the history that is looked at: how often the text has it, and how many tokens follow in it alone.
  private var own: [(total: Int32, types: Int32)]

  init(_ texts: [[Int]], vocabularySize: Int) {
    self.texts = texts.count
    let count = texts.reduce(0) { $0 + $1.count }
    tokens.reserveCapacity(count)
    text.reserveCapacity(count)
    var numbers: [Int: UInt32] = [:]
    for (index, list) in texts.enumerated() {
      for token in list {
        let next = UInt32(numbers.count)
        let number = numbers[token] ?? next
        if number == next { numbers[token] = next }
        tokens.append(number)
        text.append(UInt32(index))
      }
    }
    probabilities = Array(repeating: 1 / Double(vocabularySize), count: count)
    places = (0..<count).map { UInt32($0) }
    histories = Array(repeating: 0, count: count)
    own = Array(repeating: (0, 0), count: texts.count)
  }

  /// Whether no history is left that two texts have.
  var isDone: Bool { places.isEmpty }

  var logProbabilities: [Double] {
    var sums = [Double](repeating: 0, count: texts)
    for (place, probability) in probabilities.enumerated() { sums[Int(text[place])] += .log(probability) }
    return sums
  }

  /// Takes what is known after the present histories into account, and goes on to those with a token more.
  mutating func lengthen() {
    let sorted = RadixSort(
      keys: zip(histories, places).map { UInt64($0) << 32 | UInt64(tokens[Int($1)]) }, places: places)
    (places, histories) = ([], [])
    var next: UInt32 = 0
    sorted.forEachRun(dividedBy: 1 << 32) { group in
      var types = 0.0
      for place in sorted.places[group] { own[Int(text[Int(place)])].total += 1 }
      sorted.forEachRun(in: group) { same in
        types += 1
        let first = text[Int(sorted.places[same.lowerBound])]
        if text[Int(sorted.places[same.upperBound - 1])] == first { own[Int(first)].types += 1 }
      }
      sorted.forEachRun(in: group) { same in
        let isShared =
          text[Int(sorted.places[same.lowerBound])] != text[Int(sorted.places[same.upperBound - 1])]
        // Places stay in the order of the texts: those of one are a run.
        var start = same.lowerBound
        while start < same.upperBound {
          let owner = text[Int(sorted.places[start])]
          var end = start
          while end < same.upperBound, text[Int(sorted.places[end])] == owner { end += 1 }
          let (ownTotal, ownTypes) = own[Int(owner)]
          let total = Double(group.count - Int(ownTotal))
          let others = types - Double(ownTypes)
          for place in sorted.places[start..<end] {
            let index = Int(place)
            if total > 0 {
              probabilities[index] =
                (Double(same.count - (end - start)) + others * probabilities[index]) / (total + others)
            }
            if isShared, index + 1 < text.count, text[index + 1] == owner {
              places.append(place + 1)
              histories.append(next)
            }
          }
          start = end
        }
        if isShared { next += 1 }
      }
      for place in sorted.places[group] { own[Int(text[Int(place)])] = (0, 0) }
    }
    // Equal keys are to stay in the order of the texts.
    let inOrder = RadixSort(keys: places.map { UInt64($0) }, places: histories)
    (places, histories) = (inOrder.keys.map { UInt32($0) }, inOrder.places)
  }
}
