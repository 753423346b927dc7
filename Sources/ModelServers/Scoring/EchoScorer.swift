import Captures
import Foundation
import TokenProcess

/// Scores by OpenAI's completions with `echo`: the prompt comes back with a log-probability a token.
struct EchoScorer: PassageScorer {
  let client: HTTPClient
  let model: String?
  let alternatives: Int

  func score(_ passage: Passage) async throws -> Record {
    guard passage.messages == nil else {
      throw PassageError(
        "servers with echo do not say what their chat template makes of messages: give prefix and reference")
    }
    guard let prefix = passage.prefix, let reference = passage.reference, !reference.isEmpty else {
      throw PassageError("needs prefix and reference as texts: servers with echo take and give texts")
    }
    var request = JSONObjectWriter()
    request.add("model", model)
    request.add("prompt", prefix + reference)
    request.add("echo", true)
    // Servers take 0 for as many as there is room for.
    request.add("max_tokens", 1)
    request.add("temperature", 1)
    request.add("logprobs", alternatives)
    return try await client.post("v1/completions", request) { data in
      func malformed(_ problem: String) -> ServerError { ServerError(.malformed, "v1/completions", problem) }
      guard let response = try? ServerResponse(data), let lists = response.choices?.first?.logprobs else {
        throw malformed("the answer has no logprobs: does the server know echo?")
      }
      let range = try Self.range(of: reference, after: prefix, lists.tokens, response.usage?.completionTokens)
      let records: [Record]
      do {
        records = try response.records(split: .prefixTokens(range.lowerBound), name: passage.id)
      } catch let error as RecordError where error.field == "top_logprobs" {
        throw PassageError(error.description)
      } catch let error as RecordError {
        throw malformed(error.description)
      }
      // Where nothing says how many tokens were generated they stand at the end.
      guard let values = records.first?.tokenLogProbabilities, values.count >= range.count else {
        throw malformed("the answer has fewer values than tokens of the reference")
      }
      var record = passage.record(Array(values.prefix(range.count)))
      record.ranks = records.first?.ranks.map { Array($0.prefix(range.count)) }
      return record
    }
  }

  /// The tokens of the reference, which is followed by generated ones.
  private static func range(
    of reference: String, after prefix: String, _ tokens: [String], _ generated: Int?
  ) throws -> Range<Int> {
    // A beginning-of-text token may stand before the prefix as some text.
    for end in generated.map({ [max(0, tokens.count - $0)] }) ?? [tokens.count, tokens.count - 1] {
      var left = reference.utf8.count
      var start = end
      while left > 0, start > 0 {
        start -= 1
        left -= tokens[start].utf8.count
      }
      guard left == 0, start > 0, tokens[start..<end].joined() == reference, tokens[..<start].joined().hasSuffix(prefix)
      else { continue }
      return start..<end
    }
    if let generated, generated > 0, tokens.joined() == prefix + reference {
      throw PassageError(
        "the server lists \(tokens.count) tokens and none of those that it generated: its log-probabilities are those "
          + "of the next token (llama-cpp-python is off by one for models without a beginning-of-text token)"
      )
    }
    throw PassageError(
      "the server's tokens have no boundary between prefix and reference (one reaches over it, or is part of a "
        + "letter): put it elsewhere, for example before a space"
    )
  }
}
