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
struct PassageReader {
  let file: String
  let options: PassageOptions
  /// What cuts texts; nil for servers without a tokenizer.
  let tokenizer: Tokenizer?

  /// The passages of a line.
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
      return try await windows(whole, of: passage, lineNumber)
    }
    passage.prefix = try text(options.prefixField)
    passage.reference = try text(options.referenceField)
    passage.prefixTokenIDs = try tokens("prefix_token_ids")
    passage.referenceTokenIDs = try tokens("reference_token_ids")
    let hasTokens = passage.prefixTokenIDs != nil && passage.referenceTokenIDs != nil
    guard hasTokens || passage.prefix != nil else {
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

  /// Windows of a text by the server's tokens.
  private func windows(_ text: String, of passage: Passage, _ number: Int) async throws -> [Passage] {
    guard let tokenizer else {
      throw CaptureError(
        file: file, line: number, field: options.textField,
        problem:
          "takes the server's tokenizer to be cut, which servers with echo do not offer: give prefix and reference")
    }
    let (before, length) = (options.prefixTokens ?? 1, options.suffixTokens ?? 1)
    let tokens = try await tokenizer.tokens(text, isBeginning: false)
    // Each window is a text of its own to the model, with the token that begins texts where it has one.
    let beginning = try await tokenizer.tokens("", isBeginning: true)
    var starts = [0]
    if let stride = options.stride {
      starts = Array(Swift.stride(from: 0, through: max(0, tokens.count - before - length), by: stride))
    }
    guard tokens.count > before, options.stride == nil || tokens.count >= before + length else {
      throw CaptureError(
        file: file, line: number, field: options.textField,
        problem: "has \(tokens.count) tokens, too few for a prefix of \(before) and a reference")
    }
    return starts.map { start in
      var window = passage
      if options.stride != nil { window.id += "@\(start)" }
      window.prefixTokenIDs = beginning + tokens[start..<start + before]
      window.referenceTokenIDs = Array(tokens[(start + before)..<min(tokens.count, start + before + length)])
      return window
    }
  }
}
