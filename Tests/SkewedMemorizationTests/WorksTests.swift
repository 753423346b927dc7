import Captures
import Foundation
import GSLNumerics
import RealModule
import SkewedMemorization
import TestSupport
import Testing

@Suite struct WorksTests {
  private static func works(_ name: String) -> String { Repository.capture("works/\(name)") }

  private func analysis(_ model: String) -> WorksAnalysis {
    var analysis = WorksAnalysis()
    analysis.texts = [Self.works("texts"), Self.works(model)]
    analysis.lengths = [16, 32, 50]
    return analysis
  }

  /// A capture whose references are long passes: shares computed with numpy.
  @Test(arguments: [
    ("jargon-train-epoch06.jsonl", 0.7768989499522706, 0.004363834719759989, 0.21000954588844947, 0.0),
    ("jargon-heldout-epoch06.jsonl", 0, 0, 0, 0),
    ("jargon-train-epoch12.jsonl", 1, 0.9911359607254875, 1, 0.9694531569616801),
  ])
  func everyStartOfARecord(
    _ file: String, _ sixteen: Double, _ sixteenLikely: Double, _ thirtyTwo: Double, _ thirtyTwoLikely: Double
  ) async throws {
    var analysis = WorksAnalysis()
    (analysis.takesEveryStart, analysis.context, analysis.lengths) = (true, 0, [16, 32])
    analysis.resampling.replicates = 100
    let report = try await analysis.run(files: [Repository.capture(file)])
    let shares = report.total.map { total in [total.coverage[0].lower, total.coverage[3].lower] }
    #expect(shares == [[sixteen, sixteenLikely], [thirtyTwo, thirtyTwoLikely]])
  }

  /// Windows of whole texts against numpy: coverage, the longest span and what draws bring out.
  @Test(arguments: [
    (
      "gemma3-270m", "bsd", 275, [0.48, 0.3927272727272727, 0.24727272727272728, 0], [86, 76, 36, 0],
      [0.12227849928845093, 0.3720625716955911, 0.5484462384040212], 0.7745454545454545
    ),
    (
      "gemma3-270m", "us-declaration", 1868,
      [0.08458244111349036, 0.06102783725910064, 0.02569593147751606, 0], [96, 36, 16, 0],
      [0.008510275740705005, 0.045793889010316696, 0.07809804554247247], 0.1381156316916488
    ),
  ])
  func windowsOfATextAgainstNumPy(
    _ model: String, _ text: String, _ tokens: Int, _ shares: [Double], _ longest: [Int], _ drawn: [Double],
    _ passShare: Double
  ) async throws {
    let report = try await analysis(model).run(files: [Self.works("\(model)/\(text).windows.jsonl.gz")])
    let work = try #require(report.works.first)
    let sixteen = work.lengths[0]
    #expect(work.tokens == tokens && work.context == [50, 50] && work.knowsCopies)
    let coverage = sixteen.coverageWithCopies ?? sixteen.coverage
    for (found, expected) in zip(coverage, shares) { expectClose(found.lower, expected, relative: 1e-12) }
    #expect(coverage.map(\.longestSpan) == longest)
    let expected = sixteen.expectedWithCopies ?? sixteen.expected
    for (found, value) in zip(expected, drawn) { expectClose(found.lower, value, relative: 1e-12) }
    let passes = try await analysis(model).run(files: [Self.works("\(model)/\(text).chunks.jsonl.gz")])
    let pass = try #require(passes.works.first?.lengths.first)
    expectClose((pass.coverageWithCopies ?? pass.coverage)[0].lower, passShare, relative: 1e-12)
  }

