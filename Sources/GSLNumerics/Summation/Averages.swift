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
