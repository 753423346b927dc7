import TokenProcess

/// A record as a line of a native capture: JSON with keys in alphabetical order, numbers with the fewest digits that give them back.
///
/// Foundation's encoder takes ten times as long.
struct RecordLine {
  private(set) var bytes: [UInt8] = []
  private var isFirst = true

  init(_ record: Record) {
    bytes.reserveCapacity(64 + 24 * record.tokenLogProbabilities.count)
    bytes.append(UInt8(ascii: "{"))
    add(.embeddingFull, record.embeddingFull) { $0.append($1) }
    add(.embeddingPrefix, record.embeddingPrefix) { $0.append($1) }
    add(.epoch, record.epoch) { $0.append($1) }
    add(.generations, record.generations) { line, lists in line.list(lists) { $0.append($1) } }
    add(.greedyTokenIDs, record.greedyTokenIDs) { $0.append($1) }
    add(.id, record.id) { $0.append($1) }
    add(.logProbabilityMeans, record.logProbabilityMeans) { $0.append($1) }
    add(.logProbabilityDeviations, record.logProbabilityDeviations) { $0.append($1) }
    add(.prefix, record.prefix) { $0.append($1) }
    add(.prefixTokenIDs, record.prefixTokenIDs) { $0.append($1) }
    add(.ranks, record.ranks) { $0.append($1) }
    add(.reference, record.reference) { $0.append($1) }
    add(.referenceTokenIDs, record.referenceTokenIDs) { $0.append($1) }
    add(.repetitions, record.repetitions) { $0.append($1) }
    add(.run, record.run) { $0.append($1) }
    add(.source, record.source) { $0.append($1) }
    add(.split, record.split) { $0.append($1) }
    add(.tokenLogProbabilities, record.tokenLogProbabilities) { $0.append($1) }
    add(.topLogProbabilities, record.topLogProbabilities) { line, lists in
      line.list(lists) { line, alternatives in
        line.list(alternatives) { line, alternative in
          line.bytes.append(UInt8(ascii: "["))
          line.append(alternative.tokenID)
          line.bytes.append(UInt8(ascii: ","))
          line.append(alternative.logProbability)
          line.bytes.append(UInt8(ascii: "]"))
        }
      }
    }
    add(.trainLoss, record.trainLoss) { $0.append($1) }
    add(.vocabularySize, record.vocabularySize) { $0.append($1) }
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func add<Value>(
    _ field: RecordCoding.Field, _ value: Value?, _ write: (inout RecordLine, Value) -> Void
  ) {
    guard let value else { return }
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    append(field.rawValue)
    bytes.append(UInt8(ascii: ":"))
    write(&self, value)
  }

  private mutating func list<Value>(_ values: [Value], _ write: (inout RecordLine, Value) -> Void) {
    bytes.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(&self, value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func append(_ values: [Double]) { list(values) { $0.append($1) } }

  private mutating func append(_ values: [Int]) { list(values) { $0.append($1) } }

  private mutating func append(_ value: Int) { bytes.append(contentsOf: value.description.utf8) }

  private mutating func append(_ value: Double) {
    guard value.isFinite else {
      // JSON has no word for them.
      return append(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    }
    let digits = value.description.utf8
    bytes.append(contentsOf: digits)
    if bytes.count > 2, bytes[bytes.count - 1] == UInt8(ascii: "0"), bytes[bytes.count - 2] == UInt8(ascii: ".") {
      bytes.removeLast(2)
    }
  }

  private mutating func append(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x08: bytes.append(contentsOf: "\\b".utf8)
      case 0x0C: bytes.append(contentsOf: "\\f".utf8)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
