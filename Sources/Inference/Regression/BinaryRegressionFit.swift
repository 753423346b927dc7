import GSLNumerics
import RealModule

/// Fitted coefficients, what they are worth, and how well they describe the outcomes.
public struct BinaryRegressionFit: Sendable, Equatable {
  /// The link.
  public let link: BinaryRegression.Link
  /// The constant, then one for each predictor.
  public let coefficients: [Double]
  /// Their covariance, robust to dependence within clusters. With I the observed information, I_g the part of a cluster
  /// and s_g the sum of its scores: (G - 1)/G · Σ_g d_g d_gᵀ, d_g = (I - I_g)⁻¹ s_g, for the jackknife, and
  /// G/(G - 1) · (n - 1)/(n - k) · I⁻¹ (Σ_g s_g s_gᵀ) I⁻¹ for the sandwich (Liang and Zeger, Biometrika 73, 1986).
  public let covariance: SymmetricMatrix
  /// Σ w (y ln p + (1 - y) ln(1 - p)).
  public let logLikelihood: Double
  /// Twice what a fit of each row by itself has more.
  public let deviance: Double
  /// The deviance of the constant alone.
  public let nullDeviance: Double
  /// Rows and clusters with weight.
  public let rows: Int
  public let clusters: Int
  /// The standard deviation of each predictor over the rows, by their weights.
  public let deviations: [Double]
  /// The mean over the rows of ∂p/∂x_k, by predictor, and its standard error (delta method).
  public let marginalEffects: [(value: Double, standardError: Double)]
  /// By predictor, the cluster with the largest share of Σ w (x - mean)², w the information of a row, and that share: a
  /// coefficient may rest on it alone.
  public let leverage: [(cluster: Int, share: Double)]
  /// Fitted and observed means in groups of like fitted probability.
  public let calibration: [CalibrationGroup]

  /// Rows of like fitted probability.
  public struct CalibrationGroup: Sendable, Equatable {
    /// The sum of the rows' weights.
    public let weight: Double
    /// The mean fitted probability.
    public let fitted: Double
    /// The mean outcome.
    public let observed: Double
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.coefficients == b.coefficients && a.covariance == b.covariance && a.logLikelihood == b.logLikelihood
      && a.link == b.link && a.rows == b.rows && a.clusters == b.clusters
  }

  /// The standard errors of the coefficients.
  public var standardErrors: [Double] { covariance.diagonal.map { $0.squareRoot() } }

  init(
    link: BinaryRegression.Link, problem: BinaryRegression.Problem, standardized: [Double], clusters: [Int],
    centers: [Double], scales: [Double], errors: BinaryRegression.Errors
  ) {
    self.link = link
    deviations = scales
    let eta = problem.linear(standardized)
    let size = standardized.count
    // Back from standardized predictors: β_k/s_k, and the constant less Σ β_k m_k/s_k.
    var rows = (0..<size).map { _ in [Double](repeating: 0, count: size) }
    rows[0][0] = 1
    for (index, (center, scale)) in zip(centers, scales).enumerated() {
      rows[index + 1][index + 1] = 1 / scale
      rows[0][index + 1] = -center / scale
    }
    coefficients = rows.map { row in
      var sum = CompensatedSum()
      for (a, b) in zip(row, standardized) { sum.add(a * b) }
      return sum.value
    }
    let inUse = problem.weights.indices.filter { problem.weights[$0] > 0 }
    self.rows = inUse.count
    let parts = ClusterParts(problem, eta, clusters)
    self.clusters = parts.numbers.count
    let robust = parts.covariance(problem.information(eta), errors, rows: inUse.count)
    covariance = robust.transformed(by: rows)
    leverage = (1..<size).map { parts.largestShare(of: $0) }
    logLikelihood = problem.logLikelihood(eta)
    let total = problem.weights.reduce(0, +)
    let mean = inUse.reduce(0) { $0 + problem.weights[$1] * problem.outcomes[$1] } / total
    // y ln y + (1 - y) ln(1 - y), which 0 and 1 do not have.
    var saturated = CompensatedSum()
    for row in inUse {
      for y in [problem.outcomes[row], 1 - problem.outcomes[row]] where y > 0 && y < 1 {
        saturated.add(problem.weights[row] * y * .log(y))
      }
    }
    deviance = 2 * (saturated.value - logLikelihood)
    nullDeviance = 2 * (saturated.value - total * (mean * .log(mean) + (1 - mean) * .log(onePlus: -mean)))
    marginalEffects = Self.marginalEffects(problem, eta, standardized, robust, scales)
    calibration = Self.calibration(problem, eta, inUse)
  }

