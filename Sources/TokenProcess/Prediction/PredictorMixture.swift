import GSLNumerics
import RealModule

/// A mixture of predictors weighted by how they do on records left out: pseudo-Bayesian model averaging (Geisser, Eddy,
/// JASA 74, 1979; Yao, Vehtari, Simpson, Gelman, Bayesian Analysis 13, 2018).
///
/// With p_k(y_i | others) the leave-one-out predictive density of predictor k at record i, its weight is proportional
/// to Π_i p_k(y_i | others)^η. η = 1/4 in place of 1, as a hundred records are not the evidence that they would be if
/// one of the predictors were true: predictors that are nearly as good as the best share with it. Weights below 1/1000
/// are set to 0.
public struct PredictorMixture: Sendable {
  /// A predictor and its weight.
  public struct Component: Sendable {
    /// The predictor.
    public let predictor: RestPredictor
    /// Its weight, 1/1000 or more; all sum to 1.
    public let weight: Double
  }

  /// The predictors, by falling weight.
  public let components: [Component]
  /// The logarithm of each record's predictive density from the others, predictors and weights learned without it.
  public let leftOutScores: [Double]
  /// The mean of those.
  public var logScore: Double { leftOutScores.reduce(0, +) / Double(leftOutScores.count) }
  /// For each record, ascending: the mixture's probability, from the others, of a mean surprisal at or below the
  /// record's.
  private let levels: [Double]

  /// η.
  static let learningRate = 0.25

  /// Learns the weights.
  ///
  /// - Parameter predictors: Predictors learned from the same records.
  /// - Returns: nil without predictors.
  /// - Complexity: O(K M) for K predictors and M records.
  init?(_ predictors: [RestPredictor]) {
    guard let records = predictors.first?.leftOutScores.count else { return nil }
    let totals = predictors.map { $0.leftOutScores.reduce(0, +) }
    let weights = Self.weights(totals)
    components = zip(predictors, weights).filter { $0.1 > 0 }
      .map { Component(predictor: $0, weight: $1) }
      .sorted { $0.weight > $1.weight }
    leftOutScores = (0..<records).map { index in
      let others = Self.weights(zip(totals, predictors).map { $0 - $1.leftOutScores[index] })
      return zip(predictors, others).reduce(-.infinity) { logAddExp($0, .log($1.1) + $1.0.leftOutScores[index]) }
    }
    levels = (0..<records).map { index in
      zip(predictors, weights).reduce(0) { $0 + $1.1 * $1.0.leftOutLevels[index] }
    }.sorted()
  }

  /// The weights of predictors with these sums of scores.
  private static func weights(_ totals: [Double]) -> [Double] {
    func shares(_ values: [Double]) -> [Double] {
      let sum = values.reduce(0, +)
      return values.map { $0 / sum }
    }
    let best = totals.max() ?? 0
    return shares(shares(totals.map { .exp(learningRate * ($0 - best)) }).map { $0 < 1e-3 ? 0 : $0 })
  }

  /// ln of the predictive density of Σ ln p = -tokens · rest, for a record whose first tokens have the mean surprisal
  /// `first`.
  func logDensity(_ first: Double, rest: Double, tokens: Int) -> Double {
    components.reduce(-.infinity) {
      logAddExp($0, .log($1.weight) + $1.predictor.logDensity(first, rest: rest, tokens: tokens))
    }
  }

  /// The mean surprisal of the rest at or below which a record's is with the given probability.
  func quantile(_ first: Double, _ probability: Double) -> Double {
    func excess(_ rest: Double) -> Double {
      components.reduce(-probability) { $0 + $1.weight * $1.predictor.level(first, rest: rest) }
    }
    guard excess(0) < 0 else { return 0 }
    var above = 1.0
    while excess(above) < 0 {
      above *= 2
      // Fat tails of few records: no surprisal that a Double's probability can have.
      if above > 1e6 { return .infinity }
    }
    // On the logarithmic scale, where a surprisal of 1e-4 is as far from its neighbors as one of 10. Brent's method
    // does not fail on a bracket whose ends differ in sign; its end is a safe value all the same.
    let scale = SurprisalScale.logarithm
    let root = try? findRoot(in: scale.transformed(0)...scale.transformed(above), relativeTolerance: 1e-10) {
      excess(scale.restored($0))
    }
    return root.map { scale.restored($0) } ?? above
  }

  /// An interval of the mean surprisal of the rest, when a share of records has an infinite one. Its ends are quantiles
  /// of the mixture at the levels between which the leave-one-out predictions had the records themselves: of the orders
  /// that make the coverage of a new record at least `level` under exchangeability but for the fit itself (split
  /// conformal prediction with leave-one-out scores; Barber et al., Annals of Statistics 49, 2021). An end that too few
  /// records leave open is 0 or ∞.
  func interval(_ first: Double, level: Double, infiniteShare: Double = 0) -> ClosedRange<Double> {
    let count = levels.count
    let tail = 0.5 * (1 - level)
    // Orders among the records with a finite surprisal.
    let scale = Double(count + 1) / (1 - infiniteShare)
    let lower = Int((tail * scale).rounded(.down))
    let upper = ((1 - tail) * scale).rounded(.up)
    let low = lower < 1 ? 0 : quantile(first, levels[min(lower, count) - 1])
    return low...max(low, upper > Double(count) ? .infinity : quantile(first, levels[Int(upper) - 1]))
  }

  /// The mean surprisals of the rest that the predictors' leave-one-out residuals make of a record, with the logarithms
  /// of their shares.
  func outcomes(_ first: Double) -> [(rest: Double, logShare: Double)] {
    components.flatMap { component in
      let logWeight = Double.log(component.weight)
      return component.predictor.outcomes(first).map { ($0.rest, logWeight + $0.logShare) }
    }
  }
}
