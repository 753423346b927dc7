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

/// The lines of a file some at a time: memory does not grow with the file.
struct LineChunks {
  /// A longer line is no record: the bound keeps a binary file without line ends out of memory.
  static let longestLine = 256 << 20

  private let input: InputFile
  private let chunkSize: Int
  /// The beginning of a line whose end has not been read.
  private var rest: [UInt8] = []
  private var nextLine = 1

  /// - Parameter chunkSize: About how many bytes come at a time.
  init(_ input: InputFile, chunkSize: Int = 1 << 20) {
    self.input = input
    self.chunkSize = chunkSize
  }

  /// The next lines; nil at the end of the file. A last line needs no line end.
  mutating func next() throws(CaptureError) -> LineChunk? {
    if input.isAtEnd, rest.isEmpty { return nil }
    var bytes = rest
    var capacity = max(chunkSize, rest.count + chunkSize / 2)
    while true {
      bytes.reserveCapacity(capacity + LineChunk.padding)
      let searched = bytes.count
      try input.read(into: &bytes, upTo: capacity)
      // The byte order mark is no part of the first line.
      if nextLine == 1, searched == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
      if input.isAtEnd {
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
          file: input.path, line: nextLine, problem: "is longer than \(Self.longestLine >> 20) MiB; not a JSONL file")
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
}
