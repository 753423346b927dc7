import Captures
import Foundation

/// How lines of input become passages.
public struct PassageOptions: Sendable, Codable, Equatable {
  /// The field of the prefix.
  public var prefixField = "prefix"
  /// The field of the reference.
  public var referenceField = "reference"
  /// The field of whole texts, which are cut by tokens.
  public var textField = "text"
  /// Tokens before the reference, of whole texts.
  public var prefixTokens: Int?
  /// Tokens of the reference, of whole texts.
  public var suffixTokens: Int?
  /// A window begins every so many tokens; nil for one window from the beginning.
  public var stride: Int?

  /// Prefix and reference in fields of their own.
  public init() {}

  /// Whether texts are cut by tokens.
  var cutsTexts: Bool { prefixTokens != nil }
}

/// The passages of a file of JSON lines.
struct PassageReader: Sendable {
  let file: String
  let options: PassageOptions
  private let cutter: TextCutter?

  /// A reader.
  ///
  /// - Parameter tokenizer: What cuts texts; nil for servers without one.
  /// - Throws: `ServerError`.
  init(file: String, options: PassageOptions, tokenizer: Tokenizer?) async throws {
    self.file = file
    self.options = options
    if let tokenizer, let prefix = options.prefixTokens, let suffix = options.suffixTokens {
      cutter = try await TextCutter(tokenizer: tokenizer, prefix: prefix, suffix: suffix, stride: options.stride)
    } else {
      cutter = nil
    }
  }

  /// The passages of a line; none of a text with too few tokens.
  ///
  /// - Throws: `CaptureError` with line and field.
  func passages(_ line: Data, number lineNumber: Int) async throws -> [Passage] {
    func failure(_ field: String?, _ problem: String) -> CaptureError {
      CaptureError(file: file, line: lineNumber, field: field, problem: problem)
    }
    guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else {
      throw failure(nil, "is no JSON object")
    }
    func text(_ field: String) throws -> String? {
      guard let value = object[field], !(value is NSNull) else { return nil }
      guard let text = value as? String else { throw failure(field, "is no string") }
      return text
    }
    func number(_ field: String) throws -> Double? {
      guard let value = object[field], !(value is NSNull) else { return nil }
      guard let number = value as? NSNumber else { throw failure(field, "is no number") }
      return number.doubleValue
    }
    func tokens(_ field: String) throws -> [Int]? {
      guard let value = object[field], !(value is NSNull) else { return nil }
      guard let list = value as? [Int], list.allSatisfy({ $0 >= 0 }) else {
        throw failure(field, "is no list of token ids")
      }
      return list
    }
    let name = try object["id"].map { value in
      guard let name = value as? String ?? (value as? Int).map(String.init) else { throw failure("id", "is no string") }
      return name
    }
    var passage = Passage(id: name ?? "line-\(lineNumber)")
    passage.source = try text("source")
    passage.run = try text("run")
    passage.split = try text("split")
    passage.epoch = try number("epoch")
    passage.trainLoss = try number("train_loss")
    passage.repetitions = try number("repetitions")
    if let whole = try text(options.textField), options.cutsTexts {
      guard let cutter else {
        throw failure(
          options.textField,
          "takes the server's tokenizer to be cut, which servers with echo do not offer: give prefix and reference")
      }
      return try await cutter.windows(of: whole, passage)
    }
    passage.prefix = try text(options.prefixField)
    passage.reference = try text(options.referenceField)
    passage.prefixTokenIDs = try tokens("prefix_token_ids")
    passage.referenceTokenIDs = try tokens("reference_token_ids")
    let hasTokens = passage.prefixTokenIDs != nil && passage.referenceTokenIDs != nil
    if let value = object["messages"], !(value is NSNull), !hasTokens {
      var messages = try (value as? [Any] ?? []).enumerated().map { index, value in
        guard let message = value as? [String: Any], let role = message["role"] as? String,
          let content = message["content"] as? String
        else { throw failure("messages[\(index)]", "has no role and content, both texts") }
        return ChatMessage(role: role, content: content)
      }
      // The last answer is the reference, unless that stands by itself.
      if passage.reference == nil {
        guard let last = messages.popLast(), last.role == "assistant" else {
          throw failure("messages", "does not end with the assistant's, and there is no \(options.referenceField)")
        }
        passage.reference = last.content
      }
      guard !messages.isEmpty else { throw failure("messages", "has nothing before the answer") }
      guard passage.prefix == nil else { throw failure(options.prefixField, "is there, and so is messages") }
      passage.messages = messages
    }
    guard hasTokens || passage.prefix != nil || passage.messages != nil else {
      throw failure(
        options.prefixField,
        options.cutsTexts ? "is missing, and so is \(options.textField)" : "is missing, and so are the token ids")
    }
    guard hasTokens || passage.reference?.isEmpty == false else {
      throw failure(options.referenceField, "is missing or empty")
    }
    guard passage.referenceTokenIDs?.isEmpty != true else { throw failure("reference_token_ids", "is empty") }
    return [passage]
  }
}
