/// What text metrics count in a string.
public enum TextUnits {
  /// The numbers of a text's Unicode scalars: the "characters" of Python's strings and so of RapidFuzz and Levenshtein.
  /// A letter and its combining mark are two.
  public static func scalars(_ text: String) -> [Int] {
    text.unicodeScalars.map { Int($0.value) }
  }

  /// The words of rouge_score 0.1.2: the text in lower case, cut at everything but a–z and 0–9; without stemming, which
  /// is its default.
  public static func rougeWords(_ text: String) -> [String] {
    text.lowercased().utf8.split { !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) && !isDigit($0) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Words of any script: the text in lower case, runs of letters with their marks, and of digits. Scripts that are
  /// written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) have a word for each letter.
  public static func unicodeWords(_ text: String) -> [String] {
    var words: [String] = []
    var isOpen = false
    for scalar in text.lowercased().unicodeScalars {
      switch letterKind(scalar) {
      case .mark:
        if !words.isEmpty, isOpen || isUnspaced(words[words.count - 1].unicodeScalars.first) {
          words[words.count - 1].unicodeScalars.append(scalar)
        }
      case .letter, .alone:
        let isAlone = isUnspaced(scalar)
        if isOpen, !isAlone {
          words[words.count - 1].unicodeScalars.append(scalar)
        } else {
          words.append(String(scalar))
        }
        isOpen = !isAlone
      case nil: isOpen = false
      }
    }
    return words
  }

  /// What a scalar is to a word: a letter or digit, one that is a word by itself, or a mark on the letter before it;
  /// nil for what stands between words.
  enum LetterKind { case letter, alone, mark }

  static func letterKind(_ scalar: Unicode.Scalar) -> LetterKind? {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: .mark
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      isUnspaced(scalar) ? .alone : .letter
    default: nil
    }
  }

  private static func isUnspaced(_ scalar: Unicode.Scalar?) -> Bool {
    guard let value = scalar?.value else { return false }
    return switch value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x31F0...0x31FF: true
    default: scalar?.properties.isIdeographic == true
    }
  }

  /// Whether the words of rouge_score leave out most letters of a text.
  public static func rougeDropsText(_ text: String) -> Bool {
    let all = text.unicodeScalars.count { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    return 2 * rougeWords(text).reduce(0) { $0 + $1.utf8.count } < all
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Two sequences as numbers that are equal where their elements are.
  static func numbered<Element: Hashable>(_ first: [Element], _ second: [Element]) -> ([Int], [Int]) {
    var numbers: [Element: Int] = [:]
    func number(_ element: Element) -> Int {
      if let number = numbers[element] { return number }
      numbers[element] = numbers.count
      return numbers.count - 1
    }
    return (first.map(number), second.map(number))
  }
}
