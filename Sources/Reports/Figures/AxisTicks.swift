import Foundation

/// Where an axis begins and ends, and where it is marked.
struct AxisTicks {
  let lower: Double
  let upper: Double
  let ticks: [(position: Double, label: String)]

  /// For these coordinates; bars need the 0, and a tight linear axis ends where they do.
  init(_ values: [Double], _ scale: Figure.Scale, includesZero: Bool, isTight: Bool = false) {
    switch scale {
    case .categories(let names):
      (lower, upper) = (-0.5, Double(names.count) - 0.5)
      ticks = names.enumerated().map { (Double($0.offset), $0.element) }
    case .linear:
      let low = includesZero ? min(0, values.min() ?? 0) : values.min() ?? 0
      let high = includesZero ? max(0, values.max() ?? 1) : values.max() ?? 1
      let step = Self.step((high - low > 0 ? high - low : max(1, high.magnitude)) / 5)
      let first = (low / step + 1e-9).rounded(.down)
      let last = max(first + 1, (high / step - 1e-9).rounded(.up))
      (lower, upper) = isTight ? (low, high) : (first * step, last * step)
      ticks = stride(from: first, through: last, by: 1).map { ($0 * step, Self.label($0 * step, step)) }
        .filter { [lower, upper] in $0.0 >= lower - 1e-9 * step && $0.0 <= upper + 1e-9 * step }
    case .logarithmic:
      let low = values.min() ?? 0
      let high = max(values.max() ?? 1, low + 0.3)
      if high - low <= 3 {
        // 1, 2, 5, 10, …
        let marks = stride(from: low.rounded(.down), through: high.rounded(.up), by: 1).flatMap { decade in
          [0, 0.3010299956639812, 0.6989700043360189].map { decade + $0 }
        }
        let first = marks.last { $0 <= low + 1e-9 } ?? low
        let last = marks.first { $0 >= high - 1e-9 } ?? high
        (lower, upper) = (first, last)
        ticks = marks.filter { $0 >= first && $0 <= last }.map { ($0, Self.decimal($0)) }
      } else {
        let step = max(1, ((high - low) / 6).rounded(.up))
        let last = high.rounded(.up)
        let first = last - ((last - low) / step).rounded(.up) * step
        (lower, upper) = (first, last)
        ticks = stride(from: first, through: last, by: step).map { ($0, Self.decimal($0)) }
      }
    }
  }

  /// The place of a coordinate between the ends, 0 to 1.
  func place(_ value: Double) -> Double { (value - lower) / (upper - lower) }

  private static func step(_ rough: Double) -> Double {
    let magnitude = pow(10, log10(rough).rounded(.down))
    return [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= rough * 0.999 } ?? rough
  }

  private static func label(_ value: Double, _ step: Double) -> String {
    if value == 0 { return "0" }
    if value.magnitude >= 1e5 || step < 1e-4 {
      // As many digits as tell neighbors apart.
      let digits = max(0, Int((log10(value.magnitude) - log10(step) + 1e-9).rounded(.down)))
      let parts = String(format: "%.\(digits)e", value).split(separator: "e")
      return "\(parts[0])e\(Int(parts[1]) ?? 0)"
    }
    return String(format: "%.\(max(0, Int((-log10(step) + 0.01).rounded(.up))))f", value)
  }

  /// A power of ten, or 2 or 5 times one.
  private static func decimal(_ exponent: Double) -> String {
    let whole = (exponent + 1e-9).rounded(.down)
    let factor = Int(pow(10, exponent - whole).rounded())
    if whole >= -3, whole <= 4 { return String(format: "%.\(max(0, Int(-whole)))f", Double(factor) * pow(10, whole)) }
    return "\(factor)e\(Int(whole))"
  }
}
