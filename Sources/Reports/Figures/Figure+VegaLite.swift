import Foundation

extension Figure {
  /// A Vega-Lite 5 specification with the data in it, keys in order: the same figure always gives the same bytes.
  ///
  /// On logarithmic axes points beyond 1e±300 are left out: Vega's numbers end there.
  public var vegaLite: Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    // All values are finite: encoding cannot fail.
    return (try? encoder.encode(vegaLiteSpecification)) ?? Data()
  }

  /// The specification as a value to be encoded.
  var vegaLiteSpecification: some Encodable {
    // Names of categories upwards need a line each.
    let height = if case .categories(let names) = y.scale { max(120, 15 * names.count) } else { 320 }
    return Specification(
      title: title, description: caption, width: 640, height: height, data: .init(values: rows),
      layer: series.flatMap { layers(for: $0) })
  }

  private var rows: [Row] {
    series.flatMap { series in
      series.points.compactMap { point -> Row? in
        guard let x = value(point.x, self.x.scale), let y = value(point.y, self.y.scale) else { return nil }
        func limit(_ coordinate: Double?) -> Double? {
          coordinate.flatMap { value($0, self.y.scale) }.flatMap {
            if case .number(let number) = $0 { number } else { nil }
          }
        }
        return Row(
          series: series.name, mark: series.mark.rawValue, x: x, y: y, lower: limit(point.lower),
          upper: limit(point.upper), value: point.value)
      }
    }
  }

  private func value(_ coordinate: Double, _ scale: Scale) -> Value? {
    switch scale {
    case .linear: return .number(coordinate)
    case .logarithmic:  // Twelve digits: 10^log10(64) is to be 64.
      guard coordinate.magnitude < 300, let rounded = Double(String(format: "%.12g", pow(10, coordinate))) else {
        return nil
      }
      return .number(rounded)
    case .categories(let names):
      let index = Int(coordinate.rounded())
      return names.indices.contains(index) ? .text(names[index]) : nil
    }
  }

  /// The marks of a series, and a line between the limits of points and bars that have any.
  private func layers(for series: Series) -> [Layer] {
    let marks = layer(for: series)
    let hasLimits = (series.mark == .points || series.mark == .bars) && series.points.contains { $0.lower != nil }
    guard hasLimits else { return [marks] }
    var limits = marks
    limits.mark = .init(type: "rule", clip: nil, opacity: nil, strokeDash: nil)
    limits.encoding.y = channel("lower", y)
    limits.encoding.y2 = .init(field: "upper")
    return [marks, limits]
  }

  private func layer(for series: Series) -> Layer {
    let mark: MarkDefinition
    switch series.mark {
    case .line: mark = .init(type: "line", clip: true, opacity: nil, strokeDash: nil)
    case .dashes: mark = .init(type: "line", clip: true, opacity: nil, strokeDash: [6, 4])
    case .band: mark = .init(type: "area", clip: true, opacity: 0.2, strokeDash: nil)
    case .points: mark = .init(type: "point", clip: nil, opacity: nil, strokeDash: nil)
    case .bars: mark = .init(type: "bar", clip: nil, opacity: nil, strokeDash: nil)
    case .cells: return cellLayer(for: series)
    }
    let isBand = series.mark == .band
    var y = channel(isBand ? "lower" : "y", self.y)
    // Areas and bars of a logarithmic axis have no 0 to stand on.
    if isBand || series.mark == .bars { y.stack = false }
    return Layer(
      transform: [filter(for: series)],
      mark: mark,
      encoding: .init(
        x: channel("x", x), y: y, y2: isBand ? .init(field: "upper") : nil,
        xOffset: series.mark == .bars ? .init(field: "series") : nil,
        color: .init(
          field: "series", type: "nominal", title: nil,
          scale: .init(
            type: nil, domain: names.map { .text($0) },
            range: names.map { name in
              Figure.palette[(self.series.first { $0.name == name }?.color ?? 0) % Figure.palette.count].light
            }, zero: nil), sort: nil, stack: nil)))
  }

  private func filter(for series: Series) -> Filter {
    .init(
      filter: "datum.series === \(Self.quoted(series.name)) && datum.mark === \(Self.quoted(series.mark.rawValue))")
  }

  /// Cells have places in an order, and colors by value.
  private func cellLayer(for series: Series) -> Layer {
    let ground = "#f4f4f2"
    let color = Figure.palette[series.color % Figure.palette.count].light
    let opposite = Figure.palette[(series.color + 1) % Figure.palette.count].light
    let isSigned = series.points.contains { $0.value ?? 0 < 0 }
    func place(_ field: String, _ axis: Axis) -> Channel {
      var channel = channel(field, axis)
      channel.type = "ordinal"
      channel.axis = .init(labelOverlap: true)
      channel.scale = nil
      return channel
    }
    return Layer(
      transform: [filter(for: series)],
      mark: .init(type: "rect", clip: nil, opacity: nil, strokeDash: nil),
      encoding: .init(
        x: place("x", x), y: place("y", y), y2: nil, xOffset: nil,
        color: .init(
          field: "value", type: "quantitative", title: series.name,
          scale: .init(
            type: nil, domain: (isSigned ? [-1, 0, 1] : [0, 1]).map { .number($0) },
            range: isSigned ? [opposite, ground, color] : [ground, color], zero: nil, interpolate: "rgb"), sort: nil,
          stack: nil)))
  }

  private var names: [String] {
    var seen = Set<String>()
    return series.map(\.name).filter { seen.insert($0).inserted }
  }

  private func channel(_ field: String, _ axis: Axis) -> Channel {
    switch axis.scale {
    case .linear: Channel(field: field, type: "quantitative", title: axis.title, scale: nil, sort: nil, stack: nil)
    case .logarithmic:
      Channel(
        field: field, type: "quantitative", title: axis.title,
        scale: .init(type: "log", domain: nil, range: nil, zero: nil),
        sort: nil, stack: nil)
    case .categories(let names):
      Channel(field: field, type: "nominal", title: axis.title, scale: nil, sort: names, stack: nil)
    }
  }

  /// As a string of Vega's expression language, which is JavaScript's.
  private static func quoted(_ text: String) -> String {
    (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  // MARK: The specification

  private enum Value: Encodable {
    case number(Double)
    case text(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  private struct Row: Encodable {
    let series: String
    let mark: String
    let x: Value
    let y: Value
    let lower: Double?
    let upper: Double?
    let value: Double?
  }

  private struct Specification: Encodable {
    var schema = "https://vega.github.io/schema/vega-lite/v5.json"
    let title: String
    let description: String
    let width: Int
    let height: Int
    let data: Values
    let layer: [Layer]

    enum CodingKeys: String, CodingKey {
      case title, description, width, height, data, layer
      case schema = "$schema"
    }
  }

  private struct Values: Encodable { let values: [Row] }

  private struct Layer: Encodable {
    let transform: [Filter]
    var mark: MarkDefinition
    var encoding: Encoding
  }

  private struct Filter: Encodable { let filter: String }

  private struct MarkDefinition: Encodable {
    let type: String
    let clip: Bool?
    let opacity: Double?
    let strokeDash: [Int]?
  }

  private struct Encoding: Encodable {
    let x: Channel
    var y: Channel
    var y2: Field?
    let xOffset: Field?
    let color: Channel
  }

  private struct Field: Encodable { let field: String }

  private struct Channel: Encodable {
    let field: String
    var type: String
    let title: String?
    var scale: ScaleDefinition?
    let sort: [String]?
    var stack: Bool?
    var axis: AxisDefinition?
  }

  private struct AxisDefinition: Encodable { let labelOverlap: Bool }

  private struct ScaleDefinition: Encodable {
    let type: String?
    let domain: [Value]?
    let range: [String]?
    let zero: Bool?
    var interpolate: String?
  }
}
