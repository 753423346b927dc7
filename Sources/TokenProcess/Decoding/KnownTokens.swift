import GSLNumerics
import RealModule

/// What a capture says about the distribution at one position: the reference token's probability, perhaps its rank,
/// perhaps the most probable tokens.
///
/// Of the other tokens it is known that none is more probable than the least probable one listed, and that together
/// they have what is left of 1.
public struct KnownTokens: Sendable {
  /// Where the reference token is in the list.
  public enum Place: Sendable, Equatable {
    /// At this index.
    case listed(Int)
    /// Nowhere.
    case notListed
    /// It has no number to look for. A reference at least as probable as the last listed token is taken to be the
    /// listed token of its probability.
    case unknown
  }

  /// ln p of the listed tokens, descending.
  private let listed: [Double]
  /// ln p of the reference token, as it is in the list where it is there: what is compared and divided is to be rounded
  /// alike.
  private let reference: Double
  /// ln p of the reference token as it was given.
  private let given: Double
  /// Its place in the list; nil when it is not listed.
  private let place: Int?
  /// How many tokens are more probable than the reference.
  private let rank: Int?
  /// The number of tokens that are neither listed nor the reference; nil when the vocabulary is not known.
  private let others: Double?
  /// The precisions of the list and of the reference.
  private let precision: (list: LogProbabilityPrecision, reference: LogProbabilityPrecision)
  /// The largest probability that one of the others can have.
  private let largest: Double
  /// What is left for them together, with all rounding.
  private let rest: ClosedRange<Double>

  /// One position.
  ///
  /// - Parameters:
  ///   - reference: ln p of the reference token at temperature 1, at most 0.
  ///   - rank: How many tokens are more probable.
  ///   - listed: ln p of the most probable tokens, in any order.
  ///   - place: Where the reference token is in `listed`.
  ///   - vocabulary: The number of tokens.
  ///   - precision: How exactly `listed` is recorded.
  ///   - referencePrecision: How exactly `reference` is recorded; nil for as `listed`.
  public init(
    reference: Double, rank: Int? = nil, listed: [Double] = [], place: Place = .unknown, vocabulary: Int? = nil,
    precision: LogProbabilityPrecision = .double, referencePrecision: LogProbabilityPrecision? = nil
  ) {
    let ordered = listed.sorted(by: >)
    self.listed = ordered
    given = reference
    self.rank = rank
    switch place {
    case .listed(let index): self.place = ordered.firstIndex { $0 <= listed[index] }
    case .notListed: self.place = nil
    case .unknown:
      // The nearest by value: a list and a reference rounded differently still meet.
      self.place =
        reference >= ordered.last ?? 1
        ? ordered.indices.min { (ordered[$0] - reference).magnitude < (ordered[$1] - reference).magnitude } : nil
    }
    let isListed = self.place != nil
    self.reference = self.place.map { ordered[$0] } ?? reference
    self.precision = (precision, isListed ? precision : referencePrecision ?? precision)
    let known = ordered.count + (isListed ? 0 : 1)
    others = vocabulary.map { Double(max(0, $0 - known)) }
    var (least, most) = (CompensatedSum(), CompensatedSum())
    func add(_ value: Double, _ precision: LogProbabilityPrecision) {
      let error = precision.error(of: value)
      least.add(.exp(value - error))
      most.add(.exp(min(0, value + error)))
    }
    for value in ordered { add(value, precision) }
    if !isListed { add(reference, self.precision.reference) }
    // Each exponential is good to an ulp or so, the sum to one.
    let error = 4e-16 * Double(known + 1)
    rest = max(0, 1 - most.value - error)...max(0, 1 - least.value + error)
    if let last = ordered.last {
      largest = .exp(min(0, last + precision.error(of: last)))
    } else {
      let highest = min(0, reference + self.precision.reference.error(of: reference))
      largest = rank == 0 ? min(.exp(highest), rest.upperBound) : rest.upperBound
    }
  }

  /// ln of the reference token's probability under a scheme: one value where no unlisted token can matter, otherwise
  /// bounds that hold for every distribution with these known tokens.
  ///
  /// With s = 1/T the unknown tokens add U = Σ p^s to the normalizer. For s >= 1 that is largest when they are as few
  /// as the largest probability allows, smallest when all have the same; for s < 1 it is the other way round, and
  /// without the vocabulary there is no upper bound. Unlisted tokens may be as probable as the last listed one: a
  /// threshold that ends at the end of the list may keep them too. Bounds allow for the precision of what is listed; a
  /// single value is that of the listed numbers as they are.
  ///
  /// - Complexity: O(K) after sorting.
  public func interval(under decoding: Decoding) -> LogInterval? {
    if decoding.isGreedy {
      let isFirst = rank.map { $0 == 0 } ?? (place.map { listed[$0] == listed[0] })
      // A listed token above an unlisted reference settles it too.
      guard let isFirst = isFirst ?? (listed.isEmpty ? nil : false) else { return nil }
      return LogInterval(isFirst ? 0 : -.infinity)
    }
    if reference == -.infinity { return LogInterval(-.infinity) }
    if decoding.temperature == 1, !decoding.isTruncated { return LogInterval(given) }
    return listed.isEmpty ? withoutList(decoding) : NormalizerBounds(self, decoding).interval
  }

