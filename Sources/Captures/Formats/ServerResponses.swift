import Foundation
import TokenProcess

/// The records of a file of server responses: one a line, or one JSON value, which may be a list of them.
struct ServerResponses: RecordBatches {
  private enum Source {
    /// Some lines at a time, of which the first have been read.
    case lines(first: LineChunk?, LineChunks)
    /// The values of a list, and which of them comes next.
    case values([Data], next: Int)
  }

  private let file: String
  private let split: ReferenceSplit?
  private let prompts: PromptRecords?
  private let namePrefix: String
  private var source: Source

  init(_ input: InputFile, split: ReferenceSplit?, prompts: PromptRecords?, namePrefix: String) throws(CaptureError) {
    file = input.path
    self.split = split
    self.prompts = prompts
    self.namePrefix = namePrefix
    var chunks = LineChunks(input)
    let first = try chunks.next()
    // A first line that is a whole object begins a file of lines; anything else is one value over many lines, or a
    // list.
    var beginsWithObject: Bool?
    first?.forEachLine { line, _ in
      if beginsWithObject == nil { beginsWithObject = Self.isObject(line) }
    }
    if beginsWithObject ?? true {
      source = .lines(first: first, chunks)
      return
    }
    var whole = Data()
    var next = first
    while let chunk = next {
      chunk.withBytes { whole.append($0) }
      next = try chunks.next()
    }
    source = .values(try Self.values(of: whole, file: file), next: 0)
  }

  private static func isObject(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    return line.first { !isBlank($0) } == UInt8(ascii: "{") && line.last { !isBlank($0) } == UInt8(ascii: "}")
  }

  private static func values(of whole: Data, file: String) throws(CaptureError) -> [Data] {
    guard let value = try? JSONSerialization.jsonObject(with: whole) else {
      throw CaptureError(file: file, line: 1, problem: "is neither JSON a line nor JSON as a whole")
    }
    var values: [Data] = []
    for object in value as? [Any] ?? [value] {
      guard JSONSerialization.isValidJSONObject(object), let data = try? JSONSerialization.data(withJSONObject: object)
      else { throw CaptureError(file: file, line: 1, problem: "holds something that is no response of a server") }
      values.append(data)
    }
    return values
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    switch source {
    case .lines(let first, var chunks):
      var chunk = first
      if chunk == nil { chunk = try chunks.next() }
      guard let chunk else { return nil }
      source = .lines(first: nil, chunks)
      return { [file, split, prompts, namePrefix] in
        var lines: [CaptureLine] = []
        chunk.forEachLine { line, number in
          let name = "\(namePrefix)response-\(number)"
          lines += Self.records(file, number, split, prompts, name) { () throws(JSONFault) in
            try ServerResponseParser().response(line)
          }
        }
        return lines
      }
    case .values(let values, let start):
      guard start < values.count else { return nil }
      let part = start..<min(start + 64, values.count)
      source = .values(values, next: part.upperBound)
      return { [file, split, prompts, namePrefix] in
        part.flatMap { index in
          Self.records(file, 1, split, prompts, "\(namePrefix)response-\(index + 1)", place: index + 1) {
            () throws(JSONFault) in
            try ServerResponseParser().response(values[index])
          }
        }
      }
    }
  }

  /// The records of a response.
  private static func records(
    _ file: String, _ line: Int, _ split: ReferenceSplit?, _ prompts: PromptRecords?, _ name: String,
    place: Int? = nil, _ response: () throws(JSONFault) -> ServerResponse
  ) -> [CaptureLine] {
    do throws(CaptureError) {
      return try naming(file, line: line) {
        let response = try response()
        let prompt = try prompts?.prompt(of: response, line: place ?? line)
        let split = try prompt?.split(response.promptTexts) ?? response.ownSplit ?? split
        let records = try response.records(split: split, name: name)
        return try records.enumerated().map { index, record in
          var record = record
          if let prompt {
            record.id = records.count == 1 ? prompt.id : "\(prompt.id)/\(index)"
            record.prefix = prompt.prefix ?? record.prefix
            record.reference = prompt.reference ?? record.reference
            record.place = prompt.place
          }
          try record.validate()
          return .success(record)
        }
      }
    } catch {
      return [.failure(error)]
    }
  }
}
