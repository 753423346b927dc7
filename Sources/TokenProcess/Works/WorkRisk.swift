import GSLNumerics
import RealModule

/// How likely each token of a work is to come out, from windows of the work (TheModel §11).
///
/// A work is a sequence of tokens t = 1 … T. A window at s asks for the tokens after the s-th; its law is
/// S_w(k), k = 1 … L. With n tokens asked of each window,
///
///     m(t) = max S_w(n)    over the windows with s < t <= s + n
///
/// is the *risk* of token t (Cooper et al., arXiv 2505.12546), and
///
///     P(t) = 1 - Π (1 - S_w(max(n, t - s)))^q    over the windows with s < t <= s + L
///
/// is the probability that it comes out when q continuations are drawn from each window and a match counts from n
/// tokens on. Windows shorter than n say nothing. Nothing is kept of a window itself: the memory is two numbers a token
/// of the work.
public struct WorkRisk: Sendable, Equatable {
  /// n, the tokens that a window must repeat.
  public let length: Int
  /// ln m(t) by token, index t - 1; NaN where no window covers the token.
  public private(set) var logRisk: [Double] = []
  /// Σ ln(1 - S_w(max(n, t - s))) by token.
  private var logMissed: [Double] = []

  /// Nothing is known yet.
  ///
  /// - Precondition: length >= 1.
  public init(length: Int) {
    precondition(length >= 1, "\(length) tokens")
    self.length = length
  }

  /// The tokens known of: the end of the last window, or more.
  public var tokens: Int { logRisk.count }

  /// Says that the work has at least so many tokens.
  public mutating func reserve(tokens: Int) {
    guard tokens > logRisk.count else { return }
    logRisk.append(contentsOf: repeatElement(.nan, count: tokens - logRisk.count))
    logMissed.append(contentsOf: repeatElement(0, count: tokens - logMissed.count))
  }

  /// Adds one window.
  ///
  /// - Parameters:
  ///   - window: The window.
  ///   - isCounted: Which of its L tokens it tells something about; nil for all.
  /// - Complexity: O(L).
  public mutating func add(_ window: WorkWindow, isCounted: [Bool]? = nil) {
    let last = window.logSurvival.count - 1
    reserve(tokens: window.start + last)
    guard last >= length else { return }
    let (atLength, missed) = (window.logSurvival[length], window.logMissed[length])
    logRisk.withUnsafeMutableBufferPointer { logRisk in
      for offset in 0..<length where isCounted?[offset] != false {
        let token = window.start + offset
        if !(logRisk[token] >= atLength) { logRisk[token] = atLength }
      }
    }
    logMissed.withUnsafeMutableBufferPointer { sums in
      window.logMissed.withUnsafeBufferPointer { longer in
        for offset in 0..<last where isCounted?[offset] != false {
          sums[window.start + offset] += offset < length ? missed : longer[offset + 1]
        }
      }
    }
  }

  /// Adds a long pass: tokens that were scored one after the other in one context, so that a window begins at each.
  ///
  /// - Parameters:
  ///   - start: The tokens of the work before the first of the pass.
  ///   - tokenLogProbabilities: ln p of each token of the pass given all before it.
  ///   - first: How many tokens of the pass are context only: the first window asks for those after them.
  ///   - isCounted: Which of the tokens the pass tells something about; nil for all.
  /// - Complexity: O(c n) for c tokens, and more where they are so probable that matches go on far beyond n: at most
  ///   O(c²).
  public mutating func add(
    passAt start: Int, tokenLogProbabilities: [Double], first: Int, isCounted: [Bool]? = nil
  ) {
    let count = tokenLogProbabilities.count
    reserve(tokens: start + count)
    guard count - first >= length else { return }
    let sums = PrefixSums(tokenLogProbabilities)
    let starts = first...(count - length)
    let atLength = starts.map { sums.sum($0, $0 + length) }
    let missed = atLength.map(log1mExp)
    var best = SlidingMaximum()
    for token in first..<count {
      let newest = min(token, starts.upperBound)
      if token <= starts.upperBound { best.add(atLength[token - first], at: token) }
      best.drop(before: token - length + 1)
      guard isCounted?[token] != false else { continue }
      if let value = best.value { raise(start + token, to: value) }
      var sum = 0.0
      for from in stride(from: newest, through: max(first, token - length + 1), by: -1) { sum += missed[from - first] }
      // Starts further back: what they add falls, and ends where it is lost in rounding.
      for from in stride(from: token - length, through: first, by: -1) {
        guard sum > -45 else { break }
        let survival = sums.sum(from, token + 1)
        let rest = Double(from - first + 1) * .exp(survival)
        guard rest > 1e-17 * sum.magnitude, rest > 0 else { break }
        sum += log1mExp(survival)
      }
      logMissed[start + token] += sum
    }
  }

