import Foundation
import GSLNumerics
import RealModule

/// A regression of outcomes from 0 to 1 on predictors: P(outcome) = link⁻¹(β_0 + Σ β_k x_k), by maximum
/// (quasi-)likelihood.
///
/// Fractional outcomes are allowed, as is a weight for each row; the estimating equations are those of the binomial law
/// (Papke and Wooldridge, Journal of Applied Econometrics 11, 1996). Standard errors hold where rows of one cluster
/// depend on each other in any way.
public struct BinaryRegression: Sendable {
  /// How the probability follows from the linear predictor η.
  public enum Link: String, Sendable, CaseIterable, Codable {
    /// p = 1/(1 + e^-η): coefficients are logarithms of odds ratios.
    case logit
    /// p = 1 - exp(-e^η): for hazards, coefficients are logarithms of hazard ratios of a process in continuous time
    /// (Prentice and Gloeckler, Biometrics 34, 1978).
    case complementaryLogLog = "cloglog"
  }

  /// Where standard errors are from. Both allow for any dependence within clusters.
  public enum Errors: String, Sendable, CaseIterable, Codable {
    /// Each cluster left out in turn (CR3; Bell and McCaffrey, Survey Methodology 28, 2002), by one Newton step: for
    /// few clusters and predictors that a few of them determine.
    case jackknife
    /// The plain sandwich, as statsmodels has it: too small there.
    case sandwich
  }

  /// The link.
  public var link: Link
  /// Where standard errors are from.
  public var errors: Errors

  /// A regression with a link.
  public init(link: Link, errors: Errors = .jackknife) {
    self.link = link
    self.errors = errors
  }

  /// What is wrong with data.
  public enum DataError: LocalizedError, Equatable, Sendable, CustomStringConvertible {
    /// An argument is out of its range.
    case argument(name: String, problem: String)
    /// Predictors that are constant or follow from others.
    case collinear
    /// Some combination of the predictors tells outcomes of 0 from others: there is no maximum.
    case separated
    /// The search ended without a maximum.
    case noConvergence

    public var description: String {
      switch self {
      case .argument(let name, let problem): "\(name) \(problem)"
      case .collinear: "a predictor is constant or follows from the others"
      case .separated: "a combination of predictors separates the outcomes: the coefficients have no finite estimate"
      case .noConvergence: "the likelihood's maximum was not found"
      }
    }

    public var errorDescription: String? { description }
  }

  /// Fits the coefficients.
  ///
  /// Newton's method on standardized predictors, each step solved by GSL's Cholesky decomposition and halved where the
  /// likelihood would fall.
  ///
  /// - Parameters:
  ///   - predictors: Columns, each with a value for every row; the constant is added.
  ///   - outcomes: 0 to 1.
  ///   - weights: 0 or more; nil for 1.
  ///   - clusters: The cluster of each row; nil for rows by themselves.
  /// - Throws: ``DataError``.
  /// - Complexity: O(rows predictors²) a step.
  public func fit(
    predictors: [[Double]], outcomes: [Double], weights: [Double]? = nil, clusters: [Int]? = nil
  ) throws(DataError) -> BinaryRegressionFit {
    let weights = weights ?? Array(repeating: 1, count: outcomes.count)
    let clusters = clusters ?? Array(outcomes.indices)
    let (problem, centers, scales) = try standardized(predictors, outcomes, weights, clusters)
    return BinaryRegressionFit(
      link: link, problem: problem, standardized: try problem.maximize(), clusters: clusters, centers: centers,
      scales: scales, errors: errors)
  }

