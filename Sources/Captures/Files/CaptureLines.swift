import Foundation

/// The lines of a file or of standard input that are not blank, one at a time.
public final class CaptureLines {
  private var chunks: LineChunks
  private var lines: [(number: Int, line: Data)] = []
  private var position = 0
  /// The number of the last line returned, from 1; blank lines count, but are not returned.
  public private(set) var lineNumber = 0

  /// The lines of an opened file.
  public init(_ input: InputFile) {
    chunks = LineChunks(input)
  }

  /// Opens a file; `-` is standard input.
  ///
  /// - Throws: `CaptureError` for a file that cannot be opened.
  public convenience init(path: String, sources: [any LineSource] = []) throws(CaptureError) {
    self.init(try InputFile(path: path, sources: sources))
  }

  /// The next line that is not blank, without its end; nil at the end of the file.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read, or a line of more than 256 MiB.
  public func next() throws(CaptureError) -> Data? {
    while position == lines.count {
      guard let chunk = try chunks.next() else { return nil }
      position = 0
      lines = []
      chunk.forEachLine { line, number in lines.append((number, Data(buffer: line))) }
    }
    defer { position += 1 }
    lineNumber = lines[position].number
    return lines[position].line
  }
}
