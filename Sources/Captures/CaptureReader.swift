import Foundation
import TokenProcess

/// Streams the records of native captures (`capture.jsonl`, one JSON object a line).
///
/// Memory is constant in the number of records. Lines are parsed on several threads and delivered in their order. Blank
/// lines are skipped.
public struct CaptureReader: Sendable {
  /// The files, read one after the other; `-` is standard input.
  public let files: [String]
  /// Tasks that parse lines.
  public let threads: Int

  /// A reader of one or more files.
  public init(files: [String], threads: Int = 1) {
    self.files = files
    self.threads = max(1, threads)
  }

  /// What a line held: a valid record, or what is wrong with it.
  public typealias Line = Result<Record, CaptureError>

  /// Calls `body` with every line's record or error, in order.
  ///
  /// - Parameters:
  ///   - progress: Called now and then with the number of bytes read so far.
  ///   - body: Called for every line that is not blank; what it throws ends the reading.
  /// - Throws: `CaptureError` for a file that cannot be read as a whole; `CancellationError`; whatever `body` throws.
  public func forEachLine(
    progress: (Int) -> Void = { _ in }, _ body: (Line) throws -> Void
  ) async throws {
    try await forEachPart(progress: progress, { $0 }) { lines in
      for line in lines { try body(line) }
    }
  }

  /// Makes something of some lines at a time, on several threads, and calls `body` with each result in the order of the lines.
  ///
  /// Where the lines are cut depends on the files alone, so that results do not depend on the number of threads.
  ///
  /// - Parameters:
  ///   - progress: Called now and then with the number of bytes read so far.
  ///   - transform: What to make of lines.
  ///   - body: Called with each result; what it throws ends the reading.
  /// - Throws: `CaptureError` for a file that cannot be read as a whole; `CancellationError`; whatever `body` throws.
  public func forEachPart<Part: Sendable>(
    progress: (Int) -> Void = { _ in }, _ transform: @escaping @Sendable ([Line]) -> Part, _ body: (Part) throws -> Void
  ) async throws {
    var pending: [Task<Part, Never>] = []
    defer { for task in pending { task.cancel() } }
    func deliverFirst() async throws {
      let part = await pending.removeFirst().value
      try Task.checkCancellation()
      try body(part)
    }
    var bytesBefore = 0
    for file in files {
      var chunks = try LineChunks(path: file)
      while let chunk = try chunks.next() {
        pending.append(Task { transform(Self.lines(of: chunk, file: file)) })
        progress(bytesBefore + chunks.bytesRead)
        if pending.count > threads { try await deliverFirst() }
      }
      bytesBefore += chunks.bytesRead
    }
    while !pending.isEmpty { try await deliverFirst() }
  }

  private static func lines(of chunk: LineChunk, file: String) -> [Line] {
    var parser = RecordParser()
    var coder: LineCoder?
    var lines: [Line] = []
    chunk.forEachLine { line, number in
      if var record = parser.record(line), (try? record.validate()) != nil {
        lines.append(.success(record))
      } else {
        // Something unusual or wrong.
        let slow = coder ?? LineCoder()
        coder = slow
        lines.append(slow.decode(Data(buffer: line), file: file, number: number))
      }
    }
    return lines
  }

  /// All records of small files at once.
  ///
  /// - Throws: `CaptureError` for the first bad line or file.
  public func records() async throws -> [Record] {
    var records: [Record] = []
    try await forEachLine { records.append(try $0.get()) }
    return records
  }
}