  /// The least and the largest ln p that the recorded reference can stand for.
  private var referenceRange: (low: Double, high: Double) {
    let error = precision.reference.error(of: reference)
    return (reference - error, min(0, reference + error))
  }

  /// Where only the reference and its rank are known.
  private func withoutList(_ decoding: Decoding) -> LogInterval {
    let s = 1 / decoding.temperature
    let (low, high) = referenceRange
    let whole = -Double.log(1 + unknownSum(s, relativeTo: low).upperBound)
    let above = Double(rank ?? 0)
    // The tokens above the reference are kept when it is.
    let fewest = decoding.isTruncated ? above : max(above, unknownSum(s, relativeTo: high).lowerBound)
    // A truncated normalizer is smaller.
    let isKept = !decoding.isTruncated || rank == 0 || isKeptByRankAlone(decoding)
    let upper = min(0, -.log(1 + fewest) + 1e-15)
    let lower = isKept ? min(0, whole - 1e-15) : -.infinity
    // A rank that the probability rules out by rounding makes them cross.
    return LogInterval(lower: min(lower, upper), upper: max(lower, upper))
  }

  private func isKeptByRankAlone(_ decoding: Decoding) -> Bool {
    guard decoding.topP == nil, decoding.minP == nil, let rank, let topK = decoding.topK else { return false }
    return rank < topK
  }

  /// Bounds of Σ (p / exp(scale))^s over the unknown tokens.
  private func unknownSum(_ s: Double, relativeTo scale: Double) -> ClosedRange<Double> {
    func power(_ p: Double) -> Double { p > 0 ? .exp(s * (.log(p) - scale)) : 0 }
    func packed(_ mass: Double) -> Double {
      guard largest > 0 else { return 0 }
      let mass = others.map { min(mass, $0 * largest) } ?? mass
      let count = (mass / largest).rounded(.down)
      return count * power(largest) + power(max(0, mass - count * largest))
    }
    func even(_ mass: Double) -> Double {
      guard mass > 0 else { return 0 }
      guard let others else { return s > 1 ? 0 : s == 1 ? power(mass) : .infinity }
      return others > 0 ? others * power(mass / others) : 0
    }
    if others == 0 { return 0...0 }
    if s == 1 { return power(rest.lowerBound)...power(rest.upperBound) }
    let (low, high) =
      s > 1
      ? (even(rest.lowerBound), packed(rest.upperBound)) : (packed(rest.lowerBound), even(rest.upperBound))
    // Rounding may cross them where they are equal.
    return min(low, high)...max(low, high)
  }

  /// Bounds of the normalizer of a truncated, tempered distribution in which the reference is kept.
  private struct NormalizerBounds {
    private(set) var interval = LogInterval(0)

    private let tokens: KnownTokens
    private let s: Double
    /// ln p of the most probable token, which is always kept: all weights are relative to it.
    private let scale: Double
    /// Sums of the first 0 … K weights exp(s (ln p - scale)): the least and the largest that they can be.
    private let least: [Double]
    private let most: [Double]

    // How many listed tokens are certainly kept, and how many may be.
    private var certain: Int
    private var possible: Int
    /// What unlisted tokens add.
    private var unknown: ClosedRange<Double>
    // Whether the reference is certainly kept, and whether it may be.
    private var isCertain = true
    private var isPossible = true
    /// What the normalizer is at least, by the share that top-p keeps.
    private var floor = 0.0

    init(_ tokens: KnownTokens, _ decoding: Decoding) {
      self.tokens = tokens
      s = 1 / decoding.temperature
      scale = tokens.listed[0]
      (certain, possible) = (tokens.listed.count, tokens.listed.count)
      unknown = tokens.unknownSum(s, relativeTo: scale)
      (least, most) = Self.sums(tokens, s, scale)
      if let topK = decoding.topK { keepMostProbable(topK) }
      if tokens.place == nil, isPossible, let rank = tokens.rank, rank > tokens.listed.count, unknown.upperBound > 0 {
        // So many unlisted tokens are more probable than the reference.
        let above = Double(rank - tokens.listed.count) * weight(tokens.referenceRange.low)
        unknown = max(unknown.lowerBound, min(above, unknown.upperBound))...unknown.upperBound
      }
      if let topP = decoding.topP, isPossible { keepShare(topP, isWhole: s == 1 && decoding.topK == nil) }
      if let minP = decoding.minP, isPossible { keepAbove(minP) }
      interval = result
    }

