import Foundation

/// Numbers as people read them: a few significant digits, powers of ten only where they are needed.
package enum NumberText {
  /// A number with `digits` significant digits; an em dash for one that does not exist.
  package static func text(_ value: Double?, digits: Int = 3) -> String {
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

  /// An estimate: near 1, where three digits would all be 9 or 0, as its distance from it, e.g. `1 - 2.1e-9`.
  package static func estimate(_ value: Double?, digits: Int = 3) -> String {
    guard let value, value != 1, (value - 1).magnitude < 1e-3 else { return text(value, digits: digits) }
    return "1 \(value < 1 ? "-" : "+") \(text((value - 1).magnitude, digits: digits))"
  }

  /// A probability from its logarithm, also where it is too small for a Double.
  package static func probability(log value: Double?, digits: Int = 3) -> String {
    guard let value, value > -.infinity else { return "0" }
    if value.magnitude < 690 { return text(exp(value), digits: digits) }
    let decimal = value / log(10)
    var exponent = decimal.rounded(.down)
    var mantissa = String(format: "%.\(digits - 1)f", pow(10, decimal - exponent))
    if mantissa.hasPrefix("10") {
      // Rounding reached the next power of ten.
      mantissa = String(format: "%.\(digits - 1)f", 1.0)
      exponent += 1
    }
    return "\(mantissa)e" + String(format: "%.0f", exponent)
  }

  /// A probability as odds in words, from its logarithm, e.g. `about 1 in 3,000 draws`.
  package static func odds(log value: Double?) -> String {
    guard let value, value > -.infinity else { return "never" }
    if value < -20.7 { return "less than once in a billion draws" }
    let probability = exp(value)
    if probability >= 0.995 { return "nearly every draw" }
    if probability >= 0.1 { return "about \(Int((100 * probability).rounded())) in 100 draws" }
    // Two digits say enough.
    let draws = 1 / probability
    let unit = pow(10, max(0, log10(draws).rounded(.down) - 1))
    return "about 1 in \(count(Int((draws / unit).rounded() * unit))) draws"
  }

  /// A total weight: whole numbers as counts, others with six digits.
  package static func weight(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 0x1p53 ? count(Int(value)) : text(value, digits: 6)
  }

  /// What someone has set, with the digits that it was set with.
  package static func setting(_ value: Double) -> String { String(format: "%.10g", value) }

  /// The name of a record, cut where a table would be nothing but it.
  package static func name(_ id: String) -> String { id.count > 48 ? id.prefix(47) + "…" : id }

  /// A share of a whole; what is left of nothing by rounding is shown as nothing.
  package static func share(_ value: Double?) -> Double? {
    value.map { $0.magnitude < 1e-10 ? 0 : $0 }
  }

  /// A confidence level or another probability near 1, with all its digits: 0.9999 is 99.99 %.
  package static func level(_ value: Double) -> String {
    "\(setting(100 * value)) %"
  }

  /// A number that is known between bounds: both, or one where they read the same.
  package static func range(_ bounds: [Double]?, else value: Double?, _ text: (Double?) -> String) -> String {
    guard let bounds, let low = bounds.first, let high = bounds.last else { return text(value) }
    return text(low) == text(high) ? text(low) : "\(text(low)) to \(text(high))"
  }

  /// "1 record", "2 records".
  package static func count(_ value: Int, _ noun: String) -> String { count(value, noun, plural: noun + "s") }

  /// "1 family", "2 families".
  package static func count(_ value: Int, _ noun: String, plural: String) -> String {
    "\(count(value)) \(value == 1 ? noun : plural)"
  }

  /// A share as a percentage.
  package static func percent(_ value: Double?) -> String {
    guard let value = share(value) else { return "—" }
    return "\(text(100 * value)) %"
  }

  /// A count with thousands separators.
  package static func count(_ value: Int) -> String {
    var groups: [String] = []
    var rest = value.magnitude
    repeat {
      groups.append(rest >= 1000 ? String(format: "%03d", Int(rest % 1000)) : "\(rest)")
      rest /= 1000
    } while rest > 0
    return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}
