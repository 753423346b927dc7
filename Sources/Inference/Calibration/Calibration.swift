import GSLNumerics
import RealModule

/// Whether stated probabilities come true: calibration and discrimination of probabilities of yes-or-no outcomes.
///
/// ```swift
/// let found = Calibration(probabilities: [0.25, 0.75, 0.5, 0], outcomes: [false, true, true, false], bins: 2)
/// print(found?.brier ?? .nan)  // prints 0.09375
/// ```
public struct Calibration: Sendable, Equatable {
  /// A bin of the reliability diagram: neighbours in the order of probabilities.
  public struct Bin: Sendable, Equatable {
    /// Outcomes in it.
    public let count: Int
    /// The mean probability.
    public let probability: Double
    /// The share that came true.
    public let share: Double
    /// Clopper–Pearson limits of that share.
    public let interval: ClosedRange<Double>
  }

  /// The number of outcomes.
  public let count: Int
  /// The share that came true.
  public let baseRate: Double
  /// The mean stated probability.
  public let meanProbability: Double
  /// Bins of as equal a size as ties allow, by rising probability.
  public let bins: [Bin]
  /// The mean of (p - y)² (Brier, Monthly Weather Review 78, 1950).
  public let brier: Double
  /// Murphy's parts over bins: reliability Σ n_b (p̄_b - ȳ_b)²/n, resolution Σ n_b (ȳ_b - ȳ)²/n, uncertainty ȳ(1 - ȳ)
  /// (Journal of Applied Meteorology 12, 1973). Brier's score is reliability - resolution + uncertainty, and what varies
  /// within bins.
  public let reliability: Double
  /// See ``reliability``.
  public let resolution: Double
  /// See ``reliability``.
  public let uncertainty: Double
  /// The expected calibration error: Σ n_b |p̄_b - ȳ_b|/n.
  public let expectedCalibrationError: Double
  /// The root-mean-square calibration error without the part that chance adds (Kumar, Liang, Ma, arXiv 1909.10155): the
  /// root of Σ n_b/n [(p̄_b - ȳ_b)² - ȳ_b (1 - ȳ_b)/(n_b - 1)], at least 0.
  public let debiasedCalibrationError: Double
  /// How well probabilities tell outcomes apart; nil where all are alike.
  public let discrimination: Discrimination?
  /// The area under the risk–coverage curve: the mean, over how many of the likeliest statements are kept, of the share
  /// of them that is wrong (Geifman, El-Yaniv, arXiv 1705.08500). Ties count as their mean.
  public let riskCoverageArea: Double

  /// Compares probabilities with outcomes.
  ///
  /// - Parameters:
  ///   - probabilities: The stated probabilities, 0 to 1.
  ///   - outcomes: Whether each came true.
  ///   - bins: The number of bins, 1 or more.
  ///   - level: Of all limits.
  /// - Returns: nil without outcomes, or for a number that is no probability.
  /// - Complexity: O(n log n).
  public init?(probabilities: [Double], outcomes: [Bool], bins: Int = 10, level: Double = 0.95) {
    precondition(probabilities.count == outcomes.count, "\(probabilities.count) for \(outcomes.count)")
    precondition(bins >= 1 && level > 0 && level < 1, "\(bins) bins at \(level)")
    guard !probabilities.isEmpty, probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
    let total = Double(probabilities.count)
    count = probabilities.count
    let yes = outcomes.count { $0 }
    let rate = Double(yes) / total
    baseRate = rate
    meanProbability = CompensatedSum(of: probabilities).value / total
    brier =
      CompensatedSum(
        of: zip(probabilities, outcomes).map { p, outcome in
          let error = p - (outcome ? 1 : 0)
          return error * error
        }
      ).value / total
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    var found: [Bin] = []
    var start = 0
    for bin in 1...bins {
      var end = Int((Double(bin) * total / Double(bins)).rounded())
      // Equal probabilities are not told apart.
      while end > start, end < order.count, probabilities[order[end]] == probabilities[order[end - 1]] { end += 1 }
      guard end > start else { continue }
      let places = order[start..<end]
      let right = places.count { outcomes[$0] }
      found.append(
        Bin(
          count: places.count,
          probability: CompensatedSum(of: places.map { probabilities[$0] }).value / Double(places.count),
          share: Double(right) / Double(places.count), interval: clopperPearson(right, of: places.count, level: level)))
      start = end
    }
    self.bins = found
    func mean(_ value: (Bin) -> Double) -> Double { found.reduce(0) { $0 + Double($1.count) * value($1) } / total }
    reliability = mean { ($0.probability - $0.share) * ($0.probability - $0.share) }
    resolution = mean { ($0.share - rate) * ($0.share - rate) }
    uncertainty = rate * (1 - rate)
    expectedCalibrationError = mean { ($0.probability - $0.share).magnitude }
    debiasedCalibrationError = max(
      0,
      mean { bin in
        let error = (bin.probability - bin.share) * (bin.probability - bin.share)
        return bin.count > 1 ? error - bin.share * (1 - bin.share) / Double(bin.count - 1) : error
      }
    ).squareRoot()
    discrimination = Discrimination(scores: probabilities, labels: outcomes, level: level)
    riskCoverageArea = Self.riskCoverage(probabilities, outcomes, order.reversed())
  }

  /// Statements with the same probability are kept in a random order: the expected number of wrong ones rises evenly.
  private static func riskCoverage(_ probabilities: [Double], _ outcomes: [Bool], _ order: [Int]) -> Double {
    var (sum, wrong, kept) = (CompensatedSum(), 0.0, 0)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, probabilities[order[end]] == probabilities[order[start]] { end += 1 }
      let rate = Double(order[start..<end].count { !outcomes[$0] }) / Double(end - start)
      for _ in start..<end {
        (wrong, kept) = (wrong + rate, kept + 1)
        sum.add(wrong / Double(kept))
      }
      start = end
    }
    return sum.value / Double(order.count)
  }
}

/// Confidence from explanations: p(a | q) = Σ_e p(a | e, q) w(e), w(e) in proportion to the probability that the
/// question entails the explanation (Becker, Soatto, arXiv 2406.03441, equation 3).
public enum StableExplanations {
  /// The logarithm of the confidence.
  ///
  /// - Parameters:
  ///   - entailment: ln of each explanation's entailment probability.
  ///   - answer: ln p(a | e, q) under each explanation.
  /// - Returns: nil without explanations, or where none is entailed.
  /// - Precondition: As many answers as explanations.
  public static func logConfidence(entailment: [Double], answer: [Double]) -> Double? {
    precondition(entailment.count == answer.count, "\(entailment.count) explanations, \(answer.count) answers")
    guard let largest = entailment.max(), largest > -.infinity, largest.isFinite else { return nil }
    let weights = entailment.map { Double.exp($0 - largest) }
    let top = answer.max() ?? -.infinity
    guard top > -.infinity else { return -.infinity }
    let sum = zip(weights, answer).reduce(0) { $0 + $1.0 * .exp($1.1 - top) }
    return min(0, top + .log(sum) - .log(weights.reduce(0, +)))
  }
}
