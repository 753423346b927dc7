import Foundation
import SkewedMemorization
import TestSupport
import Testing

@testable import Reports

@Suite struct FigureTests {
  private func audit() async throws -> AuditReport {
    try #require(try await AuditAnalysis().run(files: [Repository.capture("jargon-train-epoch06.jsonl")]).report)
  }

  /// One page, with pictures, without anything from elsewhere; the same bytes each time.
  @Test func page() async throws {
    let report = try await audit()
    let html = report.html
    #expect(html == report.html && html.hasPrefix("<!DOCTYPE html>"))
    for forbidden in ["<script src", "http://", "https://", "<link", "@import", "url("] {
      let allowed =
        forbidden == "http://" ? html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "") : html
      #expect(!allowed.contains(forbidden), "\(forbidden)")
    }
    #expect(html.components(separatedBy: "<svg").count == report.figures.count + 1 && report.figures.count == 6)
    // The picture comes before the first heading, with a title and a text for those who do not see it.
    let picture = try #require(html.range(of: "<svg"))
    #expect(picture.lowerBound < html.range(of: "<h2>")?.lowerBound ?? html.startIndex)
    #expect(html.contains("<title id=\"figure-1-title\">") && html.contains("<desc id=\"figure-1-text\">"))
    #expect(
      html.contains("<th scope=\"col\"") && html.contains("lang=\"en\"") && html.contains("prefers-color-scheme:dark"))
  }

  /// Well-formed XML with numbers for coordinates, whatever the data.
  @Test func picturesAreWellFormed() async throws {
    var figures = try await audit().figures
    figures.append(
      Figure(
        "a < b & \"c\"", caption: "<script>alert(1)</script>\u{1}", x: .init("x", .logarithmic),
        y: .init("y", .logarithmic),
        [
          .init("one point", .points, color: 9, [.init(0, -500), .init(.nan, 1), .init(1, -.infinity)]),
          .init("band", .band, color: 1, [.init(0, -3, lower: -4, upper: -2)]),
        ]))
    figures.append(
      Figure(
        "cells", caption: "", x: .init("x"), y: .init("", .categories(["<a>", "b"])),
        [
          .init(
            "value", .cells, color: 5,
            [.init(1, 0, value: 1), .init(2, 1, value: -0.5), .init(3, 0, value: 0), .init(4, 1, value: .nan)])
        ]))
    figures.append(Figure("empty", caption: "", x: .init("x"), y: .init("y"), []))
    figures.append(
      Figure(
        "bars", caption: "", x: .init("", .categories((0..<30).map { "a rather long name \($0)" })), y: .init("y"),
        [.init("s", .bars, color: 0, (0..<30).map { .init(Double($0), -1, lower: -2, upper: 0) })]))
    for (index, figure) in figures.enumerated() {
      for standsAlone in [true, false] {
        let svg = figure.svg(identifier: "f\(index)", standsAlone: standsAlone)
        #expect(svg.firstMatch(of: /[MLHV",( ]-?(nan|inf)\b/) == nil && !svg.contains("<script"), "\(figure.title)")
        // Every element is closed, and every attribute in quotes.
        var open: [Substring] = []
        for tag in svg.matches(of: /<(\/?)([a-z]+)((?:\s[a-zA-Z0-9:-]+="[^"<]*")*)\s*(\/?)>/) {
          if tag.output.1 == "/" {
            #expect(open.popLast() == tag.output.2)
          } else if tag.output.4 != "/" {
            open.append(tag.output.2)
          }
        }
        #expect(
          open.isEmpty
            && svg.count { $0 == "<" } == svg.matches(of: /<\/?[a-z]+(?:\s[a-zA-Z0-9:-]+="[^"<]*")*\s*\/?>/).count)
      }
      let specification = try #require(try JSONSerialization.jsonObject(with: figure.vegaLite) as? [String: Any])
      #expect(specification["$schema"] as? String == "https://vega.github.io/schema/vega-lite/v5.json")
      #expect((specification["layer"] as? [Any])?.count ?? 0 >= figure.series.count)
      #expect(figure.vegaLite == figure.vegaLite)
    }
  }

  @Test func ticks() {
    let decades = AxisTicks([-80, 0], .logarithmic, includesZero: false)
    #expect(decades.lower <= -80 && decades.upper == 0 && decades.ticks.count <= 8)
    #expect(
      decades.ticks.last?.label == "1" && decades.ticks.allSatisfy { $0.label == "1" || $0.label.hasPrefix("1e-") })
    let lengths = AxisTicks([0, 1.806], .logarithmic, includesZero: false)
    #expect(lengths.ticks.map(\.label) == ["1", "2", "5", "10", "20", "50", "100"])
    let shares = AxisTicks([12, 97], .linear, includesZero: true)
    #expect(shares.ticks.map(\.label) == ["0", "20", "40", "60", "80", "100"])
    let small = AxisTicks([0.0012, 0.0031], .linear, includesZero: false)
    #expect(small.lower <= 0.0012 && small.upper >= 0.0031 && Set(small.ticks.map(\.label)).count == small.ticks.count)
    let equal = AxisTicks([5, 5], .linear, includesZero: false)
    #expect(equal.lower <= 5 && equal.upper > equal.lower)
  }

  /// Names from captures are shown, not run, in pages and in spreadsheets.
  @Test func hostileNames() async throws {
    var records = (0..<12).map { Record(unchecked: "r\($0)", tokenLogProbabilities: [-0.1 * Double($0 + 1), -0.5]) }
    records[0].id = "<script>alert(1)</script>"
    records[1].id = "=HYPERLINK(\"x\")"
    records[2].id = "a,\"b\"\nc"
    let report = try await AuditAnalysis().run(on: Capture(name: "<b>.jsonl", records: records))
    #expect(
      !report.html.contains("<script>alert") && report.html.contains("&lt;script&gt;alert")
        && !report.html.contains("<b>"))
    let table = try #require(try RecordTable(report))
    #expect(table.columns.first == "id" && table.rows.count == 12)
    let csv = table.csv
    #expect(csv.contains("\"'=HYPERLINK(\"\"x\"\")\"") && csv.contains("\"a,\"\"b\"\"\nc\""))
    #expect(csv.hasPrefix("id,expected,greedy,length,log_probability_full\r\n"))
    let plan = try #require(try? JSONDecoder().decode([String: Int].self, from: Data("{\"a\":1}".utf8)))
    #expect(try RecordTable(plan) == nil)
  }
}
