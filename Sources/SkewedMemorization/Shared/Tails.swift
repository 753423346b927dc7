import TokenProcess

/// The probabilities S_i(n) of the records that reach a length, at some lengths.
struct Tails: Sendable {
  /// The lengths that some record reaches, in order.
  private(set) var lengths: [Int] = []
  private var accumulators: [TailAccumulator] = []

  /// The accumulator at a length; that of no records where none reaches it.
  subscript(n: Int) -> TailAccumulator { lengths.firstIndex(of: n).map { accumulators[$0] } ?? TailAccumulator() }

  /// Adds records that reach a length.
  mutating func add(_ laws: MatchLengthLaws, at n: Int) {
    accumulators[index(of: n)].add(laws, at: n)
  }

  /// Adds the records of another accumulator.
  mutating func merge(_ other: TailAccumulator, at n: Int) {
    accumulators[index(of: n)].merge(other)
  }

  /// Forgets a length.
  mutating func remove(_ n: Int) {
    guard let index = lengths.firstIndex(of: n) else { return }
    lengths.remove(at: index)
    accumulators.remove(at: index)
  }

  private mutating func index(of n: Int) -> Int {
    // There are few.
    if let index = lengths.firstIndex(of: n) { return index }
    let index = lengths.firstIndex { $0 > n } ?? lengths.count
    lengths.insert(n, at: index)
    accumulators.insert(TailAccumulator(), at: index)
    return index
  }
}

/// Written as a dictionary by length.
extension Tails: Codable {
  init(from decoder: any Decoder) throws {
    let tails = try [Int: TailAccumulator](from: decoder).sorted { $0.key < $1.key }
    (lengths, accumulators) = (tails.map(\.key), tails.map(\.value))
  }

  func encode(to encoder: any Encoder) throws {
    try Dictionary(uniqueKeysWithValues: zip(lengths, accumulators)).encode(to: encoder)
  }
}
