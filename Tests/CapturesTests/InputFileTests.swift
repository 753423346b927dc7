import Compression
import Foundation
import TestSupport
import Testing

@testable import Captures

/// Files as they come: plain and compressed, whole, cut and damaged, a piece at a time.
@Suite struct InputFileTests {
  @Test func compressedLines() async throws {
    for name in ["lines.jsonl.gz", "lines.jsonl.zst"] {
      let records = try await CaptureReader(files: [try FormatFile.path(name)], threads: 2).records()
      #expect(records.count == 3000 && records[2999].id == "r2999")
      #expect(records[10].tokenLogProbabilities == [-0.5, -1.25, -3.5])
      let data = try Data(contentsOf: URL(fileURLWithPath: FormatFile.path(name)))
      try await Repository.withScratchFolder { folder in
        let file = folder.appendingPathComponent("cut").path
        try data.dropLast(9).write(to: URL(fileURLWithPath: file))
        let cut = await FormatFile.error { _ = try await CaptureReader(files: [file]).records() }
        #expect(cut?.file == file && cut?.problem.contains("too early") == true, "\(String(describing: cut))")
        var damaged = data
        damaged[data.count / 2] ^= 0x55
        damaged[data.count / 2 + 1] ^= 0x55
        try damaged.write(to: URL(fileURLWithPath: file))
        #expect(await FormatFile.error { _ = try await CaptureReader(files: [file]).records() } != nil)
      }
    }
  }

  /// However the memory that is read into cuts a file, plain or compressed, the bytes are the same.
  @Test(arguments: ["lines.jsonl.gz", "lines.jsonl.zst", "small.jsonl.gz", "openai.jsonl", "stored.npz"])
  func pieces(name: String) throws {
    let path = try FormatFile.path(name)
    let whole = try InputFile(path: path).contents()
    #expect(!whole.isEmpty)
    for size in [1, 1000, 65_536, 65_537, 1 << 22] where size > 1 || whole.count < 10_000 {
      let input = try InputFile(path: path)
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
      defer { memory.deallocate() }
      if size.isMultiple(of: 2) { _ = try input.beginning() }
      var bytes = Data()
      while !input.isAtEnd {
        let count = try input.read(into: memory)
        // Only the last piece may be short.
        #expect(count == size || input.isAtEnd)
        bytes.append(contentsOf: memory[..<count])
      }
      #expect(bytes == whole, "\(size) bytes at a time")
    }
  }

  /// Frames whose content fills the decompressor's buffer exactly, pieces at a time, and many members.
  @Test func compressionBoundaries() throws {
    for size in [131_072, 262_144, 131_071, 1, 0] {
      let content = Data((0..<size).map { UInt8($0 % 251) })
      let compressed = try compressedByZstd(content)
      for step in [1, 7, compressed.count] where step == compressed.count || size < 140_000 {
        let decompressor = try Decompressor(.zstd)
        var output: [UInt8] = []
        for start in stride(from: 0, to: compressed.count, by: step) {
          try Array(compressed[start..<min(start + step, compressed.count)]).withUnsafeBufferPointer {
            try decompressor.append($0, to: &output)
          }
        }
        try decompressor.finish()
        #expect(output == Array(content), "\(size) bytes in steps of \(step)")
      }
    }
  }

  /// One raw frame (RFC 8878, 3.1.1): blocks as they are, 128 KiB at most each.
  private func compressedByZstd(_ content: Data) throws -> [UInt8] {
    // Single segment with an 8-byte size of the content, no checksum.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0]
    frame += (0..<8).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
    var start = 0
    repeat {
      let size = min(131_072, content.count - start)
      let isLast = start + size == content.count ? 1 : 0
      let header = size << 3 | isLast
      frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> (8 * $0)) } + content[start..<(start + size)]
      start += size
    } while start < content.count
    return frame
  }
}
