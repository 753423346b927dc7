import Foundation

/// A result that could not be written.
public struct OutputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file as the caller named it; `-` is standard output.
  public let file: String
  /// What is wrong.
  public let problem: String

  public var description: String { "\(file == "-" ? "standard output" : file): \(problem)" }
}

/// A file that is written beside its destination and renamed when it is complete: nobody ever sees half of it.
///
/// `-` is standard output, to which everything is written as it comes.
public final class AtomicFile {
  private let path: String
  private let temporaryPath: String?
  private let handle: FileHandle
  private var isCommitted = false

  /// Begins a file.
  ///
  /// - Throws: `OutputError` when it cannot be created.
  public init(path: String) throws {
    self.path = path
    if path == "-" {
      handle = .standardOutput
      temporaryPath = nil
      return
    }
    let url = URL(fileURLWithPath: path)
    let temporary = url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).partial"
    ).path
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let handle = FileHandle(forWritingAtPath: temporary)
    else { throw OutputError(file: path, problem: "cannot be written") }
    self.handle = handle
    temporaryPath = temporary
  }

  deinit {
    // Not committed: something went wrong on the way, and nothing is to remain.
    if let temporaryPath, !isCommitted {
      try? handle.close()
      try? FileManager.default.removeItem(atPath: temporaryPath)
    }
  }

  /// Writes bytes.
  ///
  /// - Throws: `OutputError` when the disk is full or standard output is closed.
  public func write(_ data: Data) throws {
    do {
      try handle.write(contentsOf: data)
    } catch {
      throw OutputError(file: path, problem: "cannot be written: \(error.localizedDescription)")
    }
  }

  /// Gives the file its name, replacing what bore it.
  ///
  /// - Throws: `OutputError` when that fails; the old file is then still there.
  public func commit() throws {
    guard let temporaryPath else { return }
    do {
      try handle.close()
    } catch {
      throw OutputError(file: path, problem: "cannot be written: \(error.localizedDescription)")
    }
    guard rename(temporaryPath, path) == 0 else {
      throw OutputError(file: path, problem: "cannot be replaced: \(String(cString: strerror(errno)))")
    }
    isCommitted = true
  }

  /// Writes a whole file at once.
  ///
  /// - Throws: `OutputError`.
  public static func write(_ data: Data, to path: String) throws {
    let file = try AtomicFile(path: path)
    try file.write(data)
    try file.commit()
  }
}
