import Captures
import Foundation
import GSLNumerics
import Inference
import MemorizationMetrics
import RealModule

/// How much of works stands in generated texts, for models that give no probabilities (TheModel §18).
public struct OverlapAnalysis: Sendable {
  /// The least words of a span, k.
  public var words = 5
  /// Words in an m-gram that the prompt has do not count.
  public var promptWords = 5
  /// Words that may be left out or put in between two spans of one block.
  public var gap = 3
  /// The least words of a block that counts as a near-verbatim copy.
  public var blockWords = 20
  /// How many of the longest spans are listed.
  public var top = 20
  /// Whether the report has the text of spans.
  public var showsText = true
  /// The bootstrap over generations behind limits.
  public var resampling = Resampling(replicates: 200)

  /// The usual analysis.
  public init() {}

  /// A generated text.
  public struct Generation: Sendable, Equatable {
    /// The name of its prompt or record.
    public var id: String
    /// The text.
    public var text: String
    /// What was given before it; nil where it is not known.
    public var prompt: String?

    /// A text.
    public init(id: String, text: String, prompt: String? = nil) {
      (self.id, self.text, self.prompt) = (id, text, prompt)
    }
  }

  /// Compares the texts of files with generations.
  ///
  /// - Parameters:
  ///   - works: Texts in UTF-8, and folders with such (`.txt`, `.md`).
  ///   - generations: Files of lines as `GenerationsReader` reads them, with texts.
  ///   - sources: What reads generations that are no files of lines.
  /// - Throws: `CaptureError` for a file that cannot be read, is no text, or has no generated text; `ArgumentError` for
  ///   settings out of range; `CancellationError`.
  /// - Complexity: O(bytes + matches), in memory for one work at a time.
  public func run(
    works: [String], generations: [String], sources: [any LineSource] = []
  ) async throws -> OverlapReport {
    var texts: [Generation] = []
    for file in generations {
      let before = texts.count
      for set in try GenerationsReader.read(path: file, sources: sources) {
        texts += set.texts.map { Generation(id: set.id, text: $0, prompt: set.prompt) }
      }
      guard texts.count > before else {
        throw CaptureError(
          file: file, field: "texts", problem: "is missing: works are compared with texts, not with token numbers")
      }
    }
    var report = try await run(
      works: try Self.files(works).map { path in (name: path, bytes: { try Self.bytes(of: path) }) },
      generations: texts)
    report.generationFiles = generations
    return report
  }

  /// Compares texts with generations.
  ///
  /// - Throws: As ``run(works:generations:sources:)``.
  public func run(works: [(name: String, text: String)], generations: [Generation]) async throws -> OverlapReport {
    try await run(works: works.map { work in (work.name, { Array(work.text.utf8) }) }, generations: generations)
  }

  private func run(
    works: [(name: String, bytes: () throws -> [UInt8])], generations: [Generation]
  ) async throws -> OverlapReport {
    try check()
    guard !works.isEmpty else { throw ArgumentError(name: "works", value: "none", allowed: "one or more") }
    guard !generations.isEmpty else { throw ArgumentError(name: "generations", value: "none", allowed: "one or more") }
    let streams = generations.map { WordStream(utf8: Array($0.text.utf8)).fingerprints }
    let overlap = TextOverlap(
      generations: streams, words: words,
      prompts: generations.contains { $0.prompt != nil }
        ? generations.map { WordStream(utf8: Array(($0.prompt ?? "").utf8)).fingerprints } : [],
      promptWords: promptWords)
    var report = OverlapReport(self, generations: generations.count, words: streams.reduce(0) { $0 + $1.count })
    var sums = Sums(generations: generations.count)
    for (index, work) in works.enumerated() {
      try Task.checkCancellation()
      let bytes = try work.bytes()
      let stream = WordStream(utf8: bytes)
      let spans = overlap.spans(in: stream.fingerprints)
      add(work.name, bytes, stream, spans, generations, &sums, &report)
      WorkProgress.current?.update(index + 1, of: works.count)
    }
    report.total = sums.total(self)
    return report
  }

