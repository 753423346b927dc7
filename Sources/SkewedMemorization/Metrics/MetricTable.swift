import TokenProcess

/// The values of metrics, a column a metric: 8 bytes a value, nothing for a metric that no record has.
struct MetricTable: Sendable {
  let columns: [MetricColumn]
  /// The number of records.
  private(set) var count = 0
  /// NaN for none: a value that is not defined, such as a difference of infinities, is none as well.
  private var values: [[Double]?]

  /// A table without records.
  init(_ columns: [MetricColumn]) {
    self.columns = columns
    values = Array(repeating: nil, count: columns.count)
  }

  /// Adds a record's metrics.
  mutating func add(_ input: MetricInput) {
    for (index, column) in columns.enumerated() {
      let value = column.value(input) ?? .nan
      if values[index] == nil, !value.isNaN { values[index] = Array(repeating: .nan, count: count) }
      values[index]?.append(value)
    }
    count += 1
  }

  /// Adds the records of another table with the same columns.
  mutating func merge(_ other: MetricTable) {
    for index in values.indices {
      if let added = other.values[index] {
        if values[index] == nil { values[index] = Array(repeating: .nan, count: count) }
        values[index]?.append(contentsOf: added)
      } else {
        values[index]?.append(contentsOf: repeatElement(.nan, count: other.count))
      }
    }
    count += other.count
  }

  /// Puts values in a column, one a record.
  mutating func set(_ column: MetricColumn, to values: [Double]) {
    precondition(values.count == count, "\(values.count) values of \(count) records")
    if let index = index(of: column) { self.values[index] = values.allSatisfy(\.isNaN) ? nil : values }
  }

  private func index(of column: MetricColumn) -> Int? { columns.firstIndex { $0.name == column.name } }

  /// The values of a column, record by record, NaN for none; nil where no record has one.
  ///
  /// - Precondition: It is one of the columns.
  subscript(column: MetricColumn) -> [Double]? {
    guard let index = index(of: column) else { preconditionFailure("\(column.name) is no column of the table") }
    return values[index]
  }

  /// The values of some columns, turned so that they rise with memorization, record after record.
  func scores(_ chosen: [MetricColumn]) -> [Double] {
    let columns = chosen.compactMap { column in index(of: column).flatMap { values[$0] }.map { (column, $0) } }
    var scores: [Double] = []
    scores.reserveCapacity(columns.count * count)
    for record in 0..<count {
      for (column, values) in columns { scores.append(column.oriented(values[record])) }
    }
    return scores
  }

  /// The rows of a report, by the names of the records.
  func rows(of ids: [String]) -> [MetricsReport.RecordMetrics] {
    let table = MetricsReport.RecordMetrics.Table(names: columns.map(\.name), columns: values)
    return ids.enumerated().map { .init(id: $1, table: table, row: $0) }
  }
}
