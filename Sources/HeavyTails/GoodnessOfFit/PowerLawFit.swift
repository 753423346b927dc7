import GSLNumerics
import RealModule

/// The zeta law fitted to the tail from n_min by Newton's method on α alone: what ``MaximumLikelihood`` finds, at the
/// cost of a few Hurwitz zetas, for uncensored data. It makes the choice of n_min by scanning all candidates cheap.
///
/// ln L(α) = -α Σ ln n - W ln ζ(α, n_min) is concave, so Newton's method from any start converges.
struct PowerLawFit {
  let alpha: Double
  /// ln ζ(α, n_min).
  let logNormalizer: Double

  /// - Parameters:
  ///   - logTotal: Σ weight × ln n over the tail.
  ///   - weight: Σ weight, positive.
  ///   - start: An exponent above 1 near the answer.
  /// - Returns: nil where the maximum is at infinity, because all weight is at n_min.
  init?(minimum: Int, weight: Double, logTotal: Double, start: Double) {
    let q = Double(minimum)
    let mean = logTotal / weight
    guard mean - .log(q) > 1e-15 * max(1, mean) else { return nil }
    var alpha = start
    var logNormalizer = 0.0
    for _ in 0..<200 {
      let zeta = hurwitzZetaDerivatives(alpha, q)
      // The score by α of the mean log-likelihood is -mean - (ln ζ)'.
      let step = -(mean + zeta.slope) / zeta.curvature
      // α > 1 always: at most nine tenths of the way to the pole.
      let next = max(alpha + step, 1 + 0.1 * (alpha - 1))
      let change = next - alpha
      // The error is of the order of the cube of what is left out.
      logNormalizer = zeta.log + change * (zeta.slope + 0.5 * change * zeta.curvature)
      alpha = next
      // The next step would be of the order of this one's square.
      if change.magnitude < 1e-6 * (alpha - 1) { break }
    }
    (self.alpha, self.logNormalizer) = (alpha, logNormalizer)
  }

  /// S(n) of the tail.
  func survival(_ n: Int) -> Double { .exp(logHurwitzZetaUnchecked(alpha, Double(n)) - logNormalizer) }
}
