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

  private static func lines(
    of chunk: LineChunk, file: String, _ skipsAlternatives: Bool
  ) -> [CaptureLine] {
    var parser = RecordParser(skipsAlternatives: skipsAlternatives)
    var coder: LineCoder?
    var lines: [CaptureLine] = []
    chunk.forEachLine { line, number in
      if var record = parser.record(line), (try? record.validate()) != nil {
        lines.append(.success(record))
      } else {
        // Something unusual or wrong.
        let slow = coder ?? LineCoder()
        coder = slow
        lines.append(
          slow.decode(Data(buffer: line), file: file, number: number).map { record in
            var record = record
            if skipsAlternatives { record.topLogProbabilities = nil }
            return record
          })
      }
    }
    return lines
  }
}
