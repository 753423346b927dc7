import Foundation
import TokenProcess

/// Native lines.
struct NativeLines: RecordBatches {
  private let file: String
  private let skipsAlternatives: Bool
  private var chunks: LineChunks

  init(_ input: InputFile, skipsAlternatives: Bool) {
    file = input.path
    self.skipsAlternatives = skipsAlternatives
    chunks = LineChunks(input)
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    guard let chunk = try chunks.next() else { return nil }
    return { [file, skipsAlternatives] in Self.lines(of: chunk, file: file, skipsAlternatives) }
  }

  private static func lines(of chunk: LineChunk, file: String, _ skipsAlternatives: Bool) -> [CaptureLine] {
    var parser = RecordParser(skipsAlternatives: skipsAlternatives)
    var lines: [CaptureLine] = []
    chunk.forEachLine { line, number in
      do throws(CaptureError) {
        lines.append(
          .success(
            try naming(file, line: number) {
              var record = try parser.record(line)
              try record.validate()
              return record
            }))
      } catch {
        lines.append(.failure(error))
      }
    }
    return lines
  }
}
