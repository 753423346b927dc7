/// The jackknife's variance of an estimate, from its values with each unit, or each group of units, left out in turn:
/// (n - 1)/n Σ (θ_(-i) - mean)² (Efron, *The Jackknife, the Bootstrap and Other Resampling Plans*, SIAM 1982).
///
/// - Precondition: There are values.
public func jackknifeVariance(_ leftOut: [Double]) -> Double {
  let count = Double(leftOut.count)
  let mean = leftOut.reduce(0, +) / count
  return (count - 1) / count * leftOut.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
}
