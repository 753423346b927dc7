import Captures
import Foundation
import HeavyTails
import TestSupport
import Testing

@Suite struct CountsReaderTests {
  private func read(_ text: String) async throws -> CensoredCounts {
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x.counts").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try CountsReader.counts(path: path)
    }
  }

  @Test func columnsCensoringAndComments() async throws {
    let counts = try await read("# lengths\n0 481\n3\n\n3,2\r\n12+\t7\n12+\n")
    #expect(
      counts.cells == [
        .init(length: 0, exact: 481), .init(length: 3, exact: 3), .init(length: 12, exact: 0, censored: 8),
      ])
  }

  @Test func intervalsAndEntries() async throws {
    let counts = try await read("3-5 12\n4-4\n9 2 4\n12+,3,5\n7 1 0\n")
    #expect(counts.cells == [.init(length: 4, exact: 1), .init(length: 7, exact: 1)])
    #expect(
      counts.intervals == [
        .init(from: 3, through: 5, weight: 12), .init(from: 9, through: 9, entry: 4, weight: 2),
        .init(from: 12, through: nil, entry: 5, weight: 3),
      ])
    #expect(counts.total == 19 && counts.intervalTotal == 12 && counts.truncatedTotal == 5)
    #expect(counts.rightCensoredTotal == 3)
  }

  @Test func badLinesAreNamed() async throws {
    for (text, line, field) in [
      ("0\nx", 2, "length"), ("-1", 1, "length"), ("1.5", 1, "length"), ("1 -2", 1, "count"), ("1 nan", 1, "count"),
      ("1 2 3", 1, "entry"), ("9 2 x", 1, "entry"), ("9 1 2 3", 1, "line"), ("+", 1, "length"), ("5-3", 1, "length"),
      ("3-", 1, "length"), ("3--5", 1, "length"), ("3-5+", 1, "length"), ("3-5 1 4", 1, "entry"),
    ] {
      await #expect { try await read(text) } throws: { error in
        let error = error as? CaptureError
        return error?.line == line && error?.field == field
      }
    }
    for text in ["", "\n", "3 0"] {
      await #expect(throws: CaptureError.self) { try await read(text) }
    }
  }

  @Test func countsAreRecognized() async throws {
    #expect(try !CountsReader.isCounts(InputFile(path: Repository.capture("jargon-train-epoch00.jsonl"))))
    try await Repository.withScratchFolder { folder in
      let path = folder.appendingPathComponent("x").path
      for (text, isCounts) in [("\n  {}", false), ("3\n", true), ("", true), ("# {\n5", true), ("# 1\n[{", false)] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try CountsReader.isCounts(InputFile(path: path)) == isCounts)
      }
    }
  }
}
