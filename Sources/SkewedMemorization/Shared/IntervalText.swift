import Reports

/// An interval, e.g. `[1.78, 2.25]`; an end that the data do not bound is open.
package func intervalText(_ ends: Ends?) -> String {
  guard let ends else { return "—" }
  return (ends.lower.map { "[\(NumberText.text($0))" } ?? "(-∞") + ", "
    + (ends.upper.map { "\(NumberText.text($0))]" } ?? "∞)")
}
