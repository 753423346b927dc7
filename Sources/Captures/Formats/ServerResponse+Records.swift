import Foundation
import Inference
import TokenProcess

extension ServerResponse {
  /// The records of a response, one a choice.
  ///
  /// - Parameters:
  ///   - split: Where the reference begins in a prompt.
  ///   - name: What to call them where the response has no id.
  ///   - asked: The tokens of the prompt, where they are known; a response that names others is refused.
  /// - Throws: `RecordError` for what is no scored prompt.
  package func records(split: ReferenceSplit?, name: String, asked: [Int]? = nil) throws -> [Record] {
    if let error, response == nil, choices == nil, promptLogprobs == nil, generated == nil {
      throw RecordError(
        field: "error", problem: "is all that the server answered\(error.message.map { ": \($0.prefix(200))" } ?? "")")
    }
    if let response {
      var records = try response.body.response.records(split: split, name: name, asked: asked)
      // A batch's own names are those that its maker knows.
      if let customID {
        for index in records.indices { records[index].id = records.count == 1 ? customID : "\(customID)/\(index)" }
      }
      return records
    }
    let name = id ?? name
    if let generated { return [try record(name, generated)] }
    if promptLogprobs == nil, let index = choices?.firstIndex(where: { $0.isMessage && $0.promptLogprobs == nil }) {
      throw RecordError(
        field: "choices[\(index)].message",
        problem:
          "is of a chat, which has no log-probabilities of a given text but with vLLM's prompt_logprobs: skewmem "
          + "capture scores references in chats"
      )
    }
    guard let split else {
      throw RecordError(
        field: promptLogprobs == nil ? "choices" : "prompt_logprobs",
        problem: "servers score prompts as a whole: say where the references begin", option: "split"
      )
    }
    func ids(_ ids: [Int]?) throws(RecordError) -> [Int]? {
      if let ids, let asked, ids != asked {
        throw RecordError(field: "prompt_token_ids", problem: "are not those that were asked for")
      }
      return ids ?? asked
    }
    if let scoredPrompt {
      guard !scoredPrompt.isEmpty else {
        throw RecordError(
          field: "input_token_logprobs",
          problem:
            "is empty: ask for them (SGLang: return_logprob with logprob_start_len 0; TGI: decoder_input_details)")
      }
      return [try Self.record(name, scoredPrompt, split)]
    }
    if let promptLogprobs {
      return [try Self.record(name, promptLogprobs, try ids(promptTokenIDs), split)]
    }
    guard let choices, !choices.isEmpty else {
      throw RecordError(field: "choices", problem: "is missing or empty, and so is prompt_logprobs")
    }
    return try choices.enumerated().map { index, choice in
      let name = choices.count == 1 ? name : "\(name)/\(choice.index ?? index)"
      let ids = try ids(choice.promptTokenIDs ?? promptTokenIDs)
      // vLLM's echo gives both: lists of texts where nothing says which token ids were scored.
      if let scored = choice.promptLogprobs, choice.logprobs == nil || ids != nil {
        return try Self.record(name, scored, ids, split)
      }
      guard let logprobs = choice.logprobs else {
        throw RecordError(
          field: "choices[\(index)].logprobs",
          problem: "is missing: ask for logprobs with echo (OpenAI's completions), or for prompt_logprobs (vLLM)")
      }
      return try Self.record(
        name, logprobs, scored: usage?.prompt(of: logprobs.tokens.count, choices: choices.count), split)
    }
  }

  /// From what llama.cpp generated: the record says how likely the same comes again.
  private func record(_ name: String, _ generated: [Generated]) throws -> Record {
    // Of tokens that are parts of a letter llama.cpp lists the last alone; those of a stop word are no part of the
    // content.
    let listed = generated.map(\.id)
    let drawn = tokens.flatMap { $0.isEmpty ? nil : $0 }
    let endsBefore = stopType == "word" && drawn?.starts(with: listed) == true
    guard endsBefore || drawn ?? listed == listed && tokensPredicted ?? listed.count == listed.count else {
      throw RecordError(
        field: "completion_probabilities",
        problem:
          "has \(listed.count) tokens of the \(drawn?.count ?? tokensPredicted ?? 0) that were generated: those that "
          + "are parts of a letter are missing"
      )
    }
    var record = Record(
      unchecked: name,
      tokenLogProbabilities: try generated.enumerated().map { index, token in
        guard let value = token.logprob else {
          throw RecordError(
            field: "completion_probabilities[\(index)]",
            problem:
              "has no logprob: ask with post_sampling_probs off, probabilities after sampling are not the model's")
        }
        // A probability of 0 is the lowest number of single precision there.
        return value <= -Double(Float.greatestFiniteMagnitude) ? -.infinity : value
      })
    record.referenceTokenIDs = generated.map(\.id)
    record.prefix = prompt
    record.reference = content
    let top = generated.map {
      ($0.topLogprobs ?? []).map { Record.Alternative(tokenID: $0.id, logProbability: $0.logprob) }
    }
    if top.allSatisfy({ !$0.isEmpty }) {
      record.topLogProbabilities = top
      record.greedyTokenIDs = top.map { $0[0].tokenID }
      // One that is not listed has at least their number as its rank.
      let ranks = zip(generated, top).map { token, top in top.firstIndex { $0.tokenID == token.id } ?? top.count }
      if zip(generated, top).allSatisfy({ token, top in top.contains { $0.tokenID != token.id } }) {
        record.ranks = ranks
      }
    }
    return record
  }

