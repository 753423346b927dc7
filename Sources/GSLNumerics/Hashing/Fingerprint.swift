/// A number of 64 bits for bytes, the same in every process (FNV-1a).
package struct Fingerprint {
  /// The number so far.
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Of no bytes.
  package init() {}

  /// Of bytes.
  package init(_ bytes: some Sequence<UInt8>) { add(bytes) }

  /// Goes on with more bytes.
  package mutating func add(_ bytes: some Sequence<UInt8>) {
    let isAdded: Void? = bytes.withContiguousStorageIfAvailable { bytes in
      for byte in bytes { add(byte) }
    }
    if isAdded == nil {
      for byte in bytes { add(byte) }
    }
  }

  private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