    private static func sums(_ tokens: KnownTokens, _ s: Double, _ scale: Double) -> ([Double], [Double]) {
      var (least, most) = ([0.0], [0.0])
      var (low, high) = (CompensatedSum(), CompensatedSum())
      for value in tokens.listed {
        let error = tokens.precision.list.error(of: value)
        low.add(.exp(s * (value - error - scale)))
        high.add(.exp(s * (min(0, value + error) - scale)))
        least.append(low.value)
        most.append(high.value)
      }
      return (least, most)
    }

    private func weight(_ logProbability: Double) -> Double { .exp(s * (logProbability - scale)) }

    /// The first index after a listed token and its ties.
    private func end(_ index: Int) -> Int {
      let listed = tokens.listed
      var end = index + 1
      while end < listed.count, listed[end] == listed[index] { end += 1 }
      return end
    }

    /// The first index of a listed token's ties.
    private func start(_ index: Int) -> Int {
      var start = index
      while start > 0, tokens.listed[start - 1] == tokens.listed[index] { start -= 1 }
      return start
    }

    /// The sum of what unlisted tokens may add that are as probable as the last listed one.
    private var tiesAtTheEnd: Double {
      guard let last = tokens.listed.last, last > -.infinity else { return 0 }
      let error = tokens.precision.list.error(of: last)
      let room = (tokens.rest.upperBound / .exp(last - error)).rounded(.down)
      let count = min(room, tokens.others ?? room)
      return count > 0 ? count * weight(min(0, last + error)) : 0
    }

    /// Whether an unlisted reference may be as probable as the last listed token.
    private var mayTieAtTheEnd: Bool {
      guard let last = tokens.listed.last else { return false }
      return tokens.referenceRange.high >= last - tokens.precision.list.error(of: last)
    }

    /// Whether it is.
    private var isTiedAtTheEnd: Bool {
      let (list, own) = tokens.precision
      return list == own && !list.mergesValues && tokens.listed.last.map { tokens.reference >= $0 } == true
    }

    /// Recorded values that are equal are tied, and ties are kept; where rounding merges values, a tie on paper may be
    /// none.
    private mutating func keepMostProbable(_ topK: Int) {
      let listed = tokens.listed
      guard topK <= listed.count else {
        unknown = Self.largest(topK - listed.count - (tokens.place == nil ? 1 : 0), tokens, unknown, s, scale)
        if tokens.place == nil {
          isPossible = tokens.rank.map { $0 < topK } ?? true
          isCertain =
            tokens.rank != nil
            ? isPossible : tokens.others.map { Double(topK) >= $0 + Double(listed.count) + 1 } ?? false
        }
        return
      }
      possible = end(topK - 1)
      certain = tokens.precision.list.mergesValues ? topK : possible
      let isAtEnd = possible == listed.count
      unknown = 0...(isAtEnd ? tiesAtTheEnd : 0)
      if let place = tokens.place {
        isPossible = place < possible
        isCertain = isPossible && (certain == possible || place < start(topK - 1))
      } else {
        isPossible = isAtEnd && mayTieAtTheEnd
        isCertain = isAtEnd && isTiedAtTheEnd
      }
    }

    private mutating func keepShare(_ topP: Double, isWhole: Bool) {
      let kept = possible
      // Without a temperature or a top-k the whole is 1.
      let whole = Double.exp(-s * scale)
      let own = tokens.place == nil ? 1.0 : 0
      let (low, high) = tokens.referenceRange
      let total =
        isWhole
        ? whole...whole
        : (least[certain] + own * weight(low) + unknown.lowerBound)...(most[possible] + own * weight(high)
          + unknown.upperBound)
      let target = (topP * total.lowerBound * (1 - 1e-15))...(topP * total.upperBound * (1 + 1e-15))
      let first = (1...kept).first { most[$0] >= target.lowerBound }
      let last = (1...kept).first { least[$0] >= target.upperBound }
      certain = first.map { tokens.precision.list.mergesValues ? $0 : min(kept, end($0 - 1)) } ?? kept
      possible = last.map { min(kept, end($0 - 1)) } ?? kept
      if let place = tokens.place {
        isCertain = isCertain && (tokens.precision.list.mergesValues ? end(place) <= certain : place < certain)
        isPossible = place < possible
      } else {
        // What is not listed is kept when the list falls short, or ends in the tie at the threshold.
        let isAtEnd = possible == tokens.listed.count
        isPossible = last == nil || isAtEnd && mayTieAtTheEnd
        isCertain =
          isCertain
          && (certain == tokens.listed.count && isTiedAtTheEnd
            || total.upperBound < .infinity
              && weight(low) > (1 - topP) * total.upperBound * (1 + 1e-15))
      }
      // Beyond the list the kept share itself is the bound.
      if first == nil { floor = target.lowerBound }
      if last != nil {
        unknown = 0...(possible == tokens.listed.count ? min(unknown.upperBound, tiesAtTheEnd) : 0)
      } else {
        unknown = 0...unknown.upperBound
      }
    }

