import Foundation
import GSLNumerics
import SkewedMemorization
import TestSupport
import Testing

/// The summary of a whole is the merge of its parts' summaries.
@Suite struct DataSetSumsTests {
  /// Records of many lengths, some with a token of probability 0, some known by heart.
  private func records(_ count: Int, longest: Int, seed: UInt64) -> [Record] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let length = 1 + Int(generator.next() % UInt64(longest))
      var record = Record(
        unchecked: "r\(index % (count - 3))",
        tokenLogProbabilities: (0..<length).map { _ in -0.01 - 2 * generator.uniform() * generator.uniform() })
      if index % 50 == 7 { record.tokenLogProbabilities[length - 1] = -.infinity }
      if index % 40 == 3 { record.tokenLogProbabilities = Array(repeating: 0, count: length) }
      if index % 3 == 0 { record.ranks = (0..<length).map { _ in Int(generator.next() % 3) / 2 } }
      record.run = index % 2 == 0 ? "a" : "b"
      return record
    }
  }

  private func summary(_ records: [Record], _ analysis: AuditAnalysis = AuditAnalysis()) throws -> DataSetSums {
    var sums = try DataSetSums(lengths: analysis.lengths, top: analysis.top)
    for record in records { sums.add(record) }
    return sums
  }

  /// An audit with few replicates.
  private var quick: AuditAnalysis {
    var analysis = AuditAnalysis()
    analysis.resampling.replicates = 200
    return analysis
  }

  /// Counts agree exactly and sums to 1e-12; what depends on which records share a group too, as merging goes on where
  /// the first part ended.
  @Test(arguments: [1, 2, 3, 4]) func mergesAreTheWhole(seed: UInt64) async throws {
    let records = records(seed == 1 ? 2500 : 300, longest: [37, 37, 64, 5][Int(seed) - 1], seed: seed)
    var analysis = quick
    if seed == 3 { analysis.lengths = [2, 7, 90] }
    let whole = try summary(records, analysis)
    var generator = SeededGenerator(seed: seed, stream: 9)
    var cuts = (0..<4).map { _ in Int(generator.next() % UInt64(records.count)) }.sorted()
    cuts = [0] + cuts + [records.count]
    var merged = try summary([], analysis)
    for (start, end) in zip(cuts, cuts.dropFirst()) {
      // Through a file, with its own options.
      let part = try summary(Array(records[start..<end]), analysis)
      let read = try await Repository.withScratchFolder { folder in
        let path = folder.appendingPathComponent("part").path
        try part.encoded().write(to: URL(fileURLWithPath: path))
        #expect(try DataSetSums.isSummary(InputFile(path: path)))
        return try DataSetSums.read(path: path)[0]
      }
      try merged.merge(read)
    }
    let one = try await analysis.run(on: whole)
    let other = try await analysis.run(on: merged)
    #expect(one.records == other.records && one.tokens == other.tokens && one.maxLength == other.maxLength)
    #expect(one.greedy == other.greedy && one.warnings == other.warnings)
    #expect(one.recordsAtRisk == other.recordsAtRisk && one.recordsInFull == other.recordsInFull)
    let (a, b) = (try numbers(one), try numbers(other))
    #expect(a.count == b.count && a.count > 200)
    for (path, value) in a where !path.contains("fits") {
      // The bootstrap's quantiles jump where a rounding exchanges two replicates of all but equal values.
      expectClose(b[path] ?? .nan, value, relative: 1e-11, absolute: 1e-13, path)
    }
    // Fits stop within their tolerance of the same maximum.
    #expect(one.fits.map(\.family) == other.fits.map(\.family))
    for (fit, same) in zip(one.fits, other.fits) {
      expectClose(same.logLikelihood, fit.logLikelihood, relative: 1e-9)
    }
  }

  /// Every number of a report by its place.
  private func numbers(_ report: AuditReport) throws -> [String: Double] {
    var result: [String: Double] = [:]
    func walk(_ value: Any, _ path: String) {
      switch value {
      case let object as [String: Any]: for (key, value) in object { walk(value, "\(path).\(key)") }
      case let list as [Any]: for (index, value) in list.enumerated() { walk(value, "\(path)[\(index)]") }
      case let number as NSNumber: result[path] = number.doubleValue
      default: break
      }
    }
    walk(try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)), "")
    return result
  }

  @Test func orderDoesNotMatterForSums() async throws {
    let records = records(400, longest: 20, seed: 5)
    let parts = try [records[..<100], records[100..<250], records[250...]].map {
      try summary(Array($0))
    }
    var forward = parts[0]
    try forward.merge(parts[1])
    try forward.merge(parts[2])
    var backward = parts[2]
    try backward.merge(parts[1])
    try backward.merge(parts[0])
    #expect(forward.greedyCounts == backward.greedyCounts)
    let (a, b) = (forward.counts.cells, backward.counts.cells)
    #expect(a.map(\.length) == b.map(\.length))
    for (cell, other) in zip(a, b) {
      expectClose(other.exact, cell.exact, relative: 1e-13)
      expectClose(other.censored, cell.censored, relative: 1e-13)
    }
  }

  /// An audit of captures and summaries together, on any number of threads, is the audit of the captures.
  @Test func auditsTakeSummaries() async throws {
    let path = Repository.capture("jargon-train-epoch06.jsonl")
    var analysis = quick
    let whole = try #require(try await analysis.run(files: [path]).report)
    analysis.resampling.threads = 3
    #expect(try await analysis.run(files: [path]).report == whole)
    try await Repository.withScratchFolder { folder in
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let (first, second) = (folder.appendingPathComponent("a").path, folder.appendingPathComponent("b.jsonl").path)
      try lines[50...].joined(separator: "\n").write(toFile: second, atomically: true, encoding: .utf8)
      try lines[..<50].joined(separator: "\n").write(toFile: first + ".jsonl", atomically: true, encoding: .utf8)
      let part = try await analysis.summarize(files: [first + ".jsonl"]).sums
      try part.encoded().write(to: URL(fileURLWithPath: first))
      let mixed = try #require(try await analysis.run(files: [first, second]).report)
      // A summary has no texts.
      func withoutText(_ report: AuditReport) -> [RecordAtRisk] {
        report.recordsAtRisk.map { record in
          var record = record
          record.text = nil
          return record
        }
      }
      #expect(mixed.records == 120 && withoutText(mixed) == withoutText(whole))
      expectClose(mixed.matchLength.expected, whole.matchLength.expected, relative: 1e-13)
      // Other lengths do not add up.
      analysis.lengths = [5]
      await #expect(throws: ArgumentError.self) { try await analysis.run(files: [first, second]) }
    }
  }

  /// The first summary says which lengths are reported, where nobody else does; nothing is counted twice.
  @Test func lengthsOfSummaries() async throws {
    try await Repository.withScratchFolder { folder in
      let capture = Repository.capture("jargon-train-epoch06.jsonl")
      var analysis = quick
      analysis.lengths = [10, 50]
      let file = folder.appendingPathComponent("s").path
      try await analysis.summarize(files: [capture]).sums.encoded().write(
        to: URL(fileURLWithPath: file))
      analysis.lengths = nil
      let report = try #require(try await analysis.run(files: [file]).report)
      #expect(report.extractable.map(\.n) == [10, 50])
      await #expect(throws: ArgumentError.self) { try await analysis.run(files: [capture, file]) }
      for twice in [[file, file], [capture, folder.path + "/../" + folder.lastPathComponent + "/s", file]] {
        await #expect(throws: CaptureError(file: file, problem: "is given twice")) {
          try await analysis.run(files: twice)
        }
      }
    }
  }

  /// Whole references that count as one token are marked in reports, and in summaries for those who cannot do with
  /// them.
  @Test func wholeReferences() async throws {
    var whole = Record(unchecked: "w", tokenLogProbabilities: [-30])
    whole.isWholeReference = true
    let marked = try summary([whole])
    let merged = try [summary(records(50, longest: 9, seed: 3)), marked].merged()
    let read = try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("s").path
      try merged.encoded().write(to: URL(fileURLWithPath: path))
      return try DataSetSums.read(path: path)[0]
    }
    #expect(marked.hasWholeReferences && read.hasWholeReferences)
    #expect(try await quick.run(on: marked).warnings.contains { $0.text.hasPrefix("a token is a whole reference") })
    #expect(try await quick.run(on: read).warnings.contains { $0.text.hasPrefix("of 1 records the whole reference") })
    #expect(try !summary(records(5, longest: 9, seed: 3)).hasWholeReferences)
  }

  /// Summaries with different numbers of named records: as many as each part kept.
  @Test func fewerNamedRecords() async throws {
    let records = records(60, longest: 9, seed: 3)
    var few = AuditAnalysis()
    few.top = 2
    let (a, b) = (try summary(Array(records[..<30])), try summary(Array(records[30...]), few))
    var (forward, backward) = (a, b)
    try forward.merge(b)
    try backward.merge(a)
    let whole = try await AuditAnalysis().run(on: summary(records, few)).recordsAtRisk.map(\.expected)
    #expect(try await quick.run(on: forward).recordsAtRisk.map(\.expected) == whole && whole.count == 2)
    #expect(try await quick.run(on: backward).recordsAtRisk.map(\.expected) == whole)
  }

  /// Values that no records could have made are an error, not a crash or a wrong sum.
  @Test(arguments: [
    ["records", "-5"], ["records", "9223372036854775807"], ["skipped", "-4"], ["tokens", "0"],
    ["greedyRecords", "1000"],
    ["repeatedIDs", "-1"], ["limit", "-1"], ["atRisk", "0"], ["exponent", "9223372036854775807"], ["certain", "-7"],
    ["topIndex", "-9223372036854775807"], ["groupCount", "0"],
  ]) func hostileSummaries(change: [String]) async throws {
    let text = String(decoding: try summary(records(50, longest: 9, seed: 1)).encoded(), as: UTF8.self)
    let pattern = try Regex("\"\(change[0])\":-?[0-9]+")
    let changed = text.replacing(pattern, with: "\"\(change[0])\":\(change[1])")
    // Sketches are made beyond 100,000 records only.
    guard changed != text else { return }
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("s").path
      try changed.write(toFile: path, atomically: true, encoding: .utf8)
      #expect(throws: CaptureError.self) { try DataSetSums.read(path: path) }
    }
  }

  /// Sums of which any number was changed: an error, or a report, and never a crash.
  @Test func damagedSums() async throws {
    let lines = try summary(records(60, longest: 9, seed: 5)).encoded().split(separator: 0x0A)
    let sums = try JSONSerialization.jsonObject(with: Data(lines[1]))
    let leaves = Self.leaves(sums)
    var generator = SeededGenerator(seed: 20_261_121)
    let analysis = quick
    var refused = 0
    let count = slowTestsAreEnabled ? 1000 : 20
    for _ in 0..<count {
      var damaged = sums
      for _ in 0...Int.random(in: 0...1, using: &generator) {
        Self.change(&damaged, at: leaves.randomElement(using: &generator)![...], &generator)
      }
      let text = Data(lines[0]) + Data("\n".utf8) + (try JSONSerialization.data(withJSONObject: damaged))
      try await Repository.withScratchFolder { folder in
        let path = folder.appendingPathComponent("s").path
        try text.write(to: URL(fileURLWithPath: path))
        do {
          let read = try DataSetSums.read(path: path)
          var twice = read[0]
          try twice.merge(read[0])
          _ = try? await analysis.run(on: twice)
        } catch is CaptureError {
          refused += 1
        }
      }
    }
    #expect(refused > count / 4 && refused < count)
  }

  /// Where the numbers and texts of a JSON value are.
  private static func leaves(_ value: Any) -> [[String]] {
    switch value {
    case let object as [String: Any]:
      return object.sorted { $0.key < $1.key }.flatMap { key, value in leaves(value).map { [key] + $0 } }
    case let list as [Any]: return list.enumerated().flatMap { index, value in leaves(value).map { ["\(index)"] + $0 } }
    default: return [[]]
    }
  }

  private static func change(_ value: inout Any, at path: ArraySlice<String>, _ generator: inout SeededGenerator) {
    guard let step = path.first else {
      value = changed(value, &generator)
      return
    }
    if var object = value as? [String: Any], var inner = object[step] {
      change(&inner, at: path.dropFirst(), &generator)
      object[step] = inner
      value = object
    } else if var list = value as? [Any], let index = Int(step) {
      change(&list[index], at: path.dropFirst(), &generator)
      value = list
    }
  }

  /// Another number, or one of those that a text packs.
  private static func changed(_ value: Any, _ generator: inout SeededGenerator) -> Any {
    let numbers = [
      0, 1, -1, 1e308, -1e308, .leastNonzeroMagnitude, 1e15, -1e15, Double.random(in: -100...100, using: &generator),
    ]
    guard let text = value as? String else {
      let whole: [Any] = [Int.max, Int.min, 1 << 53, -(1 << 60), 7, "Infinity", "-Infinity", "NaN"]
      return (whole + numbers.map { $0 as Any }).randomElement(using: &generator)!
    }
    guard let data = Data(base64Encoded: text), data.count >= 8 else { return "x" + text }
    var doubles = data.withUnsafeBytes { bytes in
      (0..<(data.count / 8)).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
    let place = Int.random(in: 0..<doubles.count, using: &generator)
    switch Int.random(in: 0...4, using: &generator) {
    case 0: doubles.removeLast()
    case 1: doubles.append(1)
    default: doubles[place] = (numbers + [.infinity, -.infinity, .nan]).randomElement(using: &generator)!
    }
    return doubles.withUnsafeBytes { Data($0) }.base64EncodedString()
  }

  @Test func brokenSummariesAreNamed() async throws {
    let good = try summary(records(50, longest: 9, seed: 1)).encoded()
    let text = String(decoding: good, as: UTF8.self)
    let cases = [
      "", text.replacing("skewmem.summary/3", with: "skewmem.summary/9"), String(text.prefix(text.count / 2)),
      String(text.split(separator: "\n")[0]),
      text.replacing("\"records\":50", with: "\"records\":51", maxReplacements: 1),
      text.replacing("\"groupCount\":1024", with: "\"groupCount\":7"), "{}\n{}\n",
    ]
    for broken in cases {
      #expect(broken != text)
      try await Repository.withScratchFolder { folder in
        let path = folder.appendingPathComponent("s").path
        try broken.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: CaptureError.self) { try DataSetSums.read(path: path) }
      }
    }
  }

  /// The data set's numbers from a summary are those from the records.
  @Test func predictionsTakeSummaries() async throws {
    let all = records(400, longest: 30, seed: 9)
    let long = all.filter { $0.tokenLogProbabilities.count >= 8 }
    var analysis = AuditAnalysis()
    analysis.lengths = [5, 8, 12]
    let summary = try summary(long, analysis)
    var prediction = try PredictAnalysis(lengths: [8, 5])
    prediction.draws = [1, 100, 1e6]
    prediction.probabilities = [0.5, 0.9]
    let whole = try await prediction.run(records: long)
    let summed = try prediction.run(on: summary, name: "x")
    #expect(whole.grid.count == summed.grid.count)
    for (a, b) in zip(whole.grid, summed.grid) {
      #expect(a.length == b.length && a.draws == b.draws && a.discoverable == b.discoverable)
      #expect(a.dataset.lower == b.dataset.lower && a.dataset.upper == b.dataset.upper)
      for (x, y) in [
        (a.dataset.expectedRecords, b.dataset.expectedRecords), (a.dataset.maximumExpected, b.dataset.maximumExpected),
      ] { #expect((x - y).magnitude <= 1e-13 * x, "\(x) and \(y)") }
    }
    let byID = Dictionary(whole.records.map { ($0.id, $0) }) { first, _ in first }
    #expect(!summed.records.isEmpty)
    for record in summed.records { #expect(byID[record.id]?.method == .exact) }
    // Not all records have 12 tokens, 7 was not summarized, and other schemes take the records.
    #expect(throws: ArgumentError.self) { try PredictAnalysis(length: 12).run(on: summary, name: "x") }
    #expect(throws: ArgumentError.self) { try PredictAnalysis(length: 7).run(on: summary, name: "x") }
    prediction.decoding = try Decoding(temperature: 0.8)
    #expect(throws: ArgumentError.self) { try prediction.run(on: summary, name: "x") }
  }
}
