import GSLNumerics
import RealModule

/// The negative mean log-likelihood of a family on censored counts, as a function of the family's coordinates.
///
/// Divided by the total weight so that tolerances mean the same for ten records and for ten million.
struct CensoredLikelihood<F: FittableFamily> {
  let counts: CensoredCounts
  /// The reach of all the data, also where the counts are a part of them: it fixes what the coordinates mean.
  private let reach: ClosedRange<Int>
  /// The lengths on which the data are conditional.
  private let window: LengthWindow
  private let dimension = F.parameterDescriptions.count

  init(_ counts: CensoredCounts, reach: ClosedRange<Int>? = nil, window: LengthWindow = LengthWindow()) {
    self.counts = counts
    self.window = window
    self.reach = reach ?? counts.reach
  }

  /// The sum of logarithms of probabilities as a value to minimize. It is never positive; beyond rounding such a sum, like an
  /// infinite one, only says that the law has lost its digits.
  private func negativeMean(_ sum: CompensatedSum) -> Double {
    let mean = sum.value / counts.total
    return mean > -.infinity && mean < 1e-9 ? -mean : .infinity
  }

  /// The value alone; infinite where the law is impossible.
  func value(at point: [Double]) -> Double {
    guard let law = try? F(coordinates: point, reach: reach) else { return .infinity }
    var sum = CompensatedSum()
    for cell in counts.cells {
      if cell.exact > 0 { sum.add(cell.exact * law.logMass(cell.length)) }
      if cell.censored > 0 { sum.add(cell.censored * window.logSurvival(of: law, from: cell.length)) }
    }
    if !window.isAll { sum.add(-counts.total * window.logProbability(of: law)) }
    return negativeMean(sum)
  }

  /// The value and its gradient by the coordinates.
  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double {
    guard let law = try? F(coordinates: point, reach: reach) else { return .infinity }
    var sum = CompensatedSum()
    var scratch = [Double](repeating: 0, count: dimension)
    var total = scratch
    var cellGradient = scratch.mutableSpan
    for cell in counts.cells {
      if cell.exact > 0 {
        sum.add(cell.exact * law.logMass(cell.length, gradient: &cellGradient))
        for index in 0..<dimension { total[index] += cell.exact * cellGradient[index] }
      }
      if cell.censored > 0 {
        sum.add(cell.censored * window.logSurvival(of: law, from: cell.length, gradient: &cellGradient))
        for index in 0..<dimension { total[index] += cell.censored * cellGradient[index] }
      }
    }
    if !window.isAll {
      sum.add(-counts.total * window.logSurvival(of: law, from: window.minimum, gradient: &cellGradient))
      for index in 0..<dimension { total[index] -= counts.total * cellGradient[index] }
    }
    let jacobian = F.jacobian(at: point, reach: reach)
    for j in 0..<dimension {
      var component = 0.0
      for i in 0..<dimension { component += jacobian[i][j] * total[i] }
      gradient[j] = -component / counts.total
    }
    return negativeMean(sum)
  }

  private func gradient(at point: [Double]) -> [Double]? {
    var gradient = [Double](repeating: 0, count: dimension)
    var span = gradient.mutableSpan
    let value = value(at: point, gradient: &span)
    return value.isFinite && gradient.allSatisfy(\.isFinite) ? gradient : nil
  }

  /// The Hessian, from five-point differences of the analytic gradient: exact to about 1e-11.
  ///
  /// Next to the edge of the possible laws the differences shrink until they stay inside.
  func hessian(at point: [Double]) -> SymmetricMatrix? {
    for step in [0x1p-9, 0x1p-13, 0x1p-17] {
      if let hessian = hessian(at: point, step: step) { return hessian }
    }
    return nil
  }

  private func hessian(at point: [Double], step: Double) -> SymmetricMatrix? {
    var columns: [[Double]] = []
    for j in 0..<dimension {
      var column = [Double](repeating: 0, count: dimension)
      for (offset, weight) in [(-2.0, 1.0 / 12), (-1, -8.0 / 12), (1, 8.0 / 12), (2, -1.0 / 12)] {
        var moved = point
        moved[j] += offset * step
        guard let gradient = gradient(at: moved) else { return nil }
        for i in 0..<dimension { column[i] += weight * gradient[i] / step }
      }
      columns.append(column)
    }
    var result = SymmetricMatrix(dimension: dimension)
    for i in 0..<dimension {
      for j in 0...i { result[i, j] = 0.5 * (columns[i][j] + columns[j][i]) }
    }
    return result
  }