  /// What a text has copied from itself is no memory: with copies a text that the model cannot have seen is covered.
  @Test func copiesAreLeftOut() async throws {
    let report = try await analysis("gemma3-270m").run(files: [Self.works("gemma3-270m/unseen-2026.chunks.jsonl.gz")])
    let sixteen = try #require(report.works.first?.lengths.first)
    #expect(sixteen.coverage.allSatisfy { $0.lower == 0 && $0.longestSpanStart == nil })
    expectClose(try #require(sixteen.coverageWithCopies?[0].lower), 0.005530253741054001, relative: 1e-12)
  }

  /// Passages are the text at their offsets, and the risk along the work says where they are.
  @Test func passagesAreTheText() async throws {
    let report = try await analysis("gemma3-270m").run(files: [
      Self.works("gemma3-270m/us-declaration.windows.jsonl.gz")
    ])
    let text = Array(
      try String(contentsOfFile: Self.works("texts/us-declaration.txt"), encoding: .utf8).unicodeScalars)
    let passage = try #require(report.passages.first)
    let ends = try #require(passage.characters)
    #expect(String(String.UnicodeScalarView(text[ends[0]..<ends[1]])) == passage.text)
    #expect(passage.text?.contains("all men are created equal") == true)
    let runs = report.works[0].lengths[0].risk.filter { $0[1] > Double(passage.start) && $0[0] < Double(passage.end) }
    #expect(runs.map { $0[2] }.max() == passage.logProbability && runs.allSatisfy { $0[2] >= .log(0.001) })
    #expect(report.works[0].characters == text.count)
    let page = report.html
    #expect(page.contains("Map of us-declaration") && !page.contains("http://") && !page.contains("https://"))
    // Every text survives in the page's data, and none ends its element.
    let data = try #require(
      page.components(separatedBy: "application/json\">").last?.components(separatedBy: "</script>")[0])
    let map = try #require(try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any])
    #expect(map["text"] as? String == String(String.UnicodeScalarView(text)))
    #expect((map["lengths"] as? [Int])?.reduce(0, +) == (map["text"] as? String)?.utf16.count)
  }

  /// Bounds of a scheme that keeps 40 tokens, from 20: the truth lies between them, and within 10 it is known.
  @Test func decodingIsCarriedThrough() async throws {
    let file = Self.works("gemma3-270m/bsd.windows.jsonl.gz")
    var plain = analysis("gemma3-270m")
    plain.thresholds = [0.05]
    var truncated = plain
    truncated.decoding = try Decoding(temperature: 1, topK: 40)
    var few = plain
    few.decoding = try Decoding(temperature: 1, topK: 10)
    let (all, forty, ten) = (
      try await plain.run(files: [file]).works[0].lengths[0],
      try await truncated.run(files: [file]).works[0].lengths[0],
      try await few.run(files: [file]).works[0].lengths[0]
    )
    #expect(forty.coverage[0].lower <= forty.coverage[0].upper && forty.coverage[0].lower >= all.coverage[0].lower)
    for index in 0..<3 {
      #expect(forty.expected[index].lower <= forty.expected[index].upper)
      #expect(ten.expected[index].lower == ten.expected[index].upper)
    }
  }

