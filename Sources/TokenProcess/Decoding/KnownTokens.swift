import GSLNumerics
import RealModule

/// What a capture says about the distribution at one position: the reference token's probability, perhaps its rank,
/// perhaps the most probable tokens.
///
/// Of the other tokens it is known that none is more probable than the least probable one listed and that together they
/// have what is left of 1. The list is taken to be complete in its ties: no token that is not listed is exactly as
/// probable as the last one that is.
public struct KnownTokens: Sendable {
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
  /// The largest probability that one of them can have.
  private let largest: Double
  /// What is left for them together, with its rounding error.
  private let rest: ClosedRange<Double>

  /// One position.
  ///
  /// - Parameters:
  ///   - reference: ln p of the reference token at temperature 1, at most 0.
  ///   - rank: How many tokens are more probable.
  ///   - listed: ln p of the most probable tokens, in any order.
  ///   - place: The reference token's index in `listed`; nil when it is not there or not known to be. A reference that
  ///     is more probable than the last listed token is taken to be the listed token of its probability.
  ///   - vocabulary: The number of tokens.
  ///   - rounding: How far the logarithms may be from what they stand for, e.g. 5e-6 with five decimals: so far the
  ///     rest of the probability is uncertain.
  public init(
    reference: Double, rank: Int? = nil, listed: [Double] = [], place: Int? = nil, vocabulary: Int? = nil,
    rounding: Double = 0
  ) {
    let ordered = listed.sorted(by: >)
    self.listed = ordered
    given = reference
    self.rank = rank
    if let place {
      self.place = ordered.firstIndex { $0 <= listed[place] }
    } else if let last = ordered.last, reference >= last {
      // The nearest by value: a list and a reference rounded differently still meet.
      self.place = ordered.indices.min { (ordered[$0] - reference).magnitude < (ordered[$1] - reference).magnitude }
    } else {
      self.place = nil
    }
    self.reference = self.place.map { ordered[$0] } ?? reference
    let known = ordered.count + (self.place == nil ? 1 : 0)
    others = vocabulary.map { Double(max(0, $0 - known)) }
    var sum = CompensatedSum()
    for value in ordered { sum.add(.exp(value)) }
    if self.place == nil { sum.add(.exp(given)) }
    // Each exponential is good to an ulp or so, the sum to one.
    let error = 4e-16 * Double(known + 1) + rounding
    rest = max(0, 1 - sum.value - error)...max(0, 1 - sum.value + error)
    if let last = ordered.last {
      largest = .exp(last)
    } else {
      largest = rank == 0 ? min(.exp(given), rest.upperBound) : rest.upperBound
    }
  }

  /// ln of the reference token's probability under a scheme: exact where the tokens that are kept are known, otherwise
  /// bounds that hold for every distribution with these known tokens.
  ///
  /// With s = 1/T the unknown tokens add U = Σ p^s to the normalizer. For s >= 1 that is largest when they are as few
  /// as the largest probability allows, smallest when all have the same; for s < 1 it is the other way round, and
  /// without the vocabulary there is no upper bound.
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

