import GSLNumerics

/// The records that predictions are learned from, in memory that does not grow with their number: all of a small data
/// set, of a large one a random sample, and the longest.
///
/// A record is in the sample if a hash of its name and first token is below a threshold that falls as records are
/// added. So the sample does not depend on the order of the records, nor on the parts in which they are read.
package struct LearningSample: Sendable {
  private struct Row: Sendable {
    /// ln p of its tokens.
    var values: [Double]
    /// Its hash: uniform over all numbers.
    let place: UInt64
  }

  /// The longest length that is predicted.
  private let length: Int
  /// The most tokens that are kept, and the fewest records that tokens may be left out for.
  private let limits: (tokens: Int, records: Int)
  /// Records in the sample, in the order in which they were added.
  private var rows: [Row] = []
  private var tokens = 0
  /// Whether only the first `length` tokens of a record are kept.
  private var isCut = false
  /// Records above are left out.
  private var threshold = UInt64.max
  /// Of the records that were left out, the longest up to `length`, in no order.
  private var longest: [Row] = []
  /// A record that comes after this one in the order of length is none of the longest.
  private var lastOfLongest: Row?

  /// The empty sample.
  ///
  /// - Parameters:
  ///   - length: The longest length that will be predicted.
  ///   - tokens: The most tokens to keep; at least 100 records are kept.
  package init(upTo length: Int, tokens: Int = 1 << 23) {
    self.length = length
    limits = (tokens, 100)
  }

  /// Whether all records are in the sample.
  package var isComplete: Bool { threshold == .max }

  /// The number of records in the sample.
  package var count: Int { rows.count }

  /// Adds a record.
  ///
  /// - Parameters:
  ///   - values: ln p of its tokens.
  ///   - name: Its name.
  package mutating func add(_ values: [Double], of name: String) {
    var mixer = SplitMix64(state: Fingerprint(name.utf8).value ^ (values.first ?? 0).bitPattern)
    add(Row(values: values, place: mixer.next()))
    shrink()
  }

  /// Adds the records of another part of the data set, made with the same limits.
  package mutating func merge(_ other: LearningSample) {
    if other.isCut { cut() }
    lower(to: other.threshold)
    for row in other.rows { add(row) }
    for row in other.longest { leaveOut(row) }
    shrink()
  }

  /// All records in the sample.
  package var records: [[Double]] { rows.map(\.values) }

  /// Records to learn from at a length: the sample, or the longest records where more of these reach the length.
  package func records(reaching end: Int) -> [[Double]] {
    guard !isComplete else { return records }
    let longest = self.longest(of: self.longest + rows)
    func count(_ rows: [Row]) -> Int { rows.count { $0.values.count >= end } }
    return (count(longest) >= count(rows) ? longest : rows).map(\.values)
  }

  // MARK: Keeping to the limits

  private mutating func add(_ row: Row) {
    guard row.place <= threshold else { return leaveOut(row) }
    var row = row
    if isCut { row.values = cut(row.values) }
    tokens += row.values.count
    rows.append(row)
  }

  private mutating func shrink() {
    guard tokens > limits.tokens else { return }
    if !isCut { cut() }
    while tokens > limits.tokens, rows.count > limits.records { lower(to: threshold / 2) }
  }

  private func cut(_ values: [Double]) -> [Double] {
    values.count > length ? Array(values[..<length]) : values
  }

  private mutating func cut() {
    isCut = true
    for index in rows.indices { rows[index].values = cut(rows[index].values) }
    tokens = rows.reduce(0) { $0 + $1.values.count }
  }

  private mutating func lower(to threshold: UInt64) {
    guard threshold < self.threshold else { return }
    self.threshold = threshold
    let leftOut = rows.filter { $0.place > threshold }
    rows.removeAll { $0.place > threshold }
    tokens = rows.reduce(0) { $0 + $1.values.count }
    for row in leftOut { leaveOut(row) }
  }

  // MARK: The longest

  /// How many of the longest are kept: enough to learn from.
  private var longestCount: Int { min(1000, max(LengthPrediction.fewestRecords, limits.tokens / (2 * length))) }

  /// Whether a record comes before another: the longer one up to the length that is predicted, of equals by their hash.
  private func comesBefore(_ a: Row, _ b: Row) -> Bool {
    let lengths = (min(a.values.count, length), min(b.values.count, length))
    return lengths.0 != lengths.1 ? lengths.0 > lengths.1 : a.place < b.place
  }

  private func longest(of rows: [Row]) -> [Row] { Array(rows.sorted(by: comesBefore).prefix(longestCount)) }

  private mutating func leaveOut(_ row: Row) {
    if let lastOfLongest, !comesBefore(row, lastOfLongest) { return }
    longest.append(Row(values: cut(row.values), place: row.place))
    guard longest.count >= 2 * longestCount else { return }
    longest = longest(of: longest)
    lastOfLongest = longest.last
  }
}
