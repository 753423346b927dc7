import Captures
import Foundation
import TokenProcess

/// Scores by vLLM's `prompt_logprobs`: values, ranks and alternatives by token id.
struct PromptLogprobsScorer: PassageScorer {
  let client: HTTPClient
  let tokenizer: Tokenizer
  let model: String?
  let alternatives: Int

  private struct Request: Encodable {
    let model: String?
    let prompt: [Int]
    let max_tokens = 1
    let temperature = 1.0
    let prompt_logprobs: Int
  }

  func score(_ passage: Passage) async throws -> Record {
    let passage = try await tokenizer.tokenized(passage)
    guard let before = passage.prefixTokenIDs, let reference = passage.referenceTokenIDs, !before.isEmpty,
      !reference.isEmpty
    else {
      throw PassageError("prefix and reference need a token each: the first token of a text has no log-probability")
    }
    let prompt = before + reference
    let request = Request(model: model, prompt: prompt, prompt_logprobs: alternatives)
    return try await client.post("v1/completions", request) { data in
      func malformed(_ problem: String) -> ServerError { ServerError(.malformed, "v1/completions", problem) }
      // What was asked for, where the server does not repeat it.
      guard var answer = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
        var choices = answer["choices"] as? [[String: Any]], !choices.isEmpty
      else { throw malformed("the answer is no completion") }
      if let ids = choices[0]["prompt_token_ids"] as? [Int], ids != prompt {
        throw malformed("the answer is about other tokens than were asked for")
      }
      choices[0]["prompt_token_ids"] = prompt
      answer["choices"] = choices
      let records: [Record]
      do {
        let whole = try JSONSerialization.data(withJSONObject: answer)
        records = try scoredRecords(whole, split: .prefixTokens(before.count), name: passage.id)
      } catch let error as RecordError {
        throw malformed(error.description)
      }
      guard let scored = records.first, scored.tokenLogProbabilities.count == reference.count else {
        throw malformed("the answer has values for other tokens than were asked for")
      }
      var record = passage.record(scored.tokenLogProbabilities)
      record.ranks = scored.ranks
      record.topLogProbabilities = scored.topLogProbabilities
      record.greedyTokenIDs = scored.greedyTokenIDs
      record.reference = passage.reference ?? scored.reference
      return record
    }
  }
}
