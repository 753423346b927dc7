import Foundation
import HeavyTails

/// Reads files of lengths: one whole number a line, optionally how often in a second column; `12+` is censored at 12.
///
///     0 481
///     3
///     12+ 7
///
/// Columns are separated by spaces, tabs or a comma; blank lines and those that begin with # are skipped.
public enum CountsReader {
  /// The counts of a file; `-` is standard input.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read, a line that is no count, or a file without any.
  public static func counts(path: String) throws -> CensoredCounts { try counts(try InputFile(path: path)) }

  /// The counts of a file that has been opened, of which nothing has been read.
  ///
  /// - Throws: As ``counts(path:)``.
  public static func counts(_ input: InputFile) throws -> CensoredCounts {
    let path = input.path
    var chunks = LineChunks(input)
    // Lines of one short number, which most are, are counted as they come.
    var histogram = Array(repeating: 0, count: 1 << 12)
    var cells: [CensoredCounts.Cell] = []
    while let chunk = try chunks.next() {
      try chunk.forEachLine { line, number in
        if let length = shortNumber(line) {
          histogram[length] += 1
        } else if let cell = try cell(line, number, path) {
          cells.append(cell)
        }
      }
    }
    for (length, count) in histogram.enumerated() where count > 0 {
      cells.append(.init(length: length, exact: Double(count), censored: 0))
    }
    guard let counts = try? CensoredCounts(cells), counts.total > 0 else {
      throw CaptureError(file: path, problem: "no counts")
    }
    return counts
  }

  /// The number that is all of a line, below 4,096; nil for anything else.
  @inline(__always)
  private static func shortNumber(_ line: UnsafeBufferPointer<UInt8>) -> Int? {
    let count = line.last == UInt8(ascii: "\r") ? line.count - 1 : line.count
    guard count >= 1, count <= 4 else { return nil }
    var value = 0
    for index in 0..<count {
      let digit = Int(line[index]) - 48
      guard digit >= 0, digit <= 9 else { return nil }
      value = 10 * value + digit
    }
    return value < 1 << 12 ? value : nil
  }

  /// The cell of a line; nil for a comment.
  private static func cell(
    _ line: UnsafeBufferPointer<UInt8>, _ number: Int, _ path: String
  ) throws(CaptureError) -> CensoredCounts.Cell? {
    let text = String(decoding: line, as: UTF8.self)
    let columns = text.split { " \t,\r".contains($0) }
    guard let first = columns.first, !first.hasPrefix("#") else { return nil }
    func failure(_ field: String, _ problem: String) -> CaptureError {
      CaptureError(file: path, line: number, field: field, problem: problem)
    }
    let isCensored = first.hasSuffix("+")
    guard let length = Int(isCensored ? first.dropLast() : first), (0...CensoredCounts.longestLength).contains(length)
    else {
      throw failure("length", "\"\(first.prefix(40))\" is not a whole number from 0 to 2^60")
    }
    var weight = 1.0
    if columns.count > 1 {
      guard let number = Double(columns[1]), (0...CensoredCounts.largestWeight).contains(number) else {
        throw failure("count", "\"\(columns[1].prefix(40))\" is not a number from 0 to 2^53")
      }
      weight = number
    }
    guard columns.count <= 2 else { throw failure("line", "has more than two columns") }
    return .init(length: length, exact: isCensored ? 0 : weight, censored: isCensored ? weight : 0)
  }

  /// Whether a file, of which nothing has been read, is to be taken for counts: its first line that is neither blank
  /// nor a comment is no JSON, nor anything binary.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read.
  public static func isCounts(_ input: InputFile) throws(CaptureError) -> Bool {
    let text = String(decoding: try input.beginning(), as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).lazy.map { $0.drop { " \t\u{FEFF}".contains($0) } }
      .first { !$0.isEmpty && !$0.hasPrefix("#") }
    return line.map { !$0.hasPrefix("{") && !$0.hasPrefix("[") && !$0.contains("\0") } ?? true
  }
}
