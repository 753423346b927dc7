import Foundation
import TokenProcess

/// The records of a table in text: a line of field names, then a record a row, lists as JSON in a cell.
///
/// Cells are separated by commas or tabs and quoted as RFC 4180 has it; an empty cell is a field that is not there, and
/// columns of other names are left out. The whole file is read at once.
struct TableRecords: RecordBatches {
  private let file: String
  private let fields: [RecordField?]
  private let rows: [(line: Int, cells: [String])]
  private var nextRow = 0

  init(_ input: InputFile) throws(CaptureError) {
    file = input.path
    var whole: [UInt8] = []
    var chunks = LineChunks(input)
    while let chunk = try chunks.next() { chunk.withBytes { whole += $0 } }
    guard let text = String(validating: whole, as: UTF8.self) else {
      throw CaptureError(file: input.path, problem: "is not UTF-8")
    }
    let head = text.prefix { !$0.isNewline }
    let separator: Character = head.contains("\t") ? "\t" : head.contains(",") ? "," : ";"
    var rows = try Self.rows(of: text, separator, file: input.path)
    let names = rows.isEmpty ? [] : rows.removeFirst().cells
    fields = names.map { RecordField(rawValue: $0.trimmingCharacters(in: .whitespaces)) }
    for field in [RecordField.id, .tokenLogProbabilities] where !fields.contains(field) {
      throw CaptureError(file: input.path, line: 1, field: field.rawValue, problem: "is no column of the table")
    }
    self.rows = rows
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    guard nextRow < rows.count else { return nil }
    let part = rows[nextRow..<min(nextRow + 256, rows.count)]
    nextRow = part.endIndex
    return { [file, fields] in
      var parser = RecordParser()
      return part.map { row in
        do throws(CaptureError) {
          return .success(
            try naming(file, line: row.line) {
              guard row.cells.count == fields.count else {
                throw RecordError(
                  field: "row", problem: "has \(row.cells.count) cells, but the first line \(fields.count)")
              }
              if let field = Self.badField(fields, row.cells) {
                throw RecordError(field: field.rawValue, problem: "is no JSON list in its cell, such as [-0.1, -0.2]")
              }
              var record = try parser.record(Self.object(fields, row.cells))
              try record.validate()
              return record
            })
        } catch {
          return .failure(error)
        }
      }
    }
  }

  /// A row as a line of the native format.
  private static func object(_ fields: [RecordField?], _ cells: [String]) -> Data {
    var text = "{"
    for case (let field?, let cell) in zip(fields, cells) where !["", "nan", "NaN", "None"].contains(cell) {
      if text.count > 1 { text += "," }
      text += "\"\(field.rawValue)\":"
      text += field.isText ? Self.quoted(cell) : Self.json(cell)
    }
    return Data((text + "}").utf8)
  }

  /// Numbers as Python writes them in a cell.
  private static func json(_ cell: String) -> String {
    cell.replacing("None", with: "null").replacing("-inf", with: "-Infinity").replacing("nan", with: "NaN")
  }

  /// The first field whose cell is no JSON.
  private static func badField(_ fields: [RecordField?], _ cells: [String]) -> RecordField? {
    zip(fields, cells).first { field, cell in
      guard let field, !field.isText, !cell.isEmpty else { return false }
      let plain = json(cell).replacing("-Infinity", with: "0").replacing("NaN", with: "0")
      return (try? JSONSerialization.jsonObject(with: Data(plain.utf8), options: .fragmentsAllowed)) == nil
    }?.0
  }

  private static func quoted(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  private static func rows(
    of text: String, _ separator: Character, file: String
  ) throws(CaptureError) -> [(line: Int, cells: [String])] {
    var rows: [(line: Int, cells: [String])] = []
    var (cells, cell): ([String], String) = ([], "")
    var (isQuoted, wasQuoted) = (false, false)
    var (line, start) = (1, 1)
    var rest = text[...]
    func endRow() {
      cells.append(cell)
      if cells.count > 1 || !cell.isEmpty { rows.append((start, cells)) }
      (cells, cell, wasQuoted) = ([], "", false)
    }
    while let character = rest.popFirst() {
      if character.isNewline { line += 1 }
      if isQuoted {
        if character != "\"" {
          cell.append(character)
        } else if rest.first == "\"" {
          cell.append("\"")
          rest.removeFirst()
        } else {
          isQuoted = false
        }
      } else if character == "\"", cell.isEmpty, !wasQuoted {
        (isQuoted, wasQuoted) = (true, true)
      } else if character == separator {
        cells.append(cell)
        (cell, wasQuoted) = ("", false)
      } else if character.isNewline {
        endRow()
        start = line
      } else {
        cell.append(character)
      }
    }
    guard !isQuoted else { throw CaptureError(file: file, line: start, problem: "has a quoted cell that does not end") }
    endRow()
    return rows
  }
}

extension RecordField {
  /// Whether its values are texts.
  fileprivate var isText: Bool {
    switch self {
    case .id, .prefix, .prefixID, .reference, .source, .run, .split, .document: true
    default: false
    }
  }
}
