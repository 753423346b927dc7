import Foundation

/// Numbers as people read them: a few significant digits, powers of ten only where they are needed.
enum NumberText {
  /// A number with `digits` significant digits; an em dash for one that does not exist.
  static func text(_ value: Double?, digits: Int = 3) -> String {
    guard let value, !value.isNaN else { return "—" }
    if value.isInfinite { return value > 0 ? "∞" : "-∞" }
    if value == 0 { return "0" }
    let magnitude = value.magnitude
    if magnitude < 1e-3 || magnitude >= 1e6 {
      let parts = String(format: "%.\(digits - 1)e", value).split(separator: "e")
      return "\(parts[0])e\(Int(parts[1]) ?? 0)"
    }
    // Rounded first, so that 0.9996 is written with the digits of 1.000.
    let rounded = Double(String(format: "%.\(digits - 1)e", value)) ?? value
    let exponent = Int(log10(rounded.magnitude).rounded(.down))
    return String(format: "%.\(max(0, digits - 1 - exponent))f", value)
  }

  /// A probability from its logarithm, also where it is too small for a Double.
  static func probability(log value: Double?, digits: Int = 3) -> String {
    guard let value else { return "0" }
    if value > -690 { return text(exp(value), digits: digits) }
    let decimal = value / log(10)
    let exponent = decimal.rounded(.down)
    return String(format: "%.\(digits - 1)fe%.0f", pow(10, decimal - exponent), exponent)
  }

  /// A share as a percentage.
  static func percent(_ value: Double?) -> String {
    guard let value else { return "—" }
    return "\(text(100 * value)) %"
  }

  /// A count with thousands separators.
  static func count(_ value: Int) -> String {
    var groups: [String] = []
    var rest = value.magnitude
    repeat {
      groups.append(rest >= 1000 ? String(format: "%03d", Int(rest % 1000)) : "\(rest)")
      rest /= 1000
    } while rest > 0
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}
