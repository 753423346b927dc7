import Compression
import Foundation
import TokenProcess

/// Reads what model servers and arrays hold as records: what `skewmem convert` does.
public struct CaptureConverter: Sendable {
  /// The formats.
  public enum Format: String, Sendable, CaseIterable {
    /// One JSON object a line, as ``CaptureReader`` reads.
    case native
    /// Responses of servers: OpenAI's completions with echo and logprobs, vLLM's prompt_logprobs.
    case server
    /// NumPy's arrays of log-probabilities.
    case npy
    /// Tensors of log-probabilities.
    case safetensors
  }

  /// The format; nil to tell by the content.
  public var format: Format?
  /// Where the reference begins in what servers score.
  public var split: ReferenceSplit?
  /// A `.npy` file of the references' lengths in a two-dimensional array, or of where each begins, and the end, in a one-dimensional one.
  public var lengths: String?

  /// A converter.
  public init() {}

  /// Calls `body` with each record of a file.
  ///
  /// - Throws: `CaptureError` for what cannot be read; whatever `body` throws.
  public func forEachRecord(of file: String, _ body: (Record) throws -> Void) async throws {
    switch try format ?? detected(file) {
    case .native: try await CaptureReader(files: [file]).forEachLine { try body(try $0.get()) }
    case .server: try servers(file, body)
    case .npy:
      let array = try NumericArray(npy: try Self.data(file), file: file)
      try arrays(file, array, lengths: try lengthsOrOffsets(), others: [:], body)
    case .safetensors:
      var tensors = try NumericArray.tensors(
        safetensors: try Self.data(file), file: file,
        named: ["token_logprobs", "lengths", "offsets", "ranks", "reference_token_ids", "greedy_token_ids"])
      guard let array = tensors.removeValue(forKey: "token_logprobs") else {
        throw CaptureError(
          file: file, field: "token_logprobs", problem: "is no tensor of the file; there are: \(tensors.keys.sorted())")
      }
      let own = tensors.removeValue(forKey: array.shape.count == 1 ? "offsets" : "lengths")
      try arrays(file, array, lengths: try lengthsOrOffsets() ?? own, others: tensors, body)
    }
  }

  private static func data(_ file: String) throws -> Data {
    if file == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    do {
      return try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
    } catch {
      throw CaptureError(file: file, problem: "no such file, or it cannot be read")
    }
  }

  private func lengthsOrOffsets() throws -> NumericArray? {
    try lengths.map { try NumericArray(npy: try Self.data($0), file: $0) }
  }

