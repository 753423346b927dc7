import Captures
import Foundation
import HeavyTails

/// What an audit needs of its records, in a file that adds up: summaries of the parts of a data set merge to the summary of the whole.
///
/// The file is two lines of JSON, schema `skewmem.summary/2`: a head that says what it is of, and the sums. Counts merge exactly and sums
/// to the last rounding; the order of the parts decides which records share a group of the bootstrap, and which of equals are named
/// among the riskiest.
public struct AuditSummary: Sendable {
  /// The sums.
  public private(set) var accumulator: AuditAccumulator
  /// Invalid lines that were left out.
  public private(set) var skipped: Int

  /// `skewmem.summary/2`.
  public static let schema = "skewmem.summary/2"

  /// A summary of what was added to an accumulator.
  public init(_ accumulator: AuditAccumulator, skipped: Int = 0) {
    self.accumulator = accumulator
    self.skipped = skipped
  }

  /// Whether there are records whose one token stands for a whole reference: what goes by tokens says nothing of those.
  public var hasWholeReferences: Bool { accumulator.sums.wholeReferences != nil }

  /// The number of records.
  public var records: Int { accumulator.records }

  /// Adds the records of another part of the data.
  ///
  /// - Throws: `ArgumentError` for a summary that was made with other lengths.
  public mutating func merge(_ other: AuditSummary) throws(ArgumentError) {
    func text(_ lengths: [Int]?) -> String { lengths.map { $0.map { "\($0)" }.joined(separator: ",") } ?? "not set" }
    guard accumulator.options.hasSameLengths(as: other.accumulator.options) else {
      throw ArgumentError(
        name: "lengths", value: text(accumulator.options.lengths),
        allowed: "those of the summary: \(text(other.accumulator.options.lengths))")
    }
    accumulator.merge(other.accumulator)
    skipped += other.skipped
  }

  // MARK: Files

  private struct Head: Codable {
    var schema: String
    var records: Int
    var tokens: Int
    var skipped: Int
    var lengths: [Int]?
    var top: Int
  }

  private struct Body: Codable {
    var sums: AuditAccumulator.Sums
    var risks: RiskiestRecords
    var wholes: RiskiestRecords

    /// Whether the sums are such as records could have made: a file may have been written by anyone.
    func agrees(with head: Head) -> Bool {
      let longest = sums.survival.maximumLength
      let counts = [
        head.records, head.tokens, head.skipped, sums.greedyRecords, sums.repeatedIDs, sums.wholeReferences ?? 0,
      ]
      return counts.allSatisfy { (0...1 << 53).contains($0) } && sums.survival.records == head.records
        && sums.groups.records == head.records && sums.tokens == head.tokens && sums.survival.tokens == head.tokens
        && sums.greedyRecords <= head.records
        && (head.records == 0) == (longest == 0) && sums.survival.isConsistent && sums.groups.length == longest
        && sums.histogram.length == (longest == 0 ? 0 : longest + 1) && sums.greedy.length <= longest + 1
        && sums.reading.agrees(records: head.records, longest: longest)
        && risks.limit == head.top && wholes.limit == head.top
        && sums.tails.allSatisfy { n, tail in (1...max(1, longest)).contains(n) && tail.records <= head.records }
    }
  }

  /// The file.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let head = Head(
      schema: Self.schema, records: records, tokens: accumulator.sums.tokens, skipped: skipped,
      lengths: accumulator.options.lengths, top: accumulator.options.top)
    let body = Body(sums: accumulator.sums, risks: accumulator.risks, wholes: accumulator.wholes)
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
  /// - Parameters:
  ///   - path: The file; `-` is standard input.
  ///   - options: What the audit is asked for; lengths and the number of named records come from the summary.
  /// - Throws: `CaptureError` for a file that cannot be read or is no summary.
  public static func read(path: String, options: AuditOptions = AuditOptions()) throws -> [AuditSummary] {
    try read(try InputFile(path: path), options: options)
  }

  /// The summaries of a file that has been opened, of which nothing has been read.
  ///
  /// - Throws: As ``read(path:options:)``.
  public static func read(_ input: InputFile, options: AuditOptions = AuditOptions()) throws -> [AuditSummary] {
    let path = input.path
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let lines = CaptureLines(input)
    var summaries: [AuditSummary] = []
    while let line = try lines.next() {
      func failure(_ problem: String) -> CaptureError {
        CaptureError(file: path, line: lines.lineNumber, problem: problem)
      }
      guard let head = try? decoder.decode(Head.self, from: line) else { throw failure("is not the head of a summary") }
      guard head.schema == schema else {
        throw failure("is of schema \"\(head.schema)\"; this version reads \(schema)")
      }
      guard let next = try lines.next() else { throw failure("is a head without sums: the file was cut") }
      guard let body = try? decoder.decode(Body.self, from: next) else {
        throw failure("does not hold the sums of a summary")
      }
      var options = options
      options.lengths = head.lengths
      options.top = head.top
      guard var accumulator = try? AuditAccumulator(options: options), body.agrees(with: head) else {
        throw failure("does not agree with the head of the summary")
      }
      accumulator.sums = body.sums
      accumulator.risks = body.risks
      accumulator.wholes = body.wholes
      summaries.append(AuditSummary(accumulator, skipped: head.skipped))
    }
    guard !summaries.isEmpty else { throw CaptureError(file: path, problem: "no summary") }
    return summaries
  }
}

extension [AuditSummary] {
  /// The summary of all of them.
  ///
  /// - Precondition: There is one.
  /// - Throws: `ArgumentError` for summaries of different lengths.
  public func merged() throws(ArgumentError) -> AuditSummary {
    var merged = self[0]
    for other in dropFirst() { try merged.merge(other) }
    return merged
  }
}
