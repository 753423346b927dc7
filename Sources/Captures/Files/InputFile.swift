import Compression
import Foundation

/// A file or standard input, plain, gzip or Zstandard, that is read once from beginning to end; what it begins with can
/// be looked at first.
///
/// Of what a ``LineSource`` reads, the lines of its records are read, or those of its generations.
public final class InputFile {
  /// The file's name; `-` is standard input.
  public let path: String
  private let descriptor: Int32
  private let kind: LineKind
  private let sources: [any LineSource]
  private var stored: (any LineCursor)?
  private var decompressor: Decompressor?
  /// Compressed bytes that have been read and not taken apart.
  private var compressed: [UInt8] = []
  /// What has been taken apart, or looked at, and not read yet: all of it but the first `aheadRead` bytes.
  private var ahead: [UInt8] = []
  private var aheadRead = 0
  private var isExhausted = false
  /// Bytes of the file read so far; of a compressed one, as it is on the disk.
  public private(set) var bytesRead = 0

  /// Opens a file; `-` is standard input.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - kind: Which lines are read of what a source reads.
  ///   - sources: What reads files that are neither lines nor arrays.
  /// - Throws: `CaptureError` for a file that cannot be opened.
  public init(
    path: String, kind: LineKind = .records, sources: [any LineSource] = []
  ) throws(CaptureError) {
    self.kind = kind
    self.sources = sources
    descriptor = try Self.opened(path)
    self.path = path
  }

  private static func opened(_ path: String) throws(CaptureError) -> Int32 {
    guard path != "-" else { return STDIN_FILENO }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw CaptureError(file: path, problem: "no such file")
    }
    guard !isDirectory.boolValue else { throw CaptureError(file: path, problem: "is a directory, not a capture") }
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else {
      let isDenied = errno == EACCES || errno == EPERM
      throw CaptureError(
        file: path, problem: "cannot be opened for reading" + (isDenied ? ": permission denied" : ""))
    }
    return descriptor
  }

  deinit {
    if descriptor > STDIN_FILENO { close(descriptor) }
  }

  /// Whether all has been read.
  var isAtEnd: Bool { isExhausted && ahead.isEmpty }

  /// Whether the same can be read again from a file of this name: not from standard input or a pipe.
  public var canBeOpenedAgain: Bool {
    var status = stat()
    return path != "-" && fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The first 64 KiB, taken apart, or all of a shorter file; reading gives them again.
  ///
  /// - Precondition: Nothing has been read.
  public func beginning() throws(CaptureError) -> [UInt8] {
    if ahead.isEmpty { try readOn(&ahead, upTo: 1 << 16) }
    return ahead
  }

  /// Everything from the beginning, taken apart; a plain file is mapped, not read.
  ///
  /// - Precondition: Nothing has been read.
  func contents() throws(CaptureError) -> Data {
    if canBeOpenedAgain, try Decompressor.Format(magic: beginning()) == nil, decompressor == nil, stored == nil,
      let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    {
      (ahead, isExhausted, bytesRead) = ([], true, data.count)
      return data
    }
    while !isExhausted { try readOn(&ahead, upTo: ahead.count + 1 << 24) }
    defer { ahead = [] }
    return Data(ahead)
  }

  /// Fills memory with what comes next, or as much of it as is left.
  ///
  /// - Returns: The number of bytes.
  func read(into memory: UnsafeMutableBufferPointer<UInt8>) throws(CaptureError) -> Int {
    // How a file is packed shows in more bytes than may be asked for.
    if bytesRead == 0 { _ = try beginning() }
    var count = 0
    while count < memory.count, !isAtEnd {
      let free = UnsafeMutableBufferPointer(rebasing: memory[count...])
      if !ahead.isEmpty {
        count += takeAhead(free)
      } else if isPlain {
        count += try readPiece(into: free)
      } else {
        try readOn(&ahead, upTo: free.count)
      }
    }
    return count
  }

  private func takeAhead(_ memory: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let piece = ahead[aheadRead...].prefix(memory.count)
    _ = memory.update(fromContentsOf: piece)
    aheadRead = piece.endIndex
    if aheadRead == ahead.count {
      ahead.removeAll(keepingCapacity: true)
      aheadRead = 0
    }
    return piece.count
  }

  private var isPlain: Bool { decompressor == nil && stored == nil }

  /// Appends what comes next, taken apart, until there are about so many bytes, or no more.
  private func readOn(_ bytes: inout [UInt8], upTo capacity: Int) throws(CaptureError) {
    while bytes.count < capacity, !isExhausted {
      if !compressed.isEmpty {
        try takeApart(&bytes, upTo: capacity)
        continue
      }
      if let stored {
        if let lines = try stored.next() { bytes.append(contentsOf: lines) } else { isExhausted = true }
        continue
      }
      let piece = try readPiece(decompressor == nil ? capacity - bytes.count : 1 << 16)
      if bytesRead == piece.count, let source = try sources.source(of: path, beginning: piece) {
        guard path != "-" else {
          throw CaptureError(
            file: path, problem: "is a capture store or a table, which has to be a file and not a pipe")
        }
        stored = try source.lines(of: path, kind)
        continue
      }
      if bytesRead == piece.count, let format = Decompressor.Format(magic: piece) {
        decompressor = try decompressing { () throws(CompressionError) in try Decompressor(format) }
      }
      if decompressor == nil {
        bytes.append(contentsOf: piece)
      } else if isExhausted {
        try decompressing { () throws(CompressionError) in try decompressor?.finish() }
      } else {
        compressed = piece
      }
    }
  }

  /// A kilobyte at a time, which becomes 30 megabytes at most.
  private func takeApart(_ bytes: inout [UInt8], upTo capacity: Int) throws(CaptureError) {
    var start = 0
    while start < compressed.count, bytes.count < capacity {
      let end = min(start + 1024, compressed.count)
      try decompressing { () throws(CompressionError) in
        try compressed[start..<end].withUnsafeBufferPointer { piece throws(CompressionError) in
          try decompressor?.append(piece, to: &bytes)
        }
      }
      start = end
    }
    compressed.removeFirst(start)
  }

  private func decompressing<Value>(_ body: () throws(CompressionError) -> Value) throws(CaptureError) -> Value {
    do {
      return try body()
    } catch {
      throw CaptureError(file: path, problem: error.description)
    }
  }

  private func readPiece(_ size: Int) throws(CaptureError) -> [UInt8] {
    var failure: CaptureError?
    // Read in one piece, without zeros first.
    let piece = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      do throws(CaptureError) { initialized = try readPiece(into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return piece
  }

  /// Fills memory, or less of it at the end: pipes give what they have, and where lines are cut must not depend on
  /// that.
  private func readPiece(into memory: UnsafeMutableBufferPointer<UInt8>) throws(CaptureError) -> Int {
    var filled = 0
    while filled < memory.count {
      let count = Foundation.read(descriptor, memory.baseAddress! + filled, memory.count - filled)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw CaptureError(file: path, problem: "cannot be read: \(String(cString: strerror(errno)))")
      }
      guard count > 0 else { break }
      filled += count
    }
    bytesRead += filled
    isExhausted = filled == 0
    return filled
  }
}
