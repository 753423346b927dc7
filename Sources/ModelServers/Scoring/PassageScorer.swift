import TokenProcess

/// A way to the log-probabilities of a passage's reference.
protocol PassageScorer: Sendable {
  /// The record of a passage, which has token ids where the server has a tokenizer.
  ///
  /// - Throws: `PassageError` for a passage that cannot be scored; `ServerError`.
  func score(_ passage: Passage) async throws -> Record

  /// The same, with what a run that was cut off has scored already; of use where a passage takes many requests.
  ///
  /// - Throws: Also `StoreError`.
  func score(_ passage: Passage, keeping positions: ScoredPositions) async throws -> Record
}

extension PassageScorer {
  func score(_ passage: Passage, keeping positions: ScoredPositions) async throws -> Record {
    try await score(passage)
  }
}

/// The ways that servers offer.
public enum Scoring: String, Encodable, Sendable, CaseIterable {
  /// The prompt's log-probabilities by token id: vLLM.
  case promptLogprobs = "prompt-logprobs"
  /// The prompt sent back with log-probabilities: OpenAI's completions, llama-cpp-python.
  case echo
  /// One request for each token of the reference: llama.cpp, which has no log-probabilities of prompts.
  case tokenByToken = "token-by-token"
}
