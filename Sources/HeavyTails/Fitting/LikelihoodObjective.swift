import GSLNumerics
import RealModule

/// A negative mean log-likelihood as a function of unbounded coordinates, with the searches for its minimum.
///
/// Divided by the total weight so that tolerances mean the same for ten records and for ten million.
protocol LikelihoodObjective {
  /// The number of coordinates.
  var dimension: Int { get }
  /// The total weight of the data; times the value it is the negative log-likelihood.
  var weight: Double { get }
  /// Whether it has derivatives wherever it is finite.
  var isSmooth: Bool { get }
  /// The value alone; infinite where the law is impossible.
  func value(at point: [Double]) -> Double
  /// The value and its gradient.
  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double
}

/// A likelihood of counts.
protocol CountsObjective: LikelihoodObjective {
  /// The gradients of the log-likelihoods of parts of the data; nil where the law is impossible.
  func scores(of parts: [CensoredCounts], at point: [Double]) -> [[Double]]?
}

extension LikelihoodObjective {
  /// How a found point's coordinates run off where the log-likelihood is no lower, but for rounding, still further out:
  /// the direction by coordinate, 0 for those that stay; nil at a maximum inside.
  ///
  /// Looked for where a logit or a logarithm is beyond ±20, or an error is too large for a maximum: along each
  /// coordinate, and along the direction in which the data say least.
  func flatDirection(at found: NewtonResult) -> [Double]? {
    func isFlat(_ direction: [Double], over lengths: [Double] = [10, 20]) -> Bool {
      lengths.allSatisfy { length in
        let further = zip(found.point, direction).map { $0 + length * $1 }
        return (value(at: further) - found.value) * weight <= 1e-6
      }
    }
    let size = dimension
    func unit(_ index: Int, _ sign: Double) -> [Double] { (0..<size).map { $0 == index ? sign : 0 } }
    var ends: [[Double]] = []
    for index in 0..<size {
      let far = found.point[index].magnitude > 20
      let isVague = found.inverseInformation.map { $0[index, index] / weight > 9 } ?? true
      guard far || isVague else { continue }
      let outwards = found.point[index] > 0 ? 1.0 : -1
      // Beyond a logit of 34 a probability may round to 1: what is further out is looked at there.
      let margin = 34 - found.point[index].magnitude
      let ways: [(sign: Double, lengths: [Double])] =
        far ? [(outwards, [min(10, margin)])] : [(outwards, [10, min(20, margin)]), (-outwards, [10, 20])]
      let way = ways.lazy.map { (unit(index, $0.sign), $0.lengths) }.first { isFlat($0, over: $1) }
      if let way { ends.append(way.0) }
    }
    if !ends.isEmpty {
      return ends.reduce(Array(repeating: 0, count: size)) { zip($0, $1).map { $0 + $1 } }
    }
    guard size > 1, found.inverseInformation.map({ $0.diagonal.contains { $0 / weight > 9 } }) ?? true,
      let weakest = hessian(at: found.point)?.weakestDirection()
    else { return nil }
    let largest = weakest.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return nil }
    let scaled = weakest.map { $0.magnitude < 1e-3 * largest ? 0 : $0 / largest }
    // Outwards first: near an edge both ways may be flat.
    let isOutwards = zip(scaled, found.point).reduce(0) { $0 + $1.0 * $1.1 } >= 0
    let outwards = isOutwards ? scaled : scaled.map { -$0 }
    return [outwards, outwards.map { -$0 }].first { isFlat($0) }
  }

  /// The coordinates along which the log-likelihood neither rises nor bends at a found point.
  func levelCoordinates(at found: NewtonResult) -> [Int] {
    guard let gradient = gradient(at: found.point), let hessian = hessian(at: found.point),
      gradient.allSatisfy({ $0.magnitude * weight < 1e-5 })
    else { return [] }
    return found.point.indices.filter { hessian[$0, $0].magnitude * weight < 1e-2 }
  }

  /// The lowest point that searches from the first `enough` of the starts reach, from the most promising on; up to
  /// three more are tried while none has converged. nil when no start has a finite value.
  ///
  func search(from starts: [[Double]], enough: Int) throws -> NewtonResult? {
    let ordered = ordered(starts)
    var best: NewtonResult?
    for (index, start) in ordered.prefix(enough + 3).enumerated()
    where index < enough || best?.isConverged != true {
      // Newton's method takes a tenth of the evaluations, where it arrives. A start at which derivatives are out of range
      // is left to the others.
      guard let found = newton(from: start.point) ?? quasiNewton(from: start.point) else { continue }
      // Of many searches, a minimum that is no better than the best needs no more digits. Of few, the steps may go on
      // towards an edge.
      if enough > 4, let best, best.isConverged, found.isConverged, found.value >= best.value { continue }
      let polished = newtonSteps(from: found)
      if polished.value < best?.value ?? .infinity { best = polished }
    }
    guard let best else { return nil }
    return best.isConverged ? best : try simplexSteps(from: best)
  }

  /// As ``search(from:enough:)`` with less effort, for a fit among many: Newton's method from the starts and, where it
  /// arrives from none, a quasi-Newton search that is cut short. What runs towards an edge is not followed to its end.
  func quickSearch(from starts: [[Double]], enough: Int, untilGain gain: Double) -> NewtonResult? {
    let starts = ordered(starts).prefix(enough + 3)
    let found = starts.prefix(enough).compactMap { quickNewtonSteps(from: $0.point, untilGain: gain) }
    if let best = found.min(by: { $0.value < $1.value }), best.value <= starts[0].value { return best }
    return starts.lazy.compactMap { quasiNewton(from: $0.point, atMost: 100) }.first
      .map { newtonSteps(from: $0, atMost: 4) }
  }

  /// The starts with a finite value, the most promising first.
  private func ordered(_ starts: [[Double]]) -> [(point: [Double], value: Double)] {
    starts.filter { $0.allSatisfy(\.isFinite) }
      .map { (point: $0, value: value(at: $0)) }
      .filter { $0.value.isFinite }
      .sorted { $0.value < $1.value }
  }

  private func newton(from start: [Double]) -> Minimum? {
    quickNewtonSteps(from: start, untilGain: 1e-9).map {
      Minimum(point: $0.point, value: $0.value, gradient: nil, iterations: $0.iterations, isConverged: true)
    }
  }

  private func quasiNewton(from start: [Double], atMost iterations: Int = 500) -> Minimum? {
    var method = QuasiNewton()
    method.maximumIterations = iterations
    return try? method.minimize(from: start) { point, gradient in
      value(at: Array(copying: point), gradient: &gradient)
    }
  }

  func gradient(at point: [Double]) -> [Double]? { valueAndGradient(at: point)?.gradient }

  /// Both; nil where they are out of range.
  private func valueAndGradient(at point: [Double]) -> (value: Double, gradient: [Double])? {
    var gradient = [Double](repeating: 0, count: dimension)
    var span = gradient.mutableSpan
    let value = value(at: point, gradient: &span)
    return value.isFinite && gradient.allSatisfy(\.isFinite) ? (value, gradient) : nil
  }

  /// The sandwich H⁻¹ (Σ s sᵀ) H⁻¹ of the coordinates, with the factor G / (G - 1) for G clusters.
  ///
  /// A score s is the gradient of a cluster's log-likelihood. nil without an inverse of the information, for fewer than
  /// two clusters, or for a score that is not finite.
  func sandwich(ofScores scores: [[Double]], at found: NewtonResult) -> SymmetricMatrix? {
    guard let inverse = found.inverseInformation, scores.count > 1,
      scores.allSatisfy({ $0.allSatisfy(\.isFinite) })
    else { return nil }
    var products = SymmetricMatrix(dimension: dimension)
    for score in scores {
      for i in 0..<dimension {
        for j in 0...i { products[i, j] += score[i] * score[j] }
      }
    }
    let groups = Double(scores.count)
    let rows = (0..<dimension).map { i in (0..<dimension).map { inverse[i, $0] } }
    return products.scaled(by: groups / (groups - 1)).transformed(by: rows).scaled(by: 1 / (weight * weight))
  }

  /// The Hessian, from five-point differences of the analytic gradient: exact to about 1e-11.
  ///
  /// Next to the edge of the possible laws the differences shrink until they stay inside; where there may be a kink
  /// next to the point, until two of them agree, with the digits that they then have. For a direction the first will
  /// do: `isRough`.
  func hessian(at point: [Double], isRough: Bool = false) -> SymmetricMatrix? {
    var last: SymmetricMatrix?
    for step in [0x1p-9, 0x1p-13, 0x1p-17] {
      guard let hessian = hessian(at: point, step: step) else { continue }
      if isSmooth || isRough { return hessian }
      if let last, hessian.agrees(with: last) { return last }
      last = hessian
    }
    return last
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
    return SymmetricMatrix(averaging: columns)
  }

  /// Newton's method from where the quasi-Newton search stopped.
  ///
  /// Where the Hessian is not positive definite a multiple of its diagonal is added until it is (Levenberg), so that a
  /// search that stalled on a ridge goes on. Converged means that the remaining step, measured by the observed
  /// information of all the data, is below a millionth of a standard error.
  func newtonSteps(from start: Minimum, atMost steps: Int = 100) -> NewtonResult {
    var point = start.point
    var value = start.value
    var iterations = start.iterations
    var inverse: SymmetricMatrix?
    var isRough = false
    var (lastStep, stretch) = ([Double](), 1.0)
    var distance = Double.infinity
    search: for _ in 0..<steps {
      guard let gradient = gradient(at: point) else { break }
      // Far from the maximum a direction needs a few digits only.
      let rough = distance > 1e-3 && inverse != nil ? oneSidedHessian(at: point, gradient) : nil
      guard let hessian = rough ?? hessian(at: point, isRough: true) else { break }
      isRough = rough != nil
      inverse = hessian.inverse()
      guard let direction = inverse ?? hessian.positiveDefiniteInverse() else { break }
      let step = direction.multiplied(by: gradient)
      if inverse != nil {
        let squared = zip(step, gradient).reduce(0) { $0 + $1.0 * $1.1 } * weight
        let newDistance = max(0, squared).squareRoot()
        // At the limit of rounding the step only wanders.
        let isWandering = newDistance < 1e-6 && newDistance >= 0.5 * distance
        distance = isWandering ? min(distance, newDistance) : newDistance
        if isWandering || newDistance < 1e-13 { break }
      }
      // Towards an edge, where the likelihood is level but for an exponential, all steps are alike.
      let length = step.reduce(0) { max($0, $1.magnitude) }
      let isAlike = !lastStep.isEmpty && zip(step, lastStep).allSatisfy { ($0 - $1).magnitude <= 0.2 * length }
      stretch = isAlike ? min(16, 2 * stretch) : 1
      // Where rounding will be all that is left, no step is skipped.
      if zip(point, step).contains(where: { ($0 - stretch * $1).magnitude > 25 }) { stretch = 1 }
      lastStep = step
      var scale = stretch
      while true {
        let moved = zip(point, step).map { $0 - scale * $1 }
        let movedValue = self.value(at: moved)
        if movedValue <= value + 1e-14 * value.magnitude {
          point = moved
          value = movedValue
          break
        }
        scale *= 0.5
        if scale < 1e-6 { break search }
      }
      iterations += 1
      // On the way to an edge the steps never end; the caller reads the edge off the point.
      if point.contains(where: { $0.magnitude > 40 }) { break }
    }
    let isConverged = distance < 1e-6
    if isConverged, isRough || !isSmooth { inverse = hessian(at: point)?.inverse() }
    return NewtonResult(
      point: point, value: value, inverseInformation: inverse, isConverged: isConverged, iterations: iterations)
  }

  /// Newton's method until a step gains less than asked in the log-likelihood, or rounding is all that is left of it.
  ///
  /// nil where forty steps do not arrive. nil as well where a coordinate then has a standard error above 30: on the
  /// plateau before an edge nothing is gained either, whatever lies elsewhere.
  ///
  /// The Hessian is from one-sided differences, good to some five digits: each step leaves a 10⁻⁵th of the way.
  func quickNewtonSteps(from start: [Double], untilGain enough: Double) -> NewtonResult? {
    guard var here = valueAndGradient(at: start) else { return nil }
    var point = start
    var lastGain = Double.infinity
    for iteration in 1...40 {
      guard let hessian = oneSidedHessian(at: point, here.gradient) else { return nil }
      let inverse = hessian.inverse()
      guard let direction = inverse ?? hessian.positiveDefiniteInverse() else { return nil }
      let step = direction.multiplied(by: here.gradient)
      let gain = 0.5 * zip(step, here.gradient).reduce(0) { $0 + $1.0 * $1.1 } * weight
      var scale = 1.0
      var next: (value: Double, gradient: [Double])?
      while next == nil, scale > 1e-3 {
        let moved = zip(point, step).map { $0 - scale * $1 }
        if let found = valueAndGradient(at: moved), found.value <= here.value + 1e-14 * here.value.magnitude {
          (point, next) = (moved, found)
        }
        scale *= 0.25
      }
      guard let next else { return nil }
      here = next
      defer { lastGain = gain }
      if gain < enough || gain < 1e-12 && gain > 0.25 * lastGain {
        guard let inverse, inverse.diagonal.allSatisfy({ $0 / weight <= 900 }) else { return nil }
        return NewtonResult(
          point: point, value: here.value, inverseInformation: nil, isConverged: true, iterations: iteration)
      }
    }
    return nil
  }

  private func oneSidedHessian(at point: [Double], _ gradient: [Double]) -> SymmetricMatrix? {
    let step = 0x1p-17
    var columns: [[Double]] = []
    for j in 0..<dimension {
      var moved = point
      moved[j] += step
      guard let next = self.gradient(at: moved) else { return nil }
      columns.append(zip(next, gradient).map { ($0 - $1) / step })
    }
    return SymmetricMatrix(averaging: columns)
  }

  /// A simplex search from where Newton's method could not go on, e.g. because the likelihood has a kink there.
  func simplexSteps(from result: NewtonResult) throws -> NewtonResult {
    var method = Simplex()
    // On a kink rounding keeps the simplex from shrinking to nothing.
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
      isConverged: polished.isConverged, iterations: polished.iterations)
  }
}

extension SymmetricMatrix {
  /// The columns of differences of a gradient, each element averaged with its mirror image.
  fileprivate init(averaging columns: [[Double]]) {
    self.init(dimension: columns.count)
    for i in columns.indices {
      for j in 0...i { self[i, j] = 0.5 * (columns[i][j] + columns[j][i]) }
    }
  }

  /// Whether each element is the same to six digits of the diagonal's scale.
  fileprivate func agrees(with other: SymmetricMatrix) -> Bool {
    (0..<dimension).allSatisfy { i in
      (0...i).allSatisfy { j in
        (self[i, j] - other[i, j]).magnitude <= 1e-6 * (self[i, i] * self[j, j]).magnitude.squareRoot()
      }
    }
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
