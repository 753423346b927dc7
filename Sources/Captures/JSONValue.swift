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
    // The cursor looks a few bytes ahead.
    let bytes = [UInt8](text) + repeatElement(0, count: 8)
    let plain: JSONValue? = bytes.withUnsafeBufferPointer { buffer in
      guard !text.isEmpty else { return nil }
      var cursor = JSONCursor(UnsafeBufferPointer(rebasing: buffer[..<text.count]))
      guard let value = try? JSONValue(&cursor, depth: 0), cursor.isAtEnd else { return nil }
      return value
    }
    // What is unusual Foundation decides.
    if let plain {
      self = plain
    } else if let value = try? JSONSerialization.jsonObject(with: text, options: .fragmentsAllowed) {
      self.init(value)
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
          members[name] = try JSONValue(&cursor, depth: depth + 1)
        } while cursor.skip(",")
        try cursor.require("}")
      }
      self = .object(members)
    case UInt8(ascii: "["):
      let beginning = cursor
      if let integers = Self.integers(&cursor) {
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
        self = .number(try cursor.number())
      }
    }
  }

  private static func integers(_ cursor: inout JSONCursor) -> [Int]? {
    var values: [Int] = []
    return try? cursor.list(&values) { cursor throws(JSONCursor.Unusual) in try cursor.integer() }
  }

  private init(_ value: Any) {
    switch value {
    case let value as Bool: self = .bool(value)
    case let text as String: self = .text(text)
    case let members as [String: Any]: self = .object(members.mapValues(JSONValue.init))
    case let values as [Any]:
      let values = values.map(JSONValue.init)
      let integers = values.compactMap { if case .integer(let value) = $0 { value } else { nil } }
      self = integers.count == values.count ? .integers(integers) : .list(values)
    case let number as NSNumber:
      self = Int(exactly: number.doubleValue).map { _ in .integer(number.intValue) } ?? .number(number.doubleValue)
    default: self = .null
    }
  }
}