  /// Newton's method from where the quasi-Newton search stopped.
  ///
  /// Where the Hessian is not positive definite a multiple of its diagonal is added until it is (Levenberg), so that a
  /// search that stalled on a ridge goes on. Converged means that the remaining step, measured by the observed
  /// information of all the data, is below a millionth of a standard error.
  func newtonSteps(from start: Minimum) -> NewtonResult {
    var point = start.point
    var value = start.value
    var iterations = start.iterations
    var inverse: SymmetricMatrix?
    var distance = Double.infinity
    steps: for _ in 0..<100 {
      guard let gradient = gradient(at: point), let hessian = hessian(at: point) else { break }
      inverse = hessian.inverse()
      guard let direction = inverse ?? hessian.positiveDefiniteInverse() else { break }
      let step = direction.multiplied(by: gradient)
      if inverse != nil {
        let squared = zip(step, gradient).reduce(0) { $0 + $1.0 * $1.1 } * counts.total
        let newDistance = max(0, squared).squareRoot()
        // At the limit of rounding the step only wanders.
        let isWandering = newDistance < 1e-6 && newDistance >= 0.5 * distance
        distance = isWandering ? min(distance, newDistance) : newDistance
        if isWandering || newDistance < 1e-13 { break }
      }
      var scale = 1.0
      while true {
        let moved = zip(point, step).map { $0 - scale * $1 }
        let movedValue = self.value(at: moved)
        if movedValue <= value + 1e-14 * value.magnitude {
          point = moved
          value = movedValue
          break
        }
        scale *= 0.5
        if scale < 1e-6 { break steps }
      }
      iterations += 1
      // On the way to an edge the steps never end; the caller reads the edge off the point.
      if point.contains(where: { $0.magnitude > 40 }) { break }
    }
    return NewtonResult(
      point: point, value: value, inverseInformation: inverse, isConverged: distance < 1e-6, iterations: iterations)
  }

  /// A simplex search from where Newton's method could not go on, e.g. because the likelihood has a crease there.
  func simplexSteps(from result: NewtonResult) throws -> NewtonResult {
    var method = Simplex()
    // On a crease rounding keeps the simplex from shrinking to nothing.
    method.sizeTolerance = 1e-7
    method.maximumIterations = 1000
    let simplex = try method.minimize(from: result.point, step: 0.05) { value(at: Array(copying: $0)) }
    let better = simplex.value < result.value
    let polished = newtonSteps(
      from: Minimum(
        point: better ? simplex.point : result.point, value: min(simplex.value, result.value), gradient: nil,
        iterations: result.iterations + simplex.iterations, isConverged: false))
    return NewtonResult(
      point: polished.point, value: polished.value, inverseInformation: polished.inverseInformation,
      isConverged: polished.isConverged, isLowest: simplex.isConverged, iterations: polished.iterations)
  }

  /// Σ over clusters of the outer product of the cluster's score by the coordinates, with the factor G / (G - 1); nil for
  /// fewer than two clusters or a score that is not finite.
  func scoreProducts(of clusters: [CensoredCounts], at point: [Double]) -> SymmetricMatrix? {
    var result = SymmetricMatrix(dimension: dimension)
    guard clusters.count > 1 else { return nil }
    for cluster in clusters where cluster.total > 0 {
      guard let mean = CensoredLikelihood(cluster, reach: reach, window: window).gradient(at: point) else { return nil }
      for i in 0..<dimension {
        for j in 0...i { result[i, j] += mean[i] * mean[j] * cluster.total * cluster.total }
      }
    }
    let groups = Double(clusters.count)
    return result.scaled(by: groups / (groups - 1))
  }
}

/// Where Newton's method stopped, in the family's coordinates.
struct NewtonResult {
  let point: [Double]
  /// The negative mean log-likelihood there.
  let value: Double
  /// Inverse of its Hessian; nil where that is not positive definite.
  let inverseInformation: SymmetricMatrix?
  let isConverged: Bool
  /// Whether a simplex shrank to this point: a minimum, though perhaps one without derivatives.
  var isLowest = false
  let iterations: Int
}

extension Array where Element == Double {
  init(copying span: Span<Double>) {
    self.init(unsafeUninitializedCapacity: span.count) { buffer, count in
      for index in span.indices { buffer.initializeElement(at: index, to: span[index]) }
      count = span.count
    }
  }
}
