import Foundation

/// Whole lines of a file, as its bytes stand there.
struct LineChunk: Sendable {
  /// The memory of the lines with their ends, and of ``padding`` zeros after them, so that readers may look ahead.
  fileprivate let buffer: ChunkBuffer
  /// The number of bytes that are lines.
  fileprivate let count: Int
  /// The number of the first line, from 1.
  let firstLine: Int

  static let padding = 64

  /// Calls `body` with all bytes, line ends included.
  func withBytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Value) rethrows -> Value {
    try withExtendedLifetime(buffer) { try body(UnsafeBufferPointer(start: buffer.memory.baseAddress!, count: count)) }
  }

  /// Calls `body` with each line, without its end, and its number; blank lines are left out.
  func forEachLine(_ body: (_ line: UnsafeBufferPointer<UInt8>, _ number: Int) throws -> Void) rethrows {
    try withBytes { bytes in
      let base = bytes.baseAddress!
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

/// The lines of a file some at a time: memory does not grow with the file.
struct LineChunks {
  /// A longer line is no record: the bound keeps a binary file without line ends out of memory.
  static let longestLine = 256 << 20

  private let input: InputFile
  private let chunkSize: Int
  private let buffers: ChunkBuffers
  /// The beginning of a line whose end has not been read.
  private var rest: [UInt8] = []
  private var nextLine = 1

  /// - Parameter chunkSize: About how many bytes come at a time.
  init(_ input: InputFile, chunkSize: Int = 1 << 20) {
    self.input = input
    self.chunkSize = chunkSize
    buffers = ChunkBuffers(size: chunkSize + LineChunk.padding)
  }

  /// The next lines; nil at the end of the file. A last line needs no line end.
  mutating func next() throws(CaptureError) -> LineChunk? {
    if input.isAtEnd, rest.isEmpty { return nil }
    var capacity = max(chunkSize, rest.count + chunkSize / 2)
    var buffer = buffers.buffer(of: capacity + LineChunk.padding)
    var count = buffer.memory.update(fromContentsOf: rest)
    while true {
      let searched = count
      count += try input.read(into: UnsafeMutableBufferPointer(rebasing: buffer.memory[count..<capacity]))
      // The byte order mark is no part of the first line.
      if nextLine == 1, searched == 0, buffer.memory[..<count].starts(with: [0xEF, 0xBB, 0xBF]) {
        count -= 3
        memmove(buffer.memory.baseAddress!, buffer.memory.baseAddress! + 3, count)
      }
      if input.isAtEnd {
        rest = []
        return count > 0 ? chunk(buffer, count: count) : nil
      }
      if let end = buffer.memory[searched..<count].lastIndex(of: 0x0A) {
        rest = Array(buffer.memory[(end + 1)..<count])
        return chunk(buffer, count: end + 1)
      }
      guard count <= Self.longestLine else {
        throw CaptureError(
          file: input.path, line: nextLine, problem: "is longer than \(Self.longestLine >> 20) MiB; not a JSONL file")
      }
      capacity *= 2
      let larger = buffers.buffer(of: capacity + LineChunk.padding)
      withExtendedLifetime(buffer) { _ = larger.memory.update(fromContentsOf: buffer.memory[..<count]) }
      buffer = larger
    }
  }

  private mutating func chunk(_ buffer: ChunkBuffer, count: Int) -> LineChunk {
    let base = buffer.memory.baseAddress!
    memset(base + count, 0, LineChunk.padding)
    let firstLine = nextLine
    // Lines are long: to jump from end to end is faster than to look at every byte.
    var start = 0
    while start < count, let end = memchr(base + start, 0x0A, count - start) {
      nextLine += 1
      start = base.distance(to: end.assumingMemoryBound(to: UInt8.self)) + 1
    }
    return LineChunk(buffer: buffer, count: count, firstLine: firstLine)
  }
}
