import Captures
import Foundation
import TokenProcess

/// Scores by vLLM's `prompt_logprobs`: values, ranks and alternatives by token id.
struct PromptLogprobsScorer: PassageScorer {
  let client: HTTPClient
  let model: String?
  let alternatives: Int

  func score(_ passage: Passage) async throws -> Record {
    guard let before = passage.prefixTokenIDs, let reference = passage.referenceTokenIDs, !before.isEmpty,
      !reference.isEmpty
    else {
      throw PassageError("prefix and reference need a token each: the first token of a text has no log-probability")
    }
    let prompt = before + reference
    var request = JSONObjectWriter(capacity: 256 + 6 * prompt.count)
    request.add("model", model)
    request.add("prompt", prompt)
    request.add("max_tokens", 1)
    request.add("temperature", 1)
    request.add("prompt_logprobs", alternatives)
    return try await client.post("v1/completions", request) { data in
      func malformed(_ problem: String) -> ServerError { ServerError(.malformed, "v1/completions", problem) }
      let records: [Record]
      do {
        records = try ServerResponse(data, asked: (prompt, before.count)).records(
          split: .prefixTokens(before.count), name: passage.id, asked: prompt)
      } catch let error as RecordError {
        throw malformed(error.description)
      } catch let fault as JSONFault {
        throw malformed("the answer is no completion with prompt_logprobs: \(fault.path) \(fault.problem)")
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
