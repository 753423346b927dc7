import GSLNumerics
import RealModule

/// The negative mean log-likelihood of a family on censored counts, as a function of the family's coordinates.
///
/// Divided by the total weight so that tolerances mean the same for ten records and for ten million.
struct CensoredLikelihood<F: FittableFamily>: LikelihoodObjective {
  let counts: CensoredCounts
  /// The reach of all the data, also where the counts are a part of them: it fixes what the coordinates mean.
  private let reach: Reach
  /// The lengths on which the data are conditional.
  private let window: LengthWindow
  let dimension = F.dimension

  var weight: Double { counts.total }

  var isSmooth: Bool { F.isSmooth }

  init(_ counts: CensoredCounts, reach: Reach? = nil, window: LengthWindow = LengthWindow()) {
    self.counts = counts
    self.window = window
    self.reach = reach ?? counts.reach
  }

  /// The sum of logarithms of probabilities as a value to minimize. It is never positive; beyond rounding such a sum,
  /// like an infinite one, only says that the law has lost its digits.
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
    let parameterCount = F.parameterDescriptions.count
    var scratch = [Double](repeating: 0, count: parameterCount)
    var total = scratch
    var cellGradient = scratch.mutableSpan
    for cell in counts.cells {
      if cell.exact > 0 {
        sum.add(cell.exact * law.logMass(cell.length, gradient: &cellGradient))
        for index in 0..<parameterCount { total[index] += cell.exact * cellGradient[index] }
      }
      if cell.censored > 0 {
        sum.add(cell.censored * window.logSurvival(of: law, from: cell.length, gradient: &cellGradient))
        for index in 0..<parameterCount { total[index] += cell.censored * cellGradient[index] }
      }
    }
    if !window.isAll {
      sum.add(-counts.total * window.logSurvival(of: law, from: window.minimum, gradient: &cellGradient))
      for index in 0..<parameterCount { total[index] -= counts.total * cellGradient[index] }
    }
    let jacobian = F.jacobian(at: point, reach: reach)
    for j in 0..<dimension {
      var component = 0.0
      for i in 0..<parameterCount { component += jacobian[i][j] * total[i] }
      gradient[j] = -component / counts.total
    }
    return negativeMean(sum)
  }

  /// The minimum on the kink next to where a search stopped without derivatives, unless the search is lower.
  func minimumOnKink(from found: NewtonResult) -> (result: NewtonResult, condition: String)? {
    // The search stops beside one of the kinks, whose likelihood is then the same to rounding.
    let nearest = F.kinks(near: found.point, reach: reach)
      .map { (kink: $0, value: value(at: $0.point($0.start))) }
      .min { $0.value < $1.value }
    guard let (kink, value) = nearest, value < .infinity else { return nil }
    var method = Simplex()
    method.sizeTolerance = 1e-7
    method.maximumIterations = 1000
    func minimum(from start: [Double], step: Double) -> Minimum? {
      try? method.minimize(from: start, step: step) { self.value(at: kink.point(Array(copying: $0))) }
    }
    // Twice, since a simplex may shrink before it arrives; at the bottom, rounding may keep it from shrinking.
    guard let first = minimum(from: kink.start, step: 0.05), let second = minimum(from: first.point, step: 0.01) else {
      return nil
    }
    let isConverged = second.isConverged || (first.value - second.value).magnitude * weight < 1e-9
    // The search itself ends as close as its simplex shrinks.
    guard isConverged, (second.value - found.value) * weight <= 1e-6 else { return nil }
    let result = NewtonResult(
      point: kink.point(second.point), value: second.value, inverseInformation: nil, isConverged: true,
      iterations: found.iterations + first.iterations + second.iterations)
    return (result, kink.condition)
  }

  /// Σ over clusters of the outer product of the cluster's score by the coordinates, with the factor G / (G - 1); nil
  /// for fewer than two clusters or a score that is not finite.
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
