import TokenProcess

/// The values of metrics, a row a record. In memory a value takes 8 bytes.
struct MetricTable: Sendable {
  let columns: [MetricColumn]
  /// NaN for none: a value that is not defined, such as a difference of infinities, is none as well.
  private let values: [[Double]]

  init(columns: [MetricColumn], values: [[Double]]) {
    (self.columns, self.values) = (columns, values)
  }

  private func index(of column: MetricColumn) -> Int? { columns.firstIndex { $0.name == column.name } }

  /// The values of a column, record by record.
  ///
  /// - Precondition: It is one of the columns.
  subscript(column: MetricColumn) -> [Double?] {
    guard let index = index(of: column) else { preconditionFailure("\(column.name) is no column of the table") }
    return values.map { $0[index].isNaN ? nil : $0[index] }
  }

  /// By record, the values of some columns, turned so that they rise with memorization.
  func scores(_ columns: [MetricColumn]) -> [[Double]] {
    let chosen = columns.compactMap { column in index(of: column).map { (column, $0) } }
    return values.map { row in chosen.map { $0.oriented(row[$1]) } }
  }

  /// The rows of a report.
  func rows(of records: [Record]) -> [MetricsReport.RecordMetrics] {
    let names = columns.map(\.name)
    return zip(records, values).map { .init(id: $0.id, names: names, values: $1) }
  }
}
