/// The fields of a record in a line of `capture.jsonl`, by their names there.
enum RecordField: String, CaseIterable {
  case id
  case tokenLogProbabilities = "token_logprobs"
  case referenceTokenIDs = "reference_token_ids"
  case greedyTokenIDs = "greedy_token_ids"
  case ranks
  case topLogProbabilities = "top_logprobs"
  case logProbabilityMeans = "logprob_mean"
  case logProbabilityDeviations = "logprob_std"
  case prefix
  case reference
  case prefixTokenIDs = "prefix_token_ids"
  case prefixID = "prefix_id"
  case document
  case start
  case tokenOffsets = "token_offsets"
  case documentTokens = "document_tokens"
  /// The reference's tokens where it is a long pass.
  case passTokenIDs = "token_ids"
  case near
  case generations
  case source
  case run
  case split
  case epoch
  case trainLoss = "train_loss"
  case repetitions
  case vocabularySize = "vocabulary_size"
  case embeddingPrefix = "embedding_prefix"
  case embeddingFull = "embedding_full"
}
