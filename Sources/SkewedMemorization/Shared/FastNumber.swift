/// A number for numbers, a word at a time.
struct FastNumber {
  private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0xD6E8_FEB8_6659_FD93
    value ^= value >> 32
  }

  /// Adds the bytes of a text.
  mutating func add(_ text: some StringProtocol) {
    for byte in text.utf8 { add(UInt64(byte)) }
  }

  /// Adds tokens; the text where there are none.
  ///
  /// - Returns: Whether there was either.
  mutating func add(tokens: [Int]?, or text: String?) -> Bool {
    if let tokens {
      for token in tokens { add(UInt64(bitPattern: Int64(token))) }
    } else if let text {
      add(text)
    } else {
      return false
    }
    return true
  }
}
