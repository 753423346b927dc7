import Reports

/// Estimates with their standard errors and intervals, e.g. `a 2.00 ± 0.12 [1.78, 2.25], b 1.50 ± 0.08 [1.35, 1.67]`.
func parameterText(_ fit: FamilyFit) -> String {
  fit.parameters.items.map { item in
    "\(item.name) \(NumberText.estimate(item.value))" + (fit.fixed.contains(item.name) ? " (fixed)" : "")
      + (fit.standardErrors[item.name].map { " ± \(NumberText.text($0, digits: 2))" } ?? "")
      + (fit.intervals?[item.name].map { " \(intervalText($0))" } ?? "")
  }.joined(separator: ", ")
}
