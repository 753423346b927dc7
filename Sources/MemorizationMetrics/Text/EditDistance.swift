internal import CVectors

/// Distances between sequences: of token numbers, or of a text's Unicode scalars (``TextUnits/scalars(_:)``).
public enum EditDistance {
  /// The Levenshtein distance: the fewest insertions, deletions and substitutions that make one sequence of the other.
  ///
  /// Bit-parallel (Myers, JACM 46, 1999, in blocks as Hyyrö, 2003); of long sequences eight columns at a time.
  ///
  /// - Complexity: O(n ⌈m/64⌉) for lengths n and m.
  public static func levenshtein(_ first: [Int], _ second: [Int]) -> Int {
    let (a, b, _) = withoutCommonEnds(first, second)
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    let (pattern, text) = a.count <= b.count ? (a, b) : (b, a)
    let masks = PatternMasks(pattern)
    let words = masks.words
    // Vertical differences of the dynamic-programming matrix: +1 and -1.
    var increases = [UInt64](repeating: .max, count: words)
    var decreases = [UInt64](repeating: 0, count: words)
    let lastBit: UInt64 = 1 << UInt64((pattern.count - 1) % 64)
    var distance = pattern.count
    var rest = text
    if words >= Int(LEVENSHTEIN_COLUMNS) {
      rest = text.suffix(text.count % Int(LEVENSHTEIN_COLUMNS))
      distance += growth(masks, text.dropLast(rest.count), lastBit, &increases, &decreases)
    }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { bits in
      bits.initialize(repeating: 0)
      increases.withUnsafeMutableBufferPointer { increases in
        decreases.withUnsafeMutableBufferPointer { decreases in
          func column(_ bits: UnsafePointer<UInt64>) {
            // The horizontal difference above the first row is +1.
            var increase: UInt64 = 1
            var decrease: UInt64 = 0
            for word in 0..<words {
              var equal = bits[word]
              let up = increases[word]
              let down = decreases[word]
              let xv = equal | down
              equal |= decrease
              let xh = (((equal & up) &+ up) ^ up) | equal
              var horizontalUp = down | ~(xh | up)
              var horizontalDown = up & xh
              if word == words - 1 {
                if horizontalUp & lastBit != 0 { distance += 1 }
                if horizontalDown & lastBit != 0 { distance -= 1 }
              }
              let nextIncrease = horizontalUp >> 63
              let nextDecrease = horizontalDown >> 63
              horizontalUp = horizontalUp << 1 | increase
              horizontalDown = horizontalDown << 1 | decrease
              increase = nextIncrease
              decrease = nextDecrease
              increases[word] = horizontalDown | ~(xv | horizontalUp)
              decreases[word] = horizontalUp & xv
            }
          }
          guard let none = bits.baseAddress else { return }
          for symbol in rest where !masks.withBits(of: symbol, in: bits, column) { column(none) }
        }
      }
    }
    return distance
  }

  /// How much the distance in the last row grows over columns, a whole number of times as many as are done at once; the
  /// vertical differences go on with them.
  private static func growth(
    _ masks: PatternMasks, _ text: ArraySlice<Int>, _ lastBit: UInt64, _ increases: inout [UInt64],
    _ decreases: inout [UInt64]
  ) -> Int {
    let (words, columns) = (masks.words, Int(LEVENSHTEIN_COLUMNS))
    var growth = 0
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: columns * words) { buffers in
      buffers.initialize(repeating: 0)
      guard let buffer = buffers.baseAddress else { return }
      masks.withKeptBits { kept in
        for start in stride(from: text.startIndex, to: text.endIndex, by: columns) {
          let bits = (0..<columns).map { column -> UnsafePointer<UInt64>? in
            masks.bits(of: text[start + column], kept: kept, in: buffer + column * words)
          }
          growth += Int(levenshtein_columns(bits, words, lastBit, &increases, &decreases))
          for column in 0..<columns { masks.clear(text[start + column], in: buffer + column * words) }
        }
      }
    }
    return growth
  }

  /// The Indel distance: the fewest insertions and deletions, n + m - 2 · (longest common subsequence).
  ///
  /// - Complexity: O(n ⌈m/64⌉).
  public static func indel(_ first: [Int], _ second: [Int]) -> Int {
    first.count + second.count - 2 * CommonSequence.subsequence(first, second)
  }

  /// The Hamming distance: the positions at which the sequences differ; where one is longer, each further position
  /// counts, as RapidFuzz does by default.
  public static func hamming(_ first: [Int], _ second: [Int]) -> Int {
    zip(first, second).count { $0 != $1 } + max(first.count, second.count) - min(first.count, second.count)
  }

  /// 1 - d / max(n, m), with the Levenshtein distance: `rapidfuzz.distance.Levenshtein.normalized_similarity`; 1 for
  /// two empty sequences.
  public static func levenshteinSimilarity(_ first: [Int], _ second: [Int]) -> Double {
    let longest = max(first.count, second.count)
    return longest == 0 ? 1 : 1 - Double(levenshtein(first, second)) / Double(longest)
  }

  /// 1 - d / (n + m), with the Indel distance: `Levenshtein.ratio` and
  /// `rapidfuzz.distance.Indel.normalized_similarity`; 1 for two empty sequences.
  public static func indelRatio(_ first: [Int], _ second: [Int]) -> Double {
    let total = first.count + second.count
    return total == 0 ? 1 : 1 - Double(indel(first, second)) / Double(total)
  }
}
