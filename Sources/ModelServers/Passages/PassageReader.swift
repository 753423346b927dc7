import Captures
import Foundation

/// How lines of input become passages.
public struct PassageOptions: Sendable, Encodable, Equatable {
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
  /// The tokens of the text at which references begin, in place of a stride.
  public var starts: [Int]?
  /// The tokens of a long pass, in which a reference begins at every token that has the prefix's number before it; nil
  /// for windows.
  public var passTokens: Int?

  /// Each reference is asked for after so many of the last tokens of its prefix; nil for after all of them.
  public var prefixLengths: [Int]?

  /// Prefix and reference in fields of their own.
  public init() {}

  /// Whether texts are cut by tokens.
  var cutsTexts: Bool { prefixTokens != nil }
}

/// The passages of a file of JSON lines.
struct PassageReader: Sendable {
  private let parser: PassageParser
  private let cutter: TextCutter?

  /// A line of input before it is cut.
  struct Line: Sendable {
    let number: Int
    let passage: Passage
    /// The text to be cut; nil for a passage as it is.
    let text: String?
  }

  /// The file's name.
  var file: String { parser.file }

  /// A reader.
  ///
  /// - Parameter tokenizer: What cuts texts; nil for servers without one.
  /// - Throws: `ServerError`.
  init(file: String, options: PassageOptions, tokenizer: Tokenizer?) async throws {
    parser = PassageParser(file: file, options: options)
    if let tokenizer, let prefix = options.prefixTokens, let suffix = options.suffixTokens {
      cutter = try await TextCutter(tokenizer: tokenizer, prefix: prefix, suffix: suffix, options)
    } else {
      cutter = nil
    }
  }

  /// A line as it is, before it is cut.
  ///
  /// - Throws: `CaptureError` with line and field.
  func line(_ data: Data, number: Int) throws(CaptureError) -> Line {
    let (passage, text) = try parser.passage(data, number: number)
    return Line(number: number, passage: passage, text: text)
  }

  /// The passages of a line; none of a text with too few tokens.
  ///
  /// - Throws: `CaptureError` with line and field.
  func passages(_ line: Line) async throws -> [Passage] {
    let (passage, number) = (line.passage, line.number)
    guard let text = line.text else { return try shortened(passage, beginning: 0, number) }
    guard let cutter else {
      throw CaptureError(
        file: file, line: number, field: parser.options.textField,
        problem:
          "takes the server's tokenizer to be cut, which servers with echo do not offer: give prefix and reference")
    }
    return try await cutter.windows(of: text, passage).flatMap {
      try shortened($0, beginning: cutter.beginning.count, number)
    }
  }

  /// A passage after each number of tokens of its prefix that it has; where it has fewer, after all.
  ///
  /// - Parameter beginning: Tokens that begin texts, which each prefix keeps.
  private func shortened(_ passage: Passage, beginning: Int, _ line: Int) throws(CaptureError) -> [Passage] {
    guard let lengths = parser.options.prefixLengths else { return [passage] }
    guard let tokens = passage.prefixTokenIDs, passage.referenceTokenIDs != nil else {
      throw CaptureError(
        file: file, line: line, field: "prefix_token_ids",
        problem: "is missing, and so is reference_token_ids: prefixes are shortened by tokens")
    }
    let own = tokens.dropFirst(beginning)
    return Set(lengths.map { min($0, own.count) }).sorted().map { length in
      var shorter = passage
      shorter.prefixID = "\(length) tokens"
      shorter.prefix = nil
      shorter.prefixTokenIDs = tokens.prefix(beginning) + own.suffix(length)
      return shorter
    }
  }
}
