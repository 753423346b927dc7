import Foundation
import TokenProcess

/// Writes records as native capture lines.
public struct CaptureWriter: ~Copyable {
  private let output: AtomicFile
  private var buffer = Data()

  /// A writer to a file, which appears under its name only when ``finish()`` has been called.
  ///
  /// - Throws: `OutputError` when the file cannot be created.
  public init(path: String) throws {
    output = try AtomicFile(path: path)
  }

  /// Writes one record.
  ///
  /// - Throws: `OutputError` when writing fails, e.g. on a full disk.
  public mutating func write(_ record: Record) throws {
    buffer.append(contentsOf: RecordLine(record).bytes)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= 1 << 20 { try flush() }
  }

  private mutating func flush() throws {
    try output.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Writes what is left and gives the file its name.
  ///
  /// - Throws: `OutputError` when writing or renaming fails.
  public consuming func finish() throws {
    try output.write(buffer)
    try output.commit()
  }
}

/// A record as a line of a native capture, without its end, after it has been checked.
///
/// - Throws: `RecordError`.
package func captureLine(_ record: Record) throws -> Data {
  var record = record
  try record.validate()
  return Data(RecordLine(record).bytes)
}
