import TokenProcess

/// The records that come first in an order, in memory that does not grow with the number of records.
struct RiskiestRecords: Sendable, Codable {
  /// What comes first.
  enum Order: String, Sendable, Codable {
    /// The longest expected match.
    case expected
    /// The most probable whole reference.
    case whole
  }

  /// A record, and what its picture is made of.
  private struct Entry: Sendable {
    var risk: RecordAtRisk
    var record: Record?
  }

  private(set) var limit: Int
  private let order: Order
  private var entries: [Entry] = []
  /// The key of the last record that is kept, once there are as many: none that is not above it can come in.
  private var threshold: (Double, Double)?

  /// How many of the first records are pictured, and how many of their tokens.
  static let pictured = (records: 40, tokens: 64)

  /// Keeps `limit` records; of equals those that were added first.
  init(limit: Int, by order: Order) {
    self.limit = limit
    self.order = order
  }

  /// Whether a record may come to be among the first.
  func admits(expected: Double, logProbabilityFull full: Double, length: Int) -> Bool {
    admits(key(expected: expected, full: full, length: length))
  }

  private func admits(_ key: (Double, Double)) -> Bool { threshold.map { key > $0 } ?? true }

  /// Adds a record, with what its picture takes where it may come to be among the first.
  mutating func add(_ risk: RecordAtRisk, of record: Record? = nil) {
    guard admits(key(risk)) else { return }
    entries.append(Entry(risk: risk, record: record))
    guard entries.count >= 2 * limit + 100 else { return }
    entries = ranked
    threshold = entries.last.map { key($0.risk) }
  }

  /// Adds the records that another part of the data kept: no more can be named than each part kept.
  mutating func merge(_ other: RiskiestRecords) {
    limit = min(limit, other.limit)
    for entry in other.ranked { add(entry.risk, of: entry.record) }
  }

  private var ranked: [Entry] {
    entries.enumerated()
      .map { (key: key($0.element.risk), offset: $0.offset) }
      .sorted { $0.key != $1.key ? $0.key > $1.key : $0.offset < $1.offset }
      .prefix(limit).map { entries[$0.offset] }
  }

  /// The records kept, first to last.
  var sorted: [RecordAtRisk] {
    ranked.enumerated().map { offset, entry in
      var risk = entry.risk
      if offset >= Self.pictured.records {
        (risk.tokenLogProbabilities, risk.text) = (nil, nil)
      } else if let record = entry.record {
        risk.text = RecordAtRisk.Text(record)
        risk.tokenLogProbabilities = record.tokenLogProbabilities.prefix(Self.pictured.tokens).map {
          OrNull(wrappedValue: $0 > -.infinity ? $0 : nil)
        }
      }
      return risk
    }
  }

  private func key(_ record: RecordAtRisk) -> (Double, Double) {
    key(expected: record.expected, full: record.logProbabilityFull ?? -.infinity, length: record.length)
  }

  private func key(expected: Double, full: Double, length: Int) -> (Double, Double) {
    order == .expected ? (expected, full) : (full, Double(length))
  }

  private enum CodingKeys: String, CodingKey { case limit, order, records }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    limit = try container.decode(Int.self, forKey: .limit)
    order = try container.decode(Order.self, forKey: .order)
    entries = try container.decode([RecordAtRisk].self, forKey: .records).map { Entry(risk: $0) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(limit, forKey: .limit)
    try container.encode(order, forKey: .order)
    // A summary may go where the texts may not.
    let nameless = sorted.map { record in
      var record = record
      record.text = nil
      return record
    }
    try container.encode(nameless, forKey: .records)
  }
}

extension RecordAtRisk.Text {
  /// The most characters of a prefix, and of a reference whose tokens are not known.
  private static let shown = (prefix: 160, reference: 600)

  /// nil for a record without a reference in words.
  fileprivate init?(_ record: Record) {
    guard let reference = record.reference, !reference.isEmpty else { return nil }
    let prefix = record.prefix.map { text in
      let end = text.suffix(Self.shown.prefix)
      return end.startIndex > text.startIndex ? "…" + end : text
    }
    var tokens: [String]?
    if let offsets = record.place?.tokenOffsets, let first = offsets.first {
      let scalars = Array(reference.unicodeScalars)
      let shown = zip(offsets, offsets.dropFirst()).prefix(RiskiestRecords.pictured.tokens)
      if shown.allSatisfy({ $0 >= first && $0 <= $1 && $1 - first <= scalars.count }) {
        tokens = shown.map { String(String.UnicodeScalarView(scalars[($0 - first)..<($1 - first)])) }
      }
    }
    let beginning = tokens?.joined() ?? String(reference.prefix(Self.shown.reference))
    self.init(
      prefix: prefix, reference: beginning.count < reference.count ? beginning + "…" : beginning, tokens: tokens)
  }
}