  /// The problem with predictors of mean 0 and variance 1, and the means and deviations that they had.
  func standardized(
    _ predictors: [[Double]], _ outcomes: [Double], _ weights: [Double], _ clusters: [Int]
  ) throws(DataError) -> (problem: Problem, centers: [Double], scales: [Double]) {
    try check(predictors, outcomes, weights, clusters)
    let total = weights.reduce(0, +)
    var centers: [Double] = []
    var scales: [Double] = []
    var columns = [Array(repeating: 1.0, count: outcomes.count)]
    for column in predictors {
      let mean = zip(column, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      let variance = zip(column, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
      guard variance > 1e-24 * mean * mean, variance > 0 else { throw .collinear }
      centers.append(mean)
      scales.append(variance.squareRoot())
      columns.append(column.map { ($0 - mean) / variance.squareRoot() })
    }
    return (Problem(link: link, columns: columns, outcomes: outcomes, weights: weights), centers, scales)
  }

  private func check(
    _ predictors: [[Double]], _ outcomes: [Double], _ weights: [Double], _ clusters: [Int]
  ) throws(DataError) {
    guard outcomes.count > predictors.count + 1 else {
      throw .argument(name: "outcomes", problem: "are \(outcomes.count), no more than coefficients")
    }
    for (name, count) in [("weights", weights.count), ("clusters", clusters.count)]
      + predictors.map({ ("predictors", $0.count) })
    where count != outcomes.count {
      throw .argument(name: name, problem: "have \(count) rows, but outcomes \(outcomes.count)")
    }
    for (row, value) in outcomes.enumerated() where !(value >= 0 && value <= 1) {
      throw .argument(name: "outcomes[\(row)]", problem: "is \(value), not 0 to 1")
    }
    for (row, value) in weights.enumerated() where !(value >= 0 && value < .infinity) {
      throw .argument(name: "weights[\(row)]", problem: "is \(value), not 0 or more")
    }
    let used = Set(zip(clusters, weights).filter { $0.1 > 0 }.map(\.0))
    guard used.isEmpty || used.count > predictors.count + 1 else {
      throw .argument(
        name: "clusters",
        problem:
          "are \(used.count), no more than the \(predictors.count + 1) coefficients: there is nothing to take errors "
          + "from"
      )
    }
    guard weights.contains(where: { $0 > 0 }) else { throw .argument(name: "weights", problem: "are all 0") }
    for (index, column) in predictors.enumerated() where !column.allSatisfy(\.isFinite) {
      throw .argument(name: "predictors[\(index)]", problem: "has a value that is not finite")
    }
  }

  /// The likelihood of standardized predictors.
  struct Problem {
    let link: Link
    /// The constant first.
    let columns: [[Double]]
    let outcomes: [Double]
    let weights: [Double]

    func linear(_ coefficients: [Double]) -> [Double] {
      var eta = [Double](repeating: 0, count: outcomes.count)
      for (column, coefficient) in zip(columns, coefficients) {
        for row in eta.indices { eta[row] += coefficient * column[row] }
      }
      return eta
    }

    func logLikelihood(_ eta: [Double]) -> Double {
      var sum = CompensatedSum()
      for row in eta.indices where weights[row] > 0 {
        let (success, failure) = link.logProbabilities(eta[row])
        // An outcome of 0 has nothing to do with ln p, which may be -inf.
        if outcomes[row] > 0 { sum.add(weights[row] * outcomes[row] * success) }
        if outcomes[row] < 1 { sum.add(weights[row] * (1 - outcomes[row]) * failure) }
      }
      return sum.value
    }

    /// The rows' derivatives of the log-likelihood in η.
    func scores(_ eta: [Double]) -> [Double] {
      eta.indices.map { weights[$0] * link.score(eta[$0], outcome: outcomes[$0]) }
    }

    func gradient(_ scores: [Double]) -> [Double] {
      columns.map { column in
        var sum = CompensatedSum()
        for row in scores.indices { sum.add(scores[row] * column[row]) }
        return sum.value
      }
    }

    /// The negative of the log-likelihood's second derivatives, Σ w x xᵀ (-d²/dη²). Both links' likelihoods are
    /// concave.
    func information(_ eta: [Double]) -> SymmetricMatrix {
      let size = eta.indices.map { weights[$0] * link.information(eta[$0], outcome: outcomes[$0]) }
      var matrix = SymmetricMatrix(dimension: columns.count)
      for i in columns.indices {
        for j in 0...i {
          var sum = 0.0
          for row in size.indices { sum += size[row] * columns[i][row] * columns[j][row] }
          matrix[i, j] = sum
        }
      }
      return matrix
    }

    func maximize() throws(DataError) -> [Double] {
      let total = weights.reduce(0, +)
      let mean = zip(outcomes, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
      guard mean > 0, mean < 1 else { throw .separated }
      var coefficients = [Double](repeating: 0, count: columns.count)
      coefficients[0] = link.linear(mean)
      var eta = linear(coefficients)
      var value = logLikelihood(eta)
      guard let first = information(eta).inverse() else { throw .collinear }
      // Nothing of a predictor is left beside the others where its variance grows without end.
      if first.diagonal.contains(where: { $0 * total * mean * (1 - mean) > 1e12 }) { throw .collinear }
      var last = Double.infinity
      for _ in 0..<200 {
        guard let inverse = information(eta).inverse() else { throw .separated }
        let gradient = gradient(scores(eta))
        let direction = inverse.multiplied(by: gradient)
        // Half the square of the distance that is left, in units of log-likelihood; these follow the weights.
        let decrement = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let unit = max(value.magnitude, total * mean * (1 - mean))
        if decrement < 1e-26 * unit || (decrement < 1e-18 * unit && decrement > 0.25 * last) {
          if isSeparated(eta) { throw .separated }
          return coefficients
        }
        last = decrement
        var fraction = 1.0
        while true {
          let trial = zip(coefficients, direction).map { $0 + fraction * $1 }
          let trialEta = linear(trial)
          let trialValue = logLikelihood(trialEta)
          if trialValue >= value - 1e-13 * value.magnitude || fraction < 1e-10 {
            (coefficients, eta, value) = (trial, trialEta, trialValue)
            break
          }
          fraction /= 2
        }
      }
      // Outcomes that a combination tells apart let the likelihood climb for ever.
      throw isSeparated(eta) ? .separated : .noConvergence
    }

    /// Whether some combination of the predictors is never below 0 for outcomes of 1, never above 0 for outcomes of 0,
    /// and 0 for all others: the likelihood then climbs along it for ever, and at the point reached there is no
    /// information left in its direction.
    private func isSeparated(_ eta: [Double]) -> Bool {
      guard let direction = information(eta).weakestDirection() else { return true }
      let along = linear(direction)
      let largest = along.reduce(0) { max($0, $1.magnitude) }
      // Both signs of the direction are the same one.
      return [1.0, -1.0].contains { sign in
        eta.indices.allSatisfy { row in
          guard weights[row] > 0, along[row].magnitude > 1e-6 * largest else { return true }
          return outcomes[row] == (along[row] * sign > 0 ? 1 : 0)
        }
      }
    }
  }
}

extension BinaryRegression.Link {
  /// ln p and ln(1 - p), exact in both tails.
  func logProbabilities(_ eta: Double) -> (success: Double, failure: Double) {
    switch self {
    case .logit:
      let tail = Double.log(onePlus: .exp(-eta.magnitude))
      return (min(eta, 0) - tail, min(-eta, 0) - tail)
    case .complementaryLogLog:
      let failure = -Double.exp(eta)
      return (log1mExp(failure), failure)
    }
  }

  /// p.
  func probability(_ eta: Double) -> Double { .exp(logProbabilities(eta).success) }

  /// η of a mean.
  func linear(_ mean: Double) -> Double {
    switch self {
    case .logit: .log(mean) - .log(onePlus: -mean)
    case .complementaryLogLog: .log(-.log(onePlus: -mean))
    }
  }

  /// dp/dη.
  func slope(_ eta: Double) -> Double {
    switch self {
    case .logit:
      let (success, failure) = logProbabilities(eta)
      return .exp(success + failure)
    case .complementaryLogLog: return .exp(eta - .exp(eta))
    }
  }

  /// d²p/dη².
  func curvature(_ eta: Double) -> Double {
    switch self {
    case .logit: slope(eta) * -.tanh(eta / 2)
    case .complementaryLogLog: slope(eta) * (1 - .exp(eta))
    }
  }

  /// d/dη of y ln p + (1 - y) ln(1 - p).
  func score(_ eta: Double, outcome: Double) -> Double {
    switch self {
    case .logit:
      let (success, failure) = logProbabilities(eta)
      // y (1 - p) - (1 - y) p: neither loses the other's digits.
      return outcome * .exp(failure) - (1 - outcome) * .exp(success)
    case .complementaryLogLog:
      // (dp/dη)/p is e^η/(exp(e^η) - 1).
      let rate = Double.exp(eta)
      let relative = rate < 1e-300 ? 1 : rate > 700 ? 0 : rate / .expMinusOne(rate)
      return outcome * relative - (1 - outcome) * rate
    }
  }

  /// -d²/dη² of y ln p + (1 - y) ln(1 - p).
  func information(_ eta: Double, outcome: Double) -> Double {
    switch self {
    case .logit: return slope(eta)
    case .complementaryLogLog:
      // With r = e^η and g = r/(e^r - 1): -r g'(r) for an outcome of 1, r for one of 0.
      let rate = Double.exp(eta)
      let ofSuccess: Double
      if rate < 0.01 {
        let square = rate * rate
        ofSuccess = rate / 2 - square / 6 + square * square / 180
      } else if rate > 700 {
        ofSuccess = 0
      } else {
        let rest = -Double.expMinusOne(-rate)
        ofSuccess = .exp(-rate) * rate * (rate - rest) / (rest * rest)
      }
      return outcome * ofSuccess + (1 - outcome) * rate
    }
  }
}
