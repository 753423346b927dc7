/// Texts by numbers of their tokens, one text after the other: 4 bytes a token.
package struct NumberedTexts: Sendable {
  /// The tokens' numbers: 0, 1, … in the order in which they first occur.
  private(set) var tokens: [UInt32] = []
  /// Where each text begins, and the end of the last.
  private(set) var starts = [0]
  private var numbers: [Int: UInt32] = [:]

  /// No texts.
  package init() {}

  /// How many texts there are.
  package var count: Int { starts.count - 1 }

  /// How many tokens each text has.
  package var lengths: [Int] { zip(starts.dropFirst(), starts).map { $0 - $1 } }

  /// How many different tokens there are.
  var vocabulary: Int { numbers.count }

  /// Adds a text.
  ///
  /// - Precondition: At most 2³² tokens in all.
  package mutating func add(_ text: [Int]) {
    for token in text {
      let next = UInt32(numbers.count)
      let number = numbers[token] ?? next
      if number == next { numbers[token] = next }
      tokens.append(number)
    }
    starts.append(tokens.count)
  }
}
