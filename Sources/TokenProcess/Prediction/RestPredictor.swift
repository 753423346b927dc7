import GSLNumerics
import RealModule

/// Predicts how probable tokens m+1 … n of a reference are from the log-probabilities of the first m, learned from
/// records of which all n are known (TheModel §6).
///
/// With x the mean surprisal -ln p of a record's first m tokens and r that of the others, on a ``SurprisalScale`` g:
///
/// - population mean: g(r) is the mean of the others', whatever the record's first tokens say (complete pooling);
/// - population hazard: g(r) = g(r̂) with r̂ the surprisal of the data set's survival, -ln(S̄(n)/S̄(m)) / (n - m);
/// - parametric tail: the same with a fitted family's survival;
/// - shrinkage: the record's own level is a random effect, jointly normal in g(x) and g(r), so that its best estimate
///   is linear, g(r) = a + b g(x): b < 1 draws an unusual record towards the others (empirical Bayes).
///
/// Errors are Student's t around that. Everything that judges a predictor is leave-one-out.
public struct RestPredictor: Sendable {
  /// Where the center of the prediction comes from.
  public enum Method: String, Sendable, CaseIterable {
    case populationMean = "population-mean"
    case populationHazard = "population-hazard"
    case parametricTail = "parametric-tail"
    case shrinkage
  }

  /// The method.
  public let method: Method
  /// The scale on which errors are alike.
  public let scale: SurprisalScale
  /// The mean logarithm of the predictive density of Σ ln p over tokens m+1 … n, each record's from the others.
  public let logScore: Double
  /// Errors of the leave-one-out predictions over their standard deviations, ascending, with the logarithms of their
  /// shares. Of many records the 128 lowest, which make the most probable outcomes, stand for themselves, and the
  /// others for equal parts.
  private let residuals: [(value: Double, logShare: Double)]
  /// The logarithm of each record's predictive density from the others.
  let leftOutScores: [Double]
  /// The predictive probability of a mean surprisal at or below each record's, from the others.
  let leftOutLevels: [Double]
  private let line: Line

  /// The center of g(r) and the scale of its error.
  private enum Line: Sendable {
    case constant(center: Double, deviation: Double, degreesOfFreedom: Double)
    case regression(Regression)
  }

  /// Learns from records.
  ///
  /// - Parameters:
  ///   - first: The mean surprisals of the first m tokens.
  ///   - rest: Those of tokens m+1 … n of the same records.
  ///   - centers: What a hazard or tail says for each record when the record is left out, and last for a new one; nil
  ///     for the population mean and shrinkage.
  ///   - tokens: n - m.
  /// - Returns: nil with fewer than five records.
  init?(_ method: Method, _ scale: SurprisalScale, first: [Double], rest: [Double], centers: [Double]?, tokens: Int) {
    self.method = method
    self.scale = scale
    let count = rest.count
    guard count >= 5, tokens > 0 else { return nil }
    let z = rest.map { scale.transformed($0) }
    var standardized: [Double] = []
    var scores: [Double] = []
    var levels: [Double] = []
    var sum = CompensatedSum()
    let known: [(error: Double, deviation: Double, degreesOfFreedom: Double)]
    if let centers {
      let errors = zip(z, centers).map { $0 - scale.transformed($1) }
      let squares = errors.reduce(0) { $0 + $1 * $1 }
      let freedom = Double(count - 1)
      known = errors.map { ($0, (max(0, squares - $0 * $0) / freedom).squareRoot(), freedom) }
      line = .constant(
        center: scale.transformed(centers[count]), deviation: (squares / Double(count)).squareRoot(),
        degreesOfFreedom: Double(count))
    } else {
      guard let regression = Regression(method == .shrinkage ? first.map { scale.transformed($0) } : nil, z) else {
        return nil
      }
      known = regression.leftOut
      line = .regression(regression)
    }
    for (index, (error, deviation, freedom)) in known.enumerated() {
      let deviation = max(deviation, Self.leastDeviation)
      let score =
        logStudentDensity(error / deviation, degreesOfFreedom: freedom) - .log(deviation) + scale.logSlope(rest[index])
        - .log(Double(tokens))
      standardized.append(error / deviation)
      levels.append(studentLowerTail(error / deviation, degreesOfFreedom: freedom))
      scores.append(score)
      sum.add(score)
    }
    logScore = sum.value / Double(count)
    residuals = Self.condensed(standardized.sorted())
    leftOutScores = scores
    leftOutLevels = levels
  }

