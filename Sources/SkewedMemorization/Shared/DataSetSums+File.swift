import Captures
import Foundation
import HeavyTails

/// Summaries: the sums of the parts of a data set in files, which merge to the sums of the whole.
///
/// A file is two lines of JSON, schema `skewmem.summary/3`: a head that says what it is of, and the sums. Counts merge
/// exactly and sums to the last rounding; the order of the parts decides which records share a group of the bootstrap,
/// and which of equals are named among the riskiest.
extension DataSetSums {
  /// `skewmem.summary/3`.
  public static let schema = "skewmem.summary/3"

  private struct Head: Codable {
    var schema: String
    var records: Int
    var tokens: Int
    var skipped: Int
    var lengths: [Int]?
    var top: Int
  }

  private struct Body: Codable {
    var sums: Sums
    var risks: RiskiestRecords
    var wholes: RiskiestRecords

    /// Whether the sums are such as records could have made: a file may have been written by anyone.
    func agrees(with head: Head) -> Bool {
      let longest = sums.survival.maximumLength
      let counts = [
        head.records, head.tokens, head.skipped, sums.greedyRecords, sums.repeatedIDs, sums.wholeReferences ?? 0,
      ]
      return counts.allSatisfy { (0...1 << 53).contains($0) } && sums.survival.records == head.records
        && sums.groups.records == head.records && sums.workGroups?.records ?? 0 <= head.records
        && sums.tokens == head.tokens && sums.survival.tokens == head.tokens
        && sums.greedyRecords <= head.records
        && (head.records == 0) == (longest == 0) && sums.survival.isConsistent && sums.groups.length == longest
        && sums.histogram.length == (longest == 0 ? 0 : longest + 1) && sums.greedy.length <= longest + 1
        && sums.heterogeneity.agrees(records: head.records, longest: longest)
        && risks.limit == head.top && wholes.limit == head.top
        && sums.tails.lengths.allSatisfy { n in
          (1...max(1, longest)).contains(n) && sums.tails[n].records <= head.records
        }
    }
  }

  /// The file.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let head = Head(
      schema: Self.schema, records: records, tokens: sums.tokens, skipped: skipped,
      lengths: lengths, top: top)
    let body = Body(sums: sums, risks: risks, wholes: wholes)
    return try encoder.encode(head) + Data("\n".utf8) + encoder.encode(body) + Data("\n".utf8)
  }

  /// Whether a file, of which nothing has been read, begins as a summary does.
  ///
  /// - Throws: `CaptureError` for a file that cannot be read.
  public static func isSummary(_ input: InputFile) throws -> Bool {
    let line = try input.beginning().prefix { $0 != 0x0A }
    return (try? JSONDecoder().decode(Head.self, from: Data(line)))?.schema.hasPrefix("skewmem.summary/") ?? false
  }

  /// The summaries of a file, one after the other.
  ///
  /// - Parameter path: The file; `-` is standard input.
  /// - Throws: `CaptureError` for a file that cannot be read or is no summary.
  public static func read(path: String) throws -> [DataSetSums] {
    try read(try InputFile(path: path))
  }

  /// The summaries of a file that has been opened, of which nothing has been read.
  ///
  /// - Throws: As ``read(path:)``.
  public static func read(_ input: InputFile) throws -> [DataSetSums] {
    let path = input.path
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let lines = CaptureLines(input)
    var summaries: [DataSetSums] = []
    while let line = try lines.next() {
      func failure(_ problem: String) -> CaptureError {
        CaptureError(file: path, line: lines.lineNumber, problem: problem)
      }
      guard let head = try? decoder.decode(Head.self, from: line) else {
        throw failure("is no summary: skewmem summarize makes one of a capture")
      }
      guard head.schema == schema else {
        throw failure("is of schema \"\(head.schema)\"; this version reads \(schema)")
      }
      guard let next = try lines.next() else { throw failure("is a head without sums: the file was cut") }
      guard let body = try? decoder.decode(Body.self, from: next) else {
        throw failure("does not hold the sums of a summary")
      }
      guard var read = try? DataSetSums(lengths: head.lengths, top: head.top), body.agrees(with: head) else {
        throw failure("does not agree with the head of the summary")
      }
      (read.sums, read.risks, read.wholes, read.skipped) = (body.sums, body.risks, body.wholes, head.skipped)
      summaries.append(read)
    }
    guard !summaries.isEmpty else { throw CaptureError(file: path, problem: "no summary") }
    return summaries
  }
}
