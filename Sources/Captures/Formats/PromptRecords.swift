import Foundation
import TokenProcess

/// The records that prompts were made of, for responses that do not say where their references begin: one JSON object a
/// line with `id`, `prefix` and `reference` as texts, or `prefix_token_ids`, as `skewmem capture` takes them. With
/// `document` and `start` records are windows of that document.
///
/// A response is found by its `custom_id` or `id`, or where no response has the name of a record by its line.
public struct PromptRecords: Sendable {
  /// What one prompt was made of.
  struct Prompt: Sendable {
    var id = ""
    var prefix: String?
    var reference: String?
    var prefixTokens: Int?
    /// Where the reference stands in a longer text.
    var document: String?
    var start: Int?
    var tokenOffsets: [Int]?
    var documentTokens: Int?

    var place: Record.Place? {
      guard let document, let start else { return nil }
      return Record.Place(document: document, start: start, tokenOffsets: tokenOffsets, documentTokens: documentTokens)
    }
  }

  private let prompts: [Prompt]
  private let byName: [String: Int]

  /// Reads the file.
  ///
  /// - Throws: `CaptureError` with line and field.
  public init(path: String) throws {
    let reader = CaptureLines(try InputFile(path: path))
    var prompts: [Prompt] = []
    while let line = try reader.next() {
      prompts.append(try naming(path, line: reader.lineNumber) { try Self.prompt(line) })
    }
    guard !prompts.isEmpty else { throw CaptureError(file: path, problem: "no records") }
    self.prompts = prompts
    byName = Dictionary(prompts.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    guard byName.count == prompts.count else {
      throw CaptureError(
        file: path, field: "id", problem: "two records have the same: responses could not be told apart")
    }
  }

  private static func prompt(_ line: Data) throws -> Prompt {
    let prompt = try JSONCursor.value(of: line) { cursor throws(JSONFault) -> Prompt in
      var prompt = Prompt()
      try cursor.object { name, cursor throws(JSONFault) in
        switch name {
        case "id", "custom_id": prompt.id = try cursor.name()
        case "prefix": prompt.prefix = try cursor.text()
        case "reference": prompt.reference = try cursor.text()
        case "prefix_token_ids": prompt.prefixTokens = try cursor.integers().count
        case "document": prompt.document = try cursor.name()
        case "start": prompt.start = try cursor.integer()
        case "token_offsets": prompt.tokenOffsets = try cursor.integers()
        case "document_tokens": prompt.documentTokens = try cursor.integer()
        case "prefix_tokens": prompt.prefixTokens = try cursor.integer()
        default: try cursor.skipValue()
        }
      }
      return prompt
    }
    guard !prompt.id.isEmpty else { throw RecordError(field: "id", problem: "is missing") }
    guard prompt.prefixTokens != nil || prompt.reference != nil else {
      throw RecordError(field: "reference", problem: "is missing, and so is prefix_token_ids")
    }
    return prompt
  }

  /// The record of a response.
  ///
  /// - Parameter line: The response's place in its file, from 1.
  func prompt(of response: ServerResponse, line: Int) throws(RecordError) -> Prompt {
    for name in [response.customID, response.id, response.response?.body.response.id].compactMap(\.self) {
      if let index = byName[name] { return prompts[index] }
    }
    guard prompts.indices.contains(line - 1) else {
      throw RecordError(
        field: response.customID == nil ? "id" : "custom_id",
        problem: "is of no record of the file that was sent, which has \(prompts.count)")
    }
    return prompts[line - 1]
  }
}

extension PromptRecords.Prompt {
  /// Where the reference begins in what was scored.
  ///
  /// - Parameter tokens: The texts of the prompt's tokens; nil where the response does not say.
  /// - Throws: `RecordError` where no token begins with the reference.
  func split(_ tokens: [String?]) throws(RecordError) -> ReferenceSplit {
    if let prefixTokens { return .prefixTokens(prefixTokens) }
    let reference = reference ?? ""
    var text = ""
    for (count, token) in tokens.reversed().enumerated() {
      guard let token else { break }
      text = token + text
      if text == reference { return .suffixTokens(count + 1) }
      if text.utf8.count > reference.utf8.count { break }
    }
    throw RecordError(
      field: "reference",
      problem: "of record \(id) does not begin with a token of the prompt: give its prefix_token_ids")
  }
}

extension ServerResponse {
  /// The texts of the tokens of the prompt, as far as they are there.
  var promptTexts: [String?] {
    if let response { return response.body.response.promptTexts }
    if let scoredPrompt { return scoredPrompt.map(\.text) }
    if let positions = promptLogprobs ?? choices?.first?.promptLogprobs {
      let ids = choices?.first?.promptTokenIDs ?? promptTokenIDs
      return positions.enumerated().map { index, position in
        let entries = position?.entries ?? []
        let own = ids.flatMap { ids in ids.indices.contains(index) ? entries.first { $0.token == ids[index] } : nil }
        return (own ?? entries.first)?.decodedToken
      }
    }
    guard let logprobs = choices?.first?.logprobs else { return [] }
    let scored = usage?.prompt(of: logprobs.tokens.count, choices: choices?.count ?? 1)
    return logprobs.tokens.prefix(scored ?? logprobs.tokens.count).map { $0 }
  }
}
