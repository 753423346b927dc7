import Captures
import Foundation

/// Reads Parquet, Arrow and Feather files through the Python package, which has pyarrow do it.
///
/// The rows come as lines of JSON from `python3 -m skewmem.tables`, the program that ends with the last of them.
struct TableSource: LineSource {
  /// Names of columns by the fields that they hold, `field=column,…`.
  var columns: String?

  func recognizes(_ beginning: [UInt8]) -> Bool {
    beginning.starts(with: Array("PAR1".utf8)) || beginning.starts(with: Array("ARROW1".utf8))
  }

  func lines(of path: String, _ kind: LineKind) throws(CaptureError) -> any LineCursor {
    try TableLines(path: path, columns: columns)
  }
}

/// What the package prints.
private final class TableLines: LineCursor {
  private let path: String
  private let process = Process()
  private let output = Pipe()
  private let errors = Pipe()

  init(path: String, columns: String?) throws(CaptureError) {
    self.path = path
    let python = ProcessInfo.processInfo.environment["SKEWMEM_PYTHON"] ?? "python3"
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [python, "-m", "skewmem.tables"] + (columns.map { ["--columns=\($0)"] } ?? []) + ["--", path]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw CaptureError(file: path, problem: "is a table, and \(python) cannot be started to read it")
    }
  }

  deinit {
    // Who reads may have stopped before the end.
    if process.isRunning { process.terminate() }
  }

  func next() throws(CaptureError) -> [UInt8]? {
    let piece = (try? output.fileHandleForReading.read(upToCount: 1 << 20)) ?? nil
    if let piece, !piece.isEmpty { return Array(piece) }
    let said = String(
      decoding: (try? errors.fileHandleForReading.readToEnd() ?? nil) ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return nil }
    // Of a traceback the last line says what is wrong.
    let last = said.split(separator: "\n").last.map(String.init) ?? "the Python package failed"
    if last.contains("No module named") || process.terminationStatus == 127 {
      throw CaptureError(
        file: path,
        problem: "is a table, which the Python package (make wheel) reads with pyarrow: install both, and name their "
          + "Python in SKEWMEM_PYTHON where it is not the first python3 (\(last))")
    }
    throw CaptureError(file: path, problem: last)
  }
}
