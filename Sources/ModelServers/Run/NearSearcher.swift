import Captures
import Foundation
import GSLNumerics
import TokenProcess

/// Which near-copies are searched for.
public struct NearPlan: Sendable, Encodable, Equatable {
  /// What is compared.
  public var distance = TokenDistance.levenshtein
  /// The largest distances that count, one or several.
  public var limits: [Int]
  /// The tokens that are compared, one number or several; references that are shorter are compared whole.
  public var lengths: [Int]
  /// The largest number of requests for a record, a distance and a length.
  public var budget = 200
  /// Stop when upper - lower is at most this share of upper.
  public var relativeWidth = 0.1
  /// How tokens are drawn.
  public var decoding = Decoding.plain
  /// Draws of an estimate where the bounds stay apart; 0 for none. For the Hamming distance.
  public var draws = 0
  /// The seed of the estimates.
  public var seed: UInt64 = 0

  /// Distances and lengths.
  public init(limits: [Int], lengths: [Int]) {
    self.limits = limits
    self.lengths = lengths
  }

  private enum CodingKeys: String, CodingKey {
    case distance, limits, lengths, budget, relativeWidth, decoding, draws, seed
  }

  /// What is as usual is left out, so that stores of versions without it go on.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(distance, forKey: .distance)
    try container.encode(limits, forKey: .limits)
    try container.encode(lengths, forKey: .lengths)
    try container.encode(budget, forKey: .budget)
    try container.encode(relativeWidth, forKey: .relativeWidth)
    if decoding != .plain { try container.encode(decoding, forKey: .decoding) }
    if draws > 0 {
      try container.encode(draws, forKey: .draws)
      try container.encode(seed, forKey: .seed)
    }
  }
}

/// Searches for near-copies of passages by asking the server.
struct NearSearcher: Sendable {
  let scorer: any PassageScorer
  let plan: NearPlan
  /// Requests at a time for one passage.
  let batch: Int

  /// The bounds for a passage that has token ids.
  func bounds(_ passage: Passage) async throws -> [NearVerbatimBounds] {
    guard let prefix = passage.prefixTokenIDs, let reference = passage.referenceTokenIDs, !prefix.isEmpty else {
      throw PassageError("a search for near-copies needs a prefix of at least a token, as token ids")
    }
    let model = Continuations(scorer: scorer, passage: passage, decoding: plan.decoding)
    var found: [NearVerbatimBounds] = []
    for length in Set(plan.lengths.map { min($0, reference.count) }).sorted() {
      for limit in Set(plan.limits).sorted() {
        var search = try NearVerbatimSearch(distance: plan.distance, limit: limit)
        (search.budget, search.relativeWidth, search.batch) = (plan.budget, plan.relativeWidth, batch)
        let compared = Array(reference.prefix(length))
        let result = try await search.bounds(of: compared, model)
        var bounds = NearVerbatimBounds(
          distance: plan.distance, limit: limit, length: length, logLower: result.logLower,
          logUpper: result.logUpper, requests: result.requests,
          found: result.found.prefix(5).map { .init(tokenIDs: $0.tokens, logProbability: $0.logProbability) },
          decoding: plan.decoding)
        if plan.draws > 0, limit > 0, !result.isSettled {
          var sampling = try ConditionalMonteCarlo(limit: limit)
          (sampling.draws, sampling.seed, sampling.batch) = (plan.draws, plan.seed, batch)
          // Values as they are written: their rounding is far below the error of sampling.
          var written = model
          written.isRounded = false
          guard let estimate = try await Self.estimate(sampling, compared, written) else {
            found.append(bounds)
            continue
          }
          bounds.requests += estimate.requests
          // The proved bounds hold for the estimate as well.
          let (low, high) = (Double.exp(bounds.logLower), min(1, Double.exp(bounds.logUpper)))
          bounds.estimate = .init(
            probability: min(high, max(low, estimate.estimate)), lower: max(low, estimate.limits.lowerBound),
            upper: min(high, estimate.limits.upperBound), draws: plan.draws)
        }
        found.append(bounds)
      }
    }
    return found
  }

  /// nil where the scheme's probabilities are not exactly known from the tokens that are listed.
  private static func estimate(
    _ sampling: ConditionalMonteCarlo, _ reference: [Int], _ model: Continuations
  ) async throws -> ConditionalMonteCarlo.Result? {
    do {
      return try await sampling.estimate(of: reference, model)
    } catch let error as ArgumentError where error.name == "decoding" {
      return nil
    }
  }
}

/// The server's model after a passage's prefix.
private struct Continuations: ContinuationModel {
  let scorer: any PassageScorer
  let passage: Passage
  let decoding: Decoding
  /// Whether bounds allow for how many digits the server writes.
  var isRounded = true

  func nextTokens(along continuations: [[Int]]) async throws -> [[NextTokens]] {
    try await withThrowingTaskGroup(of: (Int, [NextTokens]).self) { group in
      for (index, continuation) in continuations.enumerated() {
        group.addTask { (index, try await nextTokens(along: continuation)) }
      }
      var answers: [[NextTokens]] = Array(repeating: [], count: continuations.count)
      for try await (index, answer) in group { answers[index] = answer }
      return answers
    }
  }

  private func nextTokens(along continuation: [Int]) async throws -> [NextTokens] {
    var asked = passage
    asked.referenceTokenIDs = continuation
    (asked.prefix, asked.reference, asked.messages, asked.place) = (nil, nil, nil, nil)
    let record = try await scorer.score(asked)
    let lists = record.topLogProbabilities ?? Array(repeating: [], count: continuation.count)
    // Bounds hold for the model's own values, of which the server writes so many digits.
    let precision = LogProbabilityPrecision(
      of: lists.joined().lazy.map(\.logProbability) + record.tokenLogProbabilities)
    return zip(continuation, zip(lists, record.tokenLogProbabilities)).map { token, known in
      var (list, value) = known
      if !list.contains(where: { $0.tokenID == token }) {
        list.append(Record.Alternative(tokenID: token, logProbability: value))
      }
      return NextTokens(
        list, under: decoding, vocabulary: record.vocabularySize, precision: isRounded ? precision : nil)
    }
  }
}
