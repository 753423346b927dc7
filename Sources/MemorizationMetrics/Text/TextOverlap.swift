/// Finds the passages of generated texts in works: all spans of at least k words that both have, longest possible on
/// either side, for works of any number, one after the other.
///
/// The generations are indexed by their k-grams; each work is read once. Words are compared by 64-bit fingerprints.
///
/// ```swift
/// let overlap = TextOverlap(generations: [WordStream(utf8: Array("a b c d e x".utf8)).fingerprints], words: 3)
/// let spans = overlap.spans(in: WordStream(utf8: Array("z a b c d y".utf8)).fingerprints)
/// print(spans[0].work, spans[0].length)  // prints 1 4
/// ```
public struct TextOverlap: Sendable {
  /// A passage that a generation and a work have in common.
  public struct Span: Sendable, Equatable {
    /// The index of the generation.
    public let generation: Int
    /// Where it begins in the generation, in words.
    public let start: Int
    /// Where it begins in the work, in words.
    public let work: Int
    /// Its words.
    public let length: Int
  }

  /// The least words of a span, k.
  public let words: Int
  /// All generations one after the other as numbers of words from 1; 0 after each, and for words that do not count.
  private var text: [UInt32] = []
  /// Where each generation begins in `text`.
  private var begins: [Int] = []
  private var numbers: [UInt64: UInt32] = [:]
  /// The last place of each k-gram, and the place before each place with the same one; -1 for none.
  private var heads: [UInt64: Int32] = [:]
  private var before: [Int32] = []
  /// Whether a k-gram of some hash occurs: most of a work's do not, and a bit is looked up faster than a table.
  private var filter: [UInt64]
  private let filterMask: UInt64
  /// The factor of the first word in a k-gram's hash.
  private let highest: UInt64

  private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// Indexes generations.
  ///
  /// - Parameters:
  ///   - generations: The fingerprints of their words, see ``WordStream``.
  ///   - words: k, at least 1.
  ///   - prompts: The words of each generation's prompt; empty for none. Words of a generation in an m-gram that its
  ///     prompt has are left out: to repeat what was given is no memorization.
  ///   - promptWords: m, at least 1.
  /// - Precondition: Fewer than 2^31 words in all.
  /// - Complexity: O(words).
  public init(generations: [[UInt64]], words: Int, prompts: [[UInt64]] = [], promptWords: Int = 5) {
    precondition(words >= 1 && promptWords >= 1, "\(words) words")
    precondition(prompts.isEmpty || prompts.count == generations.count, "\(prompts.count) prompts")
    self.words = words
    let total = generations.reduce(0) { $0 + $1.count + 1 }
    precondition(total < Int32.max, "\(total) words")
    var bits: UInt64 = 1 << 10
    while bits < 16 * UInt64(total) { bits *= 2 }
    filter = Array(repeating: 0, count: Int(bits / 64))
    filterMask = bits - 1
    var power: UInt64 = 1
    for _ in 1..<max(words, 1) { power = power &* Self.base }
    highest = power
    text.reserveCapacity(total)
    for (index, generation) in generations.enumerated() {
      let isGiven = prompts.isEmpty ? [] : Self.marks(generation, of: prompts[index], words: promptWords)
      begins.append(text.count)
      for (place, word) in generation.enumerated() {
        if !isGiven.isEmpty, isGiven[place] {
          text.append(0)
          continue
        }
        if let known = numbers[word] {
          text.append(known)
        } else {
          let number = UInt32(numbers.count + 1)
          numbers[word] = number
          text.append(number)
        }
      }
      text.append(0)
    }
    index()
  }

  private mutating func index() {
    var before = Array(repeating: Int32(-1), count: text.count)
    var (heads, filter): ([UInt64: Int32], [UInt64]) = ([:], filter)
    Self.forEachGram(text, words, highest) { place, hash in
      before[place] = heads[hash] ?? -1
      heads[hash] = Int32(place)
      let bit = Self.mixed(hash) & filterMask
      filter[Int(bit / 64)] |= 1 << (bit % 64)
    }
    (self.before, self.heads, self.filter) = (before, heads, filter)
  }

