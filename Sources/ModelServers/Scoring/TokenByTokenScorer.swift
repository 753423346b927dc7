import Captures
import Foundation
import TokenProcess

/// Scores servers that give no log-probabilities of prompts, llama.cpp's above all: one request for each token of the
/// reference, the prompt being all tokens before it (which the server has in its cache).
///
/// A bias of 100 on the reference token makes the server draw it, and what it says of a drawn token is its
/// log-probability before any bias (`post_sampling_probs` off). Servers that say it after the bias are told by a first
/// question, and asked with a bias B that brings the token's probability q after sampling near one half: ln p follows
/// from q/(1 - q) = e^B p/(1 - p).
struct TokenByTokenScorer: PassageScorer {
  let client: HTTPClient
  let alternatives: Int
  /// Whether the server says a drawn token's log-probability before the bias.
  let isUnbiased: Bool
  /// A token that is a text by itself.
  private let wholeToken: Int

  /// A question for the next token.
  struct Question {
    let prompt: [Int]
    /// How many of the most probable tokens are asked for.
    let count: Int
    /// Whether their probabilities are those after the bias.
    let isAfterSampling: Bool
    /// The token whose logit is raised, and by how much.
    let bias: (token: Int, value: Double)?

    /// llama.cpp's request.
    var request: JSONObjectWriter {
      var request = JSONObjectWriter(capacity: 256 + 6 * prompt.count)
      request.add("prompt", prompt)
      request.add("n_predict", 1)
      request.add("cache_prompt", true)
      request.add("samplers", ["temperature"])
      request.add("temperature", 1)
      request.add("n_probs", count)
      request.add("post_sampling_probs", isAfterSampling)
      request.add("logit_bias", pairs: bias.map { [($0.token, $0.value)] } ?? [])
      return request
    }
  }

  /// What it answers.
  struct Answer: Decodable {
    struct Entry: Decodable {
      let id: Int
      let logprob: Double?
      let prob: Double?
    }
    struct Position: Decodable {
      let id: Int
      let logprob: Double?
      let prob: Double?
      let topLogprobs: [Entry]?
      let topProbs: [Entry]?
    }
    let completionProbabilities: [Position]?
    let tokensPredicted: Int?
  }

  /// A scorer that has found out how the server speaks of biased tokens.
  init(client: HTTPClient, tokenizer: Tokenizer, alternatives: Int) async throws {
    self.client = client
    self.alternatives = max(1, alternatives)
    let prompt = try await tokenizer.tokens("The quick brown fox jumps over the lazy", isBeginning: true)
    guard let last = prompt.last else { throw Self.malformed("a text has no tokens") }
    wholeToken = last
    func answer(_ bias: (token: Int, value: Double)?) async throws -> Answer.Position? {
      try await Self.ask(client, Question(prompt: prompt, count: 2, isAfterSampling: false, bias: bias))
    }
    var plain: Answer.Position?
    // A draw may be a part of a letter.
    for _ in 0..<20 where plain == nil { plain = try await answer(nil) }
    // A token that is not the most probable one anyway.
    let best = plain?.topLogprobs?.first?.id
    let other = prompt.last { $0 != best } ?? last
    let biased = try await answer((other, Self.certainty))
    isUnbiased = biased?.id == other && biased?.topLogprobs?.first?.id == best
  }

  private static let certainty = 100.0
  /// Logarithms of single-precision probabilities near 1 come out above 0 by about so much.
  private static let rounding = 1e-3

  func score(_ passage: Passage) async throws -> Record { try await score(passage, kept: nil) }

  func score(_ passage: Passage, keeping positions: ScoredPositions) async throws -> Record {
    try await score(passage, kept: positions)
  }

  private func score(_ passage: Passage, kept: ScoredPositions?) async throws -> Record {
    guard let before = passage.prefixTokenIDs, let reference = passage.referenceTokenIDs, !before.isEmpty,
      !reference.isEmpty
    else { throw PassageError("prefix and reference need a token each") }
    var values: [Double] = []
    var greedy: [Int] = []
    var top: [[Record.Alternative]] = []
    var known = try kept?.known() ?? []
    if let first = known.first {
      // Another model, or another setting, may answer now.
      let again = try await position(before, reference[0])
      if !Verification.agrees(first.value, again.value) { known = [] }
    }
    for (index, token) in reference.enumerated() {
      let position: ScoredPosition
      if index < known.count {
        position = known[index]
      } else {
        position = try await self.position(before + reference[..<index], token)
        try kept?.keep(position, at: index)
      }
      values.append(position.value)
      top.append(position.top)
      greedy.append(position.top[0].tokenID)
    }
    var record = passage.record(values)
    record.greedyTokenIDs = greedy
    record.topLogProbabilities = top
    // A token's rank is known where it is among those that are listed.
    let ranks = zip(reference, top).map { token, top in top.firstIndex { $0.tokenID == token } }
    if ranks.allSatisfy({ $0 != nil }) { record.ranks = ranks.compactMap(\.self) }
    return record
  }

