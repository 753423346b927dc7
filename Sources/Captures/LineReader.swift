import Foundation

/// The lines of a file or of standard input, read in pieces: memory does not grow with the file.
struct LineReader {
  /// A longer line is no record: the bound keeps a binary file without line ends out of memory.
  static let longestLine = 256 << 20
  private static let chunkSize = 1 << 20

  private let path: String
  private let handle: FileHandle
  private var buffer = Data()
  private var isAtEnd = false
  /// Bytes read so far.
  private(set) var bytesRead = 0
  /// The number of the last line returned, from 1.
  private(set) var lineNumber = 0

  /// Opens a file; `-` is standard input.
  init(path: String) throws(CaptureError) {
    self.path = path
    if path == "-" {
      handle = .standardInput
      return
    }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw CaptureError(file: path, problem: "no such file")
    }
    guard !isDirectory.boolValue else { throw CaptureError(file: path, problem: "is a directory, not a capture") }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw CaptureError(file: path, problem: "cannot be opened for reading")
    }
    self.handle = handle
  }

  /// Counts a line, and takes the byte order mark off the first.
  private mutating func numbered(_ line: Data) -> Data {
    lineNumber += 1
    return lineNumber == 1 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
  }

  /// The next line without its end; nil at the end of the file. A last line needs no line end.
  mutating func next() throws(CaptureError) -> Data? {
    var searchStart = buffer.startIndex
    while true {
      if let end = buffer[searchStart...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer[buffer.startIndex..<end]
        buffer = buffer[(end + 1)...]
        return numbered(line)
      }
      if isAtEnd {
        guard !buffer.isEmpty else { return nil }
        defer { buffer = Data() }
        return numbered(buffer)
      }
      guard buffer.count <= Self.longestLine else {
        throw CaptureError(
          file: path, line: lineNumber + 1, problem: "is longer than \(Self.longestLine >> 20) MiB; not a JSONL file")
      }
      let searched = buffer.count
      buffer = Data(buffer)
      do {
        // read(upToCount:) gives nil at the end of the file.
        if let chunk = try handle.read(upToCount: Self.chunkSize) {
          bytesRead += chunk.count
          buffer.append(chunk)
        } else {
          isAtEnd = true
        }
      } catch {
        throw CaptureError(file: path, line: lineNumber + 1, problem: "cannot be read: \(error.localizedDescription)")
      }
      searchStart = buffer.startIndex + searched
    }
  }
}

extension Data {
  /// Whether a line holds nothing but spaces, tabs and carriage returns.
  var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
