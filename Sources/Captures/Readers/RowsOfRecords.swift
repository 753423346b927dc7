import Foundation

extension [String: String] {
  /// The names of records that stand beside tensors as `ids`, a JSON list; nil where there are none.
  func recordIDs(count: Int, file: String) throws(CaptureError) -> [String]? {
    guard let text = self["ids"] else { return nil }
    guard let ids = try? JSONDecoder().decode([String].self, from: Data(text.utf8)), ids.count == count else {
      throw CaptureError(file: file, field: "ids", problem: "are no list of \(count) names")
    }
    return ids
  }
}

/// The row of each record in a file of numbers: by name, or where the file has no names by its place.
func rowsOfRecords(
  _ records: [String], in ids: [String]?, count: Int, file: String
) throws(CaptureError) -> [Int] {
  guard let ids else {
    guard count == records.count else {
      throw CaptureError(file: file, problem: "has \(count) rows and no ids, for \(records.count) records")
    }
    return Array(records.indices)
  }
  let places = Dictionary(zip(ids, ids.indices)) { first, _ in first }
  guard places.count == ids.count else { throw CaptureError(file: file, field: "ids", problem: "name a record twice") }
  var rows: [Int] = []
  for record in records {
    guard let row = places[record] else {
      throw CaptureError(file: file, field: "ids", problem: "have no record \(record) of the capture")
    }
    rows.append(row)
  }
  return rows
}
