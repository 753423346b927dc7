import GSLNumerics
import RealModule

/// Lower bounds of the privacy parameter ε of a training algorithm, from guesses which of m canaries were included,
/// each by a fair coin of its own (Steinke, Nasr, Jagielski, *Privacy auditing with one (1) training run*, arXiv
/// 2305.08846).
///
/// Without random inclusion there is no such bound, whatever the scores.
public struct EpsilonBound: Sendable, Equatable {
  /// The canaries, m.
  public let canaries: Int
  /// How many of them were guessed, r.
  public let guesses: Int
  /// How many guesses were right, v.
  public let right: Int
  /// δ.
  public let delta: Double

  /// Guesses and their outcome.
  ///
  /// - Precondition: 0 <= right <= guesses <= canaries, 0 <= delta < 1.
  public init(canaries: Int, guesses: Int, right: Int, delta: Double = 0) {
    precondition(right >= 0 && right <= guesses && guesses <= canaries, "\(right) of \(guesses) of \(canaries)")
    precondition(delta >= 0 && delta < 1, "delta \(delta)")
    (self.canaries, self.guesses, self.right, self.delta) = (canaries, guesses, right, delta)
  }

  /// The largest probability of as many right guesses under any (ε, δ)-private algorithm: β + 2 m δ α, where β =
  /// P(B >= v), B ~ Bin(r, e^ε/(1 + e^ε)), and α is the largest of P(v - i <= B < v)/i over i = 1 … v (Theorem 5.2).
  ///
  /// - Precondition: epsilon >= 0.
  /// - Complexity: O(v) for δ > 0.
  public func pValue(epsilon: Double) -> Double {
    guard right > 0 else { return 1 }
    // q = 1/(1 + e^-ε), and I_q(v, r - v + 1) = P(B >= v).
    let q = 1 / (1 + Double.exp(-epsilon))
    let (v, r) = (Double(right), Double(guesses))
    let beta = Double.exp((try? logIncompleteBeta(v, r - v + 1, q).lower) ?? .nan)
    guard delta > 0 else { return beta }
    // ε is ln of the odds q/(1 - q).
    // ln P(B = v - 1), and from there down: P(k - 1)/P(k) = k/(r - k + 1) · (1 - q)/q.
    let logQ = -Double.log(onePlus: .exp(-epsilon))
    let logChoose = -.log(r + 1) - ((try? logBeta(v, r - v + 2)) ?? .nan)
    var logTerm = logChoose + (v - 1) * logQ + (r - v + 1) * (logQ - epsilon)
    var (sum, alpha) = (0.0, 0.0)
    for i in 1...right {
      sum += .exp(logTerm)
      alpha = max(alpha, sum / Double(i))
      let k = Double(right - i)
      if k > 0 { logTerm += .log(k / (r - k + 1)) - epsilon }
    }
    return min(1, beta + 2 * Double(canaries) * delta * alpha)
  }

  /// The largest ε that the guesses exclude at a level: the lower limit of ε. 0 where they exclude none.
  ///
  /// - Parameter level: The confidence level, above 0 and below 1.
  public func lowerLimit(level: Double = 0.95) -> Double {
    precondition(level > 0 && level < 1, "level \(level)")
    let error = 1 - level
    guard guesses > 0, pValue(epsilon: 0) <= error else { return 0 }
    var (low, high) = (0.0, 1.0)
    while pValue(epsilon: high) <= error, high < 700 { (low, high) = (high, 2 * high) }
    for _ in 0..<200 where high - low > 1e-15 * high {
      let middle = 0.5 * (low + high)
      if pValue(epsilon: middle) <= error { low = middle } else { high = middle }
    }
    return low
  }
}
