import GSLNumerics
import Inference
import RealModule

/// An estimate of the probability that a continuation differs from the reference in at most e places, with an interval
/// that holds at any number of draws (TheModel §12).
///
/// The exact law gives S(n), the probability of no difference. For the rest a first mismatch j is drawn from the law of
/// N given N < n, a wrong token v from p_j given that it is not the reference's, and the rest is scored exactly:
///
///     P_e = S(n) + (1 - S(n)) E[R_e],    R_1 = P(rest of the reference | v),
///     R_e = P(rest | v) + (1 - P(rest | v)) R_(e-1) from there on
///
/// R is between 0 and 1 and costs a request a mismatch. It is an estimate, where ``NearVerbatimSearch`` has proved
/// bounds: use it where the search ends with bounds too far apart.
public struct ConditionalMonteCarlo: Sendable {
  /// e, 1 or more.
  public let limit: Int
  /// Draws.
  public var draws = 100
  /// How many are asked for at a time; results do not depend on it.
  public var batch = 16
  /// The seed: draw k uses stream k.
  public var seed: UInt64 = 0
  /// The confidence level.
  public var level = 0.95

  /// An estimate of P(Hamming distance <= e).
  ///
  /// - Throws: `ArgumentError` unless 1 <= limit <= 20.
  public init(limit: Int) throws(ArgumentError) {
    guard (1...20).contains(limit) else { throw ArgumentError(name: "limit", value: "\(limit)", allowed: "1 to 20") }
    self.limit = limit
  }

  /// An estimate.
  public struct Result: Sendable, Equatable {
    /// The estimate; where wrong tokens were drawn of which the model lists nothing, its lower end.
    public let estimate: Double
    /// Its limits, which hold at any number of draws; the mass of tokens that are not listed is taken as nothing below
    /// and as all above.
    public let limits: ClosedRange<Double>
    /// The variance of one draw's value, beside P(1 - P) of a plain sample.
    public let variance: Double
    /// Requests.
    public let requests: Int
  }

  /// Draws from a prefix that the model knows.
  ///
  /// - Throws: What the model throws; `ArgumentError` for an empty reference, fewer than two draws, a level that is
  ///   none, or a decoding scheme whose probabilities are not exactly known; `CancellationError`.
  public func estimate(of reference: [Int], _ model: some ContinuationModel) async throws -> Result {
    guard !reference.isEmpty else { throw ArgumentError(name: "reference", value: "empty", allowed: "1 token or more") }
    guard draws >= 2 else { throw ArgumentError(name: "draws", value: "\(draws)", allowed: "2 or more") }
    guard level > 0, level < 1 else {
      throw ArgumentError(name: "level", value: "\(level)", allowed: "above 0, below 1")
    }
    let answers = try await model.nextTokens(along: [reference])
    let root = try Path(reference, from: 0, answers.first ?? [])
    var requests = 1
    guard root.logWhole < 0 else {
      return Result(estimate: 1, limits: 1...1, variance: 0, requests: requests)
    }
    var samples = (0..<draws).map { Sample(stream: UInt64($0), seed: seed, reference, root, limit: limit) }
    while true {
      let waiting = samples.indices.filter { samples[$0].question != nil }.prefix(batch)
      if waiting.isEmpty { break }
      try Task.checkCancellation()
      let questions = waiting.compactMap { samples[$0].question }
      let answers = try await model.nextTokens(along: questions)
      requests += questions.count
      guard answers.count == questions.count else {
        throw ArgumentError(name: "model", value: "\(answers.count) answers", allowed: "\(questions.count)")
      }
      for (index, answer) in zip(waiting, answers) { try samples[index].take(answer) }
    }
    let (low, high) = (samples.map(\.lower), samples.map(\.upper))
    let rest = -Double.expMinusOne(root.logWhole)
    let whole = Double.exp(root.logWhole)
    let bounds = (BoundedMean(low, level: level), BoundedMean(high, level: level))
    return Result(
      estimate: whole + rest * bounds.0.mean,
      limits: min(1, whole + rest * bounds.0.limits.lowerBound)...min(1, whole + rest * bounds.1.limits.upperBound),
      variance: rest * rest * bounds.0.variance, requests: requests)
  }
}

