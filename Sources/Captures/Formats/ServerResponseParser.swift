import Foundation

/// Reads responses of servers.
struct ServerResponseParser {
  /// The tokens of the prompt, where they are known: texts of others are left out.
  private let prompt: [Int]
  /// Positions before this one have no values that matter.
  private let first: Int

  init(_ asked: (prompt: [Int], prefix: Int)? = nil) {
    prompt = asked?.prompt ?? []
    first = asked?.prefix ?? 0
  }

  /// The response of a text.
  func response(_ text: Data) throws(JSONFault) -> ServerResponse {
    try JSONCursor.value(of: text) { cursor throws(JSONFault) in try response(&cursor, depth: 0) }
  }

  /// The response of a text that is followed by at least eight readable bytes, the first no part of a number.
  func response(_ text: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> ServerResponse {
    try JSONCursor.value(of: text) { cursor throws(JSONFault) in try response(&cursor, depth: 0) }
  }

  private func response(_ cursor: inout JSONCursor, depth: Int) throws(JSONFault) -> ServerResponse {
    guard depth < 8 else { throw JSONFault("is a response in a response, more than eight deep") }
    var response = ServerResponse()
    try cursor.object { name, cursor throws(JSONFault) in
      switch name {
      case "id": response.id = try cursor.name()
      case "meta_info": response.scoredPrompt = try scoredPrompt(ofSGLang: &cursor, &response)
      case "details": response.scoredPrompt = try scoredPrompt(ofTGI: &cursor)
      case "prefix_tokens": response.prefixTokens = try cursor.integer()
      case "custom_id": response.customID = try cursor.text()
      case "response": response.response = try body(&cursor, depth: depth)
      case "choices":
        var choices: [ServerResponse.Choice] = []
        response.choices = try cursor.list(&choices) { cursor throws(JSONFault) in try choice(&cursor) }
      case "usage": response.usage = try usage(&cursor)
      case "prompt_logprobs": response.promptLogprobs = try positions(&cursor)
      case "prompt_token_ids": response.promptTokenIDs = try cursor.integers()
      case "completion_probabilities": response.generated = try generated(&cursor)
      case "error": response.error = try failure(&cursor)
      case "prompt": response.prompt = try optionalText(&cursor)
      case "content": response.content = try optionalText(&cursor)
      case "stop_type": response.stopType = try optionalText(&cursor)
      case "tokens": response.tokens = try cursor.integers()
      case "tokens_predicted": response.tokensPredicted = try cursor.integer()
      default: try cursor.skipValue()
      }
    }
    return response
  }

  private func body(_ cursor: inout JSONCursor, depth: Int) throws(JSONFault) -> ServerResponse.Body {
    var wrapped: ServerResponse.Wrapped?
    try cursor.object { name, cursor throws(JSONFault) in
      if name == "body" {
        wrapped = .init(try response(&cursor, depth: depth + 1))
      } else {
        try cursor.skipValue()
      }
    }
    guard let wrapped else { throw JSONFault("is missing").inside("body") }
    return ServerResponse.Body(body: wrapped)
  }

  /// A text; nil for anything else.
  private func optionalText(_ cursor: inout JSONCursor) throws(JSONFault) -> String? {
    if cursor.next == UInt8(ascii: "\"") { return try cursor.text() }
    try cursor.skipValue()
    return nil
  }

  /// A text, or an object with one; anything else is a failure too.
  private func failure(_ cursor: inout JSONCursor) throws(JSONFault) -> ServerResponse.Failure {
    guard cursor.next == UInt8(ascii: "{") else { return .init(message: try optionalText(&cursor)) }
    var message: String?
    try cursor.object { name, cursor throws(JSONFault) in
      if name == "message" { message = try optionalText(&cursor) } else { try cursor.skipValue() }
    }
    return .init(message: message)
  }

  private func generated(_ cursor: inout JSONCursor) throws(JSONFault) -> [ServerResponse.Generated] {
    var tokens: [ServerResponse.Generated] = []
    return try cursor.list(&tokens) { cursor throws(JSONFault) in
      var id: Int?
      var logprob: Double?
      var top: [ServerResponse.Listed]?
      try cursor.object { name, cursor throws(JSONFault) in
        switch name {
        case "id": id = try cursor.integer()
        case "logprob": logprob = try cursor.number()
        case "top_logprobs":
          var list: [ServerResponse.Listed] = []
          top = try cursor.list(&list) { cursor throws(JSONFault) in try listed(&cursor) }
        default: try cursor.skipValue()
        }
      }
      guard let id else { throw JSONFault("is missing").inside("id") }
      return ServerResponse.Generated(id: id, logprob: logprob, topLogprobs: top)
    }
  }

  private func listed(_ cursor: inout JSONCursor) throws(JSONFault) -> ServerResponse.Listed {
    var id: Int?
    var logprob: Double?
    try cursor.object { name, cursor throws(JSONFault) in
      switch name {
      case "id": id = try cursor.integer()
      case "logprob": logprob = try cursor.number()
      default: try cursor.skipValue()
      }
    }
    guard let id else { throw JSONFault("is missing").inside("id") }
    guard let logprob else { throw JSONFault("is missing").inside("logprob") }
    return ServerResponse.Listed(id: id, logprob: logprob)
  }

  private func usage(_ cursor: inout JSONCursor) throws(JSONFault) -> ServerResponse.Usage {
    var usage = ServerResponse.Usage()
    try cursor.object { name, cursor throws(JSONFault) in
      switch name {
      case "prompt_tokens": usage.promptTokens = try cursor.integer()
      case "completion_tokens": usage.completionTokens = try cursor.integer()
      default: try cursor.skipValue()
      }
    }
    return usage
  }

  private func choice(_ cursor: inout JSONCursor) throws(JSONFault) -> ServerResponse.Choice {
    var choice = ServerResponse.Choice()
    try cursor.object { name, cursor throws(JSONFault) in
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

  /// nil for those of a chat, which are of what was generated.
  private func logprobs(_ cursor: inout JSONCursor) throws(JSONFault) -> ServerResponse.Logprobs? {
    var tokens: [String]?
    var values: [Double?]?
    var top: [[String: Double]?]?
    try cursor.object { name, cursor throws(JSONFault) in
      switch name {
      case "tokens":
        var list: [String] = []
        tokens = try cursor.list(&list) { cursor throws(JSONFault) in try cursor.text() }
      case "token_logprobs":
        var list: [Double?] = []
        values = try cursor.list(&list) { cursor throws(JSONFault) in try optionalNumber(&cursor) }
      case "top_logprobs":
        var list: [[String: Double]?] = []
        top = try cursor.list(&list) { cursor throws(JSONFault) in
          if cursor.skipNull() { return nil }
          return try isTextOfNone(&cursor) ? nil : try alternatives(&cursor)
        }
      default: try cursor.skipValue()
      }
    }
    if tokens == nil, values == nil { return nil }
    guard let tokens else { throw JSONFault("is missing").inside("tokens") }
    guard let values else { throw JSONFault("is missing").inside("token_logprobs") }
    return ServerResponse.Logprobs(tokens: tokens, tokenLogprobs: values, topLogprobs: top)
  }

  /// A number; nil for null, which LiteLLM writes as the text "None".
  private func optionalNumber(_ cursor: inout JSONCursor) throws(JSONFault) -> Double? {
    if cursor.skipNull() { return nil }
    return try isTextOfNone(&cursor) ? nil : try cursor.number()
  }

  /// Skips the text "None".
  private func isTextOfNone(_ cursor: inout JSONCursor) throws(JSONFault) -> Bool {
    var ahead = cursor
    guard cursor.next == UInt8(ascii: "\""), try ahead.text() == "None" else { return false }
    cursor = ahead
    return true
  }

  private func scoredPrompt(
    ofSGLang cursor: inout JSONCursor, _ response: inout ServerResponse
  ) throws(JSONFault) -> [ServerResponse.ScoredToken]? {
    var tokens: [ServerResponse.ScoredToken]?
    var top: [[ServerResponse.Listed]] = []
    var id: String?
    /// `[ln p, token, text]`.
    func triple(
      _ cursor: inout JSONCursor
    ) throws(JSONFault) -> (logprob: Double?, id: Int, text: String?) {
      try cursor.require("[")
      let value = try optionalNumber(&cursor)
      try cursor.require(",")
      let token = try cursor.integer()
      var text: String?
      if cursor.skip(","), !cursor.skipNull() { text = try cursor.text() }
      try cursor.require("]")
      return (value, token, text)
    }
    try cursor.object { name, cursor throws(JSONFault) in
      switch name {
      case "id": id = try cursor.name()
      case "input_token_logprobs":
        var list: [ServerResponse.ScoredToken] = []
        tokens = try cursor.list(&list) { cursor throws(JSONFault) in
          let (value, token, text) = try triple(&cursor)
          return .init(id: token, text: text, logprob: value)
        }
      case "input_top_logprobs":
        var lists: [[ServerResponse.Listed]] = []
        top = try cursor.list(&lists) { cursor throws(JSONFault) in
          if cursor.skipNull() { return [] }
          var list: [ServerResponse.Listed] = []
          return try cursor.list(&list) { cursor throws(JSONFault) in
            let (value, token, _) = try triple(&cursor)
            return .init(id: token, logprob: value ?? -.infinity)
          }
        }
      default: try cursor.skipValue()
      }
    }
    response.id = response.id ?? id
    guard var found = tokens else { return nil }
    if top.count == found.count {
      for index in found.indices { found[index].top = top[index] }
    }
    return found
  }

  private func scoredPrompt(ofTGI cursor: inout JSONCursor) throws(JSONFault) -> [ServerResponse.ScoredToken]? {
    var tokens: [ServerResponse.ScoredToken]?
    try cursor.object { name, cursor throws(JSONFault) in
      guard name == "prefill" else { return try cursor.skipValue() }
      var list: [ServerResponse.ScoredToken] = []
      tokens = try cursor.list(&list) { cursor throws(JSONFault) in
        var (id, text, logprob): (Int?, String?, Double?)
        try cursor.object { name, cursor throws(JSONFault) in
          switch name {
          case "id": id = try cursor.integer()
          case "text": text = try cursor.text()
          case "logprob": logprob = try optionalNumber(&cursor)
          default: try cursor.skipValue()
          }
        }
        guard let id else { throw JSONFault("is missing").inside("id") }
        return .init(id: id, text: text, logprob: logprob)
      }
    }
    return tokens
  }

  private func alternatives(_ cursor: inout JSONCursor) throws(JSONFault) -> [String: Double] {
    var values: [String: Double] = [:]
    try cursor.require("{")
    if cursor.skip("}") { return values }
    repeat {
      let token = try cursor.key()
      try cursor.require(":")
      let value = try cursor.number()
      // Tokens that are no text by themselves look alike; the first is the most probable.
      if values[token] == nil { values[token] = value }
    } while cursor.skip(",")
    try cursor.require("}")
    return values
  }

  private func positions(_ cursor: inout JSONCursor) throws(JSONFault) -> [ServerResponse.Position?] {
    var positions: [ServerResponse.Position?] = []
    var entries: [ServerResponse.Entry] = []
    var position = 0
    return try cursor.list(&positions) { cursor throws(JSONFault) in
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
          guard !entries.contains(where: { $0.token == entry.token }) else {
            throw JSONFault("is there twice").inside("\(entry.token)")
          }
          entries.append(entry)
        } while cursor.skip(",")
        try cursor.require("}")
      }
      return ServerResponse.Position(entries)
    }
  }

  /// Most of a response is made of these.
  @inline(__always)
  private func entry(_ cursor: inout JSONCursor, _ own: Int?) throws(JSONFault) -> ServerResponse.Entry {
    let token: Int
    if let key = try cursor.plainKey() {
      guard let number = Self.tokenID(key) else {
        throw JSONFault("has the key \"\(String(decoding: key.prefix(40), as: UTF8.self))\", which is no token id")
      }
      token = number
    } else {
      throw JSONFault("has the key \"\(try cursor.key().prefix(40))\", which is no token id")
    }
    try cursor.require(":")
    do throws(JSONFault) {
      return try value(of: token, &cursor, own)
    } catch {
      throw error.inside("\(token)")
    }
  }

  @inline(__always)
  private func value(
    of token: Int, _ cursor: inout JSONCursor, _ own: Int?
  ) throws(JSONFault) -> ServerResponse.Entry {
    var entry = ServerResponse.Entry(token: token, logprob: .nan)
    var hasValue = false
    try cursor.require("{")
    if !cursor.skip("}") {
      repeat {
        let name = try cursor.plainKey()
        if name == nil { _ = try cursor.key() }
        try cursor.require(":")
        switch (name?.first, name?.count) {
        case (UInt8(ascii: "l"), 7):
          guard !hasValue else { throw JSONFault("is there twice").inside("logprob") }
          entry.logprob = try cursor.number()
          hasValue = true
        case (UInt8(ascii: "r"), 4):
          if !cursor.skipNull() { entry.rank = try cursor.integer() }
        case (UInt8(ascii: "d"), 13):
          if let own, own != token {
            try cursor.skipValue()
          } else if !cursor.skipNull() {
            entry.decodedToken = try cursor.text()
          }
        default: try cursor.skipValue()
        }
      } while cursor.skip(",")
      try cursor.require("}")
    }
    guard hasValue else { throw JSONFault("is missing").inside("logprob") }
    return entry
  }

  private static func tokenID(_ digits: UnsafeBufferPointer<UInt8>) -> Int? {
    guard (1...18).contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
      guard case 0x30...0x39 = digit else { return nil }
      value = 10 * value + Int(digit - 0x30)
    }
    return value
  }
}