  /// In units of the predictors, from the standardized ones: 1/s_k of each.
  private static func marginalEffects(
    _ problem: BinaryRegression.Problem, _ eta: [Double], _ coefficients: [Double], _ covariance: SymmetricMatrix,
    _ scales: [Double]
  ) -> [(value: Double, standardError: Double)] {
    let total = problem.weights.reduce(0, +)
    var slope = 0.0
    // The derivative of the mean slope in each coefficient.
    var change = [Double](repeating: 0, count: coefficients.count)
    for row in eta.indices where problem.weights[row] > 0 {
      slope += problem.weights[row] * problem.link.slope(eta[row]) / total
      let curvature = problem.weights[row] * problem.link.curvature(eta[row]) / total
      for k in change.indices { change[k] += curvature * problem.columns[k][row] }
    }
    return scales.indices.map { index in
      var row = change.map { $0 * coefficients[index + 1] / scales[index] }
      row[index + 1] += slope / scales[index]
      let variance = covariance.transformed(by: [row])[0, 0]
      return (slope * coefficients[index + 1] / scales[index], variance.squareRoot())
    }
  }

  /// Up to ten groups of about equal weight.
  private static func calibration(
    _ problem: BinaryRegression.Problem, _ eta: [Double], _ inUse: [Int]
  ) -> [CalibrationGroup] {
    let order = inUse.sorted { eta[$0] < eta[$1] }
    let total = inUse.reduce(0) { $0 + problem.weights[$1] }
    var groups: [CalibrationGroup] = []
    var (weight, fitted, observed, before) = (0.0, 0.0, 0.0, 0.0)
    for (position, row) in order.enumerated() {
      let w = problem.weights[row]
      weight += w
      fitted += w * problem.link.probability(eta[row])
      observed += w * problem.outcomes[row]
      before += w
      // Rows of the same fitted probability stay together.
      let isLast = position + 1 == order.count
      let isBoundary =
        before >= total * Double(groups.count + 1) / 10 && (isLast || eta[order[position + 1]] > eta[row])
      if weight > 0, isLast || isBoundary {
        groups.append(.init(weight: weight, fitted: fitted / weight, observed: observed / weight))
        (weight, fitted, observed) = (0, 0, 0)
      }
    }
    return groups
  }
}

/// Scores and information by cluster.
private struct ClusterParts {
  /// The clusters' numbers, in order of their first row.
  private(set) var numbers: [Int] = []
  private var scores: [[Double]] = []
  private var information: [SymmetricMatrix] = []

  init(_ problem: BinaryRegression.Problem, _ eta: [Double], _ clusters: [Int]) {
    let size = problem.columns.count
    let rowScores = problem.scores(eta)
    var places: [Int: Int] = [:]
    for row in eta.indices where problem.weights[row] > 0 {
      let place = places[clusters[row]] ?? numbers.count
      if place == numbers.count {
        places[clusters[row]] = place
        numbers.append(clusters[row])
        scores.append(Array(repeating: 0, count: size))
        information.append(SymmetricMatrix(dimension: size))
      }
      let weight = problem.weights[row] * problem.link.information(eta[row], outcome: problem.outcomes[row])
      for i in 0..<size {
        scores[place][i] += rowScores[row] * problem.columns[i][row]
        for j in 0...i {
          information[place][i, j] += weight * problem.columns[i][row] * problem.columns[j][row]
        }
      }
    }
  }

  func covariance(_ total: SymmetricMatrix, _ errors: BinaryRegression.Errors, rows: Int) -> SymmetricMatrix {
    let size = total.dimension
    let nan = SymmetricMatrix(dimension: size).scaled(by: .nan)
    guard let inverse = total.inverse() else { return nan }
    var sum = SymmetricMatrix(dimension: size)
    for (own, score) in zip(information, scores) {
      var without = inverse
      if errors == .jackknife {
        var rest = total
        for i in 0..<size { for j in 0...i { rest[i, j] -= own[i, j] } }
        // A coefficient that only this cluster determines has no error.
        guard let other = rest.inverse() else { return nan }
        without = other
      }
      let change = without.multiplied(by: score)
      for i in 0..<size { for j in 0...i { sum[i, j] += change[i] * change[j] } }
    }
    let (groups, n) = (Double(numbers.count), Double(rows))
    switch errors {
    case .jackknife: return sum.scaled(by: (groups - 1) / groups)
    case .sandwich:
      let isEnough = groups > 1 && n > Double(size)
      return sum.scaled(by: isEnough ? groups / (groups - 1) * (n - 1) / (n - Double(size)) : .nan)
    }
  }

  func largestShare(of column: Int) -> (cluster: Int, share: Double) {
    let total = information.reduce(0) { $0 + $1[column, column] }
    let largest = information.indices.max { information[$0][column, column] < information[$1][column, column] } ?? 0
    return (numbers[largest], information[largest][column, column] / total)
  }
}