  /// From OpenAI's lists. Alternatives have no token ids there; of a token that is not among them the rank is the
  /// number of them, which is the least that it can be.
  private static func record(
    _ name: String, _ logprobs: Logprobs, scored: Int?, _ split: ReferenceSplit
  ) throws -> Record {
    guard logprobs.tokens.count == logprobs.tokenLogprobs.count else {
      throw RecordError(
        field: "token_logprobs",
        problem: "has \(logprobs.tokenLogprobs.count) values for \(logprobs.tokens.count) tokens")
    }
    guard scored ?? logprobs.tokens.count > 0 || logprobs.tokens.isEmpty else {
      throw RecordError(field: "logprobs", problem: "are of no token of the prompt: ask with echo")
    }
    // Tokens beyond the prompt were generated.
    let positions = try split.reference(of: scored ?? logprobs.tokens.count)
    try checkAlignment(logprobs)
    var record = Record(
      unchecked: name,
      tokenLogProbabilities: try positions.map { position in
        guard let value = logprobs.tokenLogprobs[position] else {
          throw RecordError(field: "token_logprobs[\(position)]", problem: "is null inside the reference")
        }
        return value
      })
    record.prefix = logprobs.tokens[..<positions.lowerBound].joined()
    record.reference = logprobs.tokens[positions].joined()
    if let top = logprobs.topLogprobs, top.count == logprobs.tokens.count,
      // A list of the token itself alone says nothing about its rank.
      positions.allSatisfy({ position in top[position]?.contains { $0.key != logprobs.tokens[position] } == true })
    {
      record.ranks = zip(positions, record.tokenLogProbabilities).map { position, value in
        (top[position] ?? [:]).count { $0.key != logprobs.tokens[position] && $0.value > value }
      }
    }
    return record
  }

