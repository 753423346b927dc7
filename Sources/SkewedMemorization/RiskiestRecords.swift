/// The records that come first in an order, in memory that does not grow with the number of records.
struct RiskiestRecords: Sendable {
  private let limit: Int
  private let key: @Sendable (AuditReport.RecordAtRisk) -> (Double, Double)
  private var records: [AuditReport.RecordAtRisk] = []

  /// Keeps `limit` records with the largest keys; of equals those that were added first.
  init(limit: Int, key: @escaping @Sendable (AuditReport.RecordAtRisk) -> (Double, Double)) {
    self.limit = limit
    self.key = key
  }

  mutating func add(_ record: AuditReport.RecordAtRisk) {
    records.append(record)
    if records.count >= 2 * limit + 1000 { records = sorted }
  }

  /// The records kept, by decreasing key.
  var sorted: [AuditReport.RecordAtRisk] {
    records.enumerated()
      .map { (key: key($0.element), offset: $0.offset, record: $0.element) }
      .sorted { $0.key != $1.key ? $0.key > $1.key : $0.offset < $1.offset }
      .prefix(limit).map(\.record)
  }
}
