import Foundation
import GRDB

/// A SQLite file with passages to be scored and what a model server has said of them; work that is in it survives the
/// process.
///
/// Passages have positions, 0, 1, …, which is the order that they are read in. Results are written in transactions
/// (write-ahead log): a process that is killed at any moment leaves whole results only.
public final class CaptureStore: Sendable {
  /// A passage that has no result yet.
  public struct Task: Sendable, Equatable {
    /// Its place.
    public let position: Int
    /// What is to be scored, as the caller wrote it.
    public let input: Data
  }

  /// What a passage came to.
  public enum Result: Sendable, Equatable {
    /// The record, as a line of a capture, and its generations, a line each.
    case finished(record: Data, generations: [Data] = [])
    /// Why there is none; another run tries again.
    case failed(name: String, problem: String)
  }

  /// How far the work is.
  public struct Progress: Sendable, Equatable {
    /// All passages.
    public var passages: Int
    /// Those with a result.
    public var finished: Int
  }

  /// The file.
  public let path: String
  private let database: DatabasePool
  private let lock: StoreLock

  private static let schema = "skewmem.store/2"
  private static let positionsTable = """
    CREATE TABLE IF NOT EXISTS positions (
      position INTEGER NOT NULL, number INTEGER NOT NULL, line BLOB NOT NULL, PRIMARY KEY (position, number)) \
    WITHOUT ROWID
    """

  /// Whether a file begins as SQLite's do.
  public static func isStore(beginning: some Sequence<UInt8>) -> Bool {
    beginning.starts(with: Array("SQLite format 3\u{0}".utf8))
  }

  /// As many bytes as tell what a file is; none where it cannot be read.
  private static func beginning(of path: String) -> Data {
    FileHandle(forReadingAtPath: path).flatMap { try? $0.read(upToCount: 16) } ?? Data()
  }

  /// Opens a store, or makes one.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - settings: What results depend on. A store that was made with others is refused.
  /// - Throws: `StoreError`.
  public init(path: String, settings: Data) throws(StoreError) {
    self.path = path
    // Somebody's own database is not to be touched.
    let beginning = Self.beginning(of: path)
    if !beginning.isEmpty {
      guard Self.isStore(beginning: beginning) else { throw StoreError(path: path, problem: "is no capture store") }
      _ = try StoredLines(path: path, .records)
    }
    lock = try StoreLock(path)
    database = try Self.storing(path) {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      // The log becomes part of the file every 64 MB and at the end, not every 4 MB.
      configuration.prepareDatabase { db in
        // Records take tens of kilobytes. A store that is there keeps the size that it has.
        try db.execute(sql: "PRAGMA page_size = 16384; PRAGMA wal_autocheckpoint = 4096")
      }
      let pool = try DatabasePool(path: path, configuration: configuration)
      try pool.write { db in
        let names = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        guard names.isEmpty else { return try Self.check(db, names, settings, path) }
        try db.execute(
          sql: """
            CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE plan (lines INTEGER NOT NULL, fingerprint INTEGER NOT NULL, leftOut INTEGER NOT NULL);
            INSERT INTO plan VALUES (0, 0, 0);
            CREATE TABLE passages (
              position INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, input BLOB NOT NULL, record BLOB, isFinished \
              INTEGER NOT NULL DEFAULT 0,
              name TEXT, problem TEXT);
            CREATE INDEX unfinished ON passages (position) WHERE isFinished = 0;
            CREATE TABLE generations (
              position INTEGER NOT NULL, number INTEGER NOT NULL, line BLOB NOT NULL, PRIMARY KEY (position, \
              number)) WITHOUT ROWID;
            """)
        try db.execute(sql: Self.positionsTable)
        try db.execute(
          sql: "INSERT INTO meta VALUES ('schema', ?), ('settings', ?)", arguments: [Self.schema, settings])
      }
      return pool
    }
  }