  private func position(_ prompt: [Int], _ token: Int) async throws -> ScoredPosition {
    func ask(_ biased: Int?, _ count: Int) async throws -> Answer.Position? {
      let bias = biased.map { ($0, Self.certainty) }
      return try await Self.ask(
        client, Question(prompt: prompt, count: count, isAfterSampling: false, bias: bias))
    }
    var drawn = try await ask(isUnbiased ? token : nil, alternatives)
    for _ in 0..<20 where drawn == nil && !isUnbiased { drawn = try await ask(nil, alternatives) }
    guard let answer = drawn else {
      guard isUnbiased else { throw PassageError("the server says nothing of the tokens before token \(token)") }
      // Another token is drawn, and all are listed where it takes that to find this one.
      for count in [alternatives, Self.wholeVocabulary] {
        let top = try Self.listed(try await ask(wholeToken, count))
        if let own = top.first(where: { $0.tokenID == token }) {
          return ScoredPosition(value: own.logProbability, top: Array(top.prefix(alternatives)))
        }
      }
      throw PassageError("the server says nothing of token \(token)")
    }
    let top = try Self.listed(answer)
    guard let last = top.last else { throw Self.malformed("no token is listed") }
    if let listed = top.first(where: { $0.tokenID == token }) {
      return ScoredPosition(value: listed.logProbability, top: top)
    }
    // llama.cpp's floats end at e^-103; it writes the smallest number there is for what lies below.
    if isUnbiased, answer.id == token, let value = answer.logprob, value > -100, value < Self.rounding {
      return ScoredPosition(value: min(0, value), top: top)
    }
    return ScoredPosition(value: try await valueByBias(prompt, token, below: last.logProbability), top: top)
  }

  /// More tokens than any vocabulary has.
  private static let wholeVocabulary = 1 << 22

  private static func listed(_ answer: Answer.Position?) throws -> [Record.Alternative] {
    guard let entries = answer?.topLogprobs, !entries.isEmpty else { throw malformed("no token is listed") }
    return try entries.map { entry in
      guard let value = entry.logprob, value < rounding else {
        throw malformed("a listed token has no logprob, or one above 0")
      }
      return Record.Alternative(tokenID: entry.id, logProbability: min(0, value))
    }
  }

  /// ln p from the probability after a bias that makes it about one half.
  private func valueByBias(_ prompt: [Int], _ token: Int, below bound: Double) async throws -> Double {
    var (low, high) = (0.0, Double.infinity)
    var bias = max(2, 2 - bound)
    // The logit that is aimed at.
    var aim = 0.0
    // Single precision: a share q or 1 - q above a thousandth is known to 1e-4, and the second time about one half to
    // 1e-7.
    for _ in 0..<40 {
      let answer = try await Self.ask(
        client, Question(prompt: prompt, count: 4, isAfterSampling: true, bias: (token, bias)))
      guard let answer else {
        // A part of a letter was drawn, of which nothing is said: with less of a bias another token is likelier.
        aim = max(-4.5, aim - 1.5)
        bias = max(low, bias - 1.5)
        continue
      }
      let share = answer.topProbs?.first { $0.id == token }?.prob ?? 0
      if share > 1e-3, share < 1 - 1e-3 {
        let logit = Double.log(share / (1 - share))
        if abs(logit - aim) < 2.2 { return (logit - bias) - .log(onePlus: .exp(logit - bias)) }
        bias += aim - logit
        continue
      }
      if share <= 1e-3 { low = bias } else { high = bias }
      bias = high < .infinity ? 0.5 * (low + high) : min(2 * bias, bias + 40)
    }
    throw PassageError("the server gives token \(token) no probability that can be told, whatever the bias")
  }

  /// What the server says of the next token; nil where it drew a part of a letter, of which llama.cpp says nothing
  /// before the rest is there.
  private static func ask(_ client: HTTPClient, _ question: Question) async throws -> Answer.Position? {
    try await client.post("completion", question.request) { data in
      let answer = try? HTTPClient.decoder.decode(Answer.self, from: data)
      if let first = answer?.completionProbabilities?.first { return first }
      guard answer?.tokensPredicted == 1 else { throw malformed("the answer has no completion_probabilities") }
      return nil
    }
  }

  private static func malformed(_ problem: String) -> ServerError { ServerError(.malformed, "completion", problem) }
}
