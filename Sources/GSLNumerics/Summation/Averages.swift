/// The mean of values, by a compensated sum.
///
/// - Precondition: There is one.
package func mean(of values: [Double]) -> Double {
  precondition(!values.isEmpty, "the mean of no values")
  return CompensatedSum(of: values).value / Double(values.count)
}

/// The median of ascending values; nil for none.
package func median(ofSorted sorted: [Double]) -> Double? {
  guard !sorted.isEmpty else { return nil }
  let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
  return low == high ? low : 0.5 * (low + high)
}

/// Σ (x - mean)² / (n - 1) around a known mean.
///
/// - Precondition: There are two values.
package func variance(of values: [Double], around mean: Double) -> Double {
  precondition(values.count >= 2, "the variance of fewer than two values")
  return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
}
