import Foundation

/// A JSON value of any kind, for input whose fields are not known beforehand.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  /// A list of integers, or an empty one.
  case integers([Int])
  case list([JSONValue])
  case object([String: JSONValue])

  /// The value of a text; nil for what is no JSON.
  package init?(_ text: Data) {
    let plain = JSONCursor.value(of: text) { cursor throws(JSONCursor.Unusual) in
      try JSONValue(&cursor, depth: 0)
    }
    // What is unusual Foundation decides.
    if let plain {
      self = plain
    } else if let value = try? JSONDecoder().decode(JSONValue.self, from: text) {
      self = value
    } else {
      return nil
    }
  }

  private init(_ cursor: inout JSONCursor, depth: Int) throws(JSONCursor.Unusual) {
    guard depth < 64 else { throw JSONCursor.Unusual() }
    switch cursor.next {
    case UInt8(ascii: "\""): self = .text(try cursor.text())
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try cursor.require("{")
      if !cursor.skip("}") {
        repeat {
          let name = try cursor.text()
          try cursor.require(":")
          // Of what stands twice Foundation decides.
          guard members.updateValue(try JSONValue(&cursor, depth: depth + 1), forKey: name) == nil else {
            throw JSONCursor.Unusual()
          }
        } while cursor.skip(",")
        try cursor.require("}")
      }
      self = .object(members)
    case UInt8(ascii: "["):
      let beginning = cursor
      if let integers = try? cursor.integers() {
        self = .integers(integers)
        return
      }
      cursor = beginning
      var values: [JSONValue] = []
      self = .list(
        try cursor.list(&values) { cursor throws(JSONCursor.Unusual) in try JSONValue(&cursor, depth: depth + 1) })
    case UInt8(ascii: "n"):
      guard cursor.skipNull() else { throw JSONCursor.Unusual() }
      self = .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      self = .bool(cursor.next == UInt8(ascii: "t"))
      try cursor.skipValue()
    default:
      let beginning = cursor
      if let integer = try? cursor.integer() {
        self = .integer(integer)
      } else {
        cursor = beginning
        let number = try cursor.number()
        // An integer of more digits than the cursor reads is Foundation's.
        guard number.rounded() != number || abs(number) < 1e17 else { throw JSONCursor.Unusual() }
        self = .number(number)
      }
    }
  }
}

/// By Foundation, for texts that are unusual.
extension JSONValue: Decodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Name.self) {
      var members: [String: JSONValue] = [:]
      for name in container.allKeys { members[name.stringValue] = try container.decode(JSONValue.self, forKey: name) }
      self = .object(members)
    } else if var container = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
      let integers = values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
      self = integers.count == values.count ? .integers(integers) : .list(values)
    } else {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else if let value = try? container.decode(Int.self) {
        self = .integer(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }
}
