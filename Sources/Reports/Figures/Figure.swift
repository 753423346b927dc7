/// A chart as a value: what is drawn, not how. It becomes an SVG picture or a Vega-Lite specification.
public struct Figure: Sendable, Equatable {
  /// How an axis maps numbers.
  public enum Scale: Sendable, Equatable {
    /// Evenly.
    case linear
    /// By their logarithm; coordinates are decimal logarithms, so that 1e-500 has a place.
    case logarithmic
    /// By name; coordinates are places in the list.
    case categories([String])
  }

  /// An axis.
  public struct Axis: Sendable, Equatable {
    /// What it shows, with its unit.
    public var title: String
    /// How it maps numbers.
    public var scale: Scale

    /// An axis.
    public init(_ title: String, _ scale: Scale = .linear) {
      self.title = title
      self.scale = scale
    }
  }

  /// How a series is drawn.
  public enum Mark: String, Sendable, Equatable {
    /// Points joined.
    case line
    /// Points joined by a dashed line.
    case dashes
    /// The area between the points' limits.
    case band
    /// Points, with their limits where they have any.
    case points
    /// Bars from 0, with limits where there are any.
    case bars
    /// A unit square for each point, darker by its value; negative values have another color.
    case cells
  }

  /// A point of a series.
  public struct Point: Sendable, Equatable {
    /// Across.
    public var x: Double
    /// Up.
    public var y: Double
    /// The lower limit of y.
    public var lower: Double?
    /// The upper limit of y.
    public var upper: Double?
    /// What the color of a cell shows, -1 to 1.
    public var value: Double?

    /// A point, with limits or a value where it has any.
    public init(_ x: Double, _ y: Double, lower: Double? = nil, upper: Double? = nil, value: Double? = nil) {
      self.value = value
      self.x = x
      self.y = y
      self.lower = lower
      self.upper = upper
    }
  }

  /// Points of one kind.
  public struct Series: Sendable, Equatable {
    /// The name in the legend.
    public var name: String
    /// How it is drawn.
    public var mark: Mark
    /// Its color's place in the palette; series that belong together share one.
    public var color: Int
    /// The points.
    public var points: [Point]

    /// A series; points with a coordinate that is not finite are left out.
    public init(_ name: String, _ mark: Mark, color: Int, _ points: [Point]) {
      self.name = name
      self.mark = mark
      self.color = color
      self.points = points.filter { point in
        [point.x, point.y, point.lower ?? 0, point.upper ?? 0, point.value ?? 0].allSatisfy(\.isFinite)
      }
    }
  }

  /// What it shows.
  public var title: String
  /// What to see in it.
  public var caption: String
  /// Across.
  public var x: Axis
  /// Up.
  public var y: Axis
  /// What is drawn, the first at the bottom.
  public var series: [Series]

  /// A chart.
  public init(_ title: String, caption: String, x: Axis, y: Axis, _ series: [Series]) {
    self.title = title
    self.caption = caption
    self.x = x
    self.y = y
    self.series = series.filter { !$0.points.isEmpty }
  }

  /// Names of categories, cut where they are long, no two of them the same.
  package static func names(_ names: [String], longest: Int) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      let short = name.count > longest ? name.prefix(longest - 1) + "…" : name
      seen[short, default: 0] += 1
      let number = seen[short] ?? 1
      return number > 1 ? "\(short) (\(number))" : short
    }
  }

  /// Colors that color-blind readers can tell apart, and their order (Okabe and Ito, 2008), on light and on dark
  /// ground.
  package static let palette: [(light: String, dark: String)] = [
    ("#0072b2", "#56b4e9"), ("#d55e00", "#ff8a3d"), ("#009e73", "#2fd3a3"), ("#a8528a", "#e39bc8"),
    ("#8a6d00", "#f0e442"), ("#555555", "#bbbbbb"),
  ]
}
