import GSLNumerics

/// The last c tokens of every history of a training set, numbered so that equal ones have the same number; c doubles.
///
/// Numbers for 2c tokens come from pairs of numbers for c (Karp, Miller, Rosenberg, STOC 1972). Before a sequence
/// stands one symbol, again and again, which counts as a token.
struct RecentHistories {
  private let text: TrainingText
  /// c.
  private(set) var length = 1
  /// The number of the c tokens that end with each position's.
  private var numbers: [UInt32]
  private var numberCount: UInt64

  init(_ text: TrainingText) {
    self.text = text
    numbers = text.tokens
    numberCount = text.tokenBound
  }

  /// What follows the last c tokens before each position, by position.
  ///
  /// - Complexity: O(tokens).
  func next() -> [NextToken] {
    var next = [NextToken](repeating: .only, count: text.tokens.count)
    let sorted = RadixSort(
      keys: keys(unit: text.tokenBound) { position, start in
        (position > start ? UInt64(numbers[position - 1]) : 0, UInt64(text.tokens[position]))
      }, places: places)
    sorted.forEachRun(dividedBy: text.tokenBound) { history in
      guard history.count > 1 else { return }
      var parts: [Range<Int>] = []
      sorted.forEachRun(in: history) { parts.append($0) }
      for (part, following) in zip(parts, NextToken.of(parts.map(\.count))) {
        for index in part { next[Int(sorted.places[index])] = following }
      }
    }
    return next
  }

  /// Goes on to twice as many tokens.
  ///
  /// - Complexity: O(tokens).
  mutating func double() {
    let sorted = RadixSort(
      keys: keys(unit: numberCount) { position, start in
        (position >= start + length ? UInt64(numbers[position - length]) : 0, UInt64(numbers[position]))
      }, places: places)
    var count: UInt32 = 1
    var doubled = numbers
    sorted.forEachRun { run in
      for index in run { doubled[Int(sorted.places[index])] = count }
      count += 1
    }
    numbers = doubled
    numberCount = UInt64(count)
    length *= 2
  }

  private var places: [UInt32] { (0..<UInt32(text.tokens.count)).map { $0 } }

  private func keys(unit: UInt64, _ pair: (_ position: Int, _ start: Int) -> (UInt64, UInt64)) -> [UInt64] {
    var keys = [UInt64](repeating: 0, count: text.tokens.count)
    for sequence in 0..<text.count {
      let start = text.starts[sequence]
      for position in start..<text.starts[sequence + 1] {
        let (high, low) = pair(position, start)
        keys[position] = high * unit + low
      }
    }
    return keys
  }
}