    private mutating func keepAbove(_ minP: Double) {
      let threshold = Double.log(minP)
      let listed = tokens.listed
      let first = tokens.precision.list.error(of: scale)
      /// The least and the largest s (ln p - ln p of the first token).
      func difference(_ value: Double, _ error: Double) -> (low: Double, high: Double) {
        value == scale ? (0, 0) : (s * (value - error - min(0, scale + first)), s * (value + error - scale + first))
      }
      func of(_ value: Double) -> (low: Double, high: Double) {
        difference(value, tokens.precision.list.error(of: value))
      }
      let last = listed[listed.count - 1]
      if possible < listed.count || of(last).high < threshold {
        unknown = 0...0
      } else {
        unknown = 0...unknown.upperBound
      }
      let own =
        tokens.place == nil
        ? difference(tokens.reference, tokens.precision.reference.error(of: tokens.reference)) : of(tokens.reference)
      // This may leave out some of what top-p keeps.
      floor = 0
      isPossible = own.high >= threshold
      isCertain = isCertain && own.low >= threshold
      certain = min(certain, listed.prefix(certain).count { of($0).low >= threshold })
      possible = min(possible, listed.prefix(possible).count { of($0).high >= threshold })
    }

    private var result: LogInterval {
      guard isPossible else { return LogInterval(-.infinity) }
      // What is above a kept reference is kept.
      let certain = max(certain, tokens.place.map { min(possible, start($0)) } ?? possible)
      if isCertain, certain == possible, unknown.upperBound == 0, floor == 0 {
        var sum = CompensatedSum()
        for value in tokens.listed.prefix(possible) { sum.add(weight(value)) }
        if tokens.place == nil { sum.add(weight(tokens.reference)) }
        return LogInterval(min(0, s * (tokens.reference - scale) - .log(sum.value)))
      }
      let (low, high) = tokens.referenceRange
      /// The normalizer, with the reference at one end of its range and the other listed tokens at the other.
      func normalizer(_ sums: [Double], _ count: Int, _ own: Double) -> Double {
        guard let place = tokens.place else { return sums[count] + weight(own) }
        return sums[count] - (place < count ? sums[place + 1] - sums[place] : 0) + weight(own)
      }
      let least = max(normalizer(least, certain, high) + unknown.lowerBound, floor)
      let most = normalizer(most, possible, low) + unknown.upperBound
      let upper = min(0, s * (high - scale) - .log(least))
      let lower = isCertain ? min(0, s * (low - scale) - .log(most)) : -.infinity
      // Outwards by the rounding of sums, exponentials and logarithm.
      let size = Double(tokens.listed.count) + (s * (tokens.reference - scale)).magnitude + 4
      let error = 4e-16 * size
      return LogInterval(lower: min(lower, upper) - error, upper: min(0, max(upper, lower) + error))
    }

    /// Bounds of Σ p^s over the `count` most probable of the unknown tokens.
    private static func largest(
      _ count: Int, _ tokens: KnownTokens, _ all: ClosedRange<Double>, _ s: Double, _ scale: Double
    ) -> ClosedRange<Double> {
      guard let others = tokens.others, others > 0, count > 0 else { return 0...all.upperBound }
      if Double(count) >= others { return all }
      // The mean of the largest is at least that of all; p^s is convex for s >= 1, and at least p q^(s-1) for s < 1.
      let mean = tokens.rest.lowerBound / others
      guard mean > 0 else { return 0...all.upperBound }
      let each =
        s >= 1
        ? Double.exp(s * (.log(mean) - scale))
        : mean / tokens.largest * .exp(s * (.log(tokens.largest) - scale))
      return min(Double(count) * each, all.upperBound)...all.upperBound
    }
  }
}
