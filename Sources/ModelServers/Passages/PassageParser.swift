import Captures
import Foundation
import TokenProcess

/// Makes passages of JSON lines.
struct PassageParser: Sendable {
  let file: String
  let options: PassageOptions

  /// The passage of a line, and the whole text that it is to be cut from where there is one.
  ///
  /// - Throws: `CaptureError` with line and field.
  func passage(_ line: Data, number lineNumber: Int) throws(CaptureError) -> (Passage, text: String?) {
    guard case .object(let members) = try naming(file, line: lineNumber, { try JSONValue(line) }) else {
      throw CaptureError(file: file, line: lineNumber, problem: "is not a JSON object; input has one a line")
    }
    let fields = Fields(file: file, line: lineNumber, members: members)
    var passage = Passage(id: try fields.name("id") ?? "line-\(lineNumber)")
    passage.source = try fields.text("source")
    passage.prefixID = try fields.name("prefix_id")
    passage.run = try fields.text("run")
    passage.split = try fields.text("split")
    passage.epoch = try fields.number("epoch")
    passage.trainLoss = try fields.number("train_loss")
    passage.repetitions = try fields.number("repetitions")
    let pass = try fields.tokens("token_ids")
    if let document = try fields.name("document") {
      if let start = try fields.count("start") {
        passage.place = Record.Place(
          document: document, start: start, tokenOffsets: try fields.tokens("token_offsets"),
          documentTokens: try fields.count("document_tokens"), isLongPass: pass != nil)
      } else if options.cutsTexts {
        passage.place = Record.Place(document: document, start: 0)
      }
    }
    if options.cutsTexts, let text = try fields.text(options.textField) { return (passage, text) }
    passage.prefix = try fields.text(options.prefixField)
    passage.reference = try fields.text(options.referenceField)
    passage.prefixTokenIDs = try fields.tokens("prefix_token_ids")
    passage.referenceTokenIDs = try fields.tokens("reference_token_ids") ?? pass
    let hasTokens = passage.prefixTokenIDs != nil && passage.referenceTokenIDs != nil
    if !hasTokens, var messages = try fields.messages("messages") {
      // The last answer is the reference, which may stand by itself.
      if let last = messages.last, last.role == "assistant" {
        guard passage.reference == nil || passage.reference == last.content else {
          throw fields.failure(options.referenceField, "is another than the last answer of messages")
        }
        passage.reference = last.content
        messages.removeLast()
      }
      guard passage.reference != nil else {
        throw fields.failure(
          "messages", "does not end with the assistant's, and there is no \(options.referenceField)")
      }
      guard !messages.isEmpty else { throw fields.failure("messages", "has nothing before the answer") }
      guard passage.prefix == nil else { throw fields.failure(options.prefixField, "is there, and so is messages") }
      passage.messages = messages
    }
    guard hasTokens || passage.prefix != nil || passage.messages != nil else {
      throw fields.failure(
        options.prefixField, option: options.cutsTexts ? nil : "split",
        options.cutsTexts
          ? "is missing, and so is \(options.textField)"
          : members.keys.contains(options.textField)
            ? "is missing, and so are the token ids; to cut \(options.textField) into windows, say how long they are"
            : "is missing, and so are the token ids")
    }
    guard hasTokens || passage.reference?.isEmpty == false else {
      throw fields.failure(options.referenceField, "is missing or empty")
    }
    guard passage.referenceTokenIDs?.isEmpty != true else { throw fields.failure("reference_token_ids", "is empty") }
    return (passage, nil)
  }

  /// The fields of a line; nil for those that are missing or null.
  private struct Fields {
    let file: String
    let line: Int
    let members: [String: JSONValue]

    func failure(_ field: String, option: String? = nil, _ problem: String) -> CaptureError {
      CaptureError(file: file, line: line, field: field, problem: problem, option: option)
    }

    private func value(_ field: String) -> JSONValue? {
      guard let value = members[field], value != .null else { return nil }
      return value
    }

    func text(_ field: String) throws(CaptureError) -> String? {
      guard let value = value(field) else { return nil }
      guard case .text(let text) = value else { throw failure(field, "is no string") }
      return text
    }

    func name(_ field: String) throws(CaptureError) -> String? {
      if case .integer(let number)? = value(field) { return "\(number)" }
      let name = try text(field)
      guard name != "" else { throw failure(field, "is empty") }
      return name
    }

    func number(_ field: String) throws(CaptureError) -> Double? {
      switch value(field) {
      case nil: return nil
      case .number(let number)?: return number
      case .integer(let number)?: return Double(number)
      default: throw failure(field, "is no number")
      }
    }

    func count(_ field: String) throws(CaptureError) -> Int? {
      guard let value = value(field) else { return nil }
      guard case .integer(let number) = value, number >= 0 else { throw failure(field, "is no number of tokens") }
      return number
    }

    func tokens(_ field: String) throws(CaptureError) -> [Int]? {
      guard let value = value(field) else { return nil }
      guard case .integers(let tokens) = value, tokens.allSatisfy({ $0 >= 0 }) else {
        throw failure(field, "is no list of token ids")
      }
      return tokens
    }

    func messages(_ field: String) throws(CaptureError) -> [ChatMessage]? {
      guard let value = value(field) else { return nil }
      if value == .integers([]) { return [] }
      guard case .list(let values) = value else { throw failure(field, "is no list") }
      var messages: [ChatMessage] = []
      for (index, value) in values.enumerated() {
        guard case .object(let message) = value, case .text(let role)? = message["role"],
          case .text(let content)? = message["content"]
        else { throw failure("\(field)[\(index)]", "has no role and content, both texts") }
        messages.append(ChatMessage(role: role, content: content))
      }
      return messages
    }
  }
}
