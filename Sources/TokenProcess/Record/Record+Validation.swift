internal import CVectors
import RealModule

extension Record {
  /// How far above 0 a log-probability may be before it is an error: rounding in 32-bit softmaxes reaches 1e-7.
  public static let roundingAllowance = 1e-6

  /// The largest number of reference tokens: memory grows with the longest reference, about 200 bytes a token.
  public static let longestReference = 1_000_000

  /// The largest number of tokens of a document: memory grows with the longest, about 100 bytes a token.
  public static let longestDocument = 100_000_000

  /// Checks every rule on a record and sets log-probabilities that rounding put just above 0 to 0.
  ///
  /// - Complexity: O(tokens).
  /// - Throws: `RecordError` with the first field that breaks a rule; the rules are those of the initializer.
  package mutating func validate() throws(RecordError) {
    guard !id.isEmpty else { throw RecordError(field: "id", problem: "is empty") }
    guard !tokenLogProbabilities.isEmpty else {
      throw RecordError(field: "token_logprobs", problem: "the reference is empty")
    }
    guard tokenLogProbabilities.count <= Self.longestReference else {
      throw RecordError(
        field: "token_logprobs",
        problem: "has \(tokenLogProbabilities.count) tokens; a reference has at most \(Self.longestReference)")
    }
    // Nearly always all are: one look at what is in place.
    if are_logarithms(tokenLogProbabilities, tokenLogProbabilities.count) == 0 {
      for (index, value) in tokenLogProbabilities.enumerated() where !(value <= 0) {
        tokenLogProbabilities[index] = try Self.rounded(value, field: "token_logprobs[\(index)]")
      }
    }
    guard !isBare else { return }
    try checkLength(referenceTokenIDs, "reference_token_ids")
    try checkLength(greedyTokenIDs, "greedy_token_ids")
    try checkLength(ranks, "ranks")
    try checkLength(topLogProbabilities, "top_logprobs")
    try checkLength(logProbabilityMeans, "logprob_mean")
    try checkLength(logProbabilityDeviations, "logprob_std")
    if let index = ranks?.firstIndex(where: { $0 < 0 }) {
      throw RecordError(field: "ranks[\(index)]", problem: "\(ranks![index]) is negative")
    }
    for (index, rank) in (ranks ?? []).enumerated() where rank > 0 {
      // As many others are more probable, so that all together have (rank + 1) p at most; probabilities of 16 bits may
      // be 1 % off.
      let value = tokenLogProbabilities[index]
      if value > -12, .exp(value) * Double(rank + 1) > 1.02 {
        throw RecordError(
          field: "ranks[\(index)]",
          problem:
            "is \(rank), but no more than \(max(0, Int(1 / Double.exp(value)) - 1)) tokens can be more probable than "
            + "one of probability \(Double.exp(value))"
        )
      }
    }
    for (position, alternatives) in (topLogProbabilities ?? []).enumerated() {
      for (index, alternative) in alternatives.enumerated() where !(alternative.logProbability <= 0) {
        topLogProbabilities![position][index].logProbability = try Self.rounded(
          alternative.logProbability, field: "top_logprobs[\(position)][\(index)]")
      }
    }
    if let index = logProbabilityMeans?.firstIndex(where: { $0.isNaN }) {
      throw RecordError(field: "logprob_mean[\(index)]", problem: "is NaN")
    }
    if let index = logProbabilityDeviations?.firstIndex(where: { !($0 >= 0) }) {
      throw RecordError(field: "logprob_std[\(index)]", problem: "is negative or NaN")
    }
    try checkTokens()
    for (value, field) in [(epoch, "epoch"), (trainLoss, "train_loss")] {
      if let value, !value.isFinite { throw RecordError(field: field, problem: "\(value) is not a finite number") }
    }
    for (values, field) in [(embeddingPrefix, "embedding_prefix"), (embeddingFull, "embedding_full")] {
      if let index = values?.firstIndex(where: { !$0.isFinite }) {
        throw RecordError(field: "\(field)[\(index)]", problem: "\(values![index]) is not a finite number")
      }
    }
    try checkPlace()
    for (index, bounds) in (near ?? []).enumerated() {
      guard (1...tokenLogProbabilities.count).contains(bounds.length) else {
        throw RecordError(
          field: "near[\(index)].n",
          problem: "is \(bounds.length), and the reference has \(tokenLogProbabilities.count)")
      }
      guard bounds.limit >= 0, bounds.requests >= 0 else {
        throw RecordError(field: "near[\(index)]", problem: "has a negative e or number of requests")
      }
      let verbatim = tokenLogProbabilities.prefix(bounds.length).reduce(0, +)
      guard bounds.decoding != .plain || bounds.logUpper >= verbatim - 1e-6 * max(1, verbatim.magnitude) else {
        throw RecordError(
          field: "near[\(index)].log_upper",
          problem: "is \(bounds.logUpper), below ln S(\(bounds.length)) = \(verbatim): a verbatim copy is a near-copy")
      }
      if let estimate = bounds.estimate {
        // The proved bounds hold for an estimate as well.
        let slack = 1e-9
        guard estimate.lower <= estimate.probability, estimate.probability <= estimate.upper,
          estimate.probability >= .exp(bounds.logLower) - slack, estimate.probability <= .exp(bounds.logUpper) + slack
        else { throw RecordError(field: "near[\(index)].estimate", problem: "is outside its limits or bounds") }
      }
      // Sums of probabilities are rounded outwards and may end just above 1.
      guard bounds.logLower <= bounds.logUpper, bounds.logUpper <= Self.roundingAllowance else {
        throw RecordError(
          field: "near[\(index)]", problem: "has bounds \(bounds.logLower) and \(bounds.logUpper) of no probability")
      }
    }
    if let repetitions, !(repetitions >= 0 && repetitions.isFinite) {
      throw RecordError(field: "repetitions", problem: "\(repetitions) is not a count")
    }
    if let vocabularySize {
      guard vocabularySize >= 1 else {
        throw RecordError(field: "vocabulary_size", problem: "\(vocabularySize) is not positive")
      }
      if let largest = largestTokenID, largest >= vocabularySize {
        throw RecordError(
          field: "vocabulary_size", problem: "\(vocabularySize) is too small for the token \(largest) of record \(id)")
      }
    }
  }

