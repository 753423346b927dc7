import Foundation
import TokenProcess

/// Streams the records of captures: native ones (`capture.jsonl`, one JSON object a line), and what servers and arrays
/// hold, see ``CaptureFormat``.
///
/// Memory is constant in the number of records, but for arrays that are compressed. Records are made on several threads
/// and delivered in their order. Blank lines are skipped.
public struct CaptureReader: Sendable {
  /// The files, read one after the other; `-` is standard input.
  public let files: [String]
  /// Tasks that make records.
  public let threads: Int
  /// The format, and what it leaves open.
  public let options: CaptureOptions

  /// A reader of one or more files.
  public init(files: [String], threads: Int = 1, options: CaptureOptions = CaptureOptions()) {
    self.files = files
    self.threads = Swift.max(1, threads)
    self.options = options
  }

  /// Calls `body` with every line's record or error, in order.
  ///
  /// - Parameters:
  ///   - progress: Called now and then with the number of bytes read so far.
  ///   - body: Called for every line that is not blank; what it throws ends the reading.
  /// - Throws: `CaptureError` for a file that cannot be read as a whole; `CancellationError`; whatever `body` throws.
  public func forEachLine(
    progress: (Int) -> Void = { _ in }, _ body: (CaptureLine) throws -> Void
  ) async throws {
    try await forEachPart(progress: progress, { $0 }) { lines in
      for line in lines { try body(line) }
    }
  }

  /// Makes something of some lines at a time, on several threads, and calls `body` with each result in the order of the
  /// lines.
  ///
  /// Where the lines are cut depends on the files alone, so that results do not depend on the number of threads.
  ///
  /// - Parameters:
  ///   - progress: Called now and then with the number of bytes read so far.
  ///   - transform: What to make of lines.
  ///   - body: Called with each result; what it throws ends the reading.
  /// - Throws: `CaptureError` for a file that cannot be read as a whole; `CancellationError`; whatever `body` throws.
  public func forEachPart<Part: Sendable>(
    progress: (Int) -> Void = { _ in }, _ transform: @escaping @Sendable ([CaptureLine]) -> Part,
    _ body: (Part) throws -> Void
  ) async throws {
    var bytes = 0
    for file in files {
      let input = try InputFile(path: file, sources: options.sources)
      try await forEachPart(of: input, progress: { progress(bytes + $0) }, transform, body)
      bytes += input.bytesRead
    }
  }

  /// The same for one file that has been opened.
  ///
  /// - Parameters:
  ///   - input: One of ``files``, of which nothing has been read.
  ///   - progress: Called now and then with the number of bytes read of this file.
  ///   - transform: What to make of lines.
  ///   - body: Called with each result; what it throws ends the reading.
  /// - Throws: As ``forEachPart(progress:_:_:)``.
  public func forEachPart<Part: Sendable>(
    of input: InputFile, progress: (Int) -> Void = { _ in }, _ transform: @escaping @Sendable ([CaptureLine]) -> Part,
    _ body: (Part) throws -> Void
  ) async throws {
    let parts = PartsInOrder(try batches(of: input), threads: threads, transform)
    while let part = try await parts.next(isolation: nil, willRead: { progress(input.bytesRead) }) { try body(part) }
  }

