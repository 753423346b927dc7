/// Where a tokenizer's pieces stand in the text that they are of.
///
/// Pieces come as bytes (llama.cpp), or as a vocabulary writes them: bytes as printable characters (GPT-2 and all that
/// follow it), or `▁` for a space and `<0x0A>` for a byte (SentencePiece). Whichever way gives the text back is right.
enum TokenOffsets {
  /// A piece as a server sends it.
  enum Piece {
    case bytes([UInt8])
    case text(String)
  }

  /// The offset of each piece in Unicode scalars, and the end of the last; nil where no reading of the pieces gives the
  /// text. A piece that begins within a character has the character's offset.
  static func offsets(of pieces: [Piece], in text: String) -> [Int]? {
    let whole = Array(text.utf8)
    let readings: [(String) -> [UInt8]?] = [{ Array($0.utf8) }, byteLevel, sentencePiece]
    for reading in readings {
      var bytes: [[UInt8]] = []
      for piece in pieces {
        switch piece {
        case .bytes(let own): bytes.append(own)
        case .text(let own):
          guard let read = reading(own) else { break }
          bytes.append(read)
        }
      }
      guard bytes.count == pieces.count else { continue }
      // Some tokenizers put a space before every text.
      for isPadded in [false, true] {
        if let offsets = offsets(of: bytes, in: whole, skipping: isPadded ? 1 : 0) { return offsets }
      }
    }
    return nil
  }

  private static func offsets(of pieces: [[UInt8]], in text: [UInt8], skipping padding: Int) -> [Int]? {
    guard pieces.reduce(0, { $0 + $1.count }) == text.count + padding else { return nil }
    // The number of scalars that begin before each byte.
    var scalars = [0]
    scalars.reserveCapacity(text.count + 1)
    for byte in text { scalars.append(scalars[scalars.count - 1] + (byte & 0xC0 == 0x80 ? 0 : 1)) }
    var offsets: [Int] = []
    var at = -padding
    for piece in pieces {
      offsets.append(at <= 0 ? 0 : begins(text, at) ? scalars[at] : scalars[at] - 1)
      for byte in piece {
        guard at < 0 ? byte == 0x20 : text[at] == byte else { return nil }
        at += 1
      }
    }
    return offsets + [scalars[text.count]]
  }

  private static func begins(_ text: [UInt8], _ at: Int) -> Bool { at == text.count || text[at] & 0xC0 != 0x80 }

  /// Bytes as printable characters: those that are printable in Latin-1 stand for themselves, the others in order for
  /// U+0100 and what follows.
  private static func byteLevel(_ piece: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in piece.unicodeScalars {
      guard let byte = byteOfCharacter[scalar.value] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static let byteOfCharacter: [UInt32: UInt8] = {
    var table: [UInt32: UInt8] = [:]
    var next: UInt32 = 0x100
    for byte in UInt8.min...UInt8.max {
      let isPrintable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
      table[isPrintable ? UInt32(byte) : next] = byte
      if !isPrintable { next += 1 }
    }
    return table
  }()

  private static func sentencePiece(_ piece: String) -> [UInt8]? {
    if piece.count == 6, piece.hasPrefix("<0x"), piece.hasSuffix(">"),
      let byte = UInt8(piece.dropFirst(3).dropLast(), radix: 16)
    {
      return [byte]
    }
    return Array(piece.replacing("\u{2581}", with: " ").utf8)
  }
}
