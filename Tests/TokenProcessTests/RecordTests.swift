import TestSupport
import Testing
import TokenProcess

@Suite struct RecordTests {
  private func record(_ change: (inout Record) -> Void = { _ in }) -> Record {
    var record = Record(unchecked: "a", tokenLogProbabilities: [-0.5, -1, 0])
    change(&record)
    return record
  }

  @Test func roundingAboveZeroCountsAsZero() throws {
    var record = record { $0.tokenLogProbabilities = [1e-7, -1, 1e-6] }
    try record.validate()
    #expect(record.tokenLogProbabilities == [0, -1, 0])
  }

  private static let broken: [(String, @Sendable (inout Record) -> Void)] = [
    ("id", { $0.id = "" }),
    ("token_logprobs", { $0.tokenLogProbabilities = [] }),
    ("token_logprobs", { $0.tokenLogProbabilities = Array(repeating: 0, count: Record.longestReference + 1) }),
    ("token_logprobs[1]", { $0.tokenLogProbabilities[1] = .nan }),
    ("token_logprobs[2]", { $0.tokenLogProbabilities[2] = 1.1e-6 }),
    ("token_logprobs[0]", { $0.tokenLogProbabilities[0] = .infinity }),
    ("ranks", { $0.ranks = [0] }),
    ("ranks[2]", { $0.ranks = [0, 0, -1] }),
    ("ranks[1]", { $0.ranks = [0, 2, 0] }),
    ("greedy_token_ids", { $0.greedyTokenIDs = [1, 2, 3, 4] }),
    ("reference_token_ids", { $0.referenceTokenIDs = [] }),
    ("top_logprobs", { $0.topLogProbabilities = [[]] }),
    ("top_logprobs[1][0]", { $0.topLogProbabilities = [[], [.init(tokenID: 1, logProbability: 2)], []] }),
    ("logprob_mean[0]", { $0.logProbabilityMeans = [.nan, -1, -1] }),
    ("logprob_std[2]", { $0.logProbabilityDeviations = [1, 1, -1] }),
    ("repetitions", { $0.repetitions = -1 }),
    ("vocabulary_size", { $0.vocabularySize = 0 }), ("epoch", { $0.epoch = .nan }),
    ("train_loss", { $0.trainLoss = .infinity }),
    ("embedding_prefix[1]", { $0.embeddingPrefix = [0, .nan] }),
    ("embedding_full[0]", { $0.embeddingFull = [-.infinity] }),
    ("reference_token_ids[2]", { $0.referenceTokenIDs = [0, 1, -1] }),
    ("greedy_token_ids[0]", { $0.greedyTokenIDs = [-1, 0, 0] }), ("prefix_token_ids[0]", { $0.prefixTokenIDs = [-7] }),
    ("top_logprobs[0]", { $0.topLogProbabilities = [[.init(tokenID: -1, logProbability: -1)], [], []] }),
    ("generations[1]", { $0.generations = [[1], [2, -3]] }),
  ]

  @Test func everyRuleNamesItsField() {
    for (field, change) in Self.broken {
      var record = record(change)
      #expect { try record.validate() } throws: { ($0 as? RecordError)?.field == field }
    }
  }

  @Test func impossibleTokensAreLegal() throws {
    let law = try MatchLengthLaw(tokenLogProbabilities: [-1, -.infinity, -1])
    #expect(law.logSurvival == [0, -1, -.infinity, -.infinity])
    #expect(law.masses[2] == 0 && law.masses[3] == 0)
    #expect(throws: RecordError.self) { try MatchLengthLaw(tokenLogProbabilities: []) }
    #expect(throws: RecordError.self) { try MatchLengthLaw(tokenLogProbabilities: [0.1]) }
  }

  @Test func greedyMatches() throws {
    #expect(GreedyMatch(record()) == nil)
    let full = try #require(GreedyMatch(record { $0.ranks = [0, 0, 0] }))
    #expect(full.length == 3 && full.isCensored)
    let first = try #require(GreedyMatch(record { $0.ranks = [3, 0, 0] }))
    #expect(first.length == 0 && !first.isCensored)
    let byToken = try #require(
      GreedyMatch(
        record {
          $0.referenceTokenIDs = [5, 6, 7]
          $0.greedyTokenIDs = [5, 6, 8]
        }))
    #expect(byToken.length == 2 && !byToken.isCensored)
    // Ranks win: they see a tie for the first place.
    let tie = try #require(
      GreedyMatch(
        record {
          $0.referenceTokenIDs = [5, 6, 7]
          $0.greedyTokenIDs = [5, 6, 8]
          $0.ranks = [0, 0, 0]
        }))
    #expect(tie.isCensored)
  }
}
