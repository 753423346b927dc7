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

  @Test func badLinesAreNamed() async throws {
    for (text, line, field) in [
      ("0\nx", 2, "length"), ("-1", 1, "length"), ("1.5", 1, "length"), ("1 -2", 1, "count"), ("1 nan", 1, "count"),
      ("1 2 3", 1, "line"), ("+", 1, "length"),
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
