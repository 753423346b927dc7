/// Which of its lines a source is asked for.
public enum LineKind: String, Sendable {
  /// Those of records, see ``CaptureReader``.
  case records
  /// Those of sampled generations, see ``GenerationsReader``.
  case generations
}

/// Reads the lines of captures that are in files of another kind, such as a database.
///
/// This module knows text and arrays only. Whoever reads something else hands in what can read it, in
/// ``CaptureOptions/sources``: for the stores of `skewmem capture` that is `StoreSource` of the module ModelServers.
public protocol LineSource: Sendable {
  /// Whether a file that begins with these bytes, its first 16 or more, is of this kind.
  func recognizes(_ beginning: [UInt8]) -> Bool

  /// Opens a file of this kind.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read.
  func lines(of path: String, _ kind: LineKind) throws(CaptureError) -> any LineCursor
}

/// The lines of an opened source in their order, some at a time.
public protocol LineCursor: AnyObject {
  /// The next lines, each with its end; nil after the last.
  ///
  /// - Throws: `CaptureError`.
  func next() throws(CaptureError) -> [UInt8]?
}

extension [any LineSource] {
  private static var sqlite: [UInt8] { [UInt8]("SQLite format 3\u{0}".utf8) }

  /// The source that reads a file; nil for a file of lines.
  ///
  /// - Throws: `CaptureError` for a file that only a source which is not there could read.
  func source(of path: String, beginning: [UInt8]) throws(CaptureError) -> (any LineSource)? {
    let known = first { $0.recognizes(beginning) }
    guard known == nil, beginning.starts(with: Self.sqlite) else { return known }
    throw CaptureError(
      file: path,
      problem: "is a SQLite file: to read a capture store, import ModelServers and put StoreSource() in the sources")
  }
}
