import GSLNumerics
import RealModule

/// The negative mean log-likelihood of a family on censored counts, as a function of the family's coordinates.
///
/// Divided by the total weight so that tolerances mean the same for ten records and for ten million.
struct CensoredLikelihood<F: FittableFamily>: CountsObjective {
  let counts: CensoredCounts
  /// It fixes what the coordinates mean.
  private let reach: Reach
  /// The lengths on which the data are conditional.
  private let window: LengthWindow
  /// The weight of observations whose only condition is the window.
  private let windowWeight: Double
  /// What the likelihood of the exact lengths follows from, where the family has that.
  private let statistics: [Double]?
  /// The exact weights by length, where they leave out few; empty elsewhere.
  private let consecutive: [Double]
  let dimension = F.dimension

  var weight: Double { counts.total }

  var isSmooth: Bool { F.isSmooth }

  init(_ counts: CensoredCounts, window: LengthWindow = LengthWindow()) {
    self.counts = counts
    self.window = window
    reach = counts.reach
    windowWeight = Self.windowWeight(of: counts, window)
    statistics = F.sufficientStatistics(of: counts.cells)
    consecutive = Self.consecutive(counts.cells)
  }

  private static func consecutive(_ cells: [CensoredCounts.Cell]) -> [Double] {
    guard cells.count >= 8, let last = cells.last(where: { $0.exact > 0 })?.length, last < 2 * cells.count else {
      return []
    }
    var weights = [Double](repeating: 0, count: last + 1)
    for cell in cells where cell.exact > 0 { weights[cell.length] = cell.exact }
    return weights
  }

  /// The sum of the terms of exact lengths, where they are had together, and its derivatives by the law's parameters, if
  /// they are asked for.
  private func exactTerms(_ law: F, withSlopes: Bool) -> (sum: CompensatedSum, slopes: [Double])? {
    var sum = CompensatedSum()
    if let statistics, let (value, slopes) = law.logLikelihood(of: statistics) {
      sum.add(value)
      return (sum, slopes)
    }
    guard !consecutive.isEmpty,
      let masses = law.consecutiveMasses(through: consecutive.count - 1, withSlopes: withSlopes)
    else { return nil }
    for (weight, mass) in zip(consecutive, masses.logMasses) where weight > 0 { sum.add(weight * mass) }
    let slopes = masses.slopes.map { slopes in
      var total = 0.0
      for (weight, slope) in zip(consecutive, slopes) where weight > 0 { total += weight * slope }
      return total
    }
    return (sum, slopes)
  }

