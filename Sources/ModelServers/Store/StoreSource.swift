import Captures
import Foundation
import GRDB

/// Reads the records and generations of capture stores, see ``CaptureStore``, wherever captures are read.
///
/// ```swift
/// import ModelServers
/// import SkewedMemorization
///
/// var options = CaptureOptions()
/// options.sources = [StoreSource()]
/// let reader = CaptureReader(files: ["records.store"], options: options)
/// print(reader.files.count)  // prints 1
/// ```
public struct StoreSource: LineSource {
  /// A source of capture stores.
  public init() {}

  public func recognizes(_ beginning: [UInt8]) -> Bool { CaptureStore.isStore(beginning: beginning) }

  public func lines(of path: String, _ kind: LineKind) throws(CaptureError) -> any LineCursor {
    do {
      return try StoredLines(path: path, kind)
    } catch {
      throw CaptureError(file: path, problem: error.problem)
    }
  }
}

/// The lines of a store in their order, a thousand at a time.
final class StoredLines: LineCursor {
  private let database: DatabaseQueue
  private let path: String
  private let sql: String
  private let isPaired: Bool
  private var last: (position: Int, number: Int) = (-1, -1)

  /// Opens a store for reading.
  init(path: String, _ kind: LineKind) throws(StoreError) {
    self.path = path
    sql =
      switch kind {
      case .records:
        "SELECT position, 0, record FROM passages WHERE record IS NOT NULL AND position > ? ORDER BY position LIMIT "
          + "1000"
      case .generations:
        """
        SELECT position, number, line FROM generations WHERE (position, number) > (?, ?)
        ORDER BY position, number LIMIT 1000
        """
      }
    isPaired = kind == .generations
    database = try CaptureStore.storing(path) {
      let queue = try CaptureStore.readOnly(path)
      let isStore = try queue.read { db in try db.tableExists("passages") && db.tableExists("generations") }
      guard isStore else { throw StoreError(path: path, problem: "is a SQLite file, but no capture store") }
      return queue
    }
  }

  func next() throws(CaptureError) -> [UInt8]? {
    do {
      return try nextRows()
    } catch {
      throw CaptureError(file: path, problem: error.problem)
    }
  }

  private func nextRows() throws(StoreError) -> [UInt8]? {
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
