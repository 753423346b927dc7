import GSLNumerics
import HeavyTails
import RealModule

/// Predicts how probable tokens m+1 … n of a reference are from the log-probabilities of the first m, learned from records of
/// which all n are known (design MODEL §6).
///
/// With x the mean surprisal -ln p of a record's first m tokens and r that of the others, on a ``SurprisalScale`` g:
///
/// - population hazard: g(r) = g(r̂) with r̂ the surprisal of the data set's survival, -ln(S̄(n)/S̄(m)) / (n - m);
/// - parametric tail: the same with a fitted family's survival;
/// - shrinkage: the record's own level is a random effect, jointly normal in g(x) and g(r), so that its best estimate is linear,
///   g(r) = a + b g(x): b < 1 draws an unusual record towards the others (empirical Bayes).
///
/// Errors are Student's t around that. Everything that judges a predictor is leave-one-out.
public struct RestPredictor: Sendable {
  /// Where the centre of the prediction comes from.
  public enum Method: String, Sendable, CaseIterable {
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
  /// Errors of the leave-one-out predictions over their standard deviations, ascending.
  let residuals: [Double]
  /// The logarithm of each record's predictive density from the others.
  let leftOutScores: [Double]
  private let line: Line

  /// The centre of g(r) and the scale of its error.
  private enum Line: Sendable {
    case constant(centre: Double, deviation: Double, freedom: Double)
    case regression(Regression)
  }

  /// Learns from records.
  ///
  /// - Parameters:
  ///   - first: The mean surprisals of the first m tokens.
  ///   - rest: Those of tokens m+1 … n of the same records.
  ///   - centres: What the method says for each record when the record is left out, and last for a new one; nil for shrinkage.
  ///   - tokens: n - m.
  /// - Returns: nil with fewer than five records or no variation.
  init?(_ method: Method, _ scale: SurprisalScale, first: [Double], rest: [Double], centres: [Double]?, tokens: Int) {
    self.method = method
    self.scale = scale
    let count = rest.count
    guard count >= 5, tokens > 0 else { return nil }
    let z = rest.map { scale.transformed($0) }
    var standardized: [Double] = []
    var scores: [Double] = []
    var sum = CompensatedSum()
    let known: [(error: Double, deviation: Double, freedom: Double)]
    if let centres {
      let errors = zip(z, centres).map { $0 - scale.transformed($1) }
      let squares = errors.reduce(0) { $0 + $1 * $1 }
      let freedom = Double(count - 1)
      known = errors.map { ($0, (max(0, squares - $0 * $0) / freedom).squareRoot(), freedom) }
      line = .constant(
        centre: scale.transformed(centres[count]), deviation: (squares / Double(count)).squareRoot(),
        freedom: Double(count))
    } else {
      guard let regression = Regression(first.map { scale.transformed($0) }, z) else { return nil }
      known = regression.leftOut
      line = .regression(regression)
    }
    for (index, (error, deviation, freedom)) in known.enumerated() {
      // No error to speak of leaves nothing to learn an interval from.
      guard deviation > 1e-9 else { return nil }
      let score =
        logStudentDensity(error / deviation, freedom) - .log(deviation) + scale.logSlope(rest[index])
        - .log(Double(tokens))
      standardized.append(error / deviation)
      scores.append(score)
      sum.add(score)
    }
    logScore = sum.value / Double(count)
    residuals = standardized.sorted()
    leftOutScores = scores
  }

  /// Centre and standard deviation of g(r) for a record whose first tokens have this mean surprisal.
  private func centre(_ first: Double) -> (centre: Double, deviation: Double, freedom: Double) {
    switch line {
    case .constant(let centre, let deviation, let freedom): (centre, deviation, freedom)
    case .regression(let regression): regression.prediction(scale.transformed(first))
    }
  }

  /// The median prediction of the mean surprisal of the rest.
  func median(_ first: Double) -> Double { scale.restored(centre(first).centre) }

  /// An interval of the mean surprisal of the rest: quantiles of the leave-one-out residuals around the centre, of the order
  /// that makes the coverage of a new record at least `level` under exchangeability but for the fit itself (split conformal
  /// prediction with leave-one-out residuals; Barber et al., Annals of Statistics 49, 2021); 0 … ∞ with too few records.
  func interval(_ first: Double, level: Double) -> ClosedRange<Double> {
    let (centre, deviation, _) = centre(first)
    let count = residuals.count
    let rank = Int((Double(count + 1) * (0.5 + 0.5 * level)).rounded(.up))
    guard rank <= count else { return 0...Double.infinity }
    let low = scale.restored(centre + deviation * residuals[count - rank])
    return low...max(low, scale.restored(centre + deviation * residuals[rank - 1]))
  }

  /// The mean surprisals of the rest that the leave-one-out residuals make of a record, all equally likely.
  func outcomes(_ first: Double) -> [Double] {
    let (centre, deviation, _) = centre(first)
    return residuals.map { scale.restored(centre + deviation * $0) }
  }

  /// ln of the predictive density of Σ ln p = -tokens · rest.
  func logDensity(_ first: Double, rest: Double, tokens: Int) -> Double {
    let (centre, deviation, freedom) = centre(first)
    return logStudentDensity((scale.transformed(rest) - centre) / deviation, freedom) - .log(deviation)
      + scale.logSlope(rest) - .log(Double(tokens))
  }
}

/// ln of Student's t density.
private func logStudentDensity(_ t: Double, _ freedom: Double) -> Double {
  let half = 0.5 * freedom
  return .logGamma(half + 0.5) - .logGamma(half) - 0.5 * .log(freedom * .pi) - (half + 0.5)
    * .log(onePlus: t * t / freedom)
}

/// A straight line by least squares, with its predictions for records left out.
private struct Regression: Sendable {
  private let meanX: Double
  private let meanZ: Double
  private let slope: Double
  private let squaresX: Double
  private let variance: Double
  private let count: Double
  /// For each record, from the others: its error, the error's standard deviation and its degrees of freedom.
  let leftOut: [(error: Double, deviation: Double, freedom: Double)]

  init?(_ x: [Double], _ z: [Double]) {
    let n = Double(x.count)
    let centreX = x.reduce(0, +) / n
    let centreZ = z.reduce(0, +) / n
    let spread = x.reduce(0) { $0 + ($1 - centreX) * ($1 - centreX) }
    guard n > 4, spread > 1e-20 * n * max(1, centreX * centreX) else { return nil }
    let rise = zip(x, z).reduce(0) { $0 + ($1.0 - centreX) * ($1.1 - centreZ) } / spread
    let errors = zip(x, z).map { $1 - centreZ - rise * ($0 - centreX) }
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    (count, meanX, meanZ, slope, squaresX) = (n, centreX, centreZ, rise, spread)
    variance = squares / (n - 2)
    // Without record i the residual is e / (1 - h) and the sum of squares falls by e² / (1 - h).
    leftOut = zip(x, errors).map { x, error in
      let h = min(1 - 1e-12, 1 / n + (x - centreX) * (x - centreX) / spread)
      let rest = max(0, squares - error * error / (1 - h)) / (n - 3)
      return (error / (1 - h), (rest / (1 - h)).squareRoot(), n - 3)
    }
  }

  func prediction(_ x: Double) -> (centre: Double, deviation: Double, freedom: Double) {
    let h = 1 / count + (x - meanX) * (x - meanX) / squaresX
    return (meanZ + slope * (x - meanX), (variance * (1 + h)).squareRoot(), count - 2)
  }
}
