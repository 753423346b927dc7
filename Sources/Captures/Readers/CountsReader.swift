import Foundation
import HeavyTails

/// Reads files of lengths, one a line: a whole number, a lower bound (`12+`) or an interval with both ends included
/// (`3-5`). A second column may say how often. A third may give the entry length, below which the length could not have
/// been observed.
///
///     0 481
///     3
///     12+ 7
///     3-5 12
///     9 1 4
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
    var observations: [LengthInterval] = []
    while let chunk = try chunks.next() {
      try chunk.forEachLine { line, number in
        if let length = shortNumber(line) {
          histogram[length] += 1
        } else if let observation = try observation(line, number, path) {
          observations.append(observation)
        }
      }
    }
    let cells = histogram.enumerated().filter { $0.element > 0 }
      .map { CensoredCounts.Cell(length: $0.offset, exact: Double($0.element)) }
    guard let counts = try? CensoredCounts(cells, intervals: observations), counts.total > 0 else {
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

  /// What a line says; nil for a comment.
  private static func observation(
    _ line: UnsafeBufferPointer<UInt8>, _ number: Int, _ path: String
  ) throws(CaptureError) -> LengthInterval? {
    let text = String(decoding: line, as: UTF8.self)
    let columns = text.split { " \t,\r".contains($0) }
    guard let first = columns.first, !first.hasPrefix("#") else { return nil }
    func failure(_ field: String, _ problem: String) -> CaptureError {
      CaptureError(file: path, line: number, field: field, problem: problem)
    }
    func length(_ text: Substring, _ field: String) throws(CaptureError) -> Int {
      guard text.first != "+", let value = Int(text), (0...CensoredCounts.longestLength).contains(value) else {
        throw failure(field, "\"\(text.prefix(40))\" is not a whole number from 0 to 2^60")
      }
      return value
    }
    let ends = first.split(separator: "-", omittingEmptySubsequences: false)
    if ends.count == 2, !ends[0].isEmpty, ends[1].isEmpty || ends[1].hasSuffix("+") {
      throw failure(
        "length", "\"\(first.prefix(40))\" is an interval without an end; for a lower bound write \(ends[0])+")
    }
    let lower: Int
    var upper: Int?
    if ends.count == 2, !ends[0].isEmpty {
      (lower, upper) = (try length(ends[0], "length"), try length(ends[1], "length"))
      guard lower <= upper ?? lower else {
        throw failure("length", "\"\(first.prefix(40))\" is an interval that ends before it begins")
      }
    } else if first.hasSuffix("+") {
      lower = try length(first.dropLast(), "length")
    } else {
      lower = try length(first, "length")
      upper = lower
    }
    var weight = 1.0
    if columns.count > 1 {
      guard let number = Double(columns[1]), (0...CensoredCounts.largestWeight).contains(number) else {
        throw failure("count", "\"\(columns[1].prefix(40))\" is not a number from 0 to 2^53")
      }
      weight = number
    }
    let entry = columns.count > 2 ? try length(columns[2], "entry") : 0
    guard entry <= lower else {
      let what = upper == lower ? "the length \(lower), which" : "\(lower), the least of the possible lengths, which"
      throw failure("entry", "\(entry) is above \(what) could then not have been observed")
    }
    guard columns.count <= 3 else { throw failure("line", "has more than three columns") }
    return LengthInterval(from: lower, through: upper, entry: entry, weight: weight)
  }

  /// The lines of a file of counts without intervals.
  public static func lines(of counts: CensoredCounts) -> [String] {
    counts.cells.flatMap { cell in
      [("\(cell.length)", cell.exact), ("\(cell.length)+", cell.censored)].filter { $0.1 > 0 }
        .map { "\($0.0) \($0.1 == $0.1.rounded() ? "\(Int($0.1))" : "\($0.1)")" }
    }
  }

  /// Whether a file, of which nothing has been read, is to be taken for counts: its first line that is neither blank
  /// nor a comment is no JSON, nor anything binary.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read.
  public static func isCounts(_ input: InputFile) throws(CaptureError) -> Bool {
    var rest = try input.beginning()[...]
    while !rest.isEmpty {
      let bytes = rest.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      rest = rest.dropFirst(bytes.count + 1)
      let line = String(decoding: bytes, as: UTF8.self).drop { " \t\u{FEFF}".contains($0) }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      return !line.hasPrefix("{") && !line.hasPrefix("[") && !line.contains("\0")
    }
    return true
  }
}
