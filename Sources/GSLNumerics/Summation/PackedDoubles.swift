import Foundation

/// Numbers that are coded as one text: base64 of their bits, little-endian. Exact, and a hundred times faster in JSON
/// than a list.
package struct PackedDoubles: Codable, Sendable {
  package let values: [Double]

  package init(_ values: [Double]) { self.values = values }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let data = Data(base64Encoded: text), data.count % 8 == 0 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "is no base64 of whole numbers of 8 bytes")
    }
    values = data.withUnsafeBytes { bytes in
      (0..<(data.count / 8)).map {
        Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
      }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    let words = values.map(\.bitPattern.littleEndian)
    var container = encoder.singleValueContainer()
    try container.encode(words.withUnsafeBytes { Data($0) }.base64EncodedString())
  }

  /// Lists of the same length, one after the other.
  package func split(into parts: Int) -> [ArraySlice<Double>]? {
    guard parts > 0, values.count % parts == 0 else { return nil }
    let count = values.count / parts
    return (0..<parts).map { values[$0 * count..<($0 + 1) * count] }
  }
}
