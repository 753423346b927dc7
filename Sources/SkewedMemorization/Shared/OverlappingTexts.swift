import GSLNumerics

/// Which of some texts, as numbers, are windows of one text. Eight numbers in a row are also in another text at another
/// place, and what the two share goes on to the beginning of one and the end of one.
struct OverlappingTexts {
  /// For each text, whether it overlaps another.
  private(set) var isShared: [Bool]

  private static let width = 8

  /// - Complexity: O(numbers).
  init(_ texts: [[UInt64]]) {
    let width = Self.width
    // The windows by the numbers in them, in the order of the records.
    var keys: [UInt64] = []
    var windows: [(record: Int, offset: Int)] = []
    for (index, text) in texts.enumerated() {
      let numbers = text.span
      for start in stride(from: 0, through: numbers.count - width, by: 1) {
        var fingerprint = FastNumber()
        var different = 0
        for place in start..<(start + width) {
          let number = numbers[place]
          fingerprint.add(number)
          var before = start
          while before < place, numbers[before] != number { before += 1 }
          if before == place { different += 1 }
        }
        // Runs of one value, such as zeros, are no text.
        guard different > width / 2 else { continue }
        keys.append(fingerprint.value)
        windows.append((index, start))
      }
    }
    isShared = [Bool](repeating: false, count: texts.count)
    let sorted = RadixSort(keys: keys)
    var start = 0
    while start < sorted.keys.count {
      let run = sorted.run(from: start)
      var first = windows[Int(sorted.places[start])]
      for place in run.dropFirst() {
        let other = windows[Int(sorted.places[place])]
        if other.record == first.record {
          first = other
        } else if other.offset != first.offset,
          Self.isOverlap(texts[first.record], first.offset, texts[other.record], other.offset)
        {
          isShared[first.record] = true
          isShared[other.record] = true
        }
      }
      start = run.upperBound
    }
  }

  /// Whether what two records share goes on to the beginning of one and the end of one, as in windows of a text and not
  /// in a passage that both quote.
  private static func isOverlap(_ a: [UInt64], _ i: Int, _ b: [UInt64], _ j: Int) -> Bool {
    let back = min(i, j)
    let length = min(a.count - i, b.count - j) + back
    return a[(i - back)..<(i - back + length)] == b[(j - back)..<(j - back + length)]
  }
}
