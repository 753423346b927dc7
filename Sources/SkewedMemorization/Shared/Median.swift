/// The median of ascending values; nil for none.
func median(_ sorted: [Double]) -> Double? {
  guard !sorted.isEmpty else { return nil }
  let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
  return low == high ? low : 0.5 * (low + high)
}