  private static func rounded(_ value: Double, field: String) throws(RecordError) -> Double {
    guard !value.isNaN else { throw RecordError(field: field, problem: "is NaN") }
    guard value <= roundingAllowance else {
      throw RecordError(
        field: field,
        problem:
          "\(value) is positive; a log-probability is at most 0. Of losses (-ln p, cross-entropy) change the sign. Of "
          + "probabilities take the logarithm. Logits are not log-probabilities: start vLLM with --logprobs-mode "
          + "raw_logprobs, or take log_softmax"
      )
    }
    return 0
  }

  private func checkPlace() throws(RecordError) {
    guard let place else { return }
    let end = place.start.addingReportingOverflow(tokenLogProbabilities.count)
    guard place.start >= 0, !end.overflow, end.partialValue <= Self.longestDocument else {
      throw RecordError(
        field: "start", problem: "\(place.start) is no place in a document of at most \(Self.longestDocument) tokens")
    }
    guard !place.document.isEmpty else { throw RecordError(field: "document", problem: "is empty") }
    if let offsets = place.tokenOffsets {
      guard offsets.count == tokenLogProbabilities.count + 1 else {
        throw RecordError(
          field: "token_offsets",
          problem: "has \(offsets.count) elements; it needs \(tokenLogProbabilities.count + 1), one for each token of "
            + "token_logprobs and one for the end of the last")
      }
      if let index = offsets.indices.first(where: { offsets[$0] < (($0 > 0) ? offsets[$0 - 1] : 0) }) {
        throw RecordError(
          field: "token_offsets[\(index)]", problem: "is \(offsets[index]), less than what is before it")
      }
    }
    if let tokens = place.documentTokens, end.partialValue > tokens {
      throw RecordError(
        field: "document_tokens", problem: "is \(tokens), but the reference ends after \(end.partialValue) tokens")
    }
  }

  /// Token numbers count from 0.
  private func checkTokens() throws(RecordError) {
    let lists = [
      (referenceTokenIDs, "reference_token_ids"), (greedyTokenIDs, "greedy_token_ids"),
      (prefixTokenIDs, "prefix_token_ids"),
    ]
    for (tokens, field) in lists {
      if let index = tokens?.firstIndex(where: { $0 < 0 }) {
        throw RecordError(field: "\(field)[\(index)]", problem: "\(tokens![index]) is negative")
      }
    }
    for (position, alternatives) in (topLogProbabilities ?? []).enumerated() {
      for alternative in alternatives where alternative.tokenID < 0 {
        throw RecordError(field: "top_logprobs[\(position)]", problem: "token \(alternative.tokenID) is negative")
      }
    }
    for (index, generation) in (generations ?? []).enumerated() {
      if let token = generation.first(where: { $0 < 0 }) {
        throw RecordError(field: "generations[\(index)]", problem: "token \(token) is negative")
      }
    }
  }

  private func checkLength(_ values: [some Any]?, _ field: String) throws(RecordError) {
    if let values, values.count != tokenLogProbabilities.count {
      throw RecordError(
        field: field, problem: "has \(values.count) elements, token_logprobs has \(tokenLogProbabilities.count)")
    }
  }

  /// The largest token number that the record mentions.
  public var largestTokenID: Int? {
    let alternatives = topLogProbabilities?.lazy.joined().map(\.tokenID).max()
    let lists = [referenceTokenIDs, greedyTokenIDs, prefixTokenIDs].compactMap { $0?.max() }
    return (lists + [alternatives].compactMap(\.self)).max()
  }
}