/// The distributions along a text from some token on.
private struct Path {
  /// ln of the probability that all of the rest follows.
  let logWhole: Double
  private let text: [Int]
  private let start: Int
  private let logSurvival: [Double]
  private let next: [NextTokens]

  /// - Parameter distributions: Those of all tokens of the text, of which the first `start` are past.
  init(_ text: [Int], from start: Int, _ distributions: [NextTokens]) throws(ArgumentError) {
    guard distributions.count == text.count else {
      throw ArgumentError(
        name: "model", value: "\(distributions.count) distributions", allowed: "one for each of \(text.count) tokens")
    }
    self.text = text
    self.start = start
    next = distributions
    var logSurvival = [0.0]
    for place in start..<text.count {
      guard let own = distributions[place].logProbability(of: text[place]) else {
        throw ArgumentError(name: "model", value: "a list without token \(text[place])", allowed: "each token listed")
      }
      guard distributions[place].listed.allSatisfy(\.logProbability.isExact) else {
        throw ArgumentError(
          name: "decoding", value: "bounds", allowed: "a scheme whose probabilities are exactly known: list more tokens"
        )
      }
      logSurvival.append(logSurvival[logSurvival.count - 1] + own.lower)
    }
    self.logSurvival = logSurvival
    logWhole = logSurvival[logSurvival.count - 1]
  }

  /// Draws where the text is first left, and for which token; nil for one that is not listed.
  func mismatch(_ generator: inout SeededGenerator) -> (place: Int, token: Int?) {
    var left = generator.uniform() * -Double.expMinusOne(logWhole)
    var place = start
    var fails = 0.0
    // The last place that can fail stands for what rounding leaves over.
    for candidate in start..<text.count {
      let own = logSurvival[candidate - start + 1] - logSurvival[candidate - start]
      let part = Double.exp(logSurvival[candidate - start]) * -Double.expMinusOne(own)
      guard part > 0 else { continue }
      (place, fails) = (candidate, -Double.expMinusOne(own))
      if left < part { break }
      left -= part
    }
    var weight = generator.uniform() * fails
    var last: Int?
    for (token, probability) in next[place].listed where token != text[place] && probability.lower > -.infinity {
      last = token
      weight -= .exp(probability.lower)
      if weight < 0 { return (place, token) }
    }
    return (place, next[place].rest.upper == -.infinity ? last : nil)
  }
}

/// One draw on its way.
private struct Sample {
  /// What is asked next; nil for a finished draw.
  private(set) var question: [Int]?
  /// R as far as it is known, and R if what is not listed were all within the distance.
  private(set) var lower = 0.0
  private(set) var upper = 1.0
  /// What the next level's value counts.
  private var factor = 1.0
  /// Mismatches that may still come.
  private var left: Int
  /// Tokens that are past.
  private var past = 0
  private var generator: SeededGenerator

  init(stream: UInt64, seed: UInt64, _ reference: [Int], _ root: Path, limit: Int) {
    generator = SeededGenerator(seed: seed, stream: stream)
    left = limit
    leave(reference, root)
  }

  /// Takes the distributions along what was asked.
  mutating func take(_ distributions: [NextTokens]) throws(ArgumentError) {
    guard let text = question else { return }
    let path = try Path(text, from: past, distributions)
    lower += factor * .exp(path.logWhole)
    factor *= -.expMinusOne(path.logWhole)
    if left == 0 || factor == 0 { finish() } else { leave(text, path) }
  }

  private mutating func leave(_ text: [Int], _ path: Path) {
    let (place, token) = path.mismatch(&generator)
    left -= 1
    guard let token else {
      // Of what follows nothing is known.
      question = nil
      upper = min(1, lower + factor)
      return
    }
    if place + 1 == text.count {
      lower += factor
      return finish()
    }
    var next = text
    next[place] = token
    past = place + 1
    question = next
  }

  private mutating func finish() {
    question = nil
    lower = min(1, lower)
    upper = lower
  }
}
