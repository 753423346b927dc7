/// For every symbol of a pattern, the positions at which it stands, as bits: 64 positions a word.
///
/// Positions of a rare symbol are chained, and its bits are set when they are asked for. The bits of a symbol are kept
/// where it stands at more positions than there are words: at most 64 symbols do, so that memory does not grow with the
/// number of different symbols.
struct PatternMasks {
  /// Words of a symbol's bits.
  let words: Int
  private var keys: [Int]
  /// The last position of each key, -1 for an empty slot.
  private var last: [Int]
  /// The position of the same symbol before each position, -1 for none.
  private var before: [Int]
  private let shift: UInt64
  /// The bits of frequent symbols, one after the other, and where those of each key begin; -1 for a rare symbol.
  private var kept: [UInt64] = []
  private var places: [Int]

  init(_ pattern: some RandomAccessCollection<Int>) {
    words = (pattern.count + 63) / 64
    // At most half full.
    var bits = 4
    while 1 << bits < 2 * pattern.count { bits += 1 }
    keys = [Int](repeating: 0, count: 1 << bits)
    last = [Int](repeating: -1, count: 1 << bits)
    before = [Int](repeating: -1, count: pattern.count)
    shift = UInt64(64 - bits)
    places = [Int](repeating: -1, count: 1 << bits)
    var counts = [Int](repeating: 0, count: 1 << bits)
    for (position, symbol) in pattern.enumerated() {
      let slot = slot(of: symbol)
      keys[slot] = symbol
      before[position] = last[slot]
      last[slot] = position
      counts[slot] += 1
    }
    for (slot, count) in counts.enumerated() where count > words {
      places[slot] = kept.count
      kept += repeatElement(0, count: words)
      var position = last[slot]
      while position >= 0 {
        kept[places[slot] + (position >> 6)] |= 1 << UInt64(position & 63)
        position = before[position]
      }
    }
  }

  /// The slot that holds a symbol, or the empty one where it would be.
  @inline(__always)
  private func slot(of symbol: Int) -> Int {
    var slot = Int(truncatingIfNeeded: (UInt64(bitPattern: Int64(symbol)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while last[slot] >= 0, keys[slot] != symbol { slot = (slot + 1) & (keys.count - 1) }
    return slot
  }

  /// Calls `body` with the bits that are kept.
  func withKeptBits(_ body: (UnsafePointer<UInt64>) -> Void) {
    kept.withUnsafeBufferPointer { kept in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) { none in
        guard let other = none.baseAddress else { return }
        body(kept.baseAddress ?? UnsafePointer(other))
      }
    }
  }

  /// The symbol's bits: those kept, or the buffer of zeros, in which they are set.
  func bits(
    of symbol: Int, kept: UnsafePointer<UInt64>, in buffer: UnsafeMutablePointer<UInt64>
  ) -> UnsafePointer<UInt64> {
    let slot = slot(of: symbol)
    if places[slot] >= 0 { return kept + places[slot] }
    var position = last[slot]
    while position >= 0 {
      buffer[position >> 6] |= 1 << UInt64(position & 63)
      position = before[position]
    }
    return UnsafePointer(buffer)
  }

  /// Sets the bits of a symbol in a buffer back to 0.
  func clear(_ symbol: Int, in buffer: UnsafeMutablePointer<UInt64>) {
    let slot = slot(of: symbol)
    var position = places[slot] >= 0 ? -1 : last[slot]
    while position >= 0 {
      buffer[position >> 6] = 0
      position = before[position]
    }
  }

  /// Calls `body` with a buffer in which the symbol's bits are set; false for a symbol that the pattern lacks, without
  /// a call.
  @inline(__always)
  func withBits(
    of symbol: Int, in buffer: UnsafeMutableBufferPointer<UInt64>, _ body: (UnsafePointer<UInt64>) -> Void
  ) -> Bool {
    let slot = slot(of: symbol)
    let end = last[slot]
    guard end >= 0, let base = buffer.baseAddress else { return false }
    if places[slot] >= 0 {
      kept.withUnsafeBufferPointer { kept in
        if let first = kept.baseAddress { body(first + places[slot]) }
      }
      return true
    }
    var position = end
    while position >= 0 {
      buffer[position >> 6] |= 1 << UInt64(position & 63)
      position = before[position]
    }
    body(base)
    position = end
    while position >= 0 {
      buffer[position >> 6] = 0
      position = before[position]
    }
    return true
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
