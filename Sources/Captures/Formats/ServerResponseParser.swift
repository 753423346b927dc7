import Foundation

/// Reads responses of servers without Foundation, thirty times as fast. It knows plain, valid JSON only: for any other it returns nil, and
/// Foundation says what is wrong, or reads what is unusual.
struct ServerResponseParser {
  private typealias Unusual = JSONCursor.Unusual

  /// The tokens of the prompt, where they are known: texts of others are left out.
  private let prompt: [Int]
  /// Positions before this one have no values that matter.
  private let first: Int

  init(_ asked: (prompt: [Int], prefix: Int)? = nil) {
    prompt = asked?.prompt ?? []
    first = asked?.prefix ?? 0
  }

  /// The response of a text.
  func response(_ text: Data) -> ServerResponse? {
    JSONCursor.value(of: text) { cursor throws(Unusual) in try response(&cursor, depth: 0) }
  }

  /// The response of a text that is followed by at least eight readable bytes, the first no part of a number.
  func response(_ text: UnsafeBufferPointer<UInt8>) -> ServerResponse? {
    JSONCursor.value(of: text) { cursor throws(Unusual) in try response(&cursor, depth: 0) }
  }

  private func response(_ cursor: inout JSONCursor, depth: Int) throws(Unusual) -> ServerResponse {
    guard depth < 8 else { throw Unusual() }
    var response = ServerResponse()
    try cursor.object { name, cursor throws(Unusual) in
      switch name {
      case "id": response.id = try cursor.text()
      case "custom_id": response.customID = try cursor.text()
      case "response": response.response = try body(&cursor, depth: depth)
      case "choices":
        var choices: [ServerResponse.Choice] = []
        response.choices = try cursor.list(&choices) { cursor throws(Unusual) in try choice(&cursor) }
      case "usage": response.usage = try usage(&cursor)
      case "prompt_logprobs": response.promptLogprobs = try positions(&cursor)
      case "prompt_token_ids": response.promptTokenIDs = try cursor.integers()
      // llama.cpp's, and failures, are Foundation's to read.
      case "completion_probabilities", "error": throw Unusual()
      default: try cursor.skipValue()
      }
    }
    return response
  }

  private func body(_ cursor: inout JSONCursor, depth: Int) throws(Unusual) -> ServerResponse.Body {
    var wrapped: ServerResponse.Wrapped?
    try cursor.object { name, cursor throws(Unusual) in
      if name == "body" {
        wrapped = .init(try response(&cursor, depth: depth + 1))
      } else {
        try cursor.skipValue()
      }
    }
    guard let wrapped else { throw Unusual() }
    return ServerResponse.Body(body: wrapped)
  }

  private func usage(_ cursor: inout JSONCursor) throws(Unusual) -> ServerResponse.Usage {
    var usage = ServerResponse.Usage()
    try cursor.object { name, cursor throws(Unusual) in
      switch name {
      case "prompt_tokens": usage.promptTokens = try cursor.integer()
      case "completion_tokens": usage.completionTokens = try cursor.integer()
      default: try cursor.skipValue()
      }
    }
    return usage
  }

  private func choice(_ cursor: inout JSONCursor) throws(Unusual) -> ServerResponse.Choice {
    var choice = ServerResponse.Choice()
    try cursor.object { name, cursor throws(Unusual) in
      switch name {
      case "index": choice.index = try cursor.integer()
      case "message":
        choice.isMessage = true
        try cursor.skipValue()
      case "logprobs": choice.logprobs = try logprobs(&cursor)
      case "prompt_logprobs": choice.promptLogprobs = try positions(&cursor)
      case "prompt_token_ids": choice.promptTokenIDs = try cursor.integers()
      default: try cursor.skipValue()
      }
    }
    if choice.isMessage { choice.logprobs = nil }
    return choice
  }

