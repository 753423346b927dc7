import Foundation

/// The list of records of a report as a table, a row each: what its JSON has under `records`, or of an audit under
/// `records_at_risk`, of works their `passages`; of a check a row for each finding.
public struct RecordTable: Sendable {
  /// The names of the columns: those of the JSON, inner names after a dot, the record's own name first.
  public let columns: [String]
  /// The cells, empty where a value is null.
  public let rows: [[String]]

  /// The table of a report; nil for a report without a list of records.
  ///
  /// - Throws: What encoding throws.
  public init?(_ report: some Encodable) throws {
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
    // An audit's `records` is their number.
    let isCheck = (object?["schema"] as? String)?.hasPrefix("skewmem.check/") == true
    if isCheck, let files = object?["files"] as? [[String: Any]] {
      (columns, rows) = Self.findings(files)
      return
    }
    guard
      let list = ["records", "records_at_risk", "passages"].lazy.compactMap({ object?[$0] as? [[String: Any]] }).first
    else { return nil }
    var rows: [[String: String]] = []
    for record in list {
      var row: [String: String] = [:]
      // What pictures are drawn from is no column.
      Self.flatten(record.filter { $0.key != "token_log_probabilities" }, "", into: &row)
      // Nor are tokens one by one, or a text that is not there.
      row = row.filter { !$0.key.hasPrefix("text.tokens.") && ($0.key != "text" || object?["records_at_risk"] == nil) }
      rows.append(row)
    }
    columns = Set(rows.flatMap(\.keys)).sorted { ($0 != "id" ? 1 : 0, $0) < ($1 != "id" ? 1 : 0, $1) }
    self.rows = rows.map { [columns] row in columns.map { row[$0] ?? "" } }
  }

  /// A row for each finding in a file, or one for a file without any.
  private static func findings(_ files: [[String: Any]]) -> (columns: [String], rows: [[String]]) {
    func text(_ value: Any?) -> String { value.map { $0 is NSNull ? "" : "\($0)" } ?? "" }
    let own = ["file", "verdict", "records", "invalid_lines"]
    let rows = files.flatMap { file -> [[String]] in
      let refused = file["refused"] as? [String] ?? []
      let findings = file["findings"] as? [[String: Any]] ?? []
      let cells = own.map { text(file[$0]) }
      return findings.isEmpty
        ? [cells + ["", "", ""]]
        : findings.map { finding in
          let code = text(finding["code"])
          return cells + [code, refused.contains(code) ? "refused" : "note", text(finding["text"])]
        }
    }
    return (own + ["code", "severity", "text"], rows)
  }

  private static func flatten(_ value: Any, _ name: String, into row: inout [String: String]) {
    switch value {
    case let object as [String: Any]:
      for (key, inner) in object { flatten(inner, name.isEmpty ? key : "\(name).\(key)", into: &row) }
    case let list as [Any]:
      for (index, inner) in list.enumerated() { flatten(inner, "\(name).\(index + 1)", into: &row) }
    case is NSNull: row[name] = ""
    case let text as String: row[name] = text
    case let number as NSNumber: row[name] = "\(number)"
    default: row[name] = "\(value)"
    }
  }

  /// Comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula begins with an apostrophe.
  public var csv: String {
    ([columns] + rows).map { $0.map(Self.cell).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func cell(_ text: String) -> String {
    let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
    let safe = isFormula && Double(text) == nil ? "'" + text : text
    guard safe.contains(where: { ",\"\n\r".contains($0) || $0 == "\r\n" }) else { return safe }
    return "\"" + safe.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