  /// Centre and standard deviation of g(r) for a record whose first tokens have this mean surprisal.
  private func center(_ first: Double) -> (center: Double, deviation: Double, degreesOfFreedom: Double) {
    switch line {
    case .constant(let center, let deviation, let freedom): (center, max(deviation, Self.leastDeviation), freedom)
    case .regression(let regression):
      {
        let (center, deviation, freedom) = regression.prediction(scale.transformed(first))
        return (center, max(deviation, Self.leastDeviation), freedom)
      }()
    }
  }

  /// Errors below this are rounding: a predictor that makes no others is the best that there is, and still has an
  /// interval.
  private static let leastDeviation = 1e-9

  /// The predictive probability that the mean surprisal of the rest is at most `rest`.
  func level(_ first: Double, rest: Double) -> Double {
    let (center, deviation, freedom) = center(first)
    return studentLowerTail((scale.transformed(rest) - center) / deviation, degreesOfFreedom: freedom)
  }

  private static func condensed(_ residuals: [Double]) -> [(value: Double, logShare: Double)] {
    let (single, parts) = (128, 128)
    let count = Double(residuals.count)
    guard residuals.count > single + parts else { return residuals.map { ($0, -.log(count)) } }
    let rest = residuals.count - single
    return residuals[..<single].map { ($0, -.log(count)) }
      + (0..<parts).map { part in
        let (start, end) = (single + part * rest / parts, single + (part + 1) * rest / parts)
        return (residuals[(start + end) / 2], .log(Double(end - start) / count))
      }
  }

  /// The mean surprisals of the rest that the leave-one-out residuals make of a record, with the logarithms of their
  /// shares.
  func outcomes(_ first: Double) -> [(rest: Double, logShare: Double)] {
    let (center, deviation, _) = center(first)
    return residuals.map { (scale.restored(center + deviation * $0.value), $0.logShare) }
  }

  /// ln of the predictive density of Σ ln p = -tokens · rest.
  func logDensity(_ first: Double, rest: Double, tokens: Int) -> Double {
    let (center, deviation, freedom) = center(first)
    return logStudentDensity((scale.transformed(rest) - center) / deviation, degreesOfFreedom: freedom)
      - .log(deviation)
      + scale.logSlope(rest) - .log(Double(tokens))
  }
}

/// A straight line by least squares, or a constant, with its predictions for records left out.
private struct Regression: Sendable {
  private let meanX: Double
  private let meanZ: Double
  private let slope: Double
  /// Σ (x - x̄)²; infinite for a constant.
  private let squaresX: Double
  private let variance: Double
  private let count: Double
  private let freedom: Double
  /// For each record, from the others: its error, the error's standard deviation and its degrees of freedom.
  let leftOut: [(error: Double, deviation: Double, degreesOfFreedom: Double)]

  /// - Parameter x: nil for a constant.
  init?(_ x: [Double]?, _ z: [Double]) {
    let n = Double(z.count)
    let centerZ = z.reduce(0, +) / n
    var centerX = 0.0
    var spread = Double.infinity
    var rise = 0.0
    if let x {
      centerX = x.reduce(0, +) / n
      spread = x.reduce(0) { $0 + ($1 - centerX) * ($1 - centerX) }
      guard spread > 1e-20 * n * max(1, centerX * centerX) else { return nil }
      rise = zip(x, z).reduce(0) { $0 + ($1.0 - centerX) * ($1.1 - centerZ) } / spread
    }
    let offsets = x?.map { $0 - centerX } ?? Array(repeating: 0, count: z.count)
    let errors = zip(offsets, z).map { $1 - centerZ - rise * $0 }
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    let left = n - (x == nil ? 1 : 2)
    guard left > 2 else { return nil }
    (count, meanX, meanZ, slope, squaresX, freedom) = (n, centerX, centerZ, rise, spread, left)
    variance = squares / left
    // Without record i the residual is e / (1 - h) and the sum of squares falls by e² / (1 - h).
    leftOut = zip(offsets, errors).map { offset, error in
      let h = min(1 - 1e-12, 1 / n + offset * offset / spread)
      let rest = max(0, squares - error * error / (1 - h)) / (left - 1)
      return (error / (1 - h), (rest / (1 - h)).squareRoot(), left - 1)
    }
  }

  func prediction(_ x: Double) -> (center: Double, deviation: Double, degreesOfFreedom: Double) {
    let h = 1 / count + (x - meanX) * (x - meanX) / squaresX
    return (meanZ + slope * (x - meanX), (variance * (1 + h)).squareRoot(), freedom)
  }
}
