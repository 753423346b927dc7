/// What two sequences have in common: of token numbers, or of a text's Unicode scalars (``TextUnits/scalars(_:)``).
public enum CommonSequence {
  /// The length of the longest common prefix: for a continuation and its reference the verbatim match length of
  /// TheModel §1.
  public static func prefix(_ first: [Int], _ second: [Int]) -> Int {
    zip(first, second).prefix { $0 == $1 }.count
  }

  /// The length of the longest common subsequence, in order but not necessarily without gaps.
  ///
  /// Bit-parallel (Hyyrö, Bit-parallel LCS-length computation revisited, AWOCA 2004).
  ///
  /// - Complexity: O(n ⌈m/64⌉) for lengths n and m.
  public static func subsequence(_ first: [Int], _ second: [Int]) -> Int {
    let (a, b, common) = withoutCommonEnds(first, second)
    guard !a.isEmpty, !b.isEmpty else { return common }
    let (pattern, text) = a.count <= b.count ? (a, b) : (b, a)
    let masks = PatternMasks(pattern)
    let words = masks.words
    // A bit at 0 is a position of the pattern at which the common subsequence grows.
    var state = [UInt64](repeating: .max, count: words)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { bits in
      bits.initialize(repeating: 0)
      state.withUnsafeMutableBufferPointer { state in
        for symbol in text {
          _ = masks.withBits(of: symbol, in: bits) { bits in
            var carry: UInt64 = 0
            for word in 0..<words {
              let value = state[word]
              let matches = value & bits[word]
              let (sum, overflow) = value.addingReportingOverflow(matches)
              let (carried, again) = sum.addingReportingOverflow(carry)
              carry = overflow || again ? 1 : 0
              state[word] = carried | (value & ~matches)
            }
          }
        }
      }
    }
    var length = 0
    for word in 0..<words {
      let used = min(64, pattern.count - 64 * word)
      let zeros = ~state[word] & (used == 64 ? .max : (1 << UInt64(used)) - 1)
      length += zeros.nonzeroBitCount
    }
    return common + length
  }

  /// The length of the longest common substring, without gaps.
  ///
  /// - Complexity: O(n m), sixteen columns at a time.
  public static func substring(_ first: [Int], _ second: [Int]) -> Int {
    let (text, pattern) = first.count <= second.count ? (first, second) : (second, first)
    guard !text.isEmpty else { return 0 }
    let (rows, columns) = TextUnits.numbered(text, pattern)
    // Numbers and lengths are at most the two counts together.
    return rows.count + columns.count < Int(UInt16.max)
      ? substring(rows.map { UInt16($0) }, columns.map { UInt16($0) }) : substringOfLong(rows, columns)
  }

  /// Sixteen columns at a time: a match that ends at a column is one longer than that which ended before it.
  ///
  /// Of one integer type, not generic: vectors of a generic element are forty times slower.
  private static func substring(_ rows: [UInt16], _ columns: [UInt16]) -> Int {
    typealias Lanes = SIMD16<UInt16>
    let chunks = (columns.count + 15) / 16
    // Columns beyond the last hold a symbol that no row has.
    let symbols = (0..<chunks).map { chunk in
      var lanes = Lanes(repeating: .max)
      for lane in 0..<min(16, columns.count - 16 * chunk) { lanes[lane] = columns[16 * chunk + lane] }
      return lanes
    }
    // Lengths of the matches that end at each column, for the last row and this one, after one column of zeros.
    var previous = [UInt16](repeating: 0, count: 16 * chunks + 1)
    var current = previous
    var longest = Lanes(repeating: 0)
    for row in rows {
      let symbol = Lanes(repeating: row)
      previous.withUnsafeBytes { previous in
        current.withUnsafeMutableBytes { current in
          for chunk in 0..<chunks {
            let offset = MemoryLayout<Lanes>.size * chunk
            let before = previous.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            let lengths = (before &+ 1).replacing(with: 0, where: symbols[chunk] .!= symbol)
            current.storeBytes(of: lengths, toByteOffset: offset + MemoryLayout<UInt16>.size, as: Lanes.self)
            longest = pointwiseMax(longest, lengths)
          }
        }
      }
      swap(&previous, &current)
    }
    return Int(longest.max())
  }

  /// The same for sequences of more than 65,534 elements together, one column at a time.
  private static func substringOfLong(_ rows: [Int], _ columns: [Int]) -> Int {
    var previous = [Int](repeating: 0, count: columns.count + 1)
    var current = previous
    var longest = 0
    for row in rows {
      for (column, symbol) in columns.enumerated() {
        current[column + 1] = symbol == row ? previous[column] + 1 : 0
        longest = max(longest, current[column + 1])
      }
      swap(&previous, &current)
    }
    return longest
  }
}
