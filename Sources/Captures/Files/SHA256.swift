import Foundation

/// SHA-256 (FIPS 180-4), by which reports name their inputs and sealed files are recognized.
///
/// A cryptographic library takes longer to build than everything here, and this is all of it that is needed.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
  ]
  private var pending: [UInt8] = []
  private var count: UInt64 = 0

  /// Of no bytes.
  public init() {}

  /// The digest of bytes as 64 hexadecimal digits.
  public static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    hash.add(Array(bytes)[...])
    return hash.finished()
  }

  /// The digest and the size of a file's bytes as they are on disk.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read.
  public static func ofFile(_ path: String) throws(CaptureError) -> (hex: String, bytes: Int) {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw CaptureError(file: path, problem: "cannot be read")
    }
    defer { try? handle.close() }
    var hash = SHA256()
    var size = 0
    do {
      while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
        size += data.count
        hash.add(Array(data)[...])
      }
    } catch {
      throw CaptureError(file: path, problem: "cannot be read")
    }
    return (hash.finished(), size)
  }

  /// Adds bytes.
  public mutating func add(_ bytes: ArraySlice<UInt8>) {
    count += UInt64(bytes.count)
    var rest = bytes
    if !pending.isEmpty {
      let missing = min(64 - pending.count, rest.count)
      pending += rest.prefix(missing)
      rest = rest.dropFirst(missing)
      if pending.count < 64 { return }
      let block = pending
      block.withUnsafeBufferPointer { compress($0, at: 0) }
      pending.removeAll()
    }
    let blocks = rest.count / 64
    rest.withUnsafeBufferPointer { buffer in
      for block in 0..<blocks { compress(buffer, at: 64 * block) }
    }
    pending += rest.dropFirst(64 * blocks)
  }

  /// The digest as 64 hexadecimal digits.
  public func finished() -> String {
    var last = self
    let bits = 8 * count
    var padding: [UInt8] = [0x80]
    padding += Array(repeating: 0, count: (119 - Int(count % 64)) % 64)
    for shift in stride(from: 56, through: 0, by: -8) { padding.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    last.add(padding[...])
    return last.state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private mutating func compress(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
      for index in 0..<16 {
        let place = start + 4 * index
        words[index] =
          UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16 | UInt32(bytes[place + 2]) << 8
          | UInt32(bytes[place + 3])
      }
      func turned(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
      for index in 16..<64 {
        let (a, b) = (words[index - 15], words[index - 2])
        words[index] =
          words[index - 16] &+ (turned(a, 7) ^ turned(a, 18) ^ a >> 3) &+ words[index - 7]
          &+ (turned(b, 17) ^ turned(b, 19) ^ b >> 10)
      }
      var (a, b, c, d, e, f, g, h) = (
        state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
      )
      for index in 0..<64 {
        let first =
          h &+ (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) &+ (e & f ^ ~e & g) &+ Self.constants[index]
          &+ words[index]
        let second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) &+ (a & b ^ a & c ^ b & c)
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
      }
      for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
    }
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [Int] = []
    var number = 2
    while primes.count < 64 {
      if primes.allSatisfy({ number % $0 != 0 }) { primes.append(number) }
      number += 1
    }
    return primes.map { prime in
      // floor(2^32 · p^(1/3)) by bisection in whole numbers: x³ <= p · 2^96.
      var (low, high): (UInt64, UInt64) = (0, 7 << 32)
      while high - low > 1 {
        let middle = (low + high) / 2
        // middle³ < 2^105 is compared by its upper and lower halves.
        let square = middle.multipliedFullWidth(by: middle)
        let (carry, bottom) = square.low.multipliedFullWidth(by: middle)
        let top = square.high * middle + carry
        if top < UInt64(prime) << 32 || top == UInt64(prime) << 32 && bottom == 0 {
          low = middle
        } else {
          high = middle
        }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()
}