  /// Which words stand in an m-gram that a prompt has.
  private static func marks(_ words: [UInt64], of prompt: [UInt64], words m: Int) -> [Bool] {
    guard words.count >= m, prompt.count >= m else { return [] }
    let known = Set((0...(prompt.count - m)).map { Array(prompt[$0..<($0 + m)]) })
    var isGiven = Array(repeating: false, count: words.count)
    for start in 0...(words.count - m) where known.contains(Array(words[start..<(start + m)])) {
      for place in start..<(start + m) { isGiven[place] = true }
    }
    return isGiven
  }

  private static func mixed(_ hash: UInt64) -> UInt64 {
    let mixed = (hash ^ hash >> 31) &* 0xBF58_476D_1CE4_E5B9
    return mixed ^ mixed >> 29
  }

  /// Calls back for each run of k numbers without a 0, with where it begins and its hash.
  @inline(__always)
  private static func forEachGram(
    _ text: [UInt32], _ words: Int, _ highest: UInt64, _ body: (Int, UInt64) -> Void
  ) {
    text.withUnsafeBufferPointer { text in
      var (hash, run): (UInt64, Int) = (0, 0)
      for (place, number) in text.enumerated() {
        guard number != 0 else {
          (hash, run) = (0, 0)
          continue
        }
        if run >= words { hash = hash &- highest &* UInt64(text[place - words]) }
        hash = hash &* base &+ UInt64(number)
        run += 1
        if run >= words { body(place - words + 1, hash) }
      }
    }
  }

  /// The spans of a work, by where they begin in it.
  ///
  /// - Parameter fingerprints: Of the work's words.
  /// - Complexity: O(words + pairs of equal k-grams).
  public func spans(in fingerprints: [UInt64]) -> [Span] {
    let work = fingerprints.map { numbers[$0] ?? 0 }
    var spans: [Span] = []
    Self.forEachGram(work, words, highest) { place, hash in
      let bit = Self.mixed(hash) & filterMask
      guard filter[Int(bit / 64)] >> (bit % 64) & 1 == 1, var found = heads[hash] else { return }
      while found >= 0 {
        let other = Int(found)
        found = before[other]
        // A span that goes on to the left was found there.
        if place > 0, other > 0, work[place - 1] != 0, work[place - 1] == text[other - 1] { continue }
        var length = 0
        while place + length < work.count, work[place + length] != 0,
          work[place + length] == text[other + length]
        {
          length += 1
        }
        if length >= words {
          let generation = self.generation(of: other)
          spans.append(
            Span(generation: generation, start: other - begins[generation], work: place, length: length))
        }
      }
    }
    return spans.sorted { ($0.work, $0.generation, $0.start) < ($1.work, $1.generation, $1.start) }
  }

  private func generation(of place: Int) -> Int {
    var (low, high) = (0, begins.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if begins[middle] <= place { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// Spans of one generation that follow one another in both texts, with gaps of at most so many words, as blocks of
  /// the work.
  ///
  /// - Parameters:
  ///   - spans: Spans of one generation in one work.
  ///   - gap: The words that may be left out or put in between.
  /// - Returns: The blocks by where they begin.
  public static func blocks(of spans: [Span], gap: Int) -> [Range<Int>] {
    var open: [(work: Range<Int>, end: Int)] = []
    var closed: [Range<Int>] = []
    for span in spans.sorted(by: { ($0.work, $0.start) < ($1.work, $1.start) }) {
      let (end, last) = (span.work + span.length, span.start + span.length)
      closed += open.filter { $0.work.upperBound + gap < span.work }.map(\.work)
      open.removeAll { $0.work.upperBound + gap < span.work }
      let before = open.indices.filter { index in
        let between = span.start - open[index].end
        // A word that both spans could claim is theirs together.
        return between <= gap && between >= -span.length && last > open[index].end
          && end > open[index].work.upperBound
      }.max { open[$0].work.count < open[$1].work.count }
      if let before {
        open[before] = (open[before].work.lowerBound..<end, last)
      } else {
        open.append((span.work..<end, last))
      }
    }
    return (closed + open.map(\.work)).sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
  }
}
