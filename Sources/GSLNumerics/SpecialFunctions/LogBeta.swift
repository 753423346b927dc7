import RealModule

/// ln B(a, b) = ln Γ(a) + ln Γ(b) - ln Γ(a + b) for a, b > 0.
///
/// For a large argument the difference ln Γ(b) - ln Γ(a + b) is taken through Stirling's series, so that B(10⁻³, 10¹⁵)
/// keeps its digits.
///
/// - Throws: `NumericsError.argument` unless a and b are finite and positive.
public func logBeta(_ a: Double, _ b: Double) throws(NumericsError) -> Double {
  try requireArgument(a, "a", in: "logBeta", allowed: "a > 0", a > 0)
  try requireArgument(b, "b", in: "logBeta", allowed: "b > 0", b > 0)
  let small = min(a, b)
  let big = max(a, b)
  guard big >= 12 else { return .logGamma(small) + .logGamma(big) - .logGamma(a + b) }
  let ratio = small / big
  return .logGamma(small) - small * .log(a + b) - big * log1pMinusArgument(ratio) + 0.5 * .log(onePlus: ratio)
    + (stirlingCorrection(big) - stirlingCorrection(a + b))
}
