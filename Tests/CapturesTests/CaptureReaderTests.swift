import Captures
import Foundation
import TestSupport
import Testing
import TokenProcess

@Suite struct CaptureReaderTests {
  /// Reads text as a capture.
  private func read(_ text: String, threads: Int = 1) async throws -> [CaptureLine] {
    try await read(Data(text.utf8), threads: threads)
  }

  private func read(_ data: Data, threads: Int = 1) async throws -> [CaptureLine] {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("capture.jsonl").path
      try data.write(to: URL(fileURLWithPath: path))
      var lines: [CaptureLine] = []
      try await CaptureReader(files: [path], threads: threads).forEachLine { lines.append($0) }
      return lines
    }
  }

  private func failure(_ text: String) async throws -> CaptureError? {
    guard let line = try await read(text).last, case .failure(let error) = line else { return nil }
    return error
  }

  @Test func shippedCapturesAreValid() async throws {
    for epoch in ["00", "06", "12"] {
      let records = try await CaptureReader(files: [Repository.capture("jargon-train-epoch\(epoch).jsonl")]).records()
      #expect(records.count == 120)
      #expect(records[0].id == "jargon-0000")
      #expect(records.allSatisfy { $0.ranks != nil && $0.prefix != nil && $0.epoch == Double(epoch) })
      #expect((records[0].topLogProbabilities?.first?.count == 20) == (epoch == "06"))
    }
  }

  @Test func minusInfinityIsReadInBothSpellings() async throws {
    let lines = try await read(
      """
      {"id":"a","token_logprobs":[-1,-Infinity]}
      {"id":"b","token_logprobs":[-1,"-Infinity"]}
      """)
    for line in lines { #expect(try line.get().tokenLogProbabilities == [-1, -.infinity]) }
    #expect(lines.count == 2)
  }

  @Test func everyRuleOnBadLinesNamesTheField() async throws {
    let cases: [(String, String?, String)] = [
      (#"{"id":"a","token_logprobs":[-1,"#, nil, "not valid JSON"),
      (#"nonsense"#, nil, "not valid JSON"),
      (#"[1,2]"#, nil, "not a JSON object"),
      (#"null"#, nil, "not a JSON object"),
      (#"{"token_logprobs":[-1]}"#, "id", "missing"),
      (#"{"id":"a"}"#, "token_logprobs", "missing"),
      (#"{"id":7.5,"token_logprobs":[-1]}"#, "id", "neither a text"),
      (#"{"id":"a","token_logprobs":null}"#, "token_logprobs", "null"),
      (#"{"id":"a","token_logprobs":[null,-1]}"#, "token_logprobs[0]", "null"),
      (#"{"id":"a","token_logprobs":[-1,"x"]}"#, "token_logprobs[1]", "not a number"),
      (#"{"id":"a","token_logprobs":[-1,NaN]}"#, "token_logprobs[1]", "NaN"),
      (#"{"id":"a","token_logprobs":[-1,0.5]}"#, "token_logprobs[1]", "positive"),
      (#"{"id":"a","token_logprobs":[-1,Infinity]}"#, "token_logprobs[1]", "positive"),
      (#"{"id":"a","token_logprobs":[]}"#, "token_logprobs", "empty"),
      (#"{"id":"","token_logprobs":[-1]}"#, "id", "empty"),
      (#"{"id":"a","token_logprobs":[-1,-2],"ranks":[0]}"#, "ranks", "1 elements"),
      (#"{"id":"a","token_logprobs":[-1],"ranks":[0.5]}"#, "ranks[0]", "not an integer"),
      (#"{"id":"a","token_logprobs":[-1],"top_logprobs":[[[1,-1],[2]]]}"#, "top_logprobs[0][1]", "is not a pair"),
    ]
    for (text, field, problem) in cases {
      let error = try #require(try await failure(#"{"id":"good","token_logprobs":[-1]}"# + "\n" + text), "\(text)")
      #expect(error.line == 2, "\(text)")
      if let field { #expect(error.field?.hasPrefix(field) == true, "\(text): \(error)") }
      #expect(error.problem.contains(problem), "\(text): \(error)")
      #expect(!error.description.contains("\n"))
    }
  }

  @Test func blankLinesUnknownKeysAndMissingLastLineEnd() async throws {
    let lines = try await read(
      "\n{\"id\":\"a\",\"token_logprobs\":[-1],\"color\":{\"x\":[1]}}\r\n  \t\n{\"id\":\"b\",\"token_logprobs\":[-2]}")
    #expect(try lines.map { try $0.get().id } == ["a", "b"])
    #expect(try await read("").isEmpty)
  }

  @Test func byteOrderMarksAreLeftOut() async throws {
    #expect(try await read("\u{FEFF}").isEmpty)
    #expect(try await read("\u{FEFF}{\"id\":\"a\",\"token_logprobs\":[-1]}").map { try $0.get().id } == ["a"])
  }

  @Test func lineNumbersCountBlankLines() async throws {
    #expect(try await failure("\n\n\nbroken")?.line == 4)
  }

  @Test func binaryFilesAreBadLines() async throws {
    var generator = SystemRandomNumberGenerator()
    let bytes = Data((0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
    for line in try await read(bytes) { #expect(throws: CaptureError.self) { try line.get() } }
  }

  @Test func filesThatCannotBeRead() async throws {
    await #expect(throws: CaptureError(file: "/nowhere/x.jsonl", problem: "no such file")) {
      try await CaptureReader(files: ["/nowhere/x.jsonl"]).records()
    }
    await #expect(throws: CaptureError(file: "/tmp", problem: "is a directory, not a capture")) {
      try await CaptureReader(files: ["/tmp"]).records()
    }
  }

  /// Order and content do not depend on the number of threads, over many batches.
  @Test func threadsKeepTheOrder() async throws {
    let text = (0..<20_000).map { "{\"id\":\"\($0)\",\"token_logprobs\":[-\($0 % 7).5,-1,-2,-3,-4,-5,-6,-7]}" }
      .joined(separator: "\n")
    let one = try await read(text, threads: 1).map { try $0.get() }
    let three = try await read(text, threads: 3).map { try $0.get() }
    #expect(one.count == 20_000)
    #expect(one == three)
    #expect(one.map(\.id) == (0..<20_000).map { "\($0)" })
  }

  @Test func errorsThrownByTheBodyEndTheReading() async throws {
    struct Stop: Error {}
    var seen = 0
    await #expect(throws: Stop.self) {
      try await CaptureReader(files: [Repository.capture("jargon-train-epoch00.jsonl")]).forEachLine { _ in
        seen += 1
        throw Stop()
      }
    }
    #expect(seen == 1)
  }

  @Test func foldersAndPatterns() async throws {
    try await Repository.withScratchFolder { folder in
      for name in ["b.jsonl", "a.jsonl.gz", "notes.txt", "c.npz", "lengths.npy"] {
        try Data().write(to: folder.appendingPathComponent(name))
      }
      let path = folder.path
      var notes: [String] = []
      let found = try CaptureFiles.expanded([path]) { notes.append($0) }
      #expect(found == ["a.jsonl.gz", "b.jsonl", "c.npz"].map { "\(path)/\($0)" })
      #expect(notes == ["\(path): left out lengths.npy; name them if they are captures"])
      #expect(
        try CaptureFiles.expanded(["\(path)/*.jsonl*", "-", "x"]) == [
          "\(path)/a.jsonl.gz", "\(path)/b.jsonl", "-", "x",
        ])
      #expect(throws: CaptureError.self) { try CaptureFiles.expanded(["\(path)/*.none"]) }
      let empty = folder.appendingPathComponent("empty").path
      try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
      #expect(throws: CaptureError.self) { try CaptureFiles.expanded([empty]) }
      // Summaries by themselves; beside captures they may be of the same records.
      let sums = folder.appendingPathComponent("sums").path
      try FileManager.default.createDirectory(atPath: sums, withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: "\(sums)/c.summary"))
      #expect(try CaptureFiles.expanded([sums]) == ["\(sums)/c.summary"])
      try Data().write(to: URL(fileURLWithPath: "\(sums)/c.jsonl"))
      #expect(throws: CaptureError.self) { try CaptureFiles.expanded([sums]) }
    }
  }

  /// Files that are easily told and not read are called what they are.
  @Test(
    arguments: [
      ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 1]), ("bzip2", Array("BZh9".utf8)), ("Parquet", Array("PAR1".utf8)),
      ("UTF-16", [0xFF, 0xFE, 0x7B, 0x00]), ("a program", [0x7F, 0x45, 0x4C, 0x46]),
    ] as [(String, [UInt8])]) func strangers(name: String, bytes: [UInt8]) async throws
  {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.jsonl").path
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let error = await FormatFile.error { _ = try await CaptureReader(files: [path]).records() }
      #expect(error?.file == path && error?.line == nil && error?.problem.contains(name) == true)
    }
  }

  /// What is asked of a format that has no use for it is refused, not left undone.
  @Test func unusedOptions() async throws {
    let capture = Repository.capture("jargon-train-epoch06.jsonl")
    let split = await FormatFile.error { _ = try await FormatFile.records(capture, split: .prefixTokens(3)) }
    #expect(split?.file == capture && split?.option == "split")
    let array = await FormatFile.error { _ = try await FormatFile.records("a.npy", split: .suffixTokens(3)) }
    #expect(array?.problem.contains("is read as npy") == true)
    for (file, format) in [(capture, "native"), (try FormatFile.path("openai.jsonl"), "server")] {
      let lengths = await FormatFile.error { _ = try await FormatFile.records(file, lengths: "len.npy") }
      #expect(lengths?.problem == "is read as \(format), which has no arrays" && lengths?.option == "arrayLengths")
    }
  }
}