  /// Throws where the log-probabilities are those of the next token, as llama-cpp-python (0.3.36) sends them for models
  /// whose tokenizer adds no beginning-of-text token: the most probable tokens are then often the next one and seldom
  /// the token itself.
  private static func checkAlignment(_ logprobs: Logprobs) throws(RecordError) {
    guard let top = logprobs.topLogprobs, top.count == logprobs.tokens.count else { return }
    let best = top.map { $0?.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    let own = zip(best, logprobs.tokens).count { $0 == $1 }
    let next = zip(best, logprobs.tokens.dropFirst()).count { $0 == $1 }
    // Texts that the model cannot guess agree with neither but by chance: a sign test that fails one in a million of
    // those.
    let signs = Array(repeating: 1.0, count: next) + Array(repeating: -1.0, count: own)
    guard next > own, let test = SignTest(differences: signs), test.pValue < 2e-6 else { return }
    throw RecordError(
      field: "top_logprobs",
      problem:
        "are those of the next token: the server is off by one (llama-cpp-python is, for models without a "
        + "beginning-of-text token)"
    )
  }

  /// Whether objects have the prompt's own token first, as vLLM writes them: where it is none of the most probable it
  /// stands out by its rank. Objects in another order have it first by chance, at all such positions together with a
  /// probability of 1e-6 at most.
  private static func ownIsFirst(_ scored: [Position?]) -> Bool {
    var logChance = 0.0
    for case let position? in scored where position.entries.count > 1 {
      let others = position.entries.count - 1
      guard let own = position.entries.firstIndex(where: { ($0.rank ?? 0) > others + 1 }) else { continue }
      guard own == 0 else { return false }
      logChance -= .log(Double(others + 1))
    }
    return logChance < .log(1e-6)
  }

  /// From SGLang's or TGI's tokens of a prompt. A reference that is not among the listed tokens has at least their
  /// number as its rank.
  private static func record(
    _ name: String, _ scored: [ScoredToken], _ split: ReferenceSplit
  ) throws -> Record {
    // The first token of a text has no log-probability: one that has is not the first.
    guard scored[0].logprob == nil else {
      throw RecordError(
        field: "input_token_logprobs",
        problem: "begins inside the prompt, so that positions cannot be told: ask with logprob_start_len 0")
    }
    let positions = try split.reference(of: scored.count)
    var record = Record(
      unchecked: name,
      tokenLogProbabilities: try positions.map { position in
        guard let value = scored[position].logprob else {
          throw RecordError(field: "input_token_logprobs[\(position)]", problem: "is null inside the reference")
        }
        return value
      })
    record.referenceTokenIDs = positions.map { scored[$0].id }
    record.prefixTokenIDs = scored[..<positions.lowerBound].map(\.id)
    let texts = scored.map(\.text)
    if texts.allSatisfy({ $0 != nil }) {
      record.prefix = texts[..<positions.lowerBound].compactMap(\.self).joined()
      record.reference = texts[positions].compactMap(\.self).joined()
    }
    // A list of the token itself alone says nothing about others.
    let lists = positions.map { scored[$0].top.sorted { $0.logprob > $1.logprob } }
    guard zip(positions, lists).allSatisfy({ position, list in list.contains { $0.id != scored[position].id } }) else {
      return record
    }
    record.topLogProbabilities = lists.map { list in
      list.map { Record.Alternative(tokenID: $0.id, logProbability: $0.logprob) }
    }
    record.greedyTokenIDs = lists.map { $0[0].id }
    record.ranks = zip(positions, lists).map { position, list in
      list.firstIndex { $0.id == scored[position].id } ?? list.count
    }
    return record
  }

  /// From vLLM's objects keyed by token ids.
  private static func record(
    _ name: String, _ scored: [Position?], _ ids: [Int]?, _ split: ReferenceSplit
  ) throws -> Record {
    if let ids, ids.count != scored.count {
      throw RecordError(
        field: "prompt_token_ids", problem: "has \(ids.count) tokens, but prompt_logprobs \(scored.count)")
    }
    let positions = try split.reference(of: scored.count)
    let ownIsFirst = ids == nil && ownIsFirst(scored)
    var values: [Double] = []
    var ranks: [Int?] = []
    var tokens: [Int] = []
    var texts: [String?] = []
    var alternatives: [[Record.Alternative]] = []
    for position in positions {
      let field = "prompt_logprobs[\(position)]"
      guard let entries = scored[position]?.entries else {
        throw RecordError(field: field, problem: "is null inside the reference")
      }
      for case let rank? in entries.lazy.map(\.rank) where rank < 1 {
        throw RecordError(field: field, problem: "has the rank \(rank); ranks count from 1")
      }
      guard let token = ids?[position] ?? (entries.count == 1 || ownIsFirst ? entries.first?.token : nil) else {
        throw RecordError(
          field: "prompt_token_ids",
          problem:
            "is missing: without it nothing says which of \(entries.count) tokens was scored; ask with return_token_ids"
        )
      }
      guard let own = entries.first(where: { $0.token == token }) else {
        throw RecordError(field: field, problem: "has no value for the prompt's token \(token)")
      }
      values.append(own.logprob)
      ranks.append(own.rank.map { $0 - 1 })
      tokens.append(token)
      texts.append(own.decodedToken)
      alternatives.append(mostProbable(entries, own: token))
    }
    var record = Record(unchecked: name, tokenLogProbabilities: values)
    record.referenceTokenIDs = tokens
    record.prefixTokenIDs = ids.map { Array($0[..<positions.lowerBound]) }
    if ranks.allSatisfy({ $0 != nil }) { record.ranks = ranks.compactMap(\.self) }
    if alternatives.allSatisfy({ !$0.isEmpty }) {
      record.topLogProbabilities = alternatives
      record.greedyTokenIDs = alternatives.map { $0[0].tokenID }
    }
    if texts.allSatisfy({ $0 != nil }) { record.reference = texts.compactMap(\.self).joined() }
    return record
  }

  /// The tokens of the first ranks, in that order, up to the first rank that is missing: the prompt's own comes in
  /// addition where it is not among them.
  private static func mostProbable(_ entries: [Entry], own: Int) -> [Record.Alternative] {
    func precedes(_ a: Entry, _ b: Entry) -> Bool {
      guard a.rank == b.rank else { return (a.rank ?? .max) < (b.rank ?? .max) }
      guard (a.token == own) == (b.token == own) else { return b.token == own }
      return a.token < b.token
    }
    let ranked = entries.sorted(by: precedes)
    let count = ranked.indices.first { (ranked[$0].rank ?? .max) > $0 + 1 } ?? ranked.count
    return ranked[..<count].map { Record.Alternative(tokenID: $0.token, logProbability: $0.logprob) }
  }
}