  @Test func whatIsRefused() async throws {
    let record = try Record(id: "a", tokenLogProbabilities: [-0.1, -0.2])
    await #expect(throws: CaptureError.self) {
      try await WorksAnalysis().run(on: Capture(name: "x", records: [record]))
    }
    var analysis = WorksAnalysis()
    analysis.thresholds = [0]
    await #expect(throws: ArgumentError.self) { try await analysis.run(files: ["x"]) }
    var greedy = WorksAnalysis()
    greedy.decoding = .greedy
    await #expect(throws: ArgumentError.self) { try await greedy.run(files: ["x"]) }
    // A text in fewer tokens than its windows reach is another tokenizer's.
    var other = self.analysis("smollm2-135m")
    other.texts = [Self.works("smollm2-135m")]
    let file = Self.works("gemma3-270m/us-declaration.windows.jsonl.gz")
    await #expect(throws: CaptureError.self) { try await other.run(files: [file]) }
    var control = self.analysis("gemma3-270m")
    control.controls = [Self.works("gemma3-270m/us-declaration.chunks.jsonl.gz")]
    await #expect(throws: CaptureError.self) { try await control.run(files: [file]) }
    // Long passes are no records.
    await #expect(throws: CaptureError.self) {
      _ = try await Capture(contentsOf: Self.works("gemma3-270m/bsd.chunks.jsonl.gz"))
    }
  }

  @Test func oneWindowOfOneToken() async throws {
    let record = try Record(
      id: "a", tokenLogProbabilities: [-0.5], place: Record.Place(document: "d", start: 3, documentTokens: 8))
    let report = try await WorksAnalysis().run(on: Capture(name: "x", records: [record]))
    let length = report.works[0].lengths[0]
    #expect(length.n == 1 && length.unknownTokens == 7 && report.works[0].tokens == 8)
    #expect(length.coverage.map(\.lower) == [0.125, 0.125, 0.125, 0.125] && length.risk == [[3, 4, -0.5]])
    #expect(!report.text().isEmpty)
  }

  /// Two models with tokens of their own are compared by characters: shares and their overlap from the risk along the
  /// work and the offsets of its tokens.
  @Test func modelsAreComparedByCharacters() async throws {
    let files = ["gemma3-270m", "smollm2-135m"].map { Self.works("\($0)/us-declaration.windows.jsonl.gz") }
    var captures: [Capture] = []
    for file in files { captures.append(try await Capture(contentsOf: file)) }
    var analysis = CompareAnalysis()
    analysis.resampling.replicates = 199
    let report = try await analysis.run(on: captures)
    // Windows of the same name have other tokens: they are not the same records.
    #expect(report.comparisons[0].paired < 5 && report.warnings.contains { $0.code == .otherReferences })
    let work = try #require(report.comparisons[0].works.first { $0.n == 16 && $0.threshold == 0.001 })
    #expect(work.unit == "characters")
    var covered: [Set<Int>] = []
    for capture in captures {
      var places = Set<Int>()
      for record in capture.records where record.tokenLogProbabilities.prefix(16).reduce(0, +) >= .log(0.001) {
        guard let offsets = record.place?.tokenOffsets else { continue }
        places.formUnion(offsets[0]..<offsets[16])
      }
      covered.append(places)
    }
    let ends = captures.map { $0.records.compactMap { $0.place?.tokenOffsets?.max() }.max() ?? 0 }
    let length = Double(try #require(ends.max()))
    expectClose(work.a, Double(covered[0].count) / length, relative: 1e-12)
    expectClose(work.b, Double(covered[1].count) / length, relative: 1e-12)
    let (both, either) = (covered[0].intersection(covered[1]), covered[0].union(covered[1]))
    expectClose(work.jaccard ?? .nan, Double(both.count) / Double(either.count), relative: 1e-12)
    // Blocks of the text twice as long as the longest passage are fewer than ten.
    #expect(work.interval == nil)
    let rare = try #require(report.comparisons[0].works.first { $0.n == 16 && $0.threshold == 0.5 })
    let limits = try #require(rare.interval)
    #expect(rare.difference == 0 && limits.upper == limits.lower.map { -$0 })
  }

  /// Captures that do not say where tokens are, and have different numbers of them, are not compared.
  @Test func worksThatCannotBeCompared() async throws {
    func capture(_ name: String, _ tokens: Int) throws -> Capture {
      try Capture(
        name: name,
        records: (0..<2).map { index in
          try Record(
            id: "\(index)", tokenLogProbabilities: Array(repeating: -0.1, count: 16),
            place: Record.Place(document: "d", start: 16 * index, documentTokens: tokens))
        })
    }
    let different = try await CompareAnalysis().run(on: [capture("a", 100), capture("b", 300)])
    #expect(different.comparisons[0].works.isEmpty && different.warnings.contains { $0.code == .otherTokens })
    let same = try await CompareAnalysis().run(on: [capture("a", 100), capture("b", 100)])
    #expect(same.comparisons[0].works.first?.unit == "tokens" && same.comparisons[0].works.first?.jaccard == 1)
  }

  /// A text that is not that of the windows is refused, and one window twice is named; text before the first window
  /// stands in the map.
  @Test func textsAreThoseOfTheWindows() async throws {
    try await Repository.withScratchFolder { folder in
      func report(_ text: String, twice: Bool = false) async throws -> WorksReport {
        try text.write(to: folder.appendingPathComponent("d.txt"), atomically: true, encoding: .utf8)
        let record = try Record(
          id: "a", tokenLogProbabilities: [-0.1, -0.1], reference: "cd",
          place: Record.Place(document: "d", start: 2, tokenOffsets: [2, 3, 4], documentTokens: 4))
        var analysis = WorksAnalysis()
        (analysis.lengths, analysis.texts) = ([2], [folder.path])
        return try await analysis.run(on: Capture(name: "x", records: twice ? [record, record] : [record]))
      }
      let right = try await report("abcd")
      #expect(right.passages.first?.text == "cd" && right.html.contains(#""text":"abcd","lengths":[2,0,1,1]"#))
      for text in ["abxd", "abcde"] { await #expect(throws: CaptureError.self) { try await report(text) } }
      #expect(try await report("abcd", twice: true).warnings.contains { $0.code == .repeatedWindows })
    }
  }

  /// What windows leave open of the text is unknown and stops nothing: offsets of some windows only, a reference whose
  /// text is longer than its offsets, windows that contradict each other, and short ones before the others.
  @Test func windowsThatSayLittle() async throws {
    func record(_ start: Int, _ count: Int, offsets: [Int]? = nil, text: String? = nil, of tokens: Int? = 30) throws
      -> Record
    {
      try Record(
        id: "\(start)", tokenLogProbabilities: Array(repeating: -0.1, count: count), reference: text,
        place: Record.Place(document: "d", start: start, tokenOffsets: offsets, documentTokens: tokens))
    }
    func report(_ records: [Record], _ lengths: [Int]? = [2]) async throws -> WorksReport {
      var analysis = WorksAnalysis()
      analysis.lengths = lengths
      return try await analysis.run(on: Capture(name: "x", records: records))
    }
    let partial = try await report([record(0, 4, offsets: [0, 1, 2, 3, 4], text: "abcd"), record(4, 4)], [4])
    #expect(partial.works[0].characters == nil && partial.works[0].lengths[0].coverage[0].characters == nil)
    #expect(partial.passages.first?.text == nil && partial.passages.first?.end == 8)
    let cut = try await report(
      [record(0, 2, offsets: [0, 1, 2], text: "abc"), record(2, 2, offsets: [2, 5, 9])], [2])
    #expect(cut.passages.first?.text == nil && !cut.html.isEmpty)
    // Windows of two tokenizers are no coverage of one text.
    await #expect(throws: CaptureError.self) { try await report([record(0, 4, of: 20), record(2, 4, of: 30)]) }
    let mixed = try await report([record(0, 3)] + (1..<4).map { try record($0, 20) }, nil)
    #expect(mixed.works[0].lengths.map(\.n) == [16])
    let short = try await report([record(0, 3), record(2, 5)], nil)
    #expect(short.works[0].lengths.map(\.n) == [5])
    let none = try await report([record(0, 3)], [9])
    #expect(none.document.text(isStyled: false).contains("Nothing is known of passages of 9 tokens"))
  }

  // MARK: Audits of windows

  /// Windows of a work, every `stride` tokens, whose tokens are alike within the work and along it.
  private func windows(
    _ document: String, tokens: Int, stride step: Int, length: Int, _ generator: inout SeededGenerator
  ) throws -> [Record] {
    let level = generator.normal()
    var drift = generator.normal()
    let values = (0..<tokens).map { _ -> Double in
      drift = 0.98 * drift + 0.199 * generator.normal()
      return -.exp(-1.5 + 0.5 * level + 0.5 * drift)
    }
    return try stride(from: 0, through: tokens - length, by: step).map { start in
      try Record(
        id: "\(document)@\(start)", tokenLogProbabilities: Array(values[start..<start + length]),
        place: Record.Place(document: document, start: start))
    }
  }

  /// Limits of P(N >= 4) cover the population's in as many of the samples as they say when works are resampled, and in
  /// far fewer when windows are taken as independent.
  @Test(.enabled(if: slowTestsAreEnabled)) func limitsResampleWorks() async throws {
    // S(4) of the population, from more works than all samples have.
    var truth = CompensatedSum()
    var generator = SeededGenerator(seed: 70)
    let many = 4000
    for _ in 0..<many {
      let records = try windows("w", tokens: 200, stride: 40, length: 8, &generator)
      for record in records {
        truth.add(.exp(record.tokenLogProbabilities[..<4].reduce(0, +)) / Double(records.count * many))
      }
    }
    let samples = 200
    var (held, heldAlone) = (0, 0)
    for sample in 0..<samples {
      var generator = SeededGenerator(seed: 71, stream: UInt64(sample))
      var (sums, alone) = (try DataSetSums(lengths: [4]), try DataSetSums(lengths: [4]))
      for work in 0..<40 {
        for record in try windows("w\(work)", tokens: 200, stride: 4, length: 8, &generator) {
          sums.add(record)
          alone.add(try Record(id: record.id, tokenLogProbabilities: record.tokenLogProbabilities))
        }
      }
      let analysis = AuditAnalysis()
      var settings = analysis
      settings.resampling.replicates = 399
      let point = try await settings.run(on: sums).survival[3]
      let other = try await settings.run(on: alone).survival[3]
      if let lower = point.lower, let upper = point.upper, (lower...upper).contains(truth.value) { held += 1 }
      if let lower = other.lower, let upper = other.upper, (lower...upper).contains(truth.value) { heldAlone += 1 }
    }
    #expect(Double(held) / Double(samples) >= 0.88, "\(held) of \(samples)")
    #expect(Double(heldAlone) / Double(samples) <= 0.6, "\(heldAlone) of \(samples)")
  }

  /// An audit of windows says what is covered, whole or in parts, and does not complain that windows overlap.
  @Test func auditsReportWorks() async throws {
    let files = ["bsd", "us-declaration"].map { Self.works("gemma3-270m/\($0).windows.jsonl.gz") }
    let report = try #require(try await AuditAnalysis().run(files: files).report)
    #expect(report.works?.map(\.document) == ["bsd", "us-declaration"])
    #expect(report.worksTotal?.map(\.n) == [16, 32, 50] && report.worksTotal?[0].tokens == 270 + 1860)
    #expect(!report.warnings.contains { $0.code == .overlappingWindows })
    // Windows end five tokens before the text does.
    let own = try await analysis("gemma3-270m").run(files: [files[0]]).works[0].lengths[0].coverage[0]
    expectClose(try #require(report.works?[0].lengths[0].coverage[0].lower), own.lower * 275 / 270, relative: 1e-12)
    var parts: [DataSetSums] = []
    for file in files {
      let sums = try await AuditAnalysis().summarize(files: [file]).sums
      try await Repository.withScratchFolder { folder in
        let path = folder.appendingPathComponent("part").path
        try sums.encoded().write(to: URL(fileURLWithPath: path))
        parts += try DataSetSums.read(path: path)
      }
    }
    let merged = try await AuditAnalysis().run(on: try parts.merged())
    #expect(merged.works == report.works && merged.worksTotal == report.worksTotal)
    let twice = try await AuditAnalysis().run(on: try [parts[0], parts[0]].merged())
    #expect(twice.warnings.contains { $0.code == .splitWork })
  }
}
