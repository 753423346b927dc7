import Foundation
import SkewedMemorization
import Testing

@testable import skewmem

/// Every report of the command line in every format, as it was when it was last looked at.
///
/// `scripts/update-snapshots` writes the files in `Snapshots` again; the change is then there to be read before it is
/// committed.
@Suite struct SnapshotTests {
  /// The commands, a line each: a name, and the arguments.
  static let commands: [(name: String, arguments: [String])] = {
    let list = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots/commands")
    let text = (try? String(contentsOf: list, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let words = line.split(separator: " ").map(String.init)
      return (words[0], Array(words.dropFirst()))
    }
  }()

  @Test(arguments: commands.map(\.name)) func reportsAreAsTheyWere(name: String) async throws {
    let command = try #require(Self.commands.first { $0.name == name })
    let parsed = try #require(try SkewMem.parseAsRoot(command.arguments + ["--quiet"]) as? any ReportCommand)
    // Captures are named as seen from the root, where the tests are run.
    let report: any ReadableReport = try await parsed.report()
    let texts = [
      "text": report.text(), "markdown": report.markdown, "html": report.html,
      "json": String(decoding: try OutputOptions.json(report), as: UTF8.self), "csv": try RecordTable(report)?.csv,
    ]
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots")
    for (format, text) in texts.sorted(by: { $0.key < $1.key }) {
      // A report without a list of records has no CSV.
      guard let text else { continue }
      let file = folder.appendingPathComponent("\(name).\(format)")
      if ProcessInfo.processInfo.environment["SKEWMEM_UPDATE_SNAPSHOTS"] == "1" {
        try Data(text.utf8).write(to: file)
      } else {
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(text == expected, "\(name) as \(format): \(Self.difference(text, expected))")
      }
    }
  }

  @Test func everyReportHasASnapshot() {
    let shown = Set(Self.commands.compactMap(\.arguments.first))
    let reports: Set = [
      "audit", "fit", "predict", "validate", "metrics", "compare", "limits", "similarity", "drivers", "mitigate",
      "plan", "works", "canaries", "prefixes", "overlap", "calibrate",
    ]
    #expect(shown == reports)
  }

  /// The first line that differs.
  private static func difference(_ found: String, _ expected: String) -> String {
    let (a, b) = (found.split(separator: "\n"), expected.split(separator: "\n"))
    let place = zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }
    guard let place else { return "\(a.count) lines for \(b.count)" }
    return "line \(place.offset + 1): \(place.element.0.prefix(200)) for \(place.element.1.prefix(200))"
  }
}
