import GSLNumerics
import TokenProcess

/// What is known of a record's S(n): how many tokens are used of it, and how probable these are.
struct FirstTokens: Sendable {
  /// The number of tokens, at most n.
  let count: Int
  /// ln S(count).
  let logSurvival: LogInterval
  /// Σ ln p of the tokens, each by the middle of its bounds.
  let sum: Double

  /// - Parameters:
  ///   - middles: ln p of the tokens, by the middle of its bounds.
  ///   - logSurvival: ln S of their number.
  init(_ middles: ArraySlice<Double>, logSurvival: LogInterval) {
    count = middles.count
    self.logSurvival = logSurvival
    sum = logSurvival.isExact ? logSurvival.upper : CompensatedSum(of: middles).value
  }

  /// How far bounds reach below and above their middle.
  var slack: (below: Double, above: Double) {
    let middle = logSurvival.middle
    return middle == -.infinity ? (0, 0) : (logSurvival.lower - middle, logSurvival.upper - middle)
  }
}