  private func logprobs(_ cursor: inout JSONCursor) throws(Unusual) -> ServerResponse.Logprobs {
    var tokens: [String]?
    var values: [Double?]?
    var top: [[String: Double]?]?
    try cursor.object { name, cursor throws(Unusual) in
      switch name {
      case "tokens":
        var list: [String] = []
        tokens = try cursor.list(&list) { cursor throws(Unusual) in try cursor.text() }
      case "token_logprobs":
        var list: [Double?] = []
        values = try cursor.list(&list) { cursor throws(Unusual) in cursor.skipNull() ? nil : try cursor.number() }
      case "top_logprobs":
        var list: [[String: Double]?] = []
        top = try cursor.list(&list) { cursor throws(Unusual) in cursor.skipNull() ? nil : try alternatives(&cursor) }
      default: try cursor.skipValue()
      }
    }
    guard let tokens, let values else { throw Unusual() }
    return ServerResponse.Logprobs(tokens: tokens, tokenLogprobs: values, topLogprobs: top)
  }

  private func alternatives(_ cursor: inout JSONCursor) throws(Unusual) -> [String: Double] {
    var values: [String: Double] = [:]
    try cursor.require("{")
    if cursor.skip("}") { return values }
    repeat {
      let token = try cursor.text()
      try cursor.require(":")
      let value = try cursor.number()
      // Tokens that are no text by themselves look alike; the first counts, as with Foundation.
      if values[token] == nil { values[token] = value }
    } while cursor.skip(",")
    try cursor.require("}")
    return values
  }

  private func positions(_ cursor: inout JSONCursor) throws(Unusual) -> [ServerResponse.Position?] {
    var positions: [ServerResponse.Position?] = []
    var entries: [ServerResponse.Entry] = []
    var position = 0
    return try cursor.list(&positions) { cursor throws(Unusual) in
      if cursor.skipNull() {
        position += 1
        return nil
      }
      defer { position += 1 }
      entries.removeAll(keepingCapacity: true)
      if position < first {
        try cursor.skipValue()
        return ServerResponse.Position([])
      }
      let own = position < prompt.count ? prompt[position] : nil
      try cursor.require("{")
      if !cursor.skip("}") {
        repeat {
          let entry = try entry(&cursor, own)
          // Of what stands twice Foundation decides.
          guard !entries.contains(where: { $0.token == entry.token }) else { throw Unusual() }
          entries.append(entry)
        } while cursor.skip(",")
        try cursor.require("}")
      }
      return ServerResponse.Position(entries)
    }
  }

  /// Most of a response is made of these.
  @inline(__always)
  private func entry(_ cursor: inout JSONCursor, _ own: Int?) throws(Unusual) -> ServerResponse.Entry {
    guard let token = Self.tokenID(try cursor.plainText()) else { throw Unusual() }
    var entry = ServerResponse.Entry(token: token, logprob: .nan)
    try cursor.require(":")
    try cursor.require("{")
    repeat {
      let name = try cursor.plainText()
      try cursor.require(":")
      switch (name.first, name.count) {
      case (UInt8(ascii: "l"), 7):
        guard entry.logprob.isNaN else { throw Unusual() }
        entry.logprob = try cursor.number()
      case (UInt8(ascii: "r"), 4):
        guard entry.rank == nil else { throw Unusual() }
        if !cursor.skipNull() { entry.rank = try cursor.integer() }
      case (UInt8(ascii: "d"), 13):
        if let own, own != token {
          try cursor.skipValue()
        } else if !cursor.skipNull() {
          entry.decodedToken = try cursor.text()
        }
      // A name of some other kind.
      default: throw Unusual()
      }
    } while cursor.skip(",")
    try cursor.require("}")
    guard !entry.logprob.isNaN else { throw Unusual() }
    return entry
  }

  private static func tokenID(_ digits: UnsafeBufferPointer<UInt8>) -> Int? {
    guard (1...9).contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
      guard case 0x30...0x39 = digit else { return nil }
      value = 10 * value + Int(digit - 0x30)
    }
    return value
  }
}
