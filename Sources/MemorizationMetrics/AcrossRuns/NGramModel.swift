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
  /// all texts are sorted by history and token, a part of the histories at a time, so that what belongs together lies
  /// side by side.
  ///
  /// - Parameters:
  ///   - texts: At most 2³² tokens in all.
  ///   - order: n, 1 or more.
  ///   - vocabularySize: V, 1 or more.
  /// - Complexity: O(order · tokens) time; about 30 bytes a token.
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
  /// How many different tokens there are.
  private let vocabulary: Int
  /// By place, the number of the history before it; ``noHistory`` where no other text has it.
  private var histories: [UInt32]
  /// How many histories there are; nil before the first, the empty one.
  private var historyCount: Int?
  /// By text, of the history that is looked at: how often the text has it, and how many tokens follow in it alone.
  private var own: [(total: Int32, types: Int32)]

  private static let noHistory = UInt32.max

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
    vocabulary = numbers.count
    probabilities = Array(repeating: 1 / Double(vocabularySize), count: count)
    histories = []
    own = Array(repeating: (0, 0), count: texts.count)
  }

  /// Whether no history is left that two texts have.
  var isDone: Bool { historyCount == 0 }

  var logProbabilities: [Double] {
    var sums = [Double](repeating: 0, count: texts)
    for (place, probability) in probabilities.enumerated() { sums[Int(text[place])] += .log(probability) }
    return sums
  }

  /// Takes what is known after the present histories into account, and goes on to those with a token more.
  mutating func lengthen() {
    var longer = [UInt32](repeating: Self.noHistory, count: tokens.count)
    var next: UInt32 = 0
    if let historyCount {
      for part in parts(of: historyCount) { addTokens(after: part, &longer, &next) }
    } else {
      addTokens(&longer, &next)
    }
    histories = longer
    historyCount = Int(next)
  }

  /// Histories, cut so that the places of a part fit in a fraction of the memory that all take.
  private func parts(of historyCount: Int) -> [Range<UInt32>] {
    var counts = [UInt32](repeating: 0, count: historyCount)
    for history in histories where history != Self.noHistory { counts[Int(history)] += 1 }
    let limit = max(1 << 16, tokens.count / 16)
    var parts: [Range<UInt32>] = []
    var (start, places) = (UInt32(0), 0)
    for (history, count) in counts.enumerated() {
      if places + Int(count) > limit, places > 0 {
        parts.append(start..<UInt32(history))
        (start, places) = (UInt32(history), 0)
      }
      places += Int(count)
    }
    parts.append(start..<UInt32(historyCount))
    return parts
  }

  /// P of a place's token, given what is known with a shorter history, and how often the token follows in other texts.
  private mutating func update(_ place: Int, follows count: Int, total: Int, types: Int) {
    guard total > 0 else { return }
    probabilities[place] = (Double(count) + Double(types) * probabilities[place]) / Double(total + types)
  }

  /// After the empty history: tokens are counted, not sorted.
  private mutating func addTokens(_ longer: inout [UInt32], _ next: inout UInt32) {
    var counts = [UInt32](repeating: 0, count: vocabulary)
    // The text of a token that no other text has; -1 at first, -2 for several.
    var owners = [Int64](repeating: -1, count: vocabulary)
    for (token, text) in zip(tokens, text) {
      counts[Int(token)] += 1
      let owner = owners[Int(token)]
      owners[Int(token)] = owner == -1 || owner == Int64(text) ? Int64(text) : -2
    }
    let numbers = owners.map { owner -> UInt32 in
      guard owner == -2 else { return Self.noHistory }
      next += 1
      return next - 1
    }
    for owner in owners where owner >= 0 { own[Int(owner)].types += 1 }
    var inText = [UInt32](repeating: 0, count: vocabulary)
    var start = 0
    while start < tokens.count {
      let owner = text[start]
      var end = start
      while end < tokens.count, text[end] == owner {
        inText[Int(tokens[end])] += 1
        end += 1
      }
      let types = vocabulary - Int(own[Int(owner)].types)
      for place in start..<end {
        let token = Int(tokens[place])
        update(place, follows: Int(counts[token] - inText[token]), total: tokens.count - (end - start), types: types)
        if place + 1 < end { longer[place + 1] = numbers[token] }
      }
      for place in start..<end { inText[Int(tokens[place])] = 0 }
      own[Int(owner)] = (0, 0)
      start = end
    }
  }

  /// After some of the histories.
  private mutating func addTokens(after part: Range<UInt32>, _ longer: inout [UInt32], _ next: inout UInt32) {
    let unit = UInt64(vocabulary)
    let places = histories.indices.filter { part.contains(histories[$0]) }.map { UInt32($0) }
    let sorted = RadixSort(
      keys: places.map { UInt64(histories[Int($0)] - part.lowerBound) * unit + UInt64(tokens[Int($0)]) },
      places: places)
    // Which text each is of, side by side: they are looked up often.
    let owners = sorted.places.map { text[Int($0)] }
    var group = 0..<0
    while group.upperBound < owners.count {
      group = sorted.run(from: group.upperBound, dividedBy: unit)
      var types = 0
      for index in group { own[Int(owners[index])].total += 1 }
      var same = group.lowerBound..<group.lowerBound
      while same.upperBound < group.upperBound {
        same = sorted.run(from: same.upperBound)
        types += 1
        let first = owners[same.lowerBound]
        if owners[same.upperBound - 1] == first { own[Int(first)].types += 1 }
      }
      same = group.lowerBound..<group.lowerBound
      while same.upperBound < group.upperBound {
        same = sorted.run(from: same.upperBound)
        let isShared = owners[same.lowerBound] != owners[same.upperBound - 1]
        // Places stay in the order of the texts: those of one are a run.
        var start = same.lowerBound
        while start < same.upperBound {
          let owner = owners[start]
          var end = start
          while end < same.upperBound, owners[end] == owner { end += 1 }
          let (ownTotal, ownTypes) = own[Int(owner)]
          for index in start..<end {
            let place = Int(sorted.places[index])
            update(
              place, follows: same.count - (end - start), total: group.count - Int(ownTotal),
              types: types - Int(ownTypes))
            if isShared, place + 1 < text.count, text[place + 1] == owner { longer[place + 1] = next }
          }
          start = end
        }
        if isShared { next += 1 }
      }
      for index in group { own[Int(owners[index])] = (0, 0) }
    }
  }
}
