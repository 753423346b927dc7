import GSLNumerics
import RealModule

/// Tests between two fits of the same data.
public struct ModelComparison: Sendable, Equatable {
  /// Which test was made.
  public enum Test: String, Sendable {
    /// Vuong's test for families neither of which contains the other (Econometrica 57, 1989). The statistic is the
    /// normal deviate of the log-likelihood ratio: positive favors the first fit.
    case vuong
    /// The likelihood-ratio test where the first family is contained in the second. The statistic is 2 (ln L₂ - ln L₁).
    case likelihoodRatio = "likelihood-ratio"
  }

  /// The first family.
  public let first: String
  /// The second family.
  public let second: String
  /// The test.
  public let test: Test
  /// Its statistic.
  public let statistic: Double
  /// The p-value: two-sided for Vuong's test.
  public let pValue: Double
  /// Vuong's statistic with the correction for the numbers of parameters that AIC makes; nil for other tests, and
  /// with clusters, whose expected log-likelihoods have not the noise that it is for.
  public let correctedStatistic: Double?
  /// Its two-sided p-value.
  public let correctedPValue: Double?

  /// Vuong's test with the uncorrected log-likelihood ratio; nil when the two laws give every datum the same
  /// probability, up to what the search for the two maxima leaves.
  ///
  ///     z = Σ d / √(G s²),   d = Σ w (ln f₁ - ln f₂) over one unit, s² its variance over the G units
  ///
  /// The corrected form has Σ d - (k₁ - k₂) with the numbers k of free parameters (Vuong 1989, equation 5.11).
  ///
  /// - Parameters:
  ///   - first: The fit that a positive statistic favors.
  ///   - second: The fit that a negative one favors.
  ///   - counts: The data of both.
  ///   - clusters: The counts cluster by cluster, when their weights are fractional: the units are then the clusters.
  ///     Otherwise each observation is one.
  /// - Precondition: Both fits are of these counts, with the same window.
  public static func vuong(
    _ first: Fit, _ second: Fit, on counts: CensoredCounts, clusters: [CensoredCounts]? = nil
  ) -> ModelComparison? {
    precondition(first.window == second.window, "the fits are conditional on different lengths")
    func terms(_ counts: CensoredCounts) -> [(weight: Double, difference: Double)] {
      let data = counts.restricted(from: first.window.minimum, through: first.window.maximum)
      let cells = data.cells.flatMap { cell in
        [
          (weight: cell.exact, difference: first.logMass(cell.length) - second.logMass(cell.length)),
          (weight: cell.censored, difference: first.logSurvival(cell.length) - second.logSurvival(cell.length)),
        ].filter { $0.weight > 0 }
      }
      return cells + data.intervals.map { ($0.weight, first.logProbability($0) - second.logProbability($0)) }
    }
    let units =
      clusters?.map { (weight: 1.0, difference: terms($0).reduce(0) { $0 + $1.weight * $1.difference }) }
      ?? terms(counts)
    let total = units.reduce(0) { $0 + $1.weight }
    let ratio = units.reduce(0) { $0 + $1.weight * $1.difference }
    let mean = ratio / total
    let variance = units.reduce(0) { $0 + $1.weight * ($1.difference - mean) * ($1.difference - mean) } / total
    // G s² has a law of order one when the two laws coincide; far below that it is rounding, not evidence.
    guard total * variance > 1e-6, variance.isFinite else { return nil }
    func twoSided(_ z: Double) -> Double { min(1, 2 * normalUpperTail(z.magnitude)) }
    let scale = (total * variance).squareRoot()
    let z = ratio / scale
    let corrected = clusters == nil ? (ratio - Double(first.freeParameters - second.freeParameters)) / scale : nil
    return ModelComparison(
      first: first.family, second: second.family, test: .vuong, statistic: z, pValue: twoSided(z),
      correctedStatistic: corrected, correctedPValue: corrected.map(twoSided))
  }

  /// The likelihood-ratio test of a family against a larger one that contains it.
  ///
  /// - Parameters:
  ///   - smaller: The fit of the family that is contained.
  ///   - larger: The fit of the family that contains it, to the same data.
  ///   - onBoundary: Whether one of the additional parameters is at the end of its range under the first family, as the
  ///     share of an inflation is. The statistic's law is then the equal mixture of χ² with the difference of the
  ///     numbers of parameters and with one less (Chernoff 1954; Self and Liang, JASA 82, 1987).
  /// - Throws: `NumericsError`.
  public static func likelihoodRatio(_ smaller: Fit, _ larger: Fit, onBoundary: Bool) throws -> ModelComparison {
    let statistic = max(0, 2 * (larger.logLikelihood - smaller.logLikelihood))
    let degrees = larger.freeParameters - smaller.freeParameters
    precondition(degrees > 0, "\(larger.family) has no more free parameters than \(smaller.family)")
    var p = try chiSquaredUpperTail(statistic, degrees)
    if onBoundary { p = 0.5 * p + 0.5 * (try chiSquaredUpperTail(statistic, degrees - 1)) }
    return ModelComparison(
      first: smaller.family, second: larger.family, test: .likelihoodRatio, statistic: statistic, pValue: p,
      correctedStatistic: nil, correctedPValue: nil)
  }

  static func chiSquaredUpperTail(_ x: Double, _ degrees: Int) throws -> Double {
    if degrees == 0 { return x > 0 ? 0 : 1 }
    return .exp(try logIncompleteGamma(0.5 * Double(degrees), 0.5 * x).upper)
  }

  /// Akaike weights exp(-Δ/2) / Σ exp(-Δ/2) of fits to the same data, in their order.
  public static func akaikeWeights(_ fits: [Fit]) -> [Double] {
    guard let best = fits.map(\.aic).min() else { return [] }
    let shares = fits.map { Double.exp(-0.5 * ($0.aic - best)) }
    let total = shares.reduce(0, +)
    return shares.map { $0 / total }
  }
}
