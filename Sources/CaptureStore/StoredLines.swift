import Foundation
import GRDB

/// The lines of a store in their order, some at a time.
public final class StoredLines {
  private let database: DatabaseQueue
  private let path: String
  private let sql: String
  private let isPaired: Bool
  private var last: (position: Int, number: Int) = (-1, -1)

  /// Opens a store for reading.
  ///
  /// - Throws: `StoreError`.
  public init(path: String, _ lines: CaptureStore.Lines) throws(StoreError) {
    self.path = path
    sql =
      switch lines {
      case .records:
        "SELECT position, 0, record FROM passages WHERE record IS NOT NULL AND position > ? ORDER BY position LIMIT 1000"
      case .generations:
        "SELECT position, number, line FROM generations WHERE (position, number) > (?, ?) ORDER BY position, number LIMIT 1000"
      }
    isPaired = lines == .generations
    database = try CaptureStore.storing(path) {
      let queue = try CaptureStore.readOnly(path)
      let isStore = try queue.read { db in try db.tableExists("passages") && db.tableExists("generations") }
      guard isStore else { throw StoreError(path: path, problem: "is a SQLite file, but no capture store") }
      return queue
    }
  }

  /// The next lines, each with its end; nil after the last.
  ///
  /// - Throws: `StoreError`.
  public func next() throws(StoreError) -> [UInt8]? {
    let rows = try CaptureStore.storing(path) {
      let arguments: StatementArguments = isPaired ? [last.position, last.number] : [last.position]
      return try database.read { [sql] db in try Row.fetchAll(db, sql: sql, arguments: arguments) }
    }
    guard let end = rows.last else { return nil }
    last = (end[0], end[1])
    var bytes: [UInt8] = []
    for row in rows {
      let line: Data = row[2]
      bytes.append(contentsOf: line)
      bytes.append(0x0A)
    }
    return bytes
  }
}
