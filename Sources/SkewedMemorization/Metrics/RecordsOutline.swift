import MemorizationMetrics
import TokenProcess

/// What must be known of all records before the metrics of one can be computed.
///
/// Records are added, and outlines of parts of a data set are merged.
struct RecordsOutline: Sendable {
  private(set) var ids: [String] = []
  /// Their names, where generations are looked up by these.
  private(set) var names: [RecordName]?
  /// How many records have each length.
  private var lengths: [Int: Int] = [:]
  private(set) var largestToken: Int?
  private(set) var vocabularySize: Int?
  /// The longest continuation that a record has of its own.
  private(set) var longestGeneration = 0
  /// The texts for an n-gram model, where one is asked for and all records have token ids; those of a part that has not
  /// been merged are not numbered yet.
  private(set) var texts: NumberedTexts?
  private var added: [[Int]] = []

  /// An outline of no records.
  ///
  /// - Parameters:
  ///   - keepsNames: Whether names are asked for.
  ///   - keepsTexts: Whether an n-gram model is asked for.
  init(keepsNames: Bool, keepsTexts: Bool) {
    names = keepsNames ? [] : nil
    texts = keepsTexts ? NumberedTexts() : nil
  }

  /// The longest reference.
  var longest: Int { lengths.keys.max() ?? 0 }

  /// The length that all but a share of the records have at least.
  func length(ofAllBut share: Double) -> Int {
    var left = Int(share * Double(ids.count))
    for (length, count) in lengths.sorted(by: { $0.key < $1.key }) {
      if left < count { return length }
      left -= count
    }
    return longest
  }

  mutating func add(_ records: some Sequence<Record>) {
    for record in records {
      ids.append(record.id)
      names?.append(RecordName(record))
      lengths[record.tokenLogProbabilities.count, default: 0] += 1
      largestToken = Self.larger(largestToken, record.referenceTokenIDs?.max())
      vocabularySize = Self.larger(vocabularySize, record.vocabularySize)
      longestGeneration = max(longestGeneration, record.generations?.map(\.count).max() ?? 0)
      guard texts != nil else { continue }
      if let tokens = record.referenceTokenIDs { added.append(tokens) } else { dropTexts() }
    }
  }

  mutating func merge(_ other: RecordsOutline) {
    ids += other.ids
    if let others = other.names { names? += others }
    lengths.merge(other.lengths, uniquingKeysWith: +)
    largestToken = Self.larger(largestToken, other.largestToken)
    vocabularySize = Self.larger(vocabularySize, other.vocabularySize)
    longestGeneration = max(longestGeneration, other.longestGeneration)
    guard other.texts != nil else { return dropTexts() }
    for text in other.added { texts?.add(text) }
  }

  private mutating func dropTexts() { (texts, added) = (nil, []) }

  private static func larger(_ a: Int?, _ b: Int?) -> Int? { [a, b].compactMap(\.self).max() }
}
