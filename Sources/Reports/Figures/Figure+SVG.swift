import Foundation

extension Figure {
  /// An SVG picture, 720 units wide, that takes its colors from the page's light or dark scheme, or from its own style
  /// where it stands alone.
  ///
  /// - Parameters:
  ///   - identifier: Unique on its page; title and description are named after it.
  ///   - standsAlone: Whether it is a file of its own, with its own style.
  public func svg(identifier: String, standsAlone: Bool = false) -> String {
    SVGDrawing(self).text(identifier: identifier, standsAlone: standsAlone)
  }

  /// The colors of a page and its pictures by name, on light and on dark ground.
  private static let colors: [(name: String, light: String, dark: String)] =
    [
      ("ink", "#1b1b1b", "#ececec"), ("quiet", "#5c5c5c", "#b0b0b0"), ("rule", "#d9d9d9", "#444444"),
      ("ground", "#ffffff", "#16181b"), ("shade", "#f4f4f2", "#212429"),
    ] + palette.enumerated().map { ("c\($0.offset)", $0.element.light, $0.element.dark) }

  /// The colors as custom properties of the page.
  static let colorStyle: String = {
    func properties(_ side: (_ color: (name: String, light: String, dark: String)) -> String) -> String {
      colors.map { "--\($0.name):\(side($0))" }.joined(separator: ";")
    }
    return """
      :root{color-scheme:light dark;\(properties(\.light))}
      @media (prefers-color-scheme:dark){:root{\(properties(\.dark))}}
      @media print{:root{\(properties(\.light))}}
      """
  }()

  /// What the classes of pictures look like, in the page's colors.
  static let pictureStyle: String = {
    let series = palette.indices.map { "svg .f\($0){fill:var(--c\($0))}svg .s\($0){fill:none;stroke:var(--c\($0))}" }
    return """
      svg text{font:12px system-ui,sans-serif;fill:var(--quiet)}svg .name{fill:var(--ink)}svg .ground{fill:var(--ground)}
      svg .grid{stroke:var(--rule);stroke-width:1}svg .axis{stroke:var(--quiet);stroke-width:1;fill:none}svg .limits{stroke:var(--ink)}
      \(series.joined())
      """
  }()

  /// The same with the colors themselves: programs that draw pictures without a page know no custom properties.
  fileprivate static let aloneStyle: String = {
    func style(_ side: (_ color: (name: String, light: String, dark: String)) -> String) -> String {
      colors.reduce(pictureStyle) { $0.replacingOccurrences(of: "var(--\($1.name))", with: side($1)) }
    }
    return style(\.light) + "\n@media (prefers-color-scheme:dark){\(style(\.dark))}"
  }()
}

/// One figure's drawing.
private struct SVGDrawing {
  private let figure: Figure
  private let width = 720.0
  private let height: Double
  private let plot: (left: Double, top: Double, right: Double, bottom: Double)
  private let x: AxisTicks
  private let y: AxisTicks
  private let legend: [[Figure.Series]]
  private let isSlanted: Bool

  init(_ figure: Figure) {
    self.figure = figure
    let points = figure.series.flatMap(\.points)
    let hasBars = figure.series.contains { $0.mark == .bars }
    // Cells reach half a unit beyond their middle.
    let reach = figure.series.contains { $0.mark == .cells } ? 0.5 : 0
    x = AxisTicks(
      points.flatMap { reach > 0 ? [$0.x - reach, $0.x + reach] : [$0.x] }, figure.x.scale, includesZero: false,
      isTight: reach > 0)
    y = AxisTicks(
      points.flatMap { [$0.y, $0.lower, $0.upper].compactMap(\.self) }, figure.y.scale, includesZero: hasBars)
    legend = Self.legend(figure.series)
    let top = 16 + 20 * Double(legend.count)
    // Names of categories across take room when they stand slanted.
    let isCategorical = if case .categories = figure.x.scale { true } else { false }
    let longest = isCategorical ? Double(x.ticks.map(\.label.count).max() ?? 0) : 0
    let room = isCategorical && longest * Double(x.ticks.count) * 6.6 > 600 ? min(160, longest * 4.6) : 0
    let labels = Double(y.ticks.map(\.label.count).max() ?? 3)
    // Names of categories upwards need a line each.
    let isTall = if case .categories = figure.y.scale { true } else { false }
    let drawn = isTall ? max(120, 15 * Double(y.ticks.count)) : 280
    // A slanted name reaches to the left of its mark.
    let slot = 640 / Double(max(1, x.ticks.count))
    let left = max(34 + 6.8 * labels, room > 0 ? 16 + 5.3 * longest - slot / 2 : 0)
    plot = (left, top, width - 14, top + drawn)
    isSlanted = room > 0
    height = plot.bottom + (figure.x.title.isEmpty ? 28 : 50) + room
  }

