import Foundation
import TokenProcess

/// Native lines.
struct NativeLines: RecordBatches {
  private let reading: Reading
  private var chunks: LineChunks

  init(_ input: InputFile, _ options: CaptureOptions) {
    reading = Reading(
      file: input.path, skipsAlternatives: options.skipsAlternatives, sample: options.alternativesSample,
      takesLongPasses: options.takesLongPasses)
    chunks = LineChunks(input)
  }

  mutating func next() throws(CaptureError) -> (@Sendable () -> [CaptureLine])? {
    guard let chunk = try chunks.next() else { return nil }
    return { [reading] in reading.lines(of: chunk) }
  }
}

/// How lines are read, whichever thread reads them.
private struct Reading: Sendable {
  let file: String
  let skipsAlternatives: Bool
  /// Of how many lines alternatives are read in any case.
  let sample: Int
  let takesLongPasses: Bool

  func lines(of chunk: LineChunk) -> [CaptureLine] {
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
              if !takesLongPasses, record.place?.isLongPass == true {
                throw RecordError(
                  field: "token_ids",
                  problem: "are those of a long pass, in which a window begins at every token: only works reads that")
              }
              return record
            }))
      } catch {
        lines.append(.failure(error))
      }
    }
    return lines
  }
}
