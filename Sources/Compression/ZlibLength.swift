internal import CZlib

/// The number of bytes to which zlib compresses a text's UTF-8, with zlib's own header and checksum at its default
/// level: what Python's `len(zlib.compress(text.encode()))` gives with the same zlib.
///
/// - Complexity: O(bytes).
public func zlibLength(of text: String) -> Int {
  var text = text
  return text.withUTF8 { zlibLength(of: $0) }
}

private func zlibLength(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
  var length = compressBound(uLong(bytes.count))
  return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(length)) { buffer in
    // With room for compressBound bytes it can only fail for lack of memory.
    let status = compress(buffer.baseAddress, &length, bytes.baseAddress, uLong(bytes.count))
    precondition(status == Z_OK, "zlib is out of memory")
    return Int(length)
  }
}
