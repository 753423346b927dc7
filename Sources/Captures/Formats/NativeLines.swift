import Foundation
import TokenProcess

/// Native lines.
struct NativeLines: RecordBatches {
  private let file: String
  private let skipsAlternatives: Bool
  private let sample: Int
  private var chunks: LineChunks

  /// - Parameter sample: Of how many lines alternatives are read in any case.
  init(_ input: InputFile, skipsAlternatives: Bool, sample: Int = 0) {
    file = input.path
    self.skipsAlternatives = skipsAlternatives
    self.sample = sample
    chunks = LineChunks(input)
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    guard let chunk = try chunks.next() else { return nil }
    return { [file, skipsAlternatives, sample] in Self.lines(of: chunk, file: file, skipsAlternatives, sample) }
  }

  private static func lines(
    of chunk: LineChunk, file: String, _ skipsAlternatives: Bool, _ sample: Int
  ) -> [CaptureLine] {
    var parser = RecordParser(skipsAlternatives: skipsAlternatives)
    var lines: [CaptureLine] = []
    chunk.forEachLine { line, number in
      parser.skipsAlternatives = skipsAlternatives && number > sample
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
