import RealModule

/// A search for the minimum at one penalty after the other, which is told the loss and its derivatives at the points
/// that it asks for.
struct LogisticSearch {
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
