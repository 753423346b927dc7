/// ∫ₐᵇ f by the 16-point Gauss–Legendre rule: exact to rounding for a function that is smooth on the scale of the
/// interval.
///
/// Several integrals over the same points are taken at once, one a lane.
package func gaussLegendre(from a: Double, to b: Double, _ f: (Double) -> SIMD4<Double>) -> SIMD4<Double> {
  let middle = 0.5 * (a + b)
  let half = 0.5 * (b - a)
  var sum = SIMD4<Double>.zero
  for (node, weight) in gaussLegendreRule {
    sum += weight * (f(middle - half * node) + f(middle + half * node))
  }
  return half * sum
}

/// The positive nodes of the rule and their weights.
private let gaussLegendreRule: [(Double, Double)] = [
  (0.0950125098376374401853, 0.189450610455068496285), (0.28160355077925891323, 0.182603415044923588867),
  (0.458016777657227386342, 0.169156519395002538189), (0.617876244402643748447, 0.149595988816576732082),
  (0.755404408355003033895, 0.124628971255533872052), (0.86563120238783174388, 0.0951585116824927848099),
  (0.944575023073232576078, 0.0622535239386478928628), (0.989400934991649932596, 0.0271524594117540948518),
]
