import CListScan
import Foundation

/// A position in a JSON text, moved forward by reading values.
///
/// The grammar is JSON's, and -Infinity, Infinity and NaN as Python writes them, bare or in quotation marks. What is
/// wrong is said with the path to it, see ``JSONFault``.
///
/// The text must be followed by at least eight more bytes that can be read, the first of which is no part of a number.
struct JSONCursor {

  private var position: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  /// 10^0 … 10^8.
  private let powers = DecimalNumber.wholePowers.values

  init(_ text: UnsafeBufferPointer<UInt8>) {
    position = text.baseAddress!
    end = position + text.count
  }

  /// What is read of a whole text.
  ///
  /// - Throws: `JSONFault` for what is wrong with it, or something that is left over.
  static func value<Value>(
    of text: Data, _ read: (inout JSONCursor) throws(JSONFault) -> Value
  ) throws(JSONFault) -> Value {
    // The cursor looks a few bytes ahead.
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count + 8) { buffer, count in
      count = text.copyBytes(to: buffer)
      for index in count..<(count + 8) { buffer.initializeElement(at: index, to: 0) }
      count += 8
    }
    return try bytes.withUnsafeBufferPointer { buffer throws(JSONFault) in
      try value(of: UnsafeBufferPointer(rebasing: buffer[..<text.count]), read)
    }
  }

  /// The same of a text that is followed by at least eight more readable bytes, the first of which is no part of a
  /// number.
  static func value<Value>(
    of text: UnsafeBufferPointer<UInt8>, _ read: (inout JSONCursor) throws(JSONFault) -> Value
  ) throws(JSONFault) -> Value {
    guard text.baseAddress != nil else { throw .syntax }
    var cursor = JSONCursor(text)
    let value = try read(&cursor)
    guard cursor.isAtEnd else { throw .syntax }
    return value
  }

  /// Whether only white space is left.
  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return position >= end
    }
  }

  @inline(__always)
  private mutating func skipSpace() {
    while position < end,
      position.pointee == 0x20 || position.pointee == 0x09 || position.pointee == 0x0D
        || position.pointee == 0x0A
    {
      position += 1
    }
  }

  /// The byte that the next value begins with; 0 at the end.
  var next: UInt8 {
    mutating get {
      skipSpace()
      return position < end ? position.pointee : 0
    }
  }

  /// Moves past a symbol if it comes next.
  @inline(__always)
  mutating func skip(_ symbol: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < end, position.pointee == UInt8(truncatingIfNeeded: symbol.value) else { return false }
    position += 1
    return true
  }

  /// Moves past `null` if it comes next.
  mutating func skipNull() -> Bool {
    skipSpace()
    guard end - position >= 4, UnsafeRawPointer(position).loadUnaligned(as: UInt32.self).littleEndian == 0x6C6C_756E
    else { return false }
    position += 4
    return true
  }

  /// Moves past a symbol that must come next.
  @inline(__always)
  mutating func require(_ symbol: Unicode.Scalar) throws(JSONFault) {
    guard skip(symbol) else { throw .syntax }
  }

  /// The bytes of a key as they are written; nil for one with escapes or letters beyond ASCII, which is still to be
  /// read.
  @inline(__always)
  mutating func plainKey() throws(JSONFault) -> UnsafeBufferPointer<UInt8>? {
    let beginning = self
    try require("\"")
    let start = position
    while position < end, position.pointee != 0x22 {
      if position.pointee == 0x5C || position.pointee < 0x20 || position.pointee >= 0x80 {
        self = beginning
        return nil
      }
      position += 1
    }
    guard position < end else { throw .syntax }
    defer { position += 1 }
    return UnsafeBufferPointer(start: start, count: position - start)
  }

  /// A key.
  mutating func key() throws(JSONFault) -> String {
    if let plain = try plainKey() { return String(decoding: plain, as: UTF8.self) }
    return try text()
  }

  /// A text.
  mutating func text() throws(JSONFault) -> String {
    guard next == 0x22 else { throw wrongKind("a text") }
    let text = try textBytes()
    return try Self.value(of: text.bytes, hasEscapes: text.hasEscapes)
  }

  /// Moves past a text.
  private mutating func skipText() throws(JSONFault) {
    guard next == 0x22 else { throw .syntax }
    let text = try textBytes()
    if text.isASCII, !text.hasEscapes { return }
    _ = try Self.value(of: text.bytes, hasEscapes: text.hasEscapes)
  }

  private static func value(of bytes: UnsafeBufferPointer<UInt8>, hasEscapes: Bool) throws(JSONFault) -> String {
    let text =
      hasEscapes
      ? String(validating: try unescaped(bytes), as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    guard let text else { throw JSONFault("is not UTF-8") }
    return text
  }

  /// The bytes of a text as they are written.
  @inline(__always)
  private mutating func textBytes() throws(JSONFault) -> (
    bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool, hasEscapes: Bool
  ) {
    try require("\"")
    let start = position
    var (isASCII, hasEscapes) = (true, false)
    while position < end {
      // Eight bytes at a time, the first lowest: the high bit of the first that is a quotation mark, a backslash, a
      // control, or no ASCII.
      let bytes = UnsafeRawPointer(position).loadUnaligned(as: UInt64.self).littleEndian
      let special =
        (Self.zeros(bytes ^ 0x2222_2222_2222_2222) | Self.zeros(bytes ^ 0x5C5C_5C5C_5C5C_5C5C)
          | (bytes &- 0x2020_2020_2020_2020) | bytes) & 0x8080_8080_8080_8080
      guard special != 0 else {
        position += 8
        continue
      }
      position += special.trailingZeroBitCount >> 3
      guard position < end else { break }
      switch position.pointee {
      case 0x22:
        defer { position += 1 }
        return (UnsafeBufferPointer(start: start, count: position - start), isASCII, hasEscapes)
      case 0x5C:
        hasEscapes = true
        position += 2
      case 0x80...:
        isASCII = false
        position += 1
      // Bytes below another special one may look special.
      case 0x20...: position += 1
      default: throw JSONFault("has a control character in a text, which JSON writes as an escape")
      }
    }
    throw .syntax
  }

  /// The high bit of the first byte that is zero, and perhaps of later ones.
  @inline(__always)
  private static func zeros(_ bytes: UInt64) -> UInt64 { (bytes &- 0x0101_0101_0101_0101) & ~bytes }

  private static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> [UInt8] {
    let invalid = JSONFault("has an escape that JSON does not know")
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    func codeUnit(at start: Int) -> UInt32? {
      guard start + 4 <= bytes.count else { return nil }
      var value: UInt32 = 0
      for byte in bytes[start..<(start + 4)] {
        switch byte {
        case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
        case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
        case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
        default: return nil
        }
      }
      return value
    }
    while index < bytes.count {
      guard bytes[index] == 0x5C else {
        result.append(bytes[index])
        index += 1
        continue
      }
      guard index + 1 < bytes.count else { throw invalid }
      index += 2
      switch bytes[index - 1] {
      case 0x22, 0x5C, 0x2F: result.append(bytes[index - 1])
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"):
        guard var value = codeUnit(at: index) else { throw invalid }
        index += 4
        if (0xD800..<0xDC00).contains(value) {
          guard index + 1 < bytes.count, bytes[index] == 0x5C, bytes[index + 1] == UInt8(ascii: "u"),
            let low = codeUnit(at: index + 2), (0xDC00..<0xE000).contains(low)
          else { throw JSONFault("has half of a surrogate pair, which is no text") }
          value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
          index += 6
        }
        guard let scalar = Unicode.Scalar(value) else {
          throw JSONFault("has half of a surrogate pair, which is no text")
        }
        result.append(contentsOf: UTF8.encode(scalar)!)
      default: throw invalid
      }
    }
    return result
  }

  /// A whole number, in whatever way it is written.
  @inline(__always)
  mutating func integer() throws(JSONFault) -> Int {
    skipSpace()
    let beginning = position
    if let (isNegative, value, start) = wholePart(), position - start <= 18, position <= end, !continuesNumber {
      return isNegative ? -Int(value) : Int(value)
    }
    position = beginning
    return try unusualInteger()
  }

  /// The sign and the digits that a number begins with, no zero before others, and where the digits begin; nil where it
  /// does not.
  @inline(__always)
  private mutating func wholePart() -> (isNegative: Bool, value: UInt64, start: UnsafePointer<UInt8>)? {
    let isNegative = position.pointee == 0x2D
    if isNegative { position += 1 }
    let start = position
    var value: UInt64 = 0
    digits(into: &value)
    guard position - start == 1 || position - start > 1 && start.pointee != 0x30 else { return nil }
    return (isNegative, value, start)
  }

  /// Whether what comes next would belong to the same number.
  @inline(__always)
  private var continuesNumber: Bool {
    position < end && (position.pointee == 0x2E || position.pointee | 0x20 == 0x65)
  }

  /// A number, infinities and NaN among them.
  @inline(__always)
  mutating func number() throws(JSONFault) -> Double {
    skipSpace()
    let beginning = position
    if let value = plainNumber() { return value }
    position = beginning
    return try unusualNumber()
  }

  /// A number of at most 19 digits and an exponent that the table knows; nil for any other.
  @inline(__always)
  private mutating func plainNumber() -> Double? {
    guard let (isNegative, whole, start) = wholePart() else { return nil }
    var value = whole
    var exponent = 0
    // Zeros before the first other digit do not count.
    var significant = start.pointee == 0x30 ? 0 : position - start
    if position < end, position.pointee == 0x2E {
      position += 1
      let fraction = position
      if significant == 0 {
        while position < end, position.pointee == 0x30 { position += 1 }
      }
      let first = position
      digits(into: &value)
      significant += position - first
      exponent = fraction - position
      guard exponent < 0 else { return nil }
    }
    if position < end, position.pointee | 0x20 == 0x65 {
      position += 1
      var isDown = false
      if position < end, position.pointee == 0x2D || position.pointee == 0x2B {
        isDown = position.pointee == 0x2D
        position += 1
      }
      let first = position
      var power: UInt64 = 0
      digits(into: &power)
      guard (1...9).contains(position - first) else { return nil }
      exponent += isDown ? -Int(power) : Int(power)
    }
    guard position <= end, significant <= 19,
      let magnitude = DecimalNumber.value(significand: value, exponent: exponent)
    else { return nil }
    return isNegative ? -magnitude : magnitude
  }

  /// The characters of a number of any length, as JSON writes numbers; nil for anything else.
  private mutating func numberText() -> String? {
    let start = position
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    func digits() -> Int {
      let first = position
      while position < end, isDigit(position.pointee) { position += 1 }
      return position - first
    }
    if position < end, position.pointee == 0x2D { position += 1 }
    let leading = position < end ? position.pointee : 0
    let count = digits()
    guard count == 1 || count > 1 && leading != 0x30 else { return nil }
    if position < end, position.pointee == 0x2E {
      position += 1
      guard digits() > 0 else { return nil }
    }
    if position < end, position.pointee | 0x20 == 0x65 {
      position += 1
      if position < end, position.pointee == 0x2D || position.pointee == 0x2B { position += 1 }
      guard digits() > 0 else { return nil }
    }
    return String(decoding: UnsafeBufferPointer(start: start, count: position - start), as: UTF8.self)
  }

  private mutating func unusualNumber() throws(JSONFault) -> Double {
    let words: [(StaticString, Double)] = [("-Infinity", -.infinity), ("Infinity", .infinity), ("NaN", .nan)]
    let beginning = self
    let isText = skip("\"")
    for (word, value) in words where (try? skipWord(word)) != nil {
      if isText, !skip("\"") { break }
      return value
    }
    self = beginning
    guard next == 0x2D || (0x30...0x39).contains(next) else { throw wrongKind("a number") }
    guard let text = numberText() else { throw .syntax }
    let value = strtod(text, nil)
    guard value.isFinite else { throw JSONFault("is out of the range of numbers") }
    return value
  }

  private mutating func unusualInteger() throws(JSONFault) -> Int {
    guard next == 0x2D || (0x30...0x39).contains(next) else { throw wrongKind("an integer") }
    guard let text = numberText() else { throw .syntax }
    guard let value = Int(text) ?? Double(text).flatMap({ Int(exactly: $0) }) else {
      throw JSONFault("is not an integer")
    }
    return value
  }

  /// What is wrong where a value is of another kind than was asked for, or no value at all.
  private mutating func wrongKind(_ kind: String) -> JSONFault {
    switch next {
    case UInt8(ascii: "n"): return skipNull() ? JSONFault("is null") : .syntax
    case 0x22, 0x5B, 0x7B, UInt8(ascii: "t"), UInt8(ascii: "f"), 0x2D, 0x30...0x39: return JSONFault("is not \(kind)")
    default: return .syntax
    }
  }

  /// Moves past digits and takes them into a number that is right if they are at most 19.
  @inline(__always)
  private mutating func digits(into value: inout UInt64) {
    while true {
      // Eight bytes at a time, the first lowest. A digit becomes its value.
      let bytes = UnsafeRawPointer(position).loadUnaligned(as: UInt64.self).littleEndian ^ 0x3030_3030_3030_3030
      // The high bit of the first byte that is more than 9, and perhaps of later ones.
      let others = ((bytes &+ 0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080
      let count = others == 0 ? 8 : others.trailingZeroBitCount >> 3
      guard count > 0 else { return }
      value = value &* powers[count] &+ Self.number(bytes << UInt64(8 * (8 - count)))
      position += count
      guard count == 8 else { return }
    }
  }

  /// The number of eight digits, the first lowest: pairs, then fours, then all, each by one multiplication.
  @inline(__always)
  private static func number(_ digits: UInt64) -> UInt64 {
    var value = (digits &* 2561) >> 8
    value = ((value & 0x00FF_00FF_00FF_00FF) &* 6_553_601) >> 16
    return ((value & 0x0000_FFFF_0000_FFFF) &* 42_949_672_960_001) >> 32
  }

  /// A list of values, collected in `scratch`, which spares an allocation a list.
  @inline(__always)
  mutating func list<Value>(
    _ scratch: inout [Value], _ read: (inout JSONCursor) throws(JSONFault) -> Value
  ) throws(JSONFault) -> [Value] {
    guard skip("[") else { throw wrongKind("a list") }
    scratch.removeAll(keepingCapacity: true)
    if skip("]") { return [] }
    repeat {
      do throws(JSONFault) {
        scratch.append(try read(&self))
      } catch {
        throw error.inside(scratch.count)
      }
    } while skip(",")
    try require("]")
    // A copy: the array itself would keep room for the longest list.
    return scratch.withUnsafeBufferPointer { Array($0) }
  }

  /// The members of an object whose keys are all different, in their order; those that are null are left out.
  mutating func object(
    _ member: (_ name: String, inout JSONCursor) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    guard skip("{") else { throw wrongKind("an object") }
    if skip("}") { return }
    var names: [String] = []
    repeat {
      let name = try key()
      guard !names.contains(name) else { throw JSONFault("is there twice").inside(name) }
      names.append(name)
      try require(":")
      if skipNull() { continue }
      do throws(JSONFault) {
        try member(name, &self)
      } catch {
        throw error.inside(name)
      }
    } while skip(",")
    try require("}")
  }

  /// A name: a text, or a whole number as it is written.
  mutating func name() throws(JSONFault) -> String {
    guard next != UInt8(ascii: "\"") else { return try text() }
    do throws(JSONFault) {
      return "\(try integer())"
    } catch {
      throw JSONFault("is neither a text nor a whole number")
    }
  }

  /// A list of whole numbers.
  mutating func integers() throws(JSONFault) -> [Int] {
    var values: [Int] = []
    return try list(&values) { cursor throws(JSONFault) in try cursor.integer() }
  }

  /// Moves past lists of numbers in lists, without a look at the numbers.
  mutating func skipNumberLists() throws(JSONFault) {
    let beginning = self
    guard skip("[") else { throw wrongKind("a list") }
    if let past = end_of_list(position, end) {
      position = past
    } else {
      // Texts among the numbers, or no end.
      self = beginning
      try skipValue()
    }
  }

  /// Moves past a value of any kind.
  mutating func skipValue(depth: Int = 0) throws(JSONFault) {
    skipSpace()
    guard position < end else { throw .syntax }
    guard depth < Self.deepest else { throw JSONFault("is nested deeper than \(Self.deepest)") }
    switch position.pointee {
    case 0x22: try skipText()
    case 0x5B:
      position += 1
      if skip("]") { return }
      repeat { try skipValue(depth: depth + 1) } while skip(",")
      try require("]")
    case 0x7B:
      position += 1
      if skip("}") { return }
      repeat {
        try skipText()
        try require(":")
        try skipValue(depth: depth + 1)
      } while skip(",")
      try require("}")
    case 0x74: try skipWord("true")
    case 0x66: try skipWord("false")
    case 0x6E: try skipWord("null")
    default: _ = try number()
    }
  }

  /// How deep values may be nested.
  static let deepest = 512

  private mutating func skipWord(_ word: StaticString) throws(JSONFault) {
    let count = word.utf8CodeUnitCount
    guard end - position >= count, memcmp(position, word.utf8Start, count) == 0 else { throw .syntax }
    position += count
  }
}
