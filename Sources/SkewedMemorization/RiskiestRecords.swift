/// The records that come first in an order, in memory that does not grow with the number of records.
struct RiskiestRecords: Sendable, Codable {
  /// What comes first.
  enum Order: String, Sendable, Codable {
    /// The longest expected match.
    case expected
    /// The most probable whole reference.
    case whole
  }

  private(set) var limit: Int
  private let order: Order
  private var records: [AuditReport.RecordAtRisk] = []

  /// Keeps `limit` records; of equals those that were added first.
  init(limit: Int, by order: Order) {
    self.limit = limit
    self.order = order
  }

  mutating func add(_ record: AuditReport.RecordAtRisk) {
    records.append(record)
    if records.count >= 2 * limit + 1000 { records = sorted }
  }

  /// Adds the records that another part of the data kept: no more can be named than each part kept.
  mutating func merge(_ other: RiskiestRecords) {
    limit = min(limit, other.limit)
    for record in other.sorted { add(record) }
  }

  /// The records kept, first to last.
  var sorted: [AuditReport.RecordAtRisk] {
    records.enumerated()
      .map { (key: key($0.element), offset: $0.offset, record: $0.element) }
      .sorted { $0.key != $1.key ? $0.key > $1.key : $0.offset < $1.offset }
      .prefix(limit).map(\.record)
  }

  private func key(_ record: AuditReport.RecordAtRisk) -> (Double, Double) {
    let whole = record.logProbabilityFull ?? -.infinity
    return order == .expected ? (record.expected, whole) : (whole, Double(record.length))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(limit, forKey: .limit)
    try container.encode(order, forKey: .order)
    try container.encode(sorted, forKey: .records)
  }
}
