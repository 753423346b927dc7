internal import CVectors
import GSLNumerics
import RealModule

/// Features of records, standardized: what a linear probe is trained on.
///
/// Each feature is brought to mean 0 and standard deviation 1 over all records, without a look at labels; a constant
/// one is 0 everywhere.
public struct ProbeFeatures: Sendable {
  /// The number of records.
  public let count: Int
  /// The number of features.
  public let dimension: Int
  /// Of each feature, before it was standardized.
  public let means: [Double]
  /// Of each feature, before it was standardized; 0 for a constant one.
  public let deviations: [Double]
  /// Row after row, padded to a multiple of 8 each.
  private let values: [Float]
  private let stride: Int

  /// Features of records, row after row.
  ///
  /// - Parameters:
  ///   - rows: records × dimension numbers.
  ///   - dimension: The number of features, 1 or more.
  /// - Returns: nil for a number that is not finite, or where the numbers do not make whole rows.
  /// - Complexity: O(records × features).
  public init?(rows: [Float], dimension: Int) {
    guard dimension >= 1, rows.count % dimension == 0, rows.allSatisfy(\.isFinite) else { return nil }
    let count = rows.count / dimension
    var sums = [Double](repeating: 0, count: dimension)
    for row in 0..<count {
      for feature in 0..<dimension { sums[feature] += Double(rows[row * dimension + feature]) }
    }
    let means = sums.map { $0 / Double(max(1, count)) }
    var squares = [Double](repeating: 0, count: dimension)
    for row in 0..<count {
      for feature in 0..<dimension {
        let deviation = Double(rows[row * dimension + feature]) - means[feature]
        squares[feature] += deviation * deviation
      }
    }
    let deviations = zip(squares, means).map { square, mean in
      let deviation = (square / Double(max(1, count))).squareRoot()
      // What rounding leaves of equal numbers is no difference.
      return deviation > 1e-7 * mean.magnitude ? deviation : 0
    }
    let stride = (dimension + 7) / 8 * 8
    var values = [Float](repeating: 0, count: count * stride)
    for row in 0..<count {
      for feature in 0..<dimension where deviations[feature] > 0 {
        values[row * stride + feature] = Float(
          (Double(rows[row * dimension + feature]) - means[feature]) / deviations[feature])
      }
    }
    (self.count, self.dimension, self.stride, self.values) = (count, dimension, stride, values)
    (self.means, self.deviations) = (means, deviations)
  }

  /// The standardized features of a record.
  public subscript(_ record: Int) -> [Float] { Array(values[record * stride..<(record * stride + dimension)]) }

  // MARK: Logistic regressions

  /// Labels to be predicted with penalties, one after the other.
  struct Problem: Sendable {
    /// 1, 0, or -1 for a record that is left out.
    var labels: [Int8]
    /// λ of the penalty λ |w|²/2, which goes with the sum of losses. A search begins where the one before ended.
    var penalties: [Double]
  }

  /// The coefficients at one penalty.
  struct Solution: Sendable {
    var coefficients: [Double]
    var intercept: Double
    /// Whether the derivatives have become as small as was asked for.
    var isConverged: Bool
  }

  /// How many problems share a pass over the rows: their coefficients and derivatives stay in the cache.
  private static let together = 8

  /// Minimizes Σ -ln P(label) + λ |w|²/2 of each problem at each of its penalties, the intercept without a penalty.
  ///
  /// Limited-memory BFGS (Nocedal, Mathematics of Computation 35, 1980), several problems in step, so that one pass over
  /// the rows serves all of them. Each problem's steps are the same whichever others it shares a pass with.
  ///
  /// - Parameter tolerance: Of the largest derivative, by the number of records.
  func solve(_ problems: [Problem], tolerance: Double) -> [[Solution]] {
    var solutions = [[Solution]](repeating: [], count: problems.count)
    var waiting = problems.indices.makeIterator()
    var active: [(index: Int, search: LogisticSearch)] = []
    while true {
      while active.count < Self.together, let index = waiting.next() {
        active.append(
          (index, LogisticSearch(problems[index].labels, dimension: stride, problems[index].penalties, tolerance)))
      }
      guard !active.isEmpty else { return solutions }
      evaluate(&active, problems)
      active.removeAll { entry in
        guard entry.search.isDone else { return false }
        solutions[entry.index] = entry.search.solutions.map { solution in
          var solution = solution
          solution.coefficients.removeLast(stride - dimension)
          return solution
        }
        return true
      }
    }
  }

  private func evaluate(_ active: inout [(index: Int, search: LogisticSearch)], _ problems: [Problem]) {
    let size = active.count
    var labels = [Int8](repeating: 0, count: count * size)
    for (place, entry) in active.enumerated() {
      for (row, label) in problems[entry.index].labels.enumerated() { labels[row * size + place] = label }
    }
    let points = active.flatMap { $0.search.point.dropLast() }
    let intercepts = active.map { $0.search.point[stride] }
    var losses = [Double](repeating: 0, count: size)
    var gradients = [Double](repeating: 0, count: size * stride)
    var slopes = losses
    logistic_gradients(
      values, count, stride, size, labels, points, intercepts, &losses, &gradients, &slopes)
    for place in active.indices {
      active[place].search.advance(
        loss: losses[place], gradient: Array(gradients[place * stride..<(place + 1) * stride]) + [slopes[place]])
    }
  }

  /// The linear predictor of every record.
  func margins(_ solution: Solution) -> [Double] {
    var margins = [Double](repeating: 0, count: count)
    let coefficients = solution.coefficients + Array(repeating: 0, count: stride - dimension)
    logistic_margins(values, count, stride, coefficients, solution.intercept, &margins)
    return margins
  }
}
