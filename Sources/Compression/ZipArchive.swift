internal import CZlib
public import Foundation

/// The files in a ZIP archive, stored or deflated, with ZIP64's sizes where they are needed: enough for NumPy's `.npz`.
public struct ZipArchive: Sendable {
  /// The files' names, in the order of the directory.
  public let names: [String]
  private let data: Data
  private let entries: [String: Entry]

  private struct Entry {
    var method: Int
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    /// Where the entry's own header begins.
    var offset: Int
  }

  /// Reads the directory at the end of an archive.
  ///
  /// - Throws: `CompressionError` for what is no archive, is cut, or is encrypted or compressed otherwise.
  public init(_ data: Data) throws(CompressionError) {
    // What is cut out of other data counts from there.
    self.data = data.startIndex == 0 ? data : Data(data)
    var directory = try Self.directory(of: self.data)
    var names: [String] = []
    var entries: [String: Entry] = [:]
    for _ in 0..<directory.count {
      let (name, entry, next) = try Self.entry(self.data, at: directory.start)
      names.append(name)
      entries[name] = entry
      directory.start = next
    }
    self.names = names
    self.entries = entries
  }

  /// The content of a file; nil when there is none of this name.
  ///
  /// Stored content is a part of the archive's data, not a copy.
  ///
  /// - Throws: `CompressionError` for content that is damaged.
  public func content(of name: String) throws(CompressionError) -> Data? {
    guard let entry = entries[name] else { return nil }
    let header = try Self.bytes(data, entry.offset, 30)
    guard Self.number(header, 0, 4) == 0x0403_4B50 else { throw Self.damaged }
    // The header's own extra field may differ from the directory's.
    let start = entry.offset + 30 + Self.number(header, 26, 2) + Self.number(header, 28, 2)
    let packed = try Self.bytes(data, start, entry.compressedSize)
    let content = entry.method == 0 ? packed : try Self.inflated(packed, to: entry.size)
    guard content.count == entry.size, Self.checksum(content) == entry.checksum else { throw Self.damaged }
    return content
  }

  private static let damaged = CompressionError(description: "the archive is damaged")

  private static func bytes(_ data: Data, _ start: Int, _ count: Int) throws(CompressionError) -> Data {
    guard start >= 0, count >= 0, start <= data.count, count <= data.count - start else { throw damaged }
    return data[start..<(start + count)]
  }

  /// A little-endian number; what does not fit is no size of a file.
  private static func number(_ data: Data, _ offset: Int, _ size: Int) -> Int {
    var value: UInt64 = 0
    for index in stride(from: size - 1, through: 0, by: -1) {
      value = value << 8 | UInt64(data[data.startIndex + offset + index])
    }
    return Int(exactly: value) ?? -1
  }

  /// The number of entries and where they begin, from the record at the end, which a comment of up to 64 KiB may
  /// follow.
  private static func directory(of data: Data) throws(CompressionError) -> (count: Int, start: Int) {
    guard data.count >= 22 else { throw damaged }
    let lowest = max(0, data.count - 22 - 0xFFFF)
    for position in stride(from: data.count - 22, through: lowest, by: -1)
    where number(data, position, 4) == 0x0605_4B50 {
      let end = try bytes(data, position, 22)
      let (count, start) = (number(end, 10, 2), number(end, 16, 4))
      guard count == 0xFFFF || start == 0xFFFF_FFFF else { return (count, start) }
      let locator = try bytes(data, position - 20, 20)
      guard number(locator, 0, 4) == 0x0706_4B50 else { return (count, start) }
      let long = try bytes(data, number(locator, 8, 8), 56)
      guard number(long, 0, 4) == 0x0606_4B50 else { throw damaged }
      let (longCount, longStart) = (number(long, 32, 8), number(long, 48, 8))
      // An entry takes 46 bytes at least.
      guard (0...(data.count / 46)).contains(longCount) else { throw damaged }
      return (longCount, longStart)
    }
    throw damaged
  }

  private static func entry(_ data: Data, at start: Int) throws(CompressionError) -> (String, Entry, next: Int) {
    let header = try bytes(data, start, 46)
    guard number(header, 0, 4) == 0x0201_4B50 else { throw damaged }
    let (nameLength, extraLength) = (number(header, 28, 2), number(header, 30, 2))
    let name = String(decoding: try bytes(data, start + 46, nameLength), as: UTF8.self)
    var entry = Entry(
      method: number(header, 10, 2), checksum: UInt32(truncatingIfNeeded: number(header, 16, 4)),
      compressedSize: number(header, 20, 4), size: number(header, 24, 4), offset: number(header, 42, 4))
    guard entry.method == 0 || entry.method == 8, number(header, 8, 2) & 1 == 0 else {
      throw CompressionError(description: "\(name) is encrypted, or compressed in a way that is not read")
    }
    // ZIP64 has the numbers that did not fit, in this order.
    let extra = try bytes(data, start + 46 + nameLength, extraLength)
    var position = 0
    while position + 4 <= extra.count {
      let length = number(extra, position + 2, 2)
      var field = position + 4
      let end = field + length
      guard end <= extra.count else { throw damaged }
      if number(extra, position, 2) == 1 {
        for path in [\Entry.size, \Entry.compressedSize, \Entry.offset] where entry[keyPath: path] == 0xFFFF_FFFF {
          guard field + 8 <= end else { throw damaged }
          entry[keyPath: path] = number(extra, field, 8)
          field += 8
        }
      }
      position = end
    }
    return (name, entry, start + 46 + nameLength + extraLength + number(header, 32, 2))
  }

  private static func checksum(_ data: Data) -> UInt32 {
    data.withUnsafeBytes { UInt32(truncatingIfNeeded: crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count)) }
  }

  private static func inflated(_ packed: Data, to size: Int) throws(CompressionError) -> Data {
    // Deflate makes at most 1032 bytes of one: a size beyond that is a lie, not a reason to ask for memory.
    guard size >= 0, size / 1032 <= packed.count + 1 else { throw damaged }
    var stream = z_stream()
    // Negative: neither zlib's header nor gzip's.
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw CompressionError(description: "zlib cannot start")
    }
    defer { inflateEnd(&stream) }
    var content = Data(count: size)
    let isWhole = packed.withUnsafeBytes { input in
      content.withUnsafeMutableBytes { output in
        let source = input.bindMemory(to: UInt8.self)
        let target = output.bindMemory(to: UInt8.self)
        var (read, written) = (0, 0)
        // zlib counts in 32 bits.
        let step = 1 << 30
        while true {
          stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + read) }
          stream.avail_in = uInt(min(step, source.count - read))
          stream.next_out = target.baseAddress.map { $0 + written }
          stream.avail_out = uInt(min(step, target.count - written))
          let offered = (Int(stream.avail_in), Int(stream.avail_out))
          let status = inflate(&stream, Z_NO_FLUSH)
          read += offered.0 - Int(stream.avail_in)
          written += offered.1 - Int(stream.avail_out)
          if status == Z_STREAM_END { return written == size }
          let hasMoved = Int(stream.avail_in) < offered.0 || Int(stream.avail_out) < offered.1
          guard status == Z_OK || status == Z_BUF_ERROR, hasMoved else { return false }
        }
      }
    }
    guard isWhole else { throw damaged }
    return content
  }
}
