import GSLNumerics
import RealModule

/// A test of "this predictor has nothing to do with the outcomes" that holds its level with few clusters and skewed
/// predictors.
///
/// The statistic is the studentized efficient score Σ_g u_g / (Σ_g u_g²)^½ of the coefficient in the regression without
/// it, u_g = Σ_i s_i (x_i - z_i γ) over the rows of cluster g: s the scores, z the other predictors, γ the projection
/// of x on them with the weights of the information. Its distribution is not taken from a limit theorem:
///
/// - A predictor that is constant within clusters is permuted over the clusters, or what the other such predictors
///   leave of it (their least-squares fit stays). Where it is independent of the others, the test is exact; otherwise
///   studentizing makes it right in large samples (DiCiccio and Romano, JASA 112, 2017).
/// - For one that varies within clusters the signs of the u_g are flipped (Hemerik, Goeman and Finos, Journal of the
///   Royal Statistical Society B 82, 2020).
public struct CoefficientTest: Sendable, Equatable {
  /// The studentized score: positive where larger values go with larger outcomes.
  public let statistic: Double
  /// P of one as far from 0 or farther, at least 1/(resamples + 1).
  public let pValue: Double
  /// How many permutations or flips it is from.
  public let resamples: Int
  /// Which of the two.
  public let isPermutation: Bool
}

extension BinaryRegression {
  /// Tests one predictor given the others.
  ///
  /// - Parameters:
  ///   - index: The predictor.
  ///   - predictors: Columns, each with a value for every row; the constant is added.
  ///   - outcomes: 0 to 1.
  ///   - weights: 0 or more; nil for 1.
  ///   - clusters: The cluster of each row; nil for rows by themselves.
  ///   - seed: Of the permutations or flips.
  /// - Returns: nil where nothing is left of the predictor beside the others.
  /// - Throws: ``DataError``.
  /// - Complexity: O(rows predictors²) a step of the fit, and O(clusters predictors) for each of at most 9,999
  ///   resamples; fewer when 400 were as extreme (Besag and Clifford, Biometrika 78, 1991) and beyond 10⁵ clusters.
  public func test(
    of index: Int, predictors: [[Double]], outcomes: [Double], weights: [Double]? = nil, clusters: [Int]? = nil,
    seed: UInt64
  ) throws(DataError) -> CoefficientTest? {
    let weights = weights ?? Array(repeating: 1, count: outcomes.count)
    let others = predictors.indices.filter { $0 != index }.map { predictors[$0] }
    let (problem, _, _) = try standardized(others, outcomes, weights, clusters ?? Array(outcomes.indices))
    let eta = problem.linear(try problem.maximize())
    let groups = ClusterScores(
      problem, eta, predictors[index], clusters: clusters ?? Array(outcomes.indices))
    return groups?.test(seed: seed)
  }
}

/// What the efficient score needs of each cluster.
private struct ClusterScores {
  /// Σ s_i, the score of a predictor that is 1 in the cluster.
  private var scores: [Double] = []
  /// Σ s_i z_i.
  private var others: [Double] = []
  /// Σ w_i z_i with the weights of the information; both one cluster after the other.
  private var weights: [Double] = []
  /// Σ s_i x_i and Σ w_i x_i z_i.
  private var own: [(score: Double, cross: [Double])] = []
  /// The predictor, where it is constant within all clusters.
  private var values: [Double]?
  /// The other predictors that are.
  private var covariates: [[Double]] = []
  private let inverse: SymmetricMatrix

  init?(_ problem: BinaryRegression.Problem, _ eta: [Double], _ predictor: [Double], clusters: [Int]) {
    guard let inverse = problem.information(eta).inverse() else { return nil }
    self.inverse = inverse
    let size = problem.columns.count
    let zero = [Double](repeating: 0, count: size)
    let scores = problem.scores(eta)
    var numbers: [Int: Int] = [:]
    var firstRows: [Int] = []
    var isConstant = true
    var constantColumns = Array(1..<max(1, size))
    for row in eta.indices where problem.weights[row] > 0 {
      let group = numbers[clusters[row]] ?? numbers.count
      if group == numbers.count {
        numbers[clusters[row]] = group
        firstRows.append(row)
        self.scores.append(0)
        others += zero
        weights += zero
        own.append((0, zero))
      }
      let weight = problem.weights[row] * problem.link.information(eta[row], outcome: problem.outcomes[row])
      self.scores[group] += scores[row]
      own[group].score += scores[row] * predictor[row]
      for k in 0..<size {
        let z = problem.columns[k][row]
        others[group * size + k] += scores[row] * z
        weights[group * size + k] += weight * z
        own[group].cross[k] += weight * z * predictor[row]
      }
      let first = firstRows[group]
      isConstant = isConstant && predictor[row] == predictor[first]
      constantColumns.removeAll { problem.columns[$0][row] != problem.columns[$0][first] }
    }
    if isConstant {
      values = firstRows.map { predictor[$0] }
      covariates = constantColumns.map { k in firstRows.map { problem.columns[k][$0] } }
    }
  }

