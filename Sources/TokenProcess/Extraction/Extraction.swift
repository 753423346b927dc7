import GSLNumerics
import RealModule

/// Extraction in several independent draws, from ln S(n), the logarithm of the probability that one draw repeats n
/// tokens (Hayes et al., arXiv 2410.19482; TheModel §6). All in logarithms: S(n) = 1e-300 is an ordinary value.
public enum Extraction {
  /// ln of the probability that at least one of q draws extracts, 1 - (1 - S)^q.
  ///
  /// - Parameters:
  ///   - logSurvival: ln S(n).
  ///   - draws: q, 0 or more; may be as large as 1e18 and more.
  public static func logProbability(logSurvival: Double, draws: Double) -> Double {
    precondition(draws >= 0 && logSurvival <= 0, "\(draws) draws of \(logSurvival)")
    if draws == 0 || logSurvival == -.infinity { return -.infinity }
    if draws == 1 { return logSurvival }
    // For q S below the rounding of 1 it is q S itself, also where S is no Double.
    let logExpected = Double.log(draws) + logSurvival
    if logExpected < -40 { return logExpected }
    return log1mExp(draws * log1mExp(logSurvival))
  }

  /// The smallest whole number of draws with which the probability of extraction reaches `probability`:
  /// ⌈ln(1 - p) / ln(1 - S)⌉; infinite where S is 0 or no Double can hold the number.
  ///
  /// - Precondition: 0 < probability < 1.
  public static func draws(logSurvival: Double, probability: Double) -> Double {
    precondition(probability > 0 && probability < 1, "\(probability) is not between 0 and 1")
    if logSurvival == 0 { return 1 }
    let cost = -Double.log(onePlus: -probability)
    // -ln(1 - S) is S itself where that is small.
    let exact = logSurvival < -40 ? .exp(.log(cost) - logSurvival) : cost / -log1mExp(logSurvival)
    guard exact < .infinity else { return .infinity }
    // A quotient that is whole but for rounding is that whole number.
    let nearest = exact.rounded()
    return max(1, (exact - nearest).magnitude < 1e-12 * exact ? nearest : exact.rounded(.up))
  }

  /// The share of records that are (q, p)-discoverably extractable, those whose probability of extraction in q draws is
  /// at least p, for each q (rows) and p (columns).
  ///
  /// - Complexity: O(M) an entry for M records.
  public static func discoverableRates(
    logSurvivals: [Double], draws: [Double], probabilities: [Double]
  ) -> [[Double]] {
    let needed = logSurvivals.map { logSurvival in
      probabilities.map { Self.draws(logSurvival: logSurvival, probability: $0) }
    }
    return draws.map { q in
      probabilities.indices.map { index in
        Double(needed.count { $0[index] <= q }) / Double(max(1, needed.count))
      }
    }
  }
}

extension MatchLengthLaw {
  /// ln of the probability that at least one of `draws` sampled continuations repeats the first `length` reference
  /// tokens.
  ///
  /// - Precondition: 0 <= length <= L.
  public func logExtraction(length: Int, draws: Double = 1) -> Double {
    precondition((0...self.length).contains(length), "length \(length) is outside 0 … \(self.length)")
    return Extraction.logProbability(logSurvival: logSurvival[length], draws: draws)
  }
}
