/// The words of a text in UTF-8 as numbers: those of ``TextUnits/unicodeWords(_:)``, told apart by 64-bit fingerprints,
/// at some 10 ns a byte.
public struct WordStream: Sendable {
  /// A fingerprint for each word; 0 for none.
  public private(set) var fingerprints: [UInt64] = []
  /// Where each word begins in the text, in bytes, and after the last one where the text ends.
  public private(set) var starts: [Int] = []

  /// Reads a text.
  ///
  /// Letters are brought to lower case one by one; bytes that are no UTF-8 end a word.
  ///
  /// - Complexity: O(bytes).
  public init(utf8 bytes: [UInt8]) {
    fingerprints.reserveCapacity(bytes.count / 5)
    starts.reserveCapacity(bytes.count / 5)
    bytes.withUnsafeBufferPointer { buffer in read(buffer) }
    starts.append(bytes.count)
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
    var (index, hash, start, isOpen) = (0, Self.offset, 0, false)
    func end(_ words: inout WordStream) {
      guard isOpen else { return }
      words.append(hash, start)
      (hash, isOpen) = (Self.offset, false)
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        let lower = Self.lowered[Int(byte)]
        if lower != 0 {
          if !isOpen { (start, isOpen) = (index, true) }
          hash = (hash ^ UInt64(lower)) &* Self.prime
        } else {
          end(&self)
        }
        index += 1
        continue
      }
      guard let (scalar, length) = Self.scalar(bytes, at: index) else {
        end(&self)
        index += 1
        continue
      }
      let letter = LetterTable.letter(scalar)
      switch letter.kind {
      case .letter:
        if !isOpen { (start, isOpen) = (index, true) }
        letter.add(to: &hash)
      case .alone:
        end(&self)
        (start, isOpen) = (index, true)
        letter.add(to: &hash)
        end(&self)
      case .mark:
        // A mark that follows no letter of an open word is left out, but for one on a letter that stands alone.
        if isOpen {
          letter.add(to: &hash)
        } else if let last = fingerprints.last, LetterTable.isAlone(Self.scalar(bytes, at: starts[starts.count - 1])) {
          hash = last
          letter.add(to: &hash)
          fingerprints[fingerprints.count - 1] = hash
          hash = Self.offset
        }
      case .other: end(&self)
      }
      index += length
    }
    end(&self)
  }

  private mutating func append(_ hash: UInt64, _ start: Int) {
    fingerprints.append(hash == 0 ? 1 : hash)
    starts.append(start)
  }

  private static let offset: UInt64 = 0xCBF2_9CE4_8422_2325
  fileprivate static let prime: UInt64 = 0x100_0000_01B3

  /// The byte of an ASCII letter in lower case or of a digit; 0 for all else.
  private static let lowered: [UInt8] = (0..<128).map { (byte: UInt8) in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
    default: 0
    }
  }

  /// The scalar at a place, and its bytes; nil where there is none.
  private static func scalar(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> (scalar: Unicode.Scalar, length: Int)? {
    let first = UInt32(bytes[index])
    let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard first < 0x80 || first >= 0xC2, index + length <= bytes.count else { return nil }
    var value = length == 1 ? first : first & (0xFF >> (UInt32(length) + 1))
    for next in bytes[(index + 1)..<(index + length)] {
      guard next & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(next & 0x3F)
    }
    return Unicode.Scalar(value).map { ($0, length) }
  }
}

/// What letters beyond ASCII are.
private enum LetterTable {
  enum Kind: UInt8 { case other, letter, alone, mark }

  struct Letter {
    let kind: Kind
    /// The letter in lower case.
    let lower: [UInt32]

    func add(to hash: inout UInt64) {
      for value in lower { hash = (hash ^ UInt64(value)) &* WordStream.prime }
    }
  }

  private static let plane: [Letter] = (0..<0x1_0000).map { (value: UInt32) in
    Unicode.Scalar(value).map(described) ?? Letter(kind: .other, lower: [])
  }

  static func letter(_ scalar: Unicode.Scalar) -> Letter {
    scalar.value < 0x1_0000 ? plane[Int(scalar.value)] : described(scalar)
  }

  static func isAlone(_ found: (scalar: Unicode.Scalar, length: Int)?) -> Bool {
    found.map { letter($0.scalar).kind == .alone } ?? false
  }

  private static func described(_ scalar: Unicode.Scalar) -> Letter {
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    guard let kind = TextUnits.letterKind(lower.first ?? scalar) else { return Letter(kind: .other, lower: []) }
    let values = lower.map(\.value)
    return switch kind {
    case .mark: Letter(kind: .mark, lower: values)
    case .alone: Letter(kind: .alone, lower: values)
    case .letter: Letter(kind: .letter, lower: values)
    }
  }
}
