/// The last c tokens of every history of a training set, with a number for each of them; c doubles.
///
/// Histories of 2c tokens are equal where two pairs of c tokens are (Karp, Miller, Rosenberg, STOC 1972): each group of
/// positions whose last c tokens are the same is divided by the c tokens before. A history that occurs once needs no
/// further look. Before a sequence stands one symbol, again and again, which counts as a token.
struct RecentHistories {
  private let text: TrainingText
  /// c.
  private(set) var length = 1
  /// For each position's last c tokens one more than one of the positions that have the same; 0 stands for the symbol
  /// before sequences.
  private var numbers: [UInt32]
  /// The positions whose last c tokens occur again, those with the same side by side.
  private var places: [UInt32] = []
  /// Where the groups of them begin, and the end.
  private var starts = [0]

  init(_ text: TrainingText) {
    self.text = text
    numbers = []
    var numbers = [UInt32](repeating: 0, count: text.tokens.count)
    var ends = [Int](repeating: 0, count: Int(text.tokenBound))
    for token in text.tokens { ends[Int(token)] += 1 }
    var end = 0
    for token in ends.indices { (ends[token], end) = (end, end + ends[token]) }
    var sorted = [UInt32](repeating: 0, count: text.tokens.count)
    for (position, token) in text.tokens.enumerated() {
      sorted[ends[Int(token)]] = UInt32(position)
      ends[Int(token)] += 1
    }
    var start = 0
    for end in ends where end > start {
      add(sorted[start..<end], to: &numbers)
      start = end
    }
    self.numbers = numbers
  }

  /// Makes a group of positions with the same tokens, in order.
  private mutating func add(_ group: ArraySlice<UInt32>, to numbers: inout [UInt32]) {
    let number = group[group.startIndex] + 1
    for place in group { numbers[Int(place)] = number }
    guard group.count > 1 else { return }
    places += group
    starts.append(places.count)
  }

  /// What follows the last c tokens before each position, by position.
  ///
  /// - Complexity: O(tokens).
  func next() -> [NextToken] {
    var next = [NextToken](repeating: .only, count: text.tokens.count)
    var counter = NextTokenCounter(text)
    var following: [UInt32] = []
    for (start, end) in zip(starts, starts.dropFirst()) {
      following.removeAll(keepingCapacity: true)
      for place in places[start..<end] where !text.isStart(Int(place) + 1) { following.append(place + 1) }
      counter.count(following, &next)
    }
    // Before the first tokens there is the same symbol.
    counter.count((0..<text.count).filter { !text.isEmpty($0) }.map { UInt32(text.starts[$0]) }, &next)
    return next
  }

  /// Goes on to twice as many tokens.
  ///
  /// - Complexity: O(m log m) for the m positions whose last c tokens occur again.
  mutating func double() {
    let (numbers, places, starts) = (numbers, places, starts)
    var doubled = numbers
    (self.places, self.starts) = ([], [0])
    var pairs = KeyedPlaces()
    for (start, end) in zip(starts, starts.dropFirst()) {
      pairs.sort(places[start..<end]) { place in
        Int(text.depths[Int(place)]) >= length ? numbers[Int(place) - length] : 0
      }
      pairs.forEachRun { run in add(run, to: &doubled) }
    }
    self.numbers = doubled
    length *= 2
  }
}
