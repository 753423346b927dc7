import Foundation
import Synchronization

/// A result that could not be written.
public struct OutputError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// The file as the caller named it; `-` is standard output.
  public let file: String
  /// What is wrong.
  public let problem: String

  /// A problem with an output.
  public init(file: String, problem: String) {
    self.file = file
    self.problem = problem
  }

  public var description: String { "\(file == "-" ? "standard output" : file): \(problem)" }

  public var errorDescription: String? { description }
}

/// A file that is written beside its destination and renamed when it is complete: nobody ever sees half of it.
///
/// A link is followed, and a file that is replaced keeps its permissions. Standard output (`-`) and what is no regular
/// file, such as a pipe or a device, are written to as it comes.
public final class AtomicFile {
  private let path: String
  private let destination: String
  private let temporaryPath: String?
  private let handle: FileHandle
  private var isCommitted = false

  /// Files that are not complete yet, for ``removeUnfinished()``.
  private static let unfinished = Mutex<Set<String>>([])

  /// Begins a file.
  ///
  /// - Throws: `OutputError` when it cannot be created.
  public init(path: String) throws {
    self.path = path
    if path == "-" {
      handle = .standardOutput
      temporaryPath = nil
      destination = path
      return
    }
    guard !path.isEmpty else { throw OutputError(file: "(no name)", problem: "cannot be written") }
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    destination = url.path
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    if let type = attributes?[.type] as? FileAttributeType, type != .typeRegular {
      guard type != .typeDirectory, let handle = FileHandle(forWritingAtPath: url.path) else {
        throw OutputError(file: path, problem: type == .typeDirectory ? "is a directory" : Self.reason(url))
      }
      self.handle = handle
      temporaryPath = nil
      return
    }
    let temporary = url.deletingLastPathComponent().appendingPathComponent(
      ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).partial"
    ).path
    let permissions = attributes?[.posixPermissions].map { [FileAttributeKey.posixPermissions: $0] }
    guard FileManager.default.createFile(atPath: temporary, contents: nil, attributes: permissions),
      let handle = FileHandle(forWritingAtPath: temporary)
    else { throw OutputError(file: path, problem: Self.reason(url)) }
    self.handle = handle
    temporaryPath = temporary
    Self.unfinished.withLock { _ = $0.insert(temporary) }
  }

  /// Throws where a file cannot be written, before there is anything to write; a pipe or a device is not opened.
  ///
  /// - Throws: `OutputError`.
  public static func check(_ path: String) throws {
    guard path != "-" else { return }
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    let type = attributes?[.type] as? FileAttributeType ?? .typeRegular
    guard [.typeRegular, .typeDirectory].contains(type) else { return }
    _ = try AtomicFile(path: path)
  }

  /// Why a file cannot be written.
  private static func reason(_ file: URL) -> String {
    let folder = file.deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      return "cannot be written: there is no folder \(folder)"
    }
    guard isFolder.boolValue else { return "cannot be written: \(folder) is no folder" }
    return FileManager.default.isWritableFile(atPath: folder)
      ? "cannot be written" : "cannot be written: permission denied"
  }

  deinit {
    // Not committed: something went wrong on the way, and nothing is to remain.
    if let temporaryPath, !isCommitted {
      try? handle.close()
      try? FileManager.default.removeItem(atPath: temporaryPath)
      Self.unfinished.withLock { _ = $0.remove(temporaryPath) }
    }
  }

  /// Removes the unfinished files of this process, for a program that is about to be ended by a signal.
  public static func removeUnfinished() {
    unfinished.withLock { paths in
      for path in paths { try? FileManager.default.removeItem(atPath: path) }
      paths = []
    }
  }

  /// Writes bytes.
  ///
  /// - Throws: `OutputError` when the disk is full or standard output is closed.
  public func write(_ data: Data) throws {
    do {
      try handle.write(contentsOf: data)
    } catch {
      throw OutputError(file: path, problem: "cannot be written (full, or closed by its reader)")
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
    guard rename(temporaryPath, destination) == 0 else {
      throw OutputError(file: path, problem: "cannot be replaced: \(String(cString: strerror(errno)))")
    }
    isCommitted = true
    Self.unfinished.withLock { _ = $0.remove(temporaryPath) }
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
