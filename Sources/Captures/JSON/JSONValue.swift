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

  /// The value of a text.
  ///
  /// - Throws: `JSONFault` for what is no JSON.
  package init(_ text: Data) throws(JSONFault) {
    self = try JSONCursor.value(of: text) { cursor throws(JSONFault) in try JSONValue(&cursor, depth: 0) }
  }

  private init(_ cursor: inout JSONCursor, depth: Int) throws(JSONFault) {
    guard depth < JSONCursor.deepest else { throw JSONFault("is nested deeper than \(JSONCursor.deepest)") }
    switch cursor.next {
    case UInt8(ascii: "\""): self = .text(try cursor.text())
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try cursor.require("{")
      if !cursor.skip("}") {
        repeat {
          let name = try cursor.key()
          try cursor.require(":")
          do throws(JSONFault) {
            guard members.updateValue(try JSONValue(&cursor, depth: depth + 1), forKey: name) == nil else {
              throw JSONFault("is there twice")
            }
          } catch {
            throw error.inside(name)
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
      self = .list(try cursor.list(&values) { cursor throws(JSONFault) in try JSONValue(&cursor, depth: depth + 1) })
    case UInt8(ascii: "n"):
      guard cursor.skipNull() else { throw .syntax }
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
}
