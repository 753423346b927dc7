import GSLNumerics
import RealModule

extension NGramModel {
  /// Σ ln P(w_j | w_1 … w_{j-1}) of each text by the model of all the others.
  ///
  /// The values are those of a model from which the text was taken back. All places of all texts are sorted by history
  /// and token, a part of them at a time, so that what belongs together lies side by side.
  ///
  /// - Parameters:
  ///   - texts: At most 2³² tokens in all.
  ///   - order: n, 1 or more.
  ///   - vocabularySize: V, 1 or more.
  /// - Complexity: O(order · tokens) time; about 6 bytes a token.
  public static func leaveOneOut(_ texts: [[Int]], order: Int, vocabularySize: Int) -> [Double] {
    var numbered = NumberedTexts()
    for text in texts { numbered.add(text) }
    let model = LeaveOneOut(numbered, order: order, vocabularySize: vocabularySize)
    var sums = model.sumsWithoutHistory
    for part in 0..<model.parts { sums.add(model.sums(ofPart: part)) }
    return sums
  }

  /// The same on several threads.
  package static func leaveOneOut(
    _ texts: NumberedTexts, order: Int, vocabularySize: Int, threads: Int
  ) async throws -> [Double] {
    let model = LeaveOneOut(texts, order: order, vocabularySize: vocabularySize)
    var sums = model.sumsWithoutHistory
    // A few parts at a time, for memory; added in their order, so that the number of threads does not matter.
    for first in stride(from: 0, to: model.parts, by: threads) {
      let parts = first..<min(model.parts, first + threads)
      for part in try await inParallel(parts, threads: threads, { model.sums(ofPart: $0) }) { sums.add(part) }
    }
    return sums
  }
}

/// Σ ln P of the tokens at some of a text's places.
private typealias TextSum = (text: UInt32, sum: Double)

extension [Double] {
  /// Adds sums of texts to those of all.
  fileprivate mutating func add(_ sums: [TextSum]) {
    for (text, sum) in sums { self[Int(text)] += sum }
  }
}

/// The model of all texts, and what each text has of it.
///
/// The places that follow a token which two texts have are cut into parts by that token: longer histories of a part's
/// places end with it too, so that each part is done by itself.
private struct LeaveOneOut: Sendable {
  private let texts: NumberedTexts
  private let order: Int
  private let vocabularySize: Int
  /// By token, how often it occurs.
  private let counts: [UInt32]
  /// By text, how many tokens no other text has.
  private let ownTypes: [UInt32]
  /// By token, the part that the places after it are in; ``noPart`` for one that a single text has.
  private let partAfter: [UInt16]
  /// How many parts there are.
  let parts: Int

  private static let noPart = UInt16.max

  init(_ texts: NumberedTexts, order: Int, vocabularySize: Int) {
    precondition(order >= 1 && vocabularySize >= 1, "order \(order), \(vocabularySize) tokens")
    (self.texts, self.order, self.vocabularySize) = (texts, order, vocabularySize)
    var counts = [UInt32](repeating: 0, count: texts.vocabulary)
    // The text of a token that no other text has; -1 at first, -2 for several.
    var owners = [Int64](repeating: -1, count: texts.vocabulary)
    for text in 0..<texts.count {
      for place in texts.starts[text]..<texts.starts[text + 1] {
        let token = Int(texts.tokens[place])
        counts[token] += 1
        owners[token] = owners[token] == -1 || owners[token] == Int64(text) ? Int64(text) : -2
      }
    }
    var ownTypes = [UInt32](repeating: 0, count: texts.count)
    for owner in owners where owner >= 0 { ownTypes[Int(owner)] += 1 }
    let limit = max(1 << 16, texts.tokens.count / 32)
    var partAfter = [UInt16](repeating: Self.noPart, count: texts.vocabulary)
    var (part, places) = (0, 0)
    if order > 1 {
      for token in owners.indices where owners[token] == -2 {
        if places > 0, places + Int(counts[token]) > limit { (part, places) = (part + 1, 0) }
        partAfter[token] = UInt16(part)
        places += Int(counts[token])
      }
    }
    (self.counts, self.ownTypes, self.partAfter) = (counts, ownTypes, partAfter)
    parts = places > 0 ? part + 1 : 0
  }

  /// The part that a place is in, by the token before it.
  private func part(of place: Int, after start: Int) -> UInt16 {
    place > start ? partAfter[Int(texts.tokens[place - 1])] : Self.noPart
  }

  /// Calls `body` with each place of a part, in order, with P of its token by the other texts after no history.
  @inline(__always)
  private func forEachPlace(of part: UInt16, _ body: (_ text: Int, _ place: Int, _ probability: Double) -> Void) {
    var inText = [UInt32](repeating: 0, count: texts.vocabulary)
    let uniform = 1 / Double(vocabularySize)
    for text in 0..<texts.count {
      let (start, end) = (texts.starts[text], texts.starts[text + 1])
      let total = Double(texts.tokens.count - (end - start))
      let types = Double(texts.vocabulary - Int(ownTypes[text]))
      for place in start..<end { inText[Int(texts.tokens[place])] += 1 }
      for place in start..<end where self.part(of: place, after: start) == part {
        let token = Int(texts.tokens[place])
        let follows = Double(counts[token] - inText[token])
        body(text, place, total > 0 ? (follows + types * uniform) / (total + types) : uniform)
      }
      for place in start..<end { inText[Int(texts.tokens[place])] = 0 }
    }
  }