  func test(seed: UInt64) -> CoefficientTest? {
    var generator = SeededGenerator(seed: seed)
    let count = scores.count
    // About a second at most.
    let resamples = min(9999, max(1999, 2_000_000_000 / (count * (2 * inverse.dimension + 4))))
    return values.map { permutations($0, resamples, &generator) } ?? flips(resamples, &generator)
  }

  /// The studentized score of values by cluster.
  private func statistic(_ values: [Double]) -> Double? {
    let size = inverse.dimension
    var cross = [Double](repeating: 0, count: size)
    var index = 0
    for value in values {
      for k in 0..<size {
        cross[k] += value * weights[index]
        index += 1
      }
    }
    let projection = inverse.multiplied(by: cross)
    var (sum, squares) = (0.0, 0.0)
    index = 0
    for group in values.indices {
      var rest = values[group] * scores[group]
      for k in 0..<size {
        rest -= projection[k] * others[index]
        index += 1
      }
      sum += rest
      squares += rest * rest
    }
    return squares > 0 ? sum / squares.squareRoot() : nil
  }

  private func permutations(
    _ values: [Double], _ resamples: Int, _ generator: inout SeededGenerator
  ) -> CoefficientTest? {
    guard let observed = statistic(values) else { return nil }
    let fitted = leastSquares(values)
    var rest = zip(values, fitted).map { $0 - $1 }
    var permuted = values
    return .init(observed, resamples, isPermutation: true) {
      rest.shuffle(using: &generator)
      for index in permuted.indices { permuted[index] = fitted[index] + rest[index] }
      return statistic(permuted) ?? 0
    }
  }

  /// The values as far as the covariates give them.
  private func leastSquares(_ values: [Double]) -> [Double] {
    let columns = [[Double](repeating: 1, count: values.count)] + covariates
    var products = SymmetricMatrix(dimension: columns.count)
    for i in columns.indices {
      for j in 0...i { products[i, j] = zip(columns[i], columns[j]).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    guard let inverse = products.inverse() else { return Array(repeating: 0, count: values.count) }
    let coefficients = inverse.multiplied(
      by: columns.map { zip($0, values).reduce(0) { $0 + $1.0 * $1.1 } })
    return values.indices.map { row in columns.indices.reduce(0) { $0 + coefficients[$1] * columns[$1][row] } }
  }

  private func flips(_ resamples: Int, _ generator: inout SeededGenerator) -> CoefficientTest? {
    let size = inverse.dimension
    var cross = [Double](repeating: 0, count: size)
    for group in own { for k in 0..<size { cross[k] += group.cross[k] } }
    let projection = inverse.multiplied(by: cross)
    let contributions = own.indices.map { group in
      var rest = own[group].score
      for k in 0..<size { rest -= projection[k] * others[group * size + k] }
      return rest
    }
    let scale = contributions.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard scale > 0 else { return nil }
    return .init(contributions.reduce(0, +) / scale, resamples, isPermutation: false) {
      // The sum of squares is the same with every sign.
      var sum = 0.0
      for value in contributions { sum += Bool.random(using: &generator) ? value : -value }
      return sum / scale
    }
  }
}

extension CoefficientTest {
  fileprivate init(_ observed: Double, _ resamples: Int, isPermutation: Bool, next: () -> Double) {
    statistic = observed
    self.isPermutation = isPermutation
    var (extreme, drawn) = (0, 0)
    // A resample that repeats the data is as extreme up to rounding.
    let limit = observed.magnitude * (1 - 1e-10)
    while drawn < resamples, extreme < 400 {
      drawn += 1
      if next().magnitude >= limit { extreme += 1 }
    }
    self.resamples = drawn
    pValue = extreme == 400 && drawn < resamples ? 400 / Double(drawn) : Double(extreme + 1) / Double(drawn + 1)
  }
}
