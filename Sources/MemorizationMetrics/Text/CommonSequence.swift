/// What two sequences have in common: of token numbers, or of a text's Unicode scalars (``TextUnits/scalars(_:)``).
public enum CommonSequence {
  /// The length of the longest common prefix: for a continuation and its reference the verbatim match length of MODEL §1.
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
    masks.withMasks { bits in
      state.withUnsafeMutableBufferPointer { state in
        for symbol in text {
          guard let offset = masks.offset(of: symbol) else { continue }
          var carry: UInt64 = 0
          for word in 0..<words {
            let value = state[word]
            let matches = value & bits[offset + word]
            let (sum, overflow) = value.addingReportingOverflow(matches)
            let (carried, again) = sum.addingReportingOverflow(carry)
            carry = overflow || again ? 1 : 0
            state[word] = carried | (value & ~matches)
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
  /// - Complexity: O(n m), a vector of columns at a time.
  public static func substring(_ first: [Int], _ second: [Int]) -> Int {
    let (text, pattern) = first.count <= second.count ? (first, second) : (second, first)
    guard !text.isEmpty else { return 0 }
    let (rows, columns) = TextUnits.numbered(text, pattern)
    let symbols = columns.map { Int32($0) }
    let width = symbols.count
    // Lengths of the matches that end at each column, for the last row and this one.
    var previous = [Int32](repeating: 0, count: width + 1)
    var current = previous
    var longest: Int32 = 0
    symbols.withUnsafeBufferPointer { symbols in
      for row in rows {
        let symbol = Int32(row)
        previous.withUnsafeBufferPointer { previous in
          current.withUnsafeMutableBufferPointer { current in
            var best: Int32 = 0
            for column in 0..<width {
              let length = symbols[column] == symbol ? previous[column] &+ 1 : 0
              current[column &+ 1] = length
              best = max(best, length)
            }
            longest = max(longest, best)
          }
        }
        swap(&previous, &current)
      }
    }
    return Int(longest)
  }
}