  /// What a file begins with. Standard input is taken for native lines.
  private func detected(_ file: String) throws -> Format {
    guard CaptureFiles.canBeReadTwice(file) else { return .native }
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw CaptureError(file: file, problem: "no such file, or it cannot be opened")
    }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 1 << 16)) ?? Data()
    if start.starts(with: NumericArray.npyMagic) { return .npy }
    if start.count > 8, start[8] == UInt8(ascii: "{"), start[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
    var beginning = start
    if Decompressor.Format(magic: start) != nil {
      var chunks = try LineChunks(path: file, chunkSize: 1 << 16)
      beginning = Data((try chunks.next())?.bytes.prefix(1 << 16) ?? [])
    }
    let text = String(decoding: beginning, as: UTF8.self)
    if text.contains("\"prompt_logprobs\"") || text.contains("\"choices\"") { return .server }
    if text.contains("\"completion_probabilities\"") {
      throw CaptureError(
        file: file, problem: "llama.cpp's completion_probabilities are of what it generated; it does not score prompts")
    }
    if text.contains("\"resps\""), text.contains("\"doc_id\"") {
      throw CaptureError(
        file: file, problem: "samples of lm-evaluation-harness hold sums of log-probabilities, none of single tokens")
    }
    return .native
  }

  // MARK: Servers

  private func servers(_ file: String, _ body: (Record) throws -> Void) throws {
    guard let split else {
      throw CaptureError(
        file: file,
        problem: "servers score prompts as a whole: say where the reference begins (--prefix-tokens or --suffix-tokens)"
      )
    }
    let coder = LineCoder()
    var number = 0
    func convert(_ text: Data, line: Int) throws {
      number += 1
      let records = try coder.decode(ServerResponse.self, text, file: file, number: line) { response in
        try response.records(split: split, name: "response-\(number)").map { record in
          var record = record
          try record.validate()
          return record
        }
      }.get()
      for record in records { try body(record) }
    }
    // A first line that is a whole object begins a file of lines; anything else is one value over many lines, or a list. What can be
    // read only once is read at once.
    guard CaptureFiles.canBeReadTwice(file) else {
      let whole = try Self.text(file)
      guard Self.beginsWithObjectLine(whole) else { return try convert(values: whole) }
      return try LineChunk(bytes: Array(whole), count: whole.count, firstLine: 1).forEachLine { line, number in
        try convert(Data(buffer: line), line: number)
      }
    }
    let lines = try CaptureLines(path: file)
    guard let first = try lines.next() else { return }
    guard Self.beginsWithObjectLine(first) else { return try convert(values: try Self.text(file)) }
    try convert(first, line: lines.lineNumber)
    while let line = try lines.next() { try convert(line, line: lines.lineNumber) }

    func convert(values whole: Data) throws {
      guard let value = try? JSONSerialization.jsonObject(with: whole) else {
        throw CaptureError(file: file, line: 1, problem: "is neither JSON a line nor JSON as a whole")
      }
      for object in value as? [Any] ?? [value] {
        guard JSONSerialization.isValidJSONObject(object) else {
          throw CaptureError(file: file, line: 1, problem: "holds something that is no response of a server")
        }
        try convert(try JSONSerialization.data(withJSONObject: object), line: 1)
      }
    }
  }

  private static func beginsWithObjectLine(_ text: Data) -> Bool {
    let line = text.prefix { $0 != 0x0A }.filter { ![0x20, 0x09, 0x0D].contains($0) }
    return line.first == UInt8(ascii: "{") && line.last == UInt8(ascii: "}")
  }

  /// All of a file, taken apart if it is compressed.
  private static func text(_ file: String) throws -> Data {
    var chunks = try LineChunks(path: file)
    var text = Data()
    while let chunk = try chunks.next() { text.append(contentsOf: chunk.bytes[..<chunk.count]) }
    return text
  }

  // MARK: Arrays

  /// Rows of a two-dimensional array, each as long as `lengths` says or up to the first NaN; or pieces of a one-dimensional one between
  /// offsets. Other arrays of the same shape are ranks and token ids.
  private func arrays(
    _ file: String, _ array: NumericArray, lengths: NumericArray?, others: [String: NumericArray],
    _ body: (Record) throws -> Void
  ) throws {
    func failure(_ problem: String, field: String? = nil) -> CaptureError {
      CaptureError(file: file, field: field, problem: problem)
    }
    let ranges: [Range<Int>]
    switch array.shape.count {
    case 2:
      let (rows, width) = (array.shape[0], array.shape[1])
      guard width > 0 else { throw failure("has rows without a value") }
      if let lengths, lengths.values.count != rows {
        throw failure("has \(rows) rows, but \(lengths.values.count) lengths")
      }
      ranges = try (0..<rows).map { row in
        let start = row * width
        guard let lengths else {
          let values = array.values[start..<(start + width)]
          return start..<(values.firstIndex(where: \.isNaN) ?? start + width)
        }
        guard let length = Int(exactly: lengths.values[row]), (0...width).contains(length) else {
          throw failure("is \(lengths.values[row]), and must be 0 to \(width)", field: "lengths[\(row)]")
        }
        return start..<(start + length)
      }
    case 1:
      guard let lengths else {
        throw failure(
          "is one-dimensional: say where each reference begins, and the last ends (--lengths, or a tensor offsets)")
      }
      let cuts = lengths.values.map { Int(exactly: $0) ?? -1 }
      guard cuts.count >= 2, cuts[0] == 0, zip(cuts, cuts.dropFirst()).allSatisfy({ $0 <= $1 }),
        cuts[cuts.count - 1] == array.values.count
      else { throw failure("do not rise from 0 to the \(array.values.count) values", field: "offsets") }
      ranges = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    default:
      throw failure("has \(array.shape.count) dimensions; 1 or 2 are read")
    }
    func integers(_ name: String, _ range: Range<Int>) throws -> [Int]? {
      guard let other = others[name] else { return nil }
      guard other.shape == array.shape else { throw failure("has another shape than token_logprobs", field: name) }
      return try range.map { index in
        guard let value = Int(exactly: other.values[index]) else {
          throw failure("is no whole number", field: "\(name)[\(index)]")
        }
        return value
      }
    }
    for (row, range) in ranges.enumerated() {
      var record = Record(id: "row-\(row)", tokenLogProbabilities: Array(array.values[range]))
      record.ranks = try integers("ranks", range)
      record.referenceTokenIDs = try integers("reference_token_ids", range)
      record.greedyTokenIDs = try integers("greedy_token_ids", range)
      do {
        try record.validate()
      } catch {
        throw failure("row \(row): \(error.problem)", field: error.field)
      }
      try body(record)
    }
  }
}
