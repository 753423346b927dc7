import Foundation
import TokenProcess

/// Which records the rows of a file of tensors are of.
struct RecordRows: Sendable {
  /// The names of the records; nil where the file does not say.
  let ids: [String]?
  /// Σ ln p of each record, as it was when the file was written; nil where the file does not say.
  private let sums: [Double]?
  private let count: Int

  /// From the texts that stand beside tensors: `ids` and `log_probabilities`, JSON lists.
  init(_ metadata: [String: String], count: Int, file: String) throws(CaptureError) {
    func list<Element: Decodable>(_ key: String) throws(CaptureError) -> [Element]? {
      guard let text = metadata[key] else { return nil }
      guard let values = try? JSONDecoder().decode([Element].self, from: Data(text.utf8)), values.count == count else {
        throw CaptureError(file: file, field: key, problem: "is no list of \(count), one for each record")
      }
      return values
    }
    ids = try list("ids")
    sums = try list("log_probabilities")
    self.count = count
  }

  /// The row of each record: by name, or where the file has no names by its place.
  ///
  /// - Throws: `CaptureError` where the file is not of these records.
  func rows(of records: [Record], file: String) throws(CaptureError) -> [Int] {
    let rows = try places(of: records.map(\.id), file: file)
    guard let sums else { return rows }
    for (record, row) in zip(records, rows) {
      let sum = record.tokenLogProbabilities.reduce(0) { $0 + max($1, -1e290) }
      // Written with four decimals; a second pass of a model differs by a few thousandths a token.
      guard (sum - sums[row]).magnitude <= 0.05 + 0.01 * sum.magnitude else {
        throw CaptureError(
          file: file, field: "log_probabilities",
          problem: "is of another capture: the reference of record \(record.id) has ln p = \(sums[row]) there and "
            + "\(sum) in the capture")
      }
    }
    return rows
  }

  private func places(of records: [String], file: String) throws(CaptureError) -> [Int] {
    guard let ids else {
      guard count == records.count else {
        throw CaptureError(file: file, problem: "has \(count) rows and no ids, for \(records.count) records")
      }
      return Array(records.indices)
    }
    let places = Dictionary(zip(ids, ids.indices)) { first, _ in first }
    guard places.count == ids.count else {
      throw CaptureError(file: file, field: "ids", problem: "name a record twice")
    }
    let strangers = records.filter { places[$0] == nil }
    guard strangers.isEmpty else {
      throw CaptureError(
        file: file, field: "ids",
        problem: "have no record \(strangers[0])"
          + (strangers.count == records.count
            ? ", nor any other of the capture: was the file written with another one?"
            : " of the capture, nor \(strangers.count - 1) others"))
    }
    return records.compactMap { places[$0] }
  }
}
