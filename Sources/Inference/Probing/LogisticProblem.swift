internal import CLogisticRegression
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

/// A search for the minimum at one penalty after the other, which is told the loss and its derivatives at the points
/// that it asks for.
private struct LogisticSearch {
  /// Where the next evaluation is to be: coefficients, and the intercept last.
  private(set) var point: [Double]
  private(set) var solutions: [ProbeFeatures.Solution] = []
  private var penalties: ArraySlice<Double>
  private let tolerance: Double
  private let curvature: Double

  /// The best point so far, and what is known of it.
  private var base: [Double]
  private var baseValue = Double.infinity
  private var baseGradient: [Double] = []
  private var direction: [Double] = []
  private var step = 1.0
  private var pairs: [(move: [Double], change: [Double], product: Double)] = []
  private var steps = 0
  private static let memory = 10
  private static let mostSteps = 500

  init(_ labels: [Int8], dimension: Int, _ penalties: [Double], _ tolerance: Double) {
    let ones = Double(labels.count { $0 == 1 })
    let zeros = Double(labels.count { $0 == 0 })
    // Without features: the intercept of the share of ones.
    point = Array(repeating: 0, count: dimension) + [Double.log((ones + 0.5) / (zeros + 0.5))]
    base = point
    self.penalties = penalties[...]
    self.tolerance = tolerance * max(1, ones + zeros)
    // The second derivative along a standardized feature there.
    curvature = max(1e-3, ones * zeros / max(1, ones + zeros))
  }

  var isDone: Bool { penalties.isEmpty }

  mutating func advance(loss: Double, gradient: [Double]) {
    guard let penalty = penalties.first else { return }
    var (value, slope) = (loss, gradient)
    let last = point.count - 1
    for index in 0..<last {
      value += 0.5 * penalty * point[index] * point[index]
      slope[index] += penalty * point[index]
    }
    if baseGradient.isEmpty {
      (base, baseValue, baseGradient) = (point, value, slope)
    } else {
      let descent = Self.product(baseGradient, direction)
      // As much lower as a tenth of a thousandth of what the slope promises (Armijo), or as rounding lets it be.
      guard value <= baseValue + 1e-4 * step * descent + 1e-13 * baseValue.magnitude else {
        step *= 0.5
        if step < 1e-12 { finish(isConverged: false) } else { point = Self.sum(base, direction, step) }
        return
      }
      let move = zip(point, base).map { $0 - $1 }
      let change = zip(slope, baseGradient).map { $0 - $1 }
      let product = Self.product(move, change)
      if product > 0 {
        pairs.append((move, change, product))
        if pairs.count > Self.memory { pairs.removeFirst() }
      }
      (base, baseValue, baseGradient) = (point, value, slope)
      steps += 1
    }
    let isConverged = baseGradient.allSatisfy { $0.magnitude <= tolerance }
    if isConverged || steps >= Self.mostSteps {
      finish(isConverged: isConverged)
      return
    }
    direction = newDirection(penalty)
    step = 1
    point = Self.sum(base, direction, step)
  }

  /// Keeps what was found, and goes on to the next penalty from there.
  private mutating func finish(isConverged: Bool) {
    solutions.append(
      .init(coefficients: Array(base.dropLast()), intercept: base[base.count - 1], isConverged: isConverged))
    penalties.removeFirst()
    (baseGradient, pairs, steps) = ([], [], 0)
    point = base
  }

  /// The quasi-Newton direction, by two loops over the moves that are remembered.
  private func newDirection(_ penalty: Double) -> [Double] {
    var q = baseGradient
    var shares: [Double] = []
    for pair in pairs.reversed() {
      let share = Self.product(pair.move, q) / pair.product
      shares.append(share)
      q = Self.sum(q, pair.change, -share)
    }
    let scale =
      pairs.last.map { $0.product / Self.product($0.change, $0.change) } ?? (1 / (curvature + penalty))
    q = q.map { $0 * scale }
    for (pair, share) in zip(pairs, shares.reversed()) {
      q = Self.sum(q, pair.move, share - Self.product(pair.change, q) / pair.product)
    }
    return q.map { -$0 }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func sum(_ a: [Double], _ b: [Double], _ factor: Double) -> [Double] {
    zip(a, b).map { $0 + factor * $1 }
  }
}