  /// By text, Σ ln P of the tokens that follow no history which another text has.
  var sumsWithoutHistory: [Double] {
    var sums = [Double](repeating: 0, count: texts.count)
    forEachPlace(of: Self.noPart) { text, _, probability in sums[text] += .log(probability) }
    return sums
  }

  /// Σ ln P of the tokens at the places of a part.
  func sums(ofPart part: Int) -> [TextSum] {
    var places = Places(texts)
    forEachPlace(of: UInt16(part)) { places.add($1, of: $0, probability: $2) }
    for length in 1..<order {
      places.update()
      if length + 1 < order { places.lengthen(length) }
    }
    return places.sums
  }
}

/// Some places of texts, with P of their tokens by the other texts after a history that grows by a token at a time.
private struct Places {
  private let texts: NumberedTexts
  /// In the order of the texts.
  private var places: [UInt32] = []
  private var owners: [UInt32] = []
  private var probabilities: [Double] = []
  /// Those whose history another text has, and the numbers of these histories.
  private var active: [UInt32] = []
  private var histories: [UInt32] = []
  /// By text, of the history that is looked at: how often the text has it, and how many tokens follow in it alone.
  private var own: [(total: UInt32, types: UInt32)]

  init(_ texts: NumberedTexts) {
    self.texts = texts
    own = Array(repeating: (0, 0), count: texts.count)
  }

  /// Adds a place after a history of one token.
  mutating func add(_ place: Int, of text: Int, probability: Double) {
    active.append(UInt32(places.count))
    histories.append(texts.tokens[place - 1])
    places.append(UInt32(place))
    owners.append(UInt32(text))
    probabilities.append(probability)
  }

  /// Σ ln P by text.
  var sums: [TextSum] {
    var sums: [TextSum] = []
    for (owner, probability) in zip(owners, probabilities) {
      if sums.last?.text != owner { sums.append((owner, 0)) }
      sums[sums.count - 1].sum += .log(probability)
    }
    return sums
  }

  /// The active places by their history and a token.
  private func sorted(by token: (UInt32) -> UInt32) -> RadixSort {
    let unit = UInt64(texts.vocabulary)
    return RadixSort(
      keys: zip(active, histories).map { UInt64($1) * unit + UInt64(token(places[Int($0)])) }, places: active)
  }

  /// Takes what follows the histories in other texts into account.
  mutating func update() {
    let tokens = texts.tokens
    let sorted = sorted { tokens[Int($0)] }
    let unit = UInt64(texts.vocabulary)
    // Which text each is of, side by side: they are looked up often.
    let owners = sorted.places.map { self.owners[Int($0)] }
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
        // Places stay in the order of the texts: those of one are a run.
        var start = same.lowerBound
        while start < same.upperBound {
          let owner = owners[start]
          var end = start
          while end < same.upperBound, owners[end] == owner { end += 1 }
          let (ownTotal, ownTypes) = own[Int(owner)]
          for index in start..<end {
            update(
              Int(sorted.places[index]), follows: same.count - (end - start), total: group.count - Int(ownTotal),
              types: types - Int(ownTypes))
          }
          start = end
        }
      }
      for index in group { own[Int(owners[index])] = (0, 0) }
    }
  }

  /// P of a place's token, given P after a shorter history, and how often the token follows in other texts.
  private mutating func update(_ index: Int, follows count: Int, total: Int, types: Int) {
    guard total > 0 else { return }
    probabilities[index] = (Double(count) + Double(types) * probabilities[index]) / Double(total + types)
  }

  /// Goes on to histories with one token more than `length`, those that two texts have.
  mutating func lengthen(_ length: Int) {
    let (tokens, starts) = (texts.tokens, texts.starts)
    var kept = active.indices.filter { index in
      let place = Int(active[index])
      return Int(places[place]) - length - 1 >= starts[Int(owners[place])]
    }
    (active, histories) = (kept.map { active[$0] }, kept.map { histories[$0] })
    let sorted = sorted { tokens[Int($0) - length - 1] }
    var longer = [UInt32](repeating: .max, count: places.count)
    var next: UInt32 = 0
    var same = 0..<0
    while same.upperBound < sorted.places.count {
      same = sorted.run(from: same.upperBound)
      let ends = (sorted.places[same.lowerBound], sorted.places[same.upperBound - 1])
      guard owners[Int(ends.0)] != owners[Int(ends.1)] else { continue }
      for index in same { longer[Int(sorted.places[index])] = next }
      next += 1
    }
    kept = active.indices.filter { longer[Int(active[$0])] != .max }
    active = kept.map { active[$0] }
    histories = active.map { longer[Int($0)] }
  }
}