  /// Where only the reference and its rank are known.
  private func withoutList(_ decoding: Decoding) -> LogInterval {
    let s = 1 / decoding.temperature
    let unknown = unknownSum(s, relativeTo: reference)
    let whole = -Double.log(1 + unknown.upperBound)
    let above = Double(rank ?? 0)
    // The tokens above the reference are kept when it is.
    let fewest = decoding.isTruncated ? above : max(above, unknown.lowerBound)
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
    let interval: LogInterval

    init(_ tokens: KnownTokens, _ decoding: Decoding) {
      let s = 1 / decoding.temperature
      let listed = tokens.listed
      // Relative to the most probable token, which is always kept.
      let scale = listed[0]
      let numerator = s * (tokens.reference - scale)
      let values = listed.map { Double.exp(s * ($0 - scale)) }
      var sums = [0.0]
      var running = CompensatedSum()
      for value in values {
        running.add(value)
        sums.append(running.value)
      }
      let isListed = tokens.place != nil
      /// What the reference adds to the sum of listed tokens.
      let own = isListed ? 0 : Double.exp(numerator)
      /// The first index after a listed token and its ties.
      func end(_ index: Int) -> Int {
        var end = index + 1
        while end < listed.count, listed[end] == listed[index] { end += 1 }
        return end
      }

      // Listed tokens that are certainly kept, and that may be; whether unlisted ones may be; the reference itself.
      var certain = listed.count
      var possible = listed.count
      var unknown = tokens.unknownSum(s, relativeTo: scale)
      var hasUnknown = true
      var isCertain = true
      var isPossible = true

      if let topK = decoding.topK {
        if topK <= listed.count {
          certain = end(topK - 1)
          possible = certain
          hasUnknown = false
          isPossible = tokens.place.map { $0 < certain } ?? (tokens.reference >= listed[topK - 1])
          isCertain = isPossible
        } else {
          unknown = Self.largest(topK - listed.count - (isListed ? 0 : 1), tokens, unknown, s, scale)
          if !isListed {
            isPossible = tokens.rank.map { $0 < topK } ?? true
            isCertain =
              tokens.rank != nil
              ? isPossible : tokens.others.map { Double(topK) >= $0 + Double(listed.count) + 1 } ?? false
          }
        }
      }
      if !hasUnknown { unknown = 0...0 }
      if !isListed, isPossible, let rank = tokens.rank, rank > listed.count, hasUnknown {
        // So many unlisted tokens are more probable than the reference.
        let least = Double(rank - listed.count) * own
        unknown = max(unknown.lowerBound, min(least, unknown.upperBound))...unknown.upperBound
      }
      var low = sums[certain] + own + unknown.lowerBound
      var high = sums[possible] + own + unknown.upperBound

      if let topP = decoding.topP, isPossible {
        let kept = possible
        let (least, most) = (topP * low * (1 - 1e-15), topP * high * (1 + 1e-15))
        /// The first number of listed tokens whose sum reaches a target; nil when the list does not.
        func reached(_ target: Double) -> Int? {
          (1...kept).first { sums[$0] >= target }.map { min(kept, end($0 - 1)) }
        }
        let (first, last) = (reached(least), reached(most))
        certain = first ?? kept
        possible = last ?? kept
        hasUnknown = hasUnknown && last == nil
        if let place = tokens.place {
          isCertain = isCertain && place < certain
          isPossible = place < possible
          certain = max(certain, min(kept, end(place)))
          low = sums[min(certain, kept)]
        } else {
          isPossible = last == nil
          isCertain = isCertain && own > (1 - topP) * high * (1 + 1e-15)
          low = sums[kept] + own
        }
        // Beyond the list the kept share itself is the bound.
        if first == nil { low = max(low, least) }
        high = last == nil ? high : sums[possible]
      }
      if let minP = decoding.minP, isPossible {
        let threshold = Double.log(minP)
        let kept = listed.prefix(possible).count { s * ($0 - scale) >= threshold }
        if kept < possible || s * (.log(tokens.largest) - scale) < threshold { hasUnknown = false }
        isPossible = numerator >= threshold
        isCertain = isCertain && isPossible
        certain = min(certain, kept)
        possible = min(possible, kept)
        low = sums[max(certain, tokens.place.map { min(possible, end($0)) } ?? possible)] + own
        high = hasUnknown ? high : sums[possible] + own
      }
      guard isPossible else {
        interval = LogInterval(-.infinity)
        return
      }
      let (upper, lower) = (min(0, numerator - .log(low)), min(0, numerator - .log(high)))
      if isCertain, low == high {
        interval = LogInterval(upper)
      } else {
        // Outwards by the rounding of sums, exponentials and logarithm.
        let error = 4e-16 * (Double(listed.count) + numerator.magnitude + 4)
        interval = LogInterval(
          lower: isCertain ? min(lower, upper) - error : -.infinity, upper: min(0, max(upper, lower) + error))
      }
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