  private mutating func raise(_ token: Int, to value: Double) {
    if !(logRisk[token] >= value) { logRisk[token] = value }
  }

  /// Adds what other windows of the same work say.
  ///
  /// - Precondition: The other's n is the same.
  public mutating func merge(_ other: WorkRisk) {
    precondition(other.length == length, "\(other.length) tokens and \(length)")
    reserve(tokens: other.tokens)
    for token in 0..<other.tokens {
      if !other.logRisk[token].isNaN { raise(token, to: other.logRisk[token]) }
      logMissed[token] += other.logMissed[token]
    }
  }

  /// The tokens that a window covers.
  public var known: Int { logRisk.count { !$0.isNaN } }

  /// The probability that each token comes out when `draws` continuations are drawn from each window.
  ///
  /// - Precondition: draws >= 0.
  public func probabilities(draws: Double) -> [Double] {
    precondition(draws >= 0, "\(draws) draws")
    return logMissed.map { draws == 0 ? 0 : -.expMinusOne(draws * $0) }
  }

  /// Σ P(t): how many tokens are expected to come out when `draws` continuations are drawn from each window.
  public func expectedTokens(draws: Double) -> Double {
    CompensatedSum(of: probabilities(draws: draws)).value
  }
}

/// A window of a work, ready to be added to the risks for several lengths.
public struct WorkWindow: Sendable {
  /// s, the tokens of the work before the first that is asked for.
  public let start: Int
  /// ln S_w(k), k = 0 … L.
  public let logSurvival: [Double]
  /// ln(1 - S_w(k)).
  let logMissed: [Double]

  /// A window.
  ///
  /// - Precondition: `logSurvival` begins with ln S(0).
  public init(start: Int, logSurvival: [Double]) {
    precondition(!logSurvival.isEmpty, "no S(0)")
    self.start = start
    self.logSurvival = logSurvival
    logMissed = logSurvival.map(log1mExp)
  }
}

/// Sums of neighbouring values as differences of sums from the first on, with the digits that the difference needs.
private struct PrefixSums {
  private var high: [Double] = [0]
  private var low: [Double] = [0]
  /// Values of -inf so far.
  private var impossible: [Int] = [0]

  init(_ values: [Double]) {
    var sum = CompensatedSum()
    var count = 0
    for value in values {
      if value > -.infinity { sum.add(value) } else { count += 1 }
      high.append(sum.high)
      low.append(sum.low)
      impossible.append(count)
    }
  }

  /// The sum of the values from index `from` up to, not including, `to`; at most 0.
  func sum(_ from: Int, _ to: Int) -> Double {
    impossible[to] > impossible[from] ? -.infinity : min(0, (high[to] - high[from]) + (low[to] - low[from]))
  }
}

/// The largest of the values whose places have not been dropped: places come and go in order.
private struct SlidingMaximum {
  private var entries: [(place: Int, value: Double)] = []
  private var head = 0

  var value: Double? { head < entries.count ? entries[head].value : nil }

  mutating func add(_ value: Double, at place: Int) {
    while entries.count > head, entries[entries.count - 1].value <= value { entries.removeLast() }
    entries.append((place, value))
  }

  mutating func drop(before place: Int) {
    while head < entries.count, entries[head].place < place { head += 1 }
  }
}
