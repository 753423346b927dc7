import GSLNumerics
import RealModule

/// The negative mean log-likelihood of a family on censored counts, as a function of the family's coordinates.
///
/// Divided by the total weight so that tolerances mean the same for ten records and for ten million.
struct CensoredLikelihood<F: FittableFamily>: CountsObjective {
  let counts: CensoredCounts
  /// The reach of all the data, also where the counts are a part of them: it fixes what the coordinates mean.
  private let reach: Reach
  /// The lengths on which the data are conditional.
  private let window: LengthWindow
  /// The weight of observations whose only condition is the window.
  private let windowWeight: Double
  let dimension = F.dimension

  var weight: Double { counts.total }

  var isSmooth: Bool { F.isSmooth }

  init(_ counts: CensoredCounts, reach: Reach? = nil, window: LengthWindow = LengthWindow()) {
    self.counts = counts
    self.window = window
    self.reach = reach ?? counts.reach
    windowWeight =
      window.isAll
      ? 0
      : counts.intervals.reduce(counts.total) { $1.entry > window.minimum ? $0 - $1.weight : $0 }
  }

  /// The sum of logarithms of probabilities as a value to minimize. It is never positive; beyond rounding such a sum,
  /// like an infinite one, only says that the law has lost its digits.
  private func negativeMean(_ sum: CompensatedSum) -> Double {
    let mean = sum.value / counts.total
    return mean > -.infinity && mean < 1e-9 ? -mean : .infinity
  }

  func value(at point: [Double]) -> Double {
    guard let law = try? F(coordinates: point, reach: reach) else { return .infinity }
    return value(of: law)
  }

  /// The value at a law.
  func value(of law: F) -> Double {
    var sum = CompensatedSum()
    for cell in counts.cells {
      if cell.exact > 0 { sum.add(cell.exact * law.logMass(cell.length)) }
      if cell.censored > 0 { sum.add(cell.censored * window.logSurvival(of: law, from: cell.length)) }
    }
    for interval in counts.intervals { sum.add(interval.weight * interval.logProbability(of: law, in: window)) }
    if !window.isAll { sum.add(-windowWeight * window.logProbability(of: law)) }
    return negativeMean(sum)
  }

  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double {
    guard let law = try? F(coordinates: point, reach: reach) else { return .infinity }
    let (value, slopes) = valueAndSlopes(of: law)
    let jacobian = F.jacobian(at: point, reach: reach)
    for j in 0..<dimension {
      var component = 0.0
      for (i, slope) in slopes.enumerated() { component += jacobian[i][j] * slope }
      gradient[j] = -component / counts.total
    }
    return value
  }

  /// The value at a law, and the derivatives of the log-likelihood by the law's parameters.
  func valueAndSlopes(of law: F) -> (value: Double, slopes: [Double]) {
    var sum = CompensatedSum()
    let parameterCount = F.parameterCount
    var scratch = [Double](repeating: 0, count: parameterCount)
    var total = scratch
    var cellGradient = scratch.mutableSpan
    func add(_ weight: Double, _ slopes: borrowing MutableSpan<Double>) {
      for index in 0..<parameterCount { total[index] += weight * slopes[index] }
    }
    for cell in counts.cells {
      if cell.exact > 0 {
        sum.add(cell.exact * law.logMass(cell.length, gradient: &cellGradient))
        add(cell.exact, cellGradient)
      }
      if cell.censored > 0 {
        sum.add(cell.censored * window.logSurvival(of: law, from: cell.length, gradient: &cellGradient))
        add(cell.censored, cellGradient)
      }
    }
    for interval in counts.intervals {
      sum.add(interval.weight * interval.logProbabilityInside(of: law, in: window, gradient: &cellGradient))
      add(interval.weight, cellGradient)
      guard interval.entry > window.minimum else { continue }
      sum.add(-interval.weight * window.logSurvival(of: law, from: interval.entry, gradient: &cellGradient))
      add(-interval.weight, cellGradient)
    }
    if !window.isAll {
      sum.add(-windowWeight * window.logSurvival(of: law, from: window.minimum, gradient: &cellGradient))
      add(-windowWeight, cellGradient)
    }
    return (negativeMean(sum), total)
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

  func restricted(to part: CensoredCounts) -> CensoredLikelihood {
    CensoredLikelihood(part, reach: reach, window: window)
  }
}