  /// Names in lines of at most 90 letters; a series and its band share one entry.
  private static func legend(_ series: [Figure.Series]) -> [[Figure.Series]] {
    var lines: [[Figure.Series]] = []
    var letters = 0
    var seen = Set<String>()
    for entry in series where !entry.name.isEmpty && seen.insert(entry.name).inserted {
      if lines.isEmpty || letters + entry.name.count + 6 > 96 {
        lines.append([])
        letters = 0
      }
      lines[lines.count - 1].append(entry)
      letters += entry.name.count + 6
    }
    // Cells need their scale; another series alone is what the title says.
    return lines.count == 1 && lines[0].count == 1 && lines[0][0].mark != .cells ? [] : lines
  }

  private func across(_ value: Double) -> Double { plot.left + x.place(value) * (plot.right - plot.left) }

  private func up(_ value: Double) -> Double {
    // Names are read from the top down.
    if case .categories = figure.y.scale { return plot.top + y.place(value) * (plot.bottom - plot.top) }
    return plot.bottom - y.place(value) * (plot.bottom - plot.top)
  }

  private func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  func text(identifier: String, standsAlone: Bool) -> String {
    var parts: [String] = []
    let size = standsAlone ? " width=\"\(number(width))\" height=\"\(number(height))\"" : ""
    // Names need their size; numbers can be drawn smaller, so that a phone shows the whole figure.
    let scaling = standsAlone || hasNames ? "" : " class=\"scales\""
    parts.append(
      "<svg\(scaling) xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) \(number(height))\"\(size) role=\"img\" "
        + "aria-labelledby=\"\(identifier)-title \(identifier)-text\">")
    parts.append("<title id=\"\(identifier)-title\">\(htmlEscaped(figure.title))</title>")
    parts.append("<desc id=\"\(identifier)-text\">\(htmlEscaped(figure.caption))</desc>")
    if standsAlone {
      parts.append("<style>\(Figure.aloneStyle)</style>")
      parts.append("<rect width=\"100%\" height=\"100%\" class=\"ground\"/>")
    }
    addAxes(&parts)
    for series in figure.series { add(series, &parts) }
    addLegend(&parts)
    parts.append("</svg>")
    return parts.joined(separator: "\n")
  }

  /// Whether an axis has names in place of numbers.
  private var hasNames: Bool {
    [figure.x.scale, figure.y.scale].contains { if case .categories = $0 { true } else { false } }
  }

  private func addAxes(_ parts: inout [String]) {
    let hasCells = figure.series.contains { $0.mark == .cells }
    for tick in y.ticks {
      let place = number(up(tick.position))
      if !hasCells {
        parts.append(
          "<line class=\"grid\" x1=\"\(number(plot.left))\" x2=\"\(number(plot.right))\" y1=\"\(place)\" y2=\"\(place)\"/>"
        )
      }
      parts.append(
        "<text x=\"\(number(plot.left - 8))\" y=\"\(number(up(tick.position) + 4))\" text-anchor=\"end\">\(htmlEscaped(tick.label))</text>"
      )
    }
    for tick in x.ticks {
      let place = number(across(tick.position))
      parts.append(
        "<line class=\"axis\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(number(plot.bottom))\" y2=\"\(number(plot.bottom + 5))\"/>"
      )
      let label = htmlEscaped(tick.label)
      parts.append(
        isSlanted
          ? "<text transform=\"translate(\(number(across(tick.position) + 4)),\(number(plot.bottom + 16))) rotate(-40)\" text-anchor=\"end\">\(label)</text>"
          : "<text x=\"\(place)\" y=\"\(number(plot.bottom + 19))\" text-anchor=\"middle\">\(label)</text>")
    }
    parts.append(
      "<path class=\"axis\" d=\"M\(number(plot.left)) \(number(plot.top))V\(number(plot.bottom))H\(number(plot.right))\"/>"
    )
    parts.append(
      "<text class=\"name\" x=\"\(number((plot.left + plot.right) / 2))\" y=\"\(number(height - 8))\" text-anchor=\"middle\">\(htmlEscaped(figure.x.title))</text>"
    )
    parts.append(
      "<text class=\"name\" transform=\"translate(14,\(number((plot.top + plot.bottom) / 2))) rotate(-90)\" text-anchor=\"middle\">\(htmlEscaped(figure.y.title))</text>"
    )
  }

