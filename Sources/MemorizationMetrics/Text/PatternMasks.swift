/// For every symbol of a pattern, the positions at which it stands, as bits: 64 positions a word.
struct PatternMasks {
  /// Words for each symbol.
  let words: Int
  private let count: Int
  private var keys: [Int]
  private var slots: [Int32]
  private var masks: [UInt64]
  private let shift: UInt64

  init(_ pattern: some RandomAccessCollection<Int>) {
    count = pattern.count
    words = (count + 63) / 64
    // At most half full.
    var bits = 4
    while 1 << bits < 2 * count { bits += 1 }
    keys = [Int](repeating: 0, count: 1 << bits)
    slots = [Int32](repeating: -1, count: 1 << bits)
    shift = UInt64(64 - bits)
    masks = []
    for (position, symbol) in pattern.enumerated() {
      var slot = slot(of: symbol)
      while slots[slot] >= 0, keys[slot] != symbol { slot = (slot + 1) & (keys.count - 1) }
      if slots[slot] < 0 {
        keys[slot] = symbol
        slots[slot] = Int32(masks.count / words)
        masks.append(contentsOf: repeatElement(0, count: words))
      }
      masks[Int(slots[slot]) * words + position / 64] |= 1 << UInt64(position % 64)
    }
  }

  private func slot(of symbol: Int) -> Int {
    Int(truncatingIfNeeded: (UInt64(bitPattern: Int64(symbol)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// Where a symbol's words begin in ``withMasks(_:)``'s buffer; nil for one that the pattern lacks.
  func offset(of symbol: Int) -> Int? {
    guard count > 0 else { return nil }
    var slot = slot(of: symbol)
    while slots[slot] >= 0 {
      if keys[slot] == symbol { return Int(slots[slot]) * words }
      slot = (slot + 1) & (keys.count - 1)
    }
    return nil
  }

  func withMasks<Result>(_ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
    masks.withUnsafeBufferPointer(body)
  }
}

/// What is left of two sequences without what they begin and end with in common, and how much that was.
func withoutCommonEnds(_ first: [Int], _ second: [Int]) -> (ArraySlice<Int>, ArraySlice<Int>, common: Int) {
  let shorter = min(first.count, second.count)
  var start = 0
  while start < shorter, first[start] == second[start] { start += 1 }
  var end = 0
  while end < shorter - start, first[first.count - 1 - end] == second[second.count - 1 - end] { end += 1 }
  return (first[start..<(first.count - end)], second[start..<(second.count - end)], start + end)
}
