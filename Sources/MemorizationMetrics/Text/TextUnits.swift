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