  private func add(_ series: Figure.Series, _ parts: inout [String]) {
    let place = series.color % Figure.palette.count
    func path(_ points: [(Double, Double)]) -> String {
      points.enumerated().map {
        "\($0.offset == 0 ? "M" : "L")\(number(across($0.element.0))) \(number(up($0.element.1)))"
      }
      .joined()
    }
    switch series.mark {
    case .cells: addCells(series, &parts)
    case .line, .dashes:
      let dashes = series.mark == .dashes ? ";stroke-dasharray:6 4" : ""
      parts.append(
        "<path d=\"\(path(series.points.map { ($0.x, $0.y) }))\" class=\"s\(place)\" style=\"stroke-width:2\(dashes)\"/>"
      )
    case .band:
      let limited = series.points.filter { $0.lower != nil && $0.upper != nil }
      let outline = limited.map { ($0.x, $0.upper ?? $0.y) } + limited.reversed().map { ($0.x, $0.lower ?? $0.y) }
      parts.append("<path d=\"\(path(outline))Z\" class=\"f\(place)\" style=\"fill-opacity:0.18\"/>")
    case .points:
      for point in series.points {
        addLimits(point, "s\(place)", &parts)
        parts.append(
          "<circle cx=\"\(number(across(point.x)))\" cy=\"\(number(up(point.y)))\" r=\"3.5\" class=\"f\(place)\"/>")
      }
    case .bars:
      // Series of bars stand side by side.
      let all = figure.series.filter { $0.mark == .bars }
      let index = Double(all.firstIndex { $0 == series } ?? 0)
      let slot = (across(1) - across(0)) * 0.8
      let width = slot / Double(all.count)
      for point in series.points {
        let left = across(point.x) - slot / 2 + index * width
        let (top, bottom) = (min(up(point.y), up(0)), max(up(point.y), up(0)))
        parts.append(
          "<rect x=\"\(number(left))\" y=\"\(number(top))\" width=\"\(number(max(1, width - 2)))\" height=\"\(number(max(0.5, bottom - top)))\" class=\"f\(place)\"/>"
        )
        addLimits(point, "limits", at: left + width / 2 - 1, &parts)
      }
    }
  }

  /// One path for each of 20 shades of each sign, which is much smaller than a rectangle for each cell.
  private func addCells(_ series: Figure.Series, _ parts: inout [String]) {
    let width = across(1) - across(0)
    let height = (up(0) - up(1)).magnitude
    let shades = Dictionary(grouping: series.points) { Int((20 * max(-1, min(1, $0.value ?? 0))).rounded()) }
    for (shade, points) in shades.sorted(by: { $0.key < $1.key }) {
      let outline = points.map {
        "M\(number(across($0.x) - width / 2)) \(number(up($0.y) - height / 2))h\(number(width))v\(number(height))h\(number(-width))z"
      }
      let color = (series.color + (shade < 0 ? 1 : 0)) % Figure.palette.count
      parts.append(
        "<path d=\"\(outline.joined())\" class=\"f\(color)\" style=\"fill-opacity:\(String(format: "%.2f", max(0.04, Double(shade.magnitude) / 20)))\"/>"
      )
    }
  }

  private func addLimits(_ point: Figure.Point, _ style: String, at place: Double? = nil, _ parts: inout [String]) {
    guard let lower = point.lower, let upper = point.upper else { return }
    let x = number(place ?? across(point.x))
    parts.append(
      "<line x1=\"\(x)\" x2=\"\(x)\" y1=\"\(number(up(lower)))\" y2=\"\(number(up(upper)))\" class=\"\(style)\" style=\"stroke-width:1.5\"/>"
    )
  }

  private func addLegend(_ parts: inout [String]) {
    for (line, entries) in legend.enumerated() {
      var left = plot.left
      let middle = 12 + 20 * Double(line)
      for entry in entries {
        if entry.mark == .cells {
          addScale(of: entry, from: left, at: middle, &parts)
          continue
        }
        let place = entry.color % Figure.palette.count
        let dashes = entry.mark == .dashes ? ";stroke-dasharray:5 3" : ""
        parts.append(
          entry.mark == .line || entry.mark == .dashes
            ? "<line x1=\"\(number(left))\" x2=\"\(number(left + 22))\" y1=\"\(number(middle))\" y2=\"\(number(middle))\" class=\"s\(place)\" style=\"stroke-width:3\(dashes)\"/>"
            : "<rect x=\"\(number(left + 5))\" y=\"\(number(middle - 5))\" width=\"11\" height=\"11\" class=\"f\(place)\"\(entry.mark == .band ? " style=\"fill-opacity:0.3\"" : "")/>"
        )
        parts.append(
          "<text class=\"name\" x=\"\(number(left + 28))\" y=\"\(number(middle + 4))\">\(htmlEscaped(entry.name))</text>"
        )
        left += 28 + 6.8 * Double(entry.name.count) + 18
      }
    }
  }

  /// Five shades with their ends' values.
  private func addScale(of series: Figure.Series, from left: Double, at middle: Double, _ parts: inout [String]) {
    let isSigned = series.points.contains { $0.value ?? 0 < 0 }
    let values: [Double] = isSigned ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]
    for (index, value) in values.enumerated() {
      let place = (series.color + (value < 0 ? 1 : 0)) % Figure.palette.count
      parts.append(
        "<rect x=\"\(number(left + 24 + 16 * Double(index)))\" y=\"\(number(middle - 6))\" width=\"16\" height=\"12\" class=\"f\(place)\" style=\"fill-opacity:\(String(format: "%.2f", max(0.04, value.magnitude)))\"/>"
      )
    }
    parts.append(
      "<text class=\"name\" x=\"\(number(left + 18))\" y=\"\(number(middle + 4))\" text-anchor=\"end\">\(isSigned ? "-1" : "0")</text>"
    )
    parts.append(
      "<text class=\"name\" x=\"\(number(left + 110))\" y=\"\(number(middle + 4))\">1, \(htmlEscaped(series.name))</text>"
    )
  }
}