  private static func check(_ db: Database, _ names: [String], _ settings: Data, _ path: String) throws {
    guard names.contains("meta"), names.contains("passages"),
      let schema = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'schema'")
    else { throw StoreError(path: path, problem: "is a SQLite file, but no capture store") }
    guard schema == Self.schema else {
      throw StoreError(path: path, problem: "is of schema \"\(schema)\"; this version reads \(Self.schema)")
    }
    // Stores of earlier versions have none.
    try db.execute(sql: Self.positionsTable)
    let made = try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'settings'") ?? Data()
    guard made != settings else { return }
    // Nothing depends on settings that have no result.
    if try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM passages WHERE isFinished") == 0 {
      try db.execute(
        sql: """
          DELETE FROM passages;
          DELETE FROM generations;
          DELETE FROM positions;
          UPDATE plan SET lines = 0, fingerprint = 0, leftOut = 0;
          DELETE FROM meta WHERE key NOT IN ('schema', 'settings');
          """)
      return try db.execute(sql: "UPDATE meta SET value = ? WHERE key = 'settings'", arguments: [settings])
    }
    throw StoreError(path: path, problem: "was begun with other settings: \(differences(made, settings))")
  }

  /// The members of two JSON objects that differ, each as it was and is.
  private static func differences(_ before: Data, _ now: Data) -> String {
    func members(_ text: Data) -> [String: String] {
      guard let object = try? JSONSerialization.jsonObject(with: text) as? [String: Any] else {
        return ["settings": String(decoding: text, as: UTF8.self)]
      }
      return object.mapValues { value in
        let text = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        return text.map { String(decoding: $0, as: UTF8.self) } ?? "…"
      }
    }
    let (old, new) = (members(before), members(now))
    return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
      .map { "\($0) was \(old[$0] ?? "not given"), and is now \(new[$0] ?? "not given")" }.joined(separator: "; ")
  }

  /// Keeps something that is found out at the beginning, and refuses another answer later.
  public func settle(_ key: String, _ value: String) throws(StoreError) {
    let path = path
    try writing { db in
      let known = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
      guard let known else {
        return try db.execute(sql: "INSERT INTO meta VALUES (?, ?)", arguments: [key, value])
      }
      guard known == value else {
        throw StoreError(path: path, problem: "was begun with the \(key) \(known), and now it is \(value)")
      }
    }
  }

  // MARK: Passages

  /// How many lines of input have become passages, and what they were, as one number.
  public struct Plan: Sendable, Equatable {
    /// The number of lines.
    public var lines: Int
    /// A hash of the lines.
    public var fingerprint: UInt64
    /// How many lines had no passage in them.
    public var leftOut: Int

    /// A plan.
    public init(lines: Int, fingerprint: UInt64, leftOut: Int = 0) {
      self.lines = lines
      self.fingerprint = fingerprint
      self.leftOut = leftOut
    }
  }

  /// A passage to be added.
  public struct Entry: Sendable, Equatable {
    /// What no two passages of a store have in common.
    public var key: String
    /// What is to be scored, as the caller wants it back.
    public var input: Data

    /// A passage.
    public init(key: String, input: Data) {
      self.key = key
      self.input = input
    }
  }

  /// What has been planned so far.
  public var plan: Plan {
    get throws(StoreError) {
      try reading { db in
        let row = try Row.fetchOne(db, sql: "SELECT lines, fingerprint, leftOut FROM plan")
        return Plan(lines: row?[0] ?? 0, fingerprint: UInt64(bitPattern: row?[1] ?? 0), leftOut: row?[2] ?? 0)
      }
    }
  }

  /// Adds passages at the end and says what has been planned with them, all or nothing.
  ///
  /// - Returns: The index of the first entry whose key another has; nothing is added then. nil where all were added.
  public func add(_ entries: [Entry], plan: Plan) throws(StoreError) -> Int? {
    try writing { db in
      var position = try Int.fetchOne(db, sql: "SELECT COALESCE(MAX(position) + 1, 0) FROM passages") ?? 0
      let insert = try db.makeStatement(sql: "INSERT INTO passages (position, key, input) VALUES (?, ?, ?)")
      var repeated: Int?
      try db.inSavepoint {
        for (index, entry) in entries.enumerated() {
          do {
            try insert.execute(arguments: [position, entry.key, entry.input])
          } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            repeated = index
            return .rollback
          }
          position += 1
        }
        try db.execute(
          sql: "UPDATE plan SET lines = ?, fingerprint = ?, leftOut = ?",
          arguments: [plan.lines, Int64(bitPattern: plan.fingerprint), plan.leftOut])
        return .commit
      }
      return repeated
    }
  }

  /// How far the work is.
  public var progress: Progress {
    get throws(StoreError) { try reading(Self.progress) }
  }

  private static func progress(_ db: Database) throws -> Progress {
    // By the indices: what stands behind the records in the rows would take all of them to be read.
    let all = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM passages") ?? 0
    let unfinished = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM passages WHERE isFinished = 0") ?? 0
    return Progress(passages: all, finished: all - unfinished)
  }

  /// How far the work in a file is; nil for a file that is no store.
  ///
  /// - Throws: `StoreError`.
  public static func progress(path: String) throws(StoreError) -> Progress? {
    guard isRegular(path), isStore(beginning: beginning(of: path)) else { return nil }
    return try storing(path) { try readOnly(path).read(progress) }
  }

  /// Removes a store without any result that nobody has open.
  static func removeEmpty(path: String) {
    guard (try? progress(path: path))?.finished == 0 else { return }
    for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
  }

  static func readOnly(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      _ = try queue.read { db in try db.tableExists("passages") }
      return queue
    } catch let error as DatabaseError where !FileManager.default.fileExists(atPath: path + "-wal") {
      // In a folder that cannot be written a whole store can be read as a file that nobody changes.
      guard [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(error.resultCode),
        let escaped = URL(fileURLWithPath: path).path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
      else { throw error }
      return try DatabaseQueue(path: "file://\(escaped)?immutable=1", configuration: configuration)
    }
  }

  /// Up to so many passages without a result, after a position.
  public func unfinished(after position: Int, limit: Int) throws(StoreError) -> [Task] {
    try reading { db in
      try Row.fetchAll(
        db,
        sql:
          "SELECT position, input FROM passages WHERE isFinished = 0 AND position > ? ORDER BY position LIMIT ?",
        arguments: [position, limit]
      ).map { Task(position: $0[0], input: $0[1]) }
    }
  }

  /// A passage with its result.
  struct Finished {
    let position: Int
    let input: Data
    let record: Data
  }

  /// A passage with a result, so many places after the first one; none where there are fewer.
  func early(_ offset: Int) throws(StoreError) -> [Finished] {
    try reading { db in
      try Row.fetchAll(
        db,
        sql: "SELECT position, input, record FROM passages WHERE isFinished = 1 ORDER BY position LIMIT 1 OFFSET ?",
        arguments: [offset]
      ).map { Finished(position: $0[0], input: $0[1], record: $0[2]) }
    }
  }

  /// So many passages with a result, spread over all and from the last on.
  func finished(_ count: Int) throws(StoreError) -> [Finished] {
    try reading { db in
      let positions = try Int.fetchAll(
        db, sql: "SELECT position FROM passages WHERE isFinished = 1 ORDER BY position DESC")
      let step = max(1, positions.count / max(1, count))
      return try stride(from: 0, to: positions.count, by: step).prefix(count).compactMap { index in
        try Row.fetchOne(
          db, sql: "SELECT position, input, record FROM passages WHERE position = ?", arguments: [positions[index]]
        ).map { Finished(position: $0[0], input: $0[1], record: $0[2]) }
      }
    }
  }

  /// What has been kept of a passage's positions, from the first on without a gap.
  func scoredPositions(of passage: Int) throws(StoreError) -> [Data] {
    try reading { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT number, line FROM positions WHERE position = ? ORDER BY number", arguments: [passage])
      return rows.enumerated().prefix { $0.offset == $0.element[0] }.map { $0.element[1] }
    }
  }

  /// Keeps one of a passage's positions.
  func keep(_ line: Data, passage: Int, index: Int) throws(StoreError) {
    try writing { db in
      try db.cachedStatement(sql: "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)")
        .execute(arguments: [passage, index, line])
    }
  }

  /// Whether a passage has this key.
  func contains(_ key: String) throws(StoreError) -> Bool {
    try reading { db in
      try Int.fetchOne(db, sql: "SELECT 1 FROM passages WHERE key = ?", arguments: [key]) != nil
    }
  }

  /// Takes back the results of passages.
  func takeBack(_ positions: [Int]) throws(StoreError) {
    try writing { db in
      for position in positions {
        try db.execute(
          sql: "UPDATE passages SET record = NULL, isFinished = 0 WHERE position = ?", arguments: [position])
        try db.execute(sql: "DELETE FROM generations WHERE position = ?", arguments: [position])
      }
    }
  }

  /// Takes back what was planned after so many passages.
  func dropPlan(after plan: Plan, passages: Int) throws(StoreError) {
    try writing { db in
      try db.execute(sql: "DELETE FROM passages WHERE position >= ?", arguments: [passages])
      try db.execute(
        sql: "UPDATE plan SET lines = ?, fingerprint = ?, leftOut = ?",
        arguments: [plan.lines, Int64(bitPattern: plan.fingerprint), plan.leftOut])
    }
  }

  /// Adds to the largest changes of records that were scored again, and returns them all.
  func addNoise(_ changes: [Double]) throws(StoreError) -> [Double] {
    try writing { db in
      let known = try Self.noise(db)
      let all = known + changes.filter(\.isFinite)
      try db.execute(
        sql: "INSERT OR REPLACE INTO meta VALUES ('noise', ?)", arguments: [try JSONEncoder().encode(all)])
      return all
    }
  }

  private static func noise(_ db: Database) throws -> [Double] {
    let data = try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'noise'")
    return try data.map { try JSONDecoder().decode([Double].self, from: $0) } ?? []
  }

  /// By how much ln p changed, at most, in each record of a store that was scored again; nil for a file that is no
  /// store.
  ///
  /// - Throws: `StoreError`.
  public static func noise(path: String) throws(StoreError) -> [Double]? {
    guard isRegular(path), isStore(beginning: beginning(of: path)) else { return nil }
    return try storing(path) { try readOnly(path).read(noise) }
  }

  // What a pipe holds can be read once.
  private static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Writes results, all or none.
  public func write(_ results: [(position: Int, result: Result)]) throws(StoreError) {
    try writing { db in
      let finish = try db.cachedStatement(
        sql: "UPDATE passages SET record = ?, isFinished = 1, name = NULL, problem = NULL WHERE position = ?")
      let fail = try db.cachedStatement(sql: "UPDATE passages SET name = ?, problem = ? WHERE position = ?")
      let generate = try db.cachedStatement(sql: "INSERT OR REPLACE INTO generations VALUES (?, ?, ?)")
      let forget = try db.cachedStatement(sql: "DELETE FROM positions WHERE position = ?")
      for (position, result) in results {
        switch result {
        case .finished(let record, let generations):
          try finish.execute(arguments: [record, position])
          try forget.execute(arguments: [position])
          for (number, line) in generations.enumerated() {
            try generate.execute(arguments: [position, number, line])
          }
        case .failed(let name, let problem): try fail.execute(arguments: [name, problem, position])
        }
      }
    }
  }

  /// The names and problems of passages that failed, some of them, in their order.
  public func problems(limit: Int) throws(StoreError) -> [(id: String, problem: String)] {
    try reading { db in
      try Row.fetchAll(
        db, sql: "SELECT name, problem FROM passages WHERE problem IS NOT NULL ORDER BY position LIMIT ?",
        arguments: [limit]
      ).map { ($0[0], $0[1]) }
    }
  }

  /// Gathers what is in the write-ahead log in the one file.
  public func checkpoint() throws(StoreError) {
    try Self.storing(path) { try database.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) } }
  }

  private func writing<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws(StoreError) -> Value {
    try Self.storing(path) { try withoutActuallyEscaping(body) { body in try database.write { try body($0) } } }
  }

  private func reading<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws(StoreError) -> Value {
    try Self.storing(path) { try withoutActuallyEscaping(body) { body in try database.read { try body($0) } } }
  }

  static func storing<Value>(_ path: String, _ body: () throws -> Value) throws(StoreError) -> Value {
    do {
      return try body()
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError {
      throw StoreError(
        path: path, problem: error.message ?? "cannot be used: SQLite error \(error.resultCode.rawValue)")
    } catch {
      throw StoreError(path: path, problem: "cannot be used: \(error)")
    }
  }
}