  fileprivate func batches(of input: InputFile) throws(CaptureError) -> any RecordBatches {
    // Records without a name of their own are called after their place in the file: those of several files must differ.
    let prefix = files.count == 1 ? "" : "\(input.path):"
    let format: CaptureFormat
    if let given = options.format {
      format = given
    } else {
      let beginning = try input.beginning()
      if let problem = CaptureFormat.stranger(beginning: beginning) {
        throw CaptureError(file: input.path, problem: problem)
      }
      format = CaptureFormat(beginning: beginning)
    }
    try options.check(format, file: input.path)
    switch format {
    case .native:
      return NativeLines(input, options)
    case .harness:
      guard options.takesWholeReferences else {
        throw CaptureError(
          file: input.path,
          problem:
            "samples of lm-evaluation-harness hold one value a reference: only audit and summarize can do with that")
      }
      return HarnessSamples(input, namePrefix: prefix)
    case .csv: return try TableRecords(input)
    case .suffixes:
      guard options.takesWholeReferences else {
        throw CaptureError(
          file: input.path,
          problem: "holds one probability for a whole suffix: only audit, check and summarize can do with that")
      }
      return try SuffixProbabilities(input, namePrefix: prefix)
    case .server:
      return try ServerResponses(
        input, split: options.split, prompts: options.promptRecords, namePrefix: prefix)
    case .npy, .npz, .safetensors:
      return try ArrayRecords(input, format, lengths: options.arrayLengths, namePrefix: prefix)
    }
  }

  /// All records of small files at once.
  ///
  /// - Throws: `CaptureError` for the first bad line or file.
  public func records() async throws -> [Record] {
    var records: [Record] = []
    for try await record in self { records.append(record) }
    return records
  }

  /// All records of one file that has been opened.
  ///
  /// - Parameter input: One of ``files``, of which nothing has been read.
  /// - Throws: As ``records()``.
  public func records(of input: InputFile) async throws -> [Record] {
    var records: [Record] = []
    try await forEachPart(of: input, { $0 }) { lines in
      for line in lines { records.append(try line.get()) }
    }
    return records
  }
}

/// What is made of the batches of a file on several threads, in their order.
private final class PartsInOrder<Part: Sendable> {
  private var batches: any RecordBatches
  private let threads: Int
  private let transform: @Sendable ([CaptureLine]) -> Part
  private var pending: [Task<Part, Never>] = []
  private var isAtEnd = false

  init(_ batches: any RecordBatches, threads: Int, _ transform: @escaping @Sendable ([CaptureLine]) -> Part) {
    self.batches = batches
    self.threads = threads
    self.transform = transform
  }

  deinit { for task in pending { task.cancel() } }

  /// The next part; nil at the end.
  func next(isolation: isolated (any Actor)?, willRead: () -> Void = {}) async throws -> Part? {
    while !isAtEnd, pending.count <= threads {
      guard let batch = try batches.next() else {
        isAtEnd = true
        break
      }
      let transform = transform
      pending.append(Task { transform(batch()) })
      willRead()
    }
    guard !pending.isEmpty else { return nil }
    let part = await pending.removeFirst().value
    try Task.checkCancellation()
    return part
  }
}

/// The records one after the other, in memory that does not grow with their number; the first bad line ends them with
/// its error.
///
/// ```swift
/// var tokens = 0
/// for try await record in CaptureReader(files: ["capture.jsonl"]) { tokens += record.tokenLogProbabilities.count }
/// ```
extension CaptureReader: AsyncSequence {
  /// Reads ahead on several threads, and gives the records in order.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let reader: CaptureReader
    private var files: ArraySlice<String>
    private var parts: PartsInOrder<[CaptureLine]>?
    private var lines: ArraySlice<CaptureLine> = []

    fileprivate init(_ reader: CaptureReader) {
      self.reader = reader
      files = reader.files[...]
    }

    /// The next record; nil after the last.
    ///
    /// - Throws: `CaptureError` for a bad line or a file that cannot be read; `CancellationError`.
    public mutating func next() async throws -> Record? { try await next(isolation: #isolation) }

    /// The same in an actor.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Record? {
      while true {
        if let line = lines.popFirst() { return try line.get() }
        if let found = try await parts?.next(isolation: isolation) {
          lines = found[...]
        } else {
          guard let file = files.popFirst() else { return nil }
          let input = try InputFile(path: file, sources: reader.options.sources)
          parts = PartsInOrder(try reader.batches(of: input), threads: reader.threads) { $0 }
        }
      }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