  private static func windowWeight(of counts: CensoredCounts, _ window: LengthWindow) -> Double {
    window.isAll ? 0 : counts.intervals.reduce(counts.total) { $1.entry > window.minimum ? $0 - $1.weight : $0 }
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
    let exact = exactTerms(law, withSlopes: false)
    var sum = exact?.sum ?? CompensatedSum()
    for cell in counts.cells {
      if cell.exact > 0, exact == nil { sum.add(cell.exact * law.logMass(cell.length)) }
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
    for j in 0..<dimension { gradient[j] = -Self.component(j, of: slopes, by: jacobian) / counts.total }
    return value
  }

  /// The derivative by coordinate j.
  private static func component(_ j: Int, of slopes: [Double], by jacobian: [[Double]]) -> Double {
    var component = 0.0
    for (i, slope) in slopes.enumerated() { component += jacobian[i][j] * slope }
    return component
  }

  func scores(of parts: [CensoredCounts], at point: [Double]) -> [[Double]]? {
    guard let law = try? F(coordinates: point, reach: reach) else { return nil }
    let jacobian = F.jacobian(at: point, reach: reach)
    return slopes(of: law, in: parts).map { slopes in
      (0..<dimension).map { Self.component($0, of: slopes, by: jacobian) }
    }
  }

  /// The value at a law, and the derivatives of the log-likelihood by the law's parameters.
  func valueAndSlopes(of law: F) -> (value: Double, slopes: [Double]) {
    let parameterCount = F.parameterCount
    var scratch = [Double](repeating: 0, count: parameterCount)
    let exact = exactTerms(law, withSlopes: true)
    var (sum, total) = exact ?? (CompensatedSum(), scratch)
    var cellGradient = scratch.mutableSpan
    func add(_ weight: Double, _ slopes: borrowing MutableSpan<Double>) {
      for index in 0..<parameterCount { total[index] += weight * slopes[index] }
    }
    for cell in counts.cells {
      if cell.exact > 0, exact == nil {
        sum.add(cell.exact * law.logMass(cell.length, gradient: &cellGradient))
        add(cell.exact, cellGradient)
      }
      if cell.censored > 0 {
        sum.add(cell.censored * window.logSurvival(of: law, from: cell.length, gradient: &cellGradient))
        add(cell.censored, cellGradient)
      }
    }
    addIntervals(of: counts, windowWeight, law, to: &sum, &total)
    return (negativeMean(sum), total)
  }

  /// Adds the terms of intervals and of the window, and their derivatives by the law's parameters.
  private func addIntervals(
    of counts: CensoredCounts, _ windowWeight: Double, _ law: F, to sum: inout CompensatedSum, _ total: inout [Double]
  ) {
    guard !counts.intervals.isEmpty || !window.isAll else { return }
    let parameterCount = F.parameterCount
    var scratch = [Double](repeating: 0, count: parameterCount)
    var gradient = scratch.mutableSpan
    func add(_ weight: Double, _ slopes: borrowing MutableSpan<Double>) {
      for index in 0..<parameterCount { total[index] += weight * slopes[index] }
    }
    for interval in counts.intervals {
      sum.add(interval.weight * interval.logProbabilityInside(of: law, in: window, gradient: &gradient))
      add(interval.weight, gradient)
      guard interval.entry > window.minimum else { continue }
      sum.add(-interval.weight * window.logSurvival(of: law, from: interval.entry, gradient: &gradient))
      add(-interval.weight, gradient)
    }
    if !window.isAll {
      sum.add(-windowWeight * window.logSurvival(of: law, from: window.minimum, gradient: &gradient))
      add(-windowWeight, gradient)
    }
  }

  /// The derivatives by the law's parameters of the log-likelihoods of parts of the data: those of each cell of the data
  /// are formed once, however many parts share it.
  ///
  /// - Complexity: O(cells of the parts), and O(cells of the data) evaluations of the law.
  func slopes(of law: F, in parts: [CensoredCounts]) -> [[Double]] {
    let parameterCount = F.parameterCount
    func ofMass(_ n: Int) -> [Double] { gradient { law.logMass(n, gradient: &$0) } }
    func ofSurvival(_ n: Int) -> [Double] { gradient { window.logSurvival(of: law, from: n, gradient: &$0) } }
    let cells = counts.cells
    let masses = cells.flatMap { $0.exact > 0 ? ofMass($0.length) : Array(repeating: 0, count: parameterCount) }
    let survivals = cells.flatMap {
      $0.censored > 0 ? ofSurvival($0.length) : Array(repeating: 0, count: parameterCount)
    }
    return parts.map { part in
      var total = [Double](repeating: 0, count: parameterCount)
      guard part.total > 0 else { return total }
      var place = 0
      for cell in part.cells {
        while place < cells.count, cells[place].length < cell.length { place += 1 }
        let isShared = place < cells.count && cells[place].length == cell.length
        if isShared, cell.exact == 0 || cells[place].exact > 0, cell.censored == 0 || cells[place].censored > 0 {
          let row = place * parameterCount
          for index in 0..<parameterCount where cell.exact > 0 { total[index] += cell.exact * masses[row + index] }
          for index in 0..<parameterCount where cell.censored > 0 {
            total[index] += cell.censored * survivals[row + index]
          }
          continue
        }
        // Rounding left nothing of the cell in the data as a whole.
        if cell.exact > 0 {
          for (index, slope) in ofMass(cell.length).enumerated() { total[index] += cell.exact * slope }
        }
        if cell.censored > 0 {
          for (index, slope) in ofSurvival(cell.length).enumerated() { total[index] += cell.censored * slope }
        }
      }
      var sum = CompensatedSum()
      addIntervals(of: part, Self.windowWeight(of: part, window), law, to: &sum, &total)
      return total
    }
  }

  /// The derivatives that a function stores.
  private func gradient(_ body: (inout MutableSpan<Double>) -> Double) -> [Double] {
    var gradient = [Double](repeating: 0, count: F.parameterCount)
    var span = gradient.mutableSpan
    _ = body(&span)
    return gradient
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
}
