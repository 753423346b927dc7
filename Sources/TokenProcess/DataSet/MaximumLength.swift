import GSLNumerics
import RealModule

/// The law of the longest match, max_i min(N_i, L_i), when each record is drawn once.
///
///     P(max >= n) = 1 - Π (1 - S_i(n)),   over the records with L_i >= n
public struct MaximumLength: Sendable, Equatable {
  /// ln P(max >= n) for n = 0 … the largest L.
  public let logSurvival: [Double]

  /// E[max] = Σ P(max >= n), n >= 1.
  public var mean: Double {
    var sum = CompensatedSum()
    for value in logSurvival.dropFirst().reversed() { sum.add(.exp(value)) }
    return sum.value
  }

  /// The smallest m with P(max <= m) >= p.
  ///
  /// - Precondition: 0 < p < 1.
  public func quantile(_ p: Double) -> Int {
    precondition(p > 0 && p < 1, "p = \(p) is outside (0, 1)")
    let logTail = Double.log(onePlus: -p)
    let first = logSurvival.indices.dropFirst().first { logSurvival[$0] <= logTail }
    return (first ?? logSurvival.count) - 1
  }
}
