/// The exact interval of a probability of which `successes` of `trials` were seen (Clopper, Pearson, Biometrika 26,
/// 1934).
///
/// ```swift
/// print(clopperPearson(0, of: 10).upperBound)  // prints 0.30849710781876…
/// ```
///
/// - Precondition: 0 <= successes <= trials, trials >= 1, 0 < level < 1.
public func clopperPearson(_ successes: Int, of trials: Int, level: Double = 0.95) -> ClosedRange<Double> {
  precondition(trials >= 1 && (0...trials).contains(successes), "\(successes) of \(trials)")
  precondition(level > 0 && level < 1, "level \(level)")
  let tail = 0.5 * (1 - level)
  let (x, n) = (Double(successes), Double(trials))
  /// p with P(X >= x) = tail, in terms of I_p(x, n - x + 1); a monotone function that changes sign, so the search
  /// cannot fail.
  func root(_ a: Double, _ b: Double, _ target: Double) -> Double {
    (try? findRoot(in: 0...1, relativeTolerance: 1e-14) { try incompleteBeta(a, b, $0) - target }) ?? .nan
  }
  let lower = successes == 0 ? 0 : root(x, n - x + 1, tail)
  let upper = successes == trials ? 1 : root(x + 1, n - x, 1 - tail)
  return lower...upper
}
