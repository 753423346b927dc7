import Foundation
import TestSupport
import Testing

/// `skewmem notebooks`: what it writes is what its cells put out.
@Suite struct NotebookCommandTests {
  private struct Notebook: Decodable {
    struct Cell: Decodable {
      let id: String
      let cellType: String
      let source: [String]
      let executionCount: Int?
    }

    let nbformat: Int
    let nbformatMinor: Int
    let cells: [Cell]

    static func read(_ data: Data) throws -> Notebook {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Notebook.self, from: data)
    }
  }

  /// A folder with a link to some of the captures, as `captures`.
  private func withCaptures(_ names: [String], _ body: (URL) throws -> Void) async throws {
    try await Repository.withScratchFolder { folder in
      let captures = folder.appendingPathComponent("captures")
      try FileManager.default.createDirectory(at: captures, withIntermediateDirectories: false)
      for name in names {
        try FileManager.default.createSymbolicLink(
          atPath: captures.appendingPathComponent(name).path, withDestinationPath: Repository.capture(name))
      }
      try body(folder)
    }
  }

  /// The strings of a call of Python, in its two parts.
  private func call(_ source: String) -> (arguments: [String], only: [String]?)? {
    guard source.hasPrefix("skewmem(") else { return nil }
    let parts = source.components(separatedBy: "only=")
    func strings(_ text: String) -> [String] { text.matches(of: /"([^"\\]*)"/).map { String($0.output.1) } }
    return (strings(parts[0]), parts.count > 1 ? strings(parts[1]) : nil)
  }

  /// Each cell's outputs are those of its own command line.
  @Test func cellsAreReal() async throws {
    let names = [
      "jargon-train-epoch04.jsonl", "jargon-train-epoch06.jsonl", "jargon-heldout-epoch06.jsonl",
      "jargon-samples-epoch06.jsonl",
    ]
    try await withCaptures(names) { folder in
      let result = try CommandLineTool.run(["notebooks", "--output", ".", "captures"], in: folder)
      #expect(result.status == 0 && result.output.split(separator: "\n").count == 6)
      #expect(result.errors.contains("03-drivers.ipynb is without similarity"))
      var calls = 0
      for line in result.output.split(separator: "\n") {
        let data = try Data(contentsOf: folder.appendingPathComponent(String(line)))
        let notebook = try Notebook.read(data)
        let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let cells = try #require(whole["cells"] as? [[String: Any]])
        #expect(notebook.nbformat == 4 && notebook.nbformatMinor == 5)
        #expect(Set(notebook.cells.map(\.id)).count == notebook.cells.count)
        #expect(
          notebook.cells.filter { $0.cellType == "code" }.map(\.executionCount)
            == (1...notebook.cells.count { $0.cellType == "code" }).map { $0 })
        let texts = notebook.cells.map { $0.source.joined() }
        for word in ["**Claim", "**Evidence.**", "**Verdict"] { #expect(texts.contains { $0.contains(word) }) }
        // One notebook's cells are enough of a time.
        for (cell, source) in zip(cells, texts) where line.contains("04-") {
          guard let call = call(source) else { continue }
          calls += 1
          let run = try CommandLineTool.run(call.arguments + ["--format", "notebook"], in: folder)
          let sections = try #require(try run.json?["sections"] as? [[String: Any]])
          let shown = sections.filter { call.only?.contains($0["title"] as? String ?? "") ?? true }
          let expected = shown.flatMap { $0["outputs"] as? [NSDictionary] ?? [] }
          let outputs = try #require(cell["outputs"] as? [[String: Any]])
          #expect(!outputs.isEmpty && outputs.compactMap { $0["data"] as? NSDictionary } == expected)
        }
      }
      #expect(calls == 3)
    }
  }

  /// One capture of any kind is enough; the same bytes each time.
  @Test func oneCapture() async throws {
    try await withCaptures([]) { folder in
      let records = (0..<6).map { #"{"id":"<b>\#($0)</b>","token_logprobs":[-0.\#($0 + 1),-1,-0.5]}"# }
      try Data(records.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("my \"own\".jsonl"))
      let first = try CommandLineTool.run(["notebooks", "-o", "a", "my \"own\".jsonl"], in: folder)
      let second = try CommandLineTool.run(["notebooks", "-o", "b", "my \"own\".jsonl", "--quiet"], in: folder)
      #expect(first.status == 0 && second.status == 0 && second.errors.isEmpty && second.output.isEmpty)
      #expect(first.errors.contains("03-drivers.ipynb takes") && first.output.split(separator: "\n").count == 4)
      for line in first.output.split(separator: "\n") {
        let name = String(line.dropFirst(2))
        let data = try Data(contentsOf: folder.appendingPathComponent("a/\(name)"))
        #expect(try data == Data(contentsOf: folder.appendingPathComponent("b/\(name)")))
        // Names are shown, not run, and the file is named from where the notebook lies.
        #expect(String(decoding: data, as: UTF8.self).contains(#"../my \\\"own\\\".jsonl"#))
        let notebook = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for cell in try #require(notebook["cells"] as? [[String: Any]]) {
          for output in cell["outputs"] as? [[String: Any]] ?? [] {
            let bundle = output["data"] as? [String: Any] ?? [:]
            for type in ["text/html", "text/markdown", "image/svg+xml"] {
              #expect((bundle[type] as? String)?.contains("<b>") != true, "\(type)")
            }
          }
        }
      }
    }
  }

  @Test func failures() async throws {
    try await withCaptures(["jargon-samples-epoch06.jsonl"]) { folder in
      #expect(try CommandLineTool.run(["notebooks", "-o", "x", "-"], in: folder).status == 64)
      #expect(try CommandLineTool.run(["notebooks", "captures"], in: folder).status == 64)
      let none = try CommandLineTool.run(["notebooks", "-o", "x", "captures"], in: folder)
      #expect(none.status == 65 && none.errors.contains("no capture with records"))
      let missing = try CommandLineTool.run(["notebooks", "-o", "x", "nowhere.jsonl"], in: folder)
      #expect(missing.status == 65 && missing.errors.contains("nowhere.jsonl: no such file"))
      try Data().write(to: folder.appendingPathComponent("file"))
      #expect(try CommandLineTool.run(["notebooks", "-o", "file", "captures"], in: folder).status == 73)
      #expect(
        try CommandLineTool.run(["audit", "captures/jargon-samples-epoch06.jsonl", "-f", "notebook"], in: folder).status
          == 65)
    }
  }

  /// The committed notebooks are those of the committed captures.
  @Test(.enabled(if: slowTestsAreEnabled)) func committedNotebooks() async throws {
    let folder = URL(fileURLWithPath: Repository.capture("README.md")).deletingLastPathComponent()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "README.md" }
    try await withCaptures(names) { scratch in
      let folders = ["captures", "captures/inside", "captures/works/gemma3-270m", "captures/works/smollm2-135m"]
      #expect(try CommandLineTool.run(["notebooks", "-q", "-o", "."] + folders, in: scratch).status == 0)
      let notebooks = try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasSuffix("ipynb") }
      #expect(notebooks.count == 8)
      for name in notebooks {
        let committed = folder.deletingLastPathComponent().appendingPathComponent(name)
        #expect(try Data(contentsOf: scratch.appendingPathComponent(name)) == Data(contentsOf: committed), "\(name)")
      }
    }
  }
}