  private func check() throws(ArgumentError) {
    try ArgumentError.check(words, "words", in: 1...1000)
    try ArgumentError.check(promptWords, "promptWords", in: 1...1000)
    try ArgumentError.check(gap, "gap", in: 0...1000)
    try ArgumentError.check(blockWords, "blockWords", in: 1...100_000)
    try ArgumentError.check(top, "top", in: 0...100_000)
    try resampling.check(replicates: 20...100_000)
  }

  // MARK: Files

  private static func files(_ names: [String]) throws(CaptureError) -> [String] {
    var files: [String] = []
    for name in names {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else {
        throw CaptureError(file: name, problem: "is not there")
      }
      guard isFolder.boolValue else {
        files.append(name)
        continue
      }
      let found = (FileManager.default.enumerator(atPath: name)?.compactMap { $0 as? String } ?? [])
        .filter { $0.hasSuffix(".txt") || $0.hasSuffix(".md") }.sorted()
      guard !found.isEmpty else { throw CaptureError(file: name, problem: "is a folder without texts (.txt, .md)") }
      files += found.map { "\(name.hasSuffix("/") ? String(name.dropLast()) : name)/\($0)" }
    }
    try CaptureFiles.checkRepeated(files)
    return files
  }

  private static func bytes(of path: String) throws(CaptureError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CaptureError(file: path, problem: "cannot be read")
    }
    let bytes = Array(data)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw CaptureError(file: path, problem: "is no text in UTF-8")
    }
    return bytes
  }

  // MARK: One work

  private func add(
    _ name: String, _ bytes: [UInt8], _ stream: WordStream, _ spans: [TextOverlap.Span], _ generations: [Generation],
    _ sums: inout Sums, _ report: inout OverlapReport
  ) {
    let count = stream.fingerprints.count
    let byGeneration = Dictionary(grouping: spans, by: \.generation)
    var intervals: [Int: [Range<Int>]] = [:]
    var recalled: [Range<Int>] = []
    var longestBlock = 0
    for (generation, spans) in byGeneration {
      intervals[generation] = Self.union(spans.map { $0.work..<($0.work + $0.length) })
      let blocks = TextOverlap.blocks(of: spans, gap: gap)
      longestBlock = max(longestBlock, blocks.map(\.count).max() ?? 0)
      recalled += blocks.filter { $0.count >= blockWords }
    }
    let frequencies = Self.frequencies(intervals.values, count: count)
    let covered = frequencies.values.reduce(0, +)
    sums.add(intervals, words: count, frequencies: frequencies)
    report.works.append(
      .init(
        name: name, words: count, covered: covered, limits: sums.limits(of: intervals, covered, count, self),
        longestSpan: spans.map(\.length).max() ?? 0, longestBlock: longestBlock,
        nearVerbatim: Self.union(recalled).reduce(0) { $0 + $1.count },
        generations: intervals.count))
    let longest = spans.sorted { ($0.length, $1.work, $1.generation) > ($1.length, $0.work, $0.generation) }
    report.spans += longest.prefix(top).map { span in
      let range = stream.starts[span.work]..<stream.starts[span.work + span.length]
      return .init(
        work: name, start: span.work, words: span.length, generation: generations[span.generation].id,
        text: showsText ? String(decoding: bytes[range], as: UTF8.self) : nil)
    }
    report.spans.sort { ($0.words, $1.work, $1.start) > ($1.words, $0.work, $0.start) }
    report.spans = Array(report.spans.prefix(top))
    if count <= OverlapReport.mappedWords, covered > 0 {
      report.maps.append(
        .init(
          name: name, runs: Self.runs(intervals.values, count: count, generations: generations.count), words: count,
          texts: showsText
            ? (0..<count).map { word in
              // What stands before the first word is shown with it.
              let start = word == 0 ? 0 : stream.starts[word]
              return String(decoding: bytes[start..<stream.starts[word + 1]], as: UTF8.self)
            } : nil))
    }
  }

  /// Ranges without overlaps, in order.
  static func union(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var union: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = union.last, range.lowerBound <= last.upperBound {
        union[union.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        union.append(range)
      }
    }
    return union
  }

  /// Where the number of generations that cover a word changes, and by how much, in order.
  private static func changes(_ sets: some Collection<[Range<Int>]>) -> [(place: Int, by: Int)] {
    sets.joined().flatMap { [($0.lowerBound, 1), ($0.upperBound, -1)] }.sorted { $0.0 < $1.0 }
  }

  /// Words by the number of generations that cover them.
  private static func frequencies(_ sets: some Collection<[Range<Int>]>, count: Int) -> [Int: Int] {
    var frequencies: [Int: Int] = [:]
    var (depth, last) = (0, 0)
    for change in changes(sets) {
      if depth > 0, change.place > last { frequencies[depth, default: 0] += change.place - last }
      (depth, last) = (depth + change.by, change.place)
    }
    return frequencies
  }

  /// Runs of words that some generations cover, with ln of the share of generations.
  private static func runs(
    _ sets: some Collection<[Range<Int>]>, count: Int, generations: Int
  ) -> [OverlapReport.Map.Run] {
    var runs: [OverlapReport.Map.Run] = []
    var (depth, last) = (0, 0)
    for change in changes(sets) {
      if depth > 0, change.place > last {
        runs.append(.init(start: last, end: change.place, generations: depth))
      }
      (depth, last) = (depth + change.by, change.place)
    }
    return runs
  }

  /// What adds up over works.
  private struct Sums {
    let generations: Int
    var words = 0
    var frequencies: [Int: Int] = [:]
    /// By generation: ranges of words, counted through all works.
    var intervals: [Int: [Range<Int>]] = [:]

    init(generations: Int) { self.generations = generations }

    mutating func add(_ own: [Int: [Range<Int>]], words count: Int, frequencies others: [Int: Int]) {
      for (generation, ranges) in own {
        intervals[generation, default: []] += ranges.map { ($0.lowerBound + words)..<($0.upperBound + words) }
      }
      frequencies.merge(others, uniquingKeysWith: +)
      words += count
    }

    /// The share of words that other generations would cover: the observed one and the spread of the bootstrap over
    /// generations, whose own mean is too low, as a resample has fewer different ones.
    func limits(of sets: [Int: [Range<Int>]], _ covered: Int, _ count: Int, _ analysis: OverlapAnalysis) -> Interval? {
      guard generations >= 10, count > 0, !sets.isEmpty else { return nil }
      var generator = SeededGenerator(seed: analysis.resampling.seed, stream: UInt64(truncatingIfNeeded: count))
      let shares = (0..<analysis.resampling.replicates).map { _ -> Double in
        var chosen: Set<Int> = []
        for _ in 0..<generations { chosen.insert(Int.random(in: 0..<generations, using: &generator)) }
        let ranges = chosen.sorted().compactMap { sets[$0] }.flatMap { $0 }
        return Double(OverlapAnalysis.union(ranges).reduce(0) { $0 + $1.count }) / Double(count)
      }
      let mean = shares.reduce(0, +) / Double(shares.count)
      let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shares.count - 1)
      let width = ((try? normalQuantile(0.5 + 0.5 * analysis.resampling.level)) ?? .nan) * variance.squareRoot()
      let share = Double(covered) / Double(count)
      return Interval(max(0, share - width)...min(1, share + width))
    }

    func total(_ analysis: OverlapAnalysis) -> OverlapReport.Total {
      let rarefaction = Rarefaction(samples: generations, items: words, frequencies: frequencies)
      let sizes = Set([1, generations / 4, generations / 2, generations, 2 * generations, 4 * generations])
      return .init(
        words: words, covered: rarefaction.covered,
        limits: limits(of: intervals, rarefaction.covered, words, analysis),
        unseen: rarefaction.unseen,
        expected: sizes.filter { $0 >= 1 }.sorted().map {
          .init(generations: $0, covered: rarefaction.expected(samples: $0))
        })
    }
  }
}
