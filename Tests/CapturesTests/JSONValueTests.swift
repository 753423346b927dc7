import Foundation
import Testing

@testable import Captures

/// JSON of any kind.
@Suite struct JSONValueTests {
  private func value(_ text: String) -> JSONValue? { try? JSONValue(Data(text.utf8)) }

  @Test func kinds() {
    let members: [String: JSONValue] = [
      "a": .integer(1), "b": .bool(true), "c": .bool(false), "d": .null, "e": .number(1.5), "f": .text("\u{E9}\n"),
      "g": .integers([]), "h": .integers([0, 1, -2]), "i": .list([.integer(0), .number(0.5), .text("x")]),
      "j": .object(["k": .integers([1])]), "l": .integer(1_234_567_890_123_456_789), "m": .list([.bool(true)]),
    ]
    let text =
      #""a":1,"b":true,"c":false,"d":null,"e":1.5,"f":"\u00e9\n","g":[],"h":[0,1,-2],"i":[0,0.5,"x"],"j":{"k":[1]},"l":1234567890123456789,"m":[true]"#
    #expect(value("{" + text + "}") == .object(members))
    // A number of more digits than a word holds.
    #expect(value("{" + text + ",\"z\":1e300}") == .object(members.merging(["z": .number(1e300)]) { $1 }))
    #expect(value(" 7 ") == .integer(7) && value("\"x\"") == .text("x") && value("[[1],[2.5]]") != nil)
  }

  @Test(arguments: ["", " ", "{", "{\"a\":}", "tru", "{\"a\":1} x", "nul", "[1 2]", "\u{0}"])
  func noJSON(text: String) {
    #expect(value(text) == nil)
  }
}
