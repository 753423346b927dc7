internal import CZlib
internal import CZstd
import Foundation

/// What is wrong with compressed data.
public struct CompressionError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  public var errorDescription: String? { description }
}

/// Takes gzip (several members too) or Zstandard data apart, piece by piece.
public final class Decompressor {
  /// The formats.
  public enum Format: String, Sendable {
    /// RFC 1952.
    case gzip
    /// RFC 8878.
    case zstd

    /// The format of data that begin with these bytes; nil for none of them.
    public init?(magic bytes: some Collection<UInt8>) {
      if bytes.starts(with: [0x1F, 0x8B]) {
        self = .gzip
      } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
        self = .zstd
      } else {
        return nil
      }
    }
  }

  /// The format.
  public let format: Format
  private var gzip = z_stream()
  private var zstd: OpaquePointer?
  /// Whether the last piece ended where a member or frame does.
  private var isBetweenMembers = false
  private var buffer = [UInt8](repeating: 0, count: 1 << 17)

  /// - Throws: `CompressionError` for lack of memory.
  public init(_ format: Format) throws(CompressionError) {
    self.format = format
    switch format {
    case .gzip:
      // 16 asks for the gzip header.
      guard inflateInit2_(&gzip, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        throw CompressionError(description: "zlib cannot start")
      }
    case .zstd:
      guard let stream = ZSTD_createDStream() else { throw CompressionError(description: "zstd cannot start") }
      zstd = stream
    }
  }

  deinit {
    if format == .gzip { inflateEnd(&gzip) }
    ZSTD_freeDStream(zstd)
  }

  /// Appends what a piece of the data holds.
  ///
  /// - Throws: `CompressionError` for data that are not of the format.
  public func append(_ piece: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) throws(CompressionError) {
    switch format {
    case .gzip: try inflate(piece, &output)
    case .zstd: try decompress(piece, &output)
    }
  }

  /// - Throws: `CompressionError` when the data were cut.
  public func finish() throws(CompressionError) {
    guard isBetweenMembers else { throw CompressionError(description: "\(format.rawValue) data end too early") }
  }

  private func inflate(_ piece: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) throws(CompressionError) {
    gzip.next_in = UnsafeMutablePointer(mutating: piece.baseAddress)
    gzip.avail_in = uInt(piece.count)
    var isFull = false
    while gzip.avail_in > 0 || isFull {
      if isBetweenMembers {
        inflateReset(&gzip)
        isBetweenMembers = false
      }
      let status = buffer.withUnsafeMutableBufferPointer { buffer in
        gzip.next_out = buffer.baseAddress
        gzip.avail_out = uInt(buffer.count)
        return CZlib.inflate(&gzip, Z_NO_FLUSH)
      }
      isFull = gzip.avail_out == 0
      output.append(contentsOf: buffer[..<(buffer.count - Int(gzip.avail_out))])
      switch status {
      case Z_STREAM_END:
        isBetweenMembers = true
        isFull = false
      case Z_OK: break
      // There is nothing to do before more comes in.
      case Z_BUF_ERROR: return
      default: throw CompressionError(description: "gzip data are damaged")
      }
    }
  }

  private func decompress(_ piece: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) throws(CompressionError) {
    var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
    var isFull = false
    while input.pos < input.size || isFull {
      var filled = 0
      let left = buffer.withUnsafeMutableBufferPointer { buffer in
        var out = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        defer { filled = out.pos }
        return ZSTD_decompressStream(zstd, &out, &input)
      }
      guard ZSTD_isError(left) == 0 else { throw CompressionError(description: "zstd data are damaged") }
      output.append(contentsOf: buffer[..<filled])
      isFull = filled == buffer.count && left != 0
      isBetweenMembers = left == 0
    }
  }
}
