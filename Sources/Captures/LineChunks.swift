import Compression
import Foundation

/// Whole lines of a file, as its bytes stand there.
struct LineChunk: Sendable {
  /// The lines with their ends, and then ``padding`` zeros, so that readers may look ahead.
  let bytes: [UInt8]
  /// The number of bytes that are lines.
  let count: Int
  /// The number of the first line, from 1.
  let firstLine: Int

  static let padding = 64

  /// Calls `body` with each line, without its end, and its number; blank lines are left out.
  func forEachLine(_ body: (_ line: UnsafeBufferPointer<UInt8>, _ number: Int) throws -> Void) rethrows {
    try bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      var start = 0
      var number = firstLine
      while start < count {
        let end = memchr(base + start, 0x0A, count - start).map {
          base.distance(to: $0.assumingMemoryBound(to: UInt8.self))
        }
        let line = UnsafeBufferPointer(start: base + start, count: (end ?? count) - start)
        if !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { try body(line, number) }
        start = (end ?? count) + 1
        number += 1
      }
    }
  }
}

/// The lines of a file or of standard input, plain, gzip or Zstandard, some at a time: memory does not grow with the file.
struct LineChunks: ~Copyable {
  /// A longer line is no record: the bound keeps a binary file without line ends out of memory.
  static let longestLine = 256 << 20

  private let path: String
  private let descriptor: Int32
  private let chunkSize: Int
  /// The beginning of a line whose end has not been read.
  private var rest: [UInt8] = []
  private var isAtEnd = false
  private var nextLine = 1
  private var decompressor: Decompressor?
  /// Compressed bytes that have been read and not taken apart.
  private var compressed: [UInt8] = []
  /// Bytes read so far.
  private(set) var bytesRead = 0

  /// Opens a file; `-` is standard input.
  ///
  /// - Parameter chunkSize: About how many bytes come at a time.
  init(path: String, chunkSize: Int = 1 << 20) throws(CaptureError) {
    let descriptor = try Self.opened(path)
    self.descriptor = descriptor
    self.path = path
    self.chunkSize = chunkSize
  }

  private static func opened(_ path: String) throws(CaptureError) -> Int32 {
    guard path != "-" else { return STDIN_FILENO }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw CaptureError(file: path, problem: "no such file")
    }
    guard !isDirectory.boolValue else { throw CaptureError(file: path, problem: "is a directory, not a capture") }
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw CaptureError(file: path, problem: "cannot be opened for reading") }
    return descriptor
  }

  deinit {
    if descriptor > STDIN_FILENO { close(descriptor) }
  }

  /// The next lines; nil at the end of the file. A last line needs no line end.
  mutating func next() throws(CaptureError) -> LineChunk? {
    guard !isAtEnd else { return nil }
    var bytes = rest
    var capacity = max(chunkSize, rest.count + chunkSize / 2)
    while true {
      bytes.reserveCapacity(capacity + LineChunk.padding)
      let searched = bytes.count
      try read(into: &bytes, upTo: capacity)
      // The byte order mark is no part of the first line.
      if nextLine == 1, searched == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
      if isAtEnd {
        rest = []
        guard !bytes.isEmpty else { return nil }
        return chunk(bytes, count: bytes.count)
      }
      if let end = bytes[searched...].lastIndex(of: 0x0A) {
        rest = Array(bytes[(end + 1)...])
        return chunk(bytes, count: end + 1)
      }
      guard bytes.count <= Self.longestLine else {
        throw CaptureError(
          file: path, line: nextLine, problem: "is longer than \(Self.longestLine >> 20) MiB; not a JSONL file")
      }
      capacity *= 2
    }
  }

  private mutating func chunk(_ bytes: [UInt8], count: Int) -> LineChunk {
    var bytes = bytes
    bytes.removeLast(bytes.count - count)
    bytes.append(contentsOf: repeatElement(0, count: LineChunk.padding))
    defer {
      bytes.withUnsafeBufferPointer { bytes in
        // Lines are long: to jump from end to end is faster than to look at every byte.
        var position = bytes.baseAddress!
        let last = position + count
        while position < last, let end = memchr(position, 0x0A, last - position) {
          nextLine += 1
          position = UnsafePointer(end.assumingMemoryBound(to: UInt8.self)) + 1
        }
      }
    }
    return LineChunk(bytes: bytes, count: count, firstLine: nextLine)
  }

  /// Reads until there are about so many bytes, or no more.
  private mutating func read(into bytes: inout [UInt8], upTo capacity: Int) throws(CaptureError) {
    while bytes.count < capacity, !isAtEnd {
      if !compressed.isEmpty {
        try takeApart(&bytes, upTo: capacity)
        continue
      }
      let piece = try readPiece(decompressor == nil ? capacity - bytes.count : 1 << 16)
      if bytesRead == 0, let format = Decompressor.Format(magic: piece) {
        decompressor = try decompressing { () throws(CompressionError) in try Decompressor(format) }
      }
      bytesRead += piece.count
      if decompressor == nil {
        bytes.append(contentsOf: piece)
        isAtEnd = piece.isEmpty
      } else if piece.isEmpty {
        try decompressing { () throws(CompressionError) in try decompressor?.finish() }
        isAtEnd = true
      } else {
        compressed = piece
      }
    }
  }

  /// A kilobyte at a time, which becomes 30 megabytes at most.
  private mutating func takeApart(_ bytes: inout [UInt8], upTo capacity: Int) throws(CaptureError) {
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

  /// So many bytes, or fewer at the end: pipes give what they have, and where lines are cut must not depend on that.
  private func readPiece(_ size: Int) throws(CaptureError) -> [UInt8] {
    var failed = false
    // Read in one piece, without zeros first.
    let piece = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      while initialized < size {
        let count = Foundation.read(descriptor, buffer.baseAddress! + initialized, size - initialized)
        if count < 0, errno == EINTR { continue }
        failed = count < 0
        guard count > 0 else { return }
        initialized += count
      }
    }
    if failed {
      throw CaptureError(file: path, line: nextLine, problem: "cannot be read: \(String(cString: strerror(errno)))")
    }
    return piece
  }
}
