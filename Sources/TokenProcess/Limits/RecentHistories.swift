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
  /// The positions whose last c tokens occur again, those with the same side by side, in order.
  private var places: [UInt32] = []
  /// Where the groups of them begin, and the end.
  private var starts = [0]

  init(_ text: TrainingText) {
    self.text = text
    var first = [UInt32](repeating: 0, count: Int(text.tokenBound))
    var counts = first
    for token in text.tokens { counts[Int(token)] += 1 }
    // Where the next position of each token goes.
    var next: [Int] = []
    var end = 0
    for count in counts {
      next.append(end)
      guard count > 1 else { continue }
      end += Int(count)
      starts.append(end)
    }
    places = Array(repeating: 0, count: end)
    numbers = Array(repeating: 0, count: text.tokens.count)
    for (position, token) in text.tokens.enumerated() {
      let token = Int(token)
      if first[token] == 0 { first[token] = UInt32(position) + 1 }
      numbers[position] = first[token]
      guard counts[token] > 1 else { continue }
      places[next[token]] = UInt32(position)
      next[token] += 1
    }
  }

  /// What follows the last c tokens before each position, by position.
  ///
  /// - Complexity: O(tokens).
  func next() -> [NextToken] {
    var result = [NextToken](repeating: .only, count: text.tokens.count)
    var next = result.mutableSpan
    var counts = [UInt32](repeating: 0, count: Int(text.tokenBound))
    let (tokens, depths, places, starts) = (text.tokens.span, text.depths.span, places.span, starts.span)
    // Before the first tokens there is the same symbol.
    let firsts = (0..<text.count).filter { !text.isEmpty($0) }.map { UInt32(text.starts[$0]) }
    var following: [UInt32] = []
    var seen: [UInt32] = []
    for group in 0..<starts.count {
      following.removeAll(keepingCapacity: true)
      if group + 1 == starts.count {
        following += firsts
      } else {
        for index in starts[group]..<starts[group + 1] {
          let position = Int(places[index]) + 1
          if position < tokens.count, depths[position] > 0 { following.append(UInt32(position)) }
        }
      }
      // What is alone is as it was.
      guard following.count > 1 else { continue }
      var most: UInt32 = 0
      for position in following {
        let token = tokens[Int(position)]
        let count = counts[Int(token)] + 1
        counts[Int(token)] = count
        if count == 1 { seen.append(token) }
        most = max(most, count)
      }
      let tied = seen.count { counts[Int($0)] == most }
      for position in following {
        next[Int(position)] = NextToken(
          count: Int(counts[Int(tokens[Int(position)])]), of: following.count, most: Int(most), tied: tied)
      }
      for token in seen { counts[Int(token)] = 0 }
      seen.removeAll(keepingCapacity: true)
    }
    return result
  }

  /// Goes on to twice as many tokens.
  ///
  /// - Complexity: O(m log m) for the m positions whose last c tokens occur again.
  mutating func double() {
    let (text, before, groups, bounds) = (text, numbers, places, starts)
    let (numbers, places, starts, depths) = (before.span, groups.span, bounds.span, text.depths.span)
    var doubled = before
    var newPlaces: [UInt32] = []
    var newStarts = [0]
    var pairs = KeyedPlaces()
    for group in 0..<(starts.count - 1) {
      pairs.removeAll()
      for index in starts[group]..<starts[group + 1] {
        let place = Int(places[index])
        pairs.append(UInt32(place), key: Int(depths[place]) >= length ? numbers[place - length] : 0)
      }
      pairs.sort()
      var start = 0
      while start < pairs.count {
        let end = pairs.endOfRun(from: start)
        let number = pairs.place(start) + 1
        for index in start..<end {
          doubled[Int(pairs.place(index))] = number
          if end > start + 1 { newPlaces.append(pairs.place(index)) }
        }
        if end > start + 1 { newStarts.append(newPlaces.count) }
        start = end
      }
    }
    (self.numbers, self.places, self.starts) = (doubled, newPlaces, newStarts)
    length *= 2
  }
}
