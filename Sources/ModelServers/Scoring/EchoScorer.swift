import Captures
import Foundation
import TokenProcess

/// Scores by OpenAI's completions with `echo`: the prompt comes back with a log-probability a token.
struct EchoScorer: PassageScorer {
  let client: HTTPClient
  let model: String?
  let alternatives: Int

  private struct Request: Encodable {
    let model: String?
    let prompt: String
    let echo = true
    // Servers take 0 for as many as there is room for.
    let maxTokens = 1
    let temperature = 1.0
    let logprobs: Int
  }

  /// What tells where the reference begins.
  private struct Tokens: Decodable {
    struct Choice: Decodable { let logprobs: Lists? }
    struct Lists: Decodable {
      let tokens: [String]
      let textOffset: [Int]?
    }
    struct Usage: Decodable { let completionTokens: Int? }
    let choices: [Choice]
    let usage: Usage?
  }

  func score(_ passage: Passage) async throws -> Record {
    guard let prefix = passage.prefix, let reference = passage.reference, !reference.isEmpty else {
      throw PassageError("needs prefix and reference as texts: servers with echo take and give texts")
    }
    let request = Request(model: model, prompt: prefix + reference, logprobs: alternatives)
    return try await client.post("v1/completions", request) { data in
      func malformed(_ problem: String) -> ServerError { ServerError(.malformed, "v1/completions", problem) }
      guard let parsed = try? HTTPClient.decoder.decode(Tokens.self, from: data),
        let lists = parsed.choices.first?.logprobs
      else { throw malformed("the answer has no logprobs: does the server know echo?") }
      let scored = max(0, lists.tokens.count - (parsed.usage?.completionTokens ?? 1))
      let start = try Self.start(of: reference, after: prefix, lists.tokens[..<scored], lists.textOffset)
      let records: [Record]
      do {
        records = try scoredRecords(data, split: .prefixTokens(start), name: passage.id)
      } catch let error as RecordError where error.field == "top_logprobs" {
        throw PassageError(error.description)
      } catch let error as RecordError {
        throw malformed(error.description)
      }
      guard let scored = records.first else { throw malformed("the answer has no choice") }
      var record = passage.record(scored.tokenLogProbabilities)
      record.ranks = scored.ranks
      return record
    }
  }

  /// The first token of the reference.
  private static func start(
    of reference: String, after prefix: String, _ tokens: ArraySlice<String>, _ offsets: [Int]?
  ) throws -> Int {
    // From the end: a beginning-of-text token may stand before the prefix as some text.
    var left = reference.utf8.count
    var start = tokens.count
    while left > 0, start > 0 {
      start -= 1
      left -= tokens[start].utf8.count
    }
    if left == 0, tokens[start...].joined() == reference, start > 0 { return start }
    // Tokens that are parts of a letter are not texts: their offsets may tell.
    let place = prefix.unicodeScalars.count
    if let offsets, offsets.count >= tokens.count, let start = offsets[..<tokens.count].firstIndex(of: place), start > 0
    {
      return start
    }
    throw PassageError(
      "a token of the server reaches over the boundary between prefix and reference: put it elsewhere, for example before a space"
    )
  }
}
