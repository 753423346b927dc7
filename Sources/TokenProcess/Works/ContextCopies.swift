/// Tokens that stand in their own context before: copying from the context is not memory, since any model repeats what
/// it has just read (TheModel §11).
public struct ContextCopies: Sendable {
  /// The number of tokens in a row that make a copy.
  public let gram: Int
  /// By slot of a hash, where a run begins; kept so that many short contexts share it.
  private var last: [Int] = []

  /// A search for copies of so many tokens in a row.
  ///
  /// - Precondition: gram >= 1.
  public init(gram: Int = 8) {
    precondition(gram >= 1, "\(gram) tokens")
    self.gram = gram
  }

  /// Whether each token is in a run of `gram` tokens that stands earlier in the sequence, too; the earlier one may run
  /// into it, as in a repeated word.
  ///
  /// - Complexity: O(tokens × gram).
  public mutating func marks(in tokens: [Int]) -> [Bool] {
    var marks = [Bool](repeating: false, count: tokens.count)
    let count = tokens.count - gram + 1
    guard count > 1 else { return marks }
    // An open table of the first place of each run, twice as large as needed.
    var bits = 4
    while 1 << bits < 2 * count { bits += 1 }
    let size = 1 << bits
    if last.count < size { last = Array(repeating: -1, count: size) }
    for index in 0..<size { last[index] = -1 }
    for start in 0..<count {
      var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
      for offset in 0..<gram {
        hash = (hash ^ UInt64(truncatingIfNeeded: tokens[start + offset])) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
      }
      var slot = Int(truncatingIfNeeded: hash) & (size - 1)
      while last[slot] >= 0, !isSame(tokens, last[slot], start) { slot = (slot + 1) & (size - 1) }
      if last[slot] < 0 {
        last[slot] = start
      } else {
        for offset in 0..<gram { marks[start + offset] = true }
      }
    }
    return marks
  }

  private func isSame(_ tokens: [Int], _ a: Int, _ b: Int) -> Bool {
    for offset in 0..<gram where tokens[a + offset] != tokens[b + offset] { return false }
    return true
  }
}
