import GSLNumerics
import RealModule

/// Draws data sets like the observed one from a fitted law: as many observations inside the window, censored as the
/// data are.
///
/// Length by length, the number of those left that are censored and that end there are binomial; the hazard of
/// censoring is the product-limit estimate of the data's own. So the cost is that of the lengths and not that of the
/// observations. The few that survive the lengths where this pays are drawn one by one.
package struct CountsSimulator: Sendable {
  private let fit: Fit
  /// The number of observations inside the window.
  package let observations: Int
  /// P(N = n | N >= n) from the window's minimum on, while several observations are expected to be left.
  private let hazards: [Double]
  /// Censoring lengths and the probability that a value that reached one is censored there.
  private let censoring: [(length: Int, hazard: Double)]
  /// The largest length of the data: what never ends is seen to reach it and no more.
  private let horizon: Int

  /// - Parameters:
  ///   - fit: The fitted law.
  ///   - counts: The data that it was fitted to.
  package init(fit: Fit, counts: CensoredCounts) {
    let data = counts.restricted(from: fit.window.minimum, through: fit.window.maximum)
    self.fit = fit
    observations = Int(min(data.total.rounded(), 0x1p53))
    horizon = max(data.maximum, fit.window.minimum)
    var left = data.total
    var censoring: [(length: Int, hazard: Double)] = []
    for cell in data.cells {
      // Censored at n leaves before an end at n.
      if cell.censored > 0 { censoring.append((cell.length, cell.censored / left)) }
      left -= cell.censored + cell.exact
    }
    self.censoring = censoring
    var hazards: [Double] = []
    var expected = data.total
    var n = fit.window.minimum
    while n <= fit.window.maximum ?? .max, hazards.count < 1 << 20 {
      let hazard = fit.hazard(n)
      guard expected * hazard > 0.1, expected > 16 else { break }
      hazards.append(hazard)
      expected *= 1 - hazard
      n += 1
    }
    self.hazards = hazards
  }

  /// A data set of `count` observations.
  package func sample(_ count: Int, using generator: inout SeededGenerator) -> CensoredCounts {
    var cells: [CensoredCounts.Cell] = []
    var left = count
    var n = fit.window.minimum
    var next = 0
    while left > 8, n - fit.window.minimum < hazards.count {
      var censored = 0
      if next < censoring.count, censoring[next].length == n {
        censored = generator.binomial(left, censoring[next].hazard)
        next += 1
      }
      let ended = generator.binomial(left - censored, hazards[n - fit.window.minimum])
      if censored + ended > 0 { cells.append(.init(length: n, exact: Double(ended), censored: Double(censored))) }
      left -= censored + ended
      n += 1
    }
    for _ in 0..<left {
      let value = fit.window.sample(of: fit.law, from: n, using: &generator)
      let censored = censoring[next...].first { $0.length > value || generator.uniform() <= $0.hazard }?.length
      let limit = censored ?? (value >= CensoredCounts.longestLength ? max(n, horizon) : .max)
      cells.append(
        limit <= value
          ? .init(length: limit, exact: 0, censored: 1) : .init(length: value, exact: 1))
    }
    return CensoredCounts(sorted: cells.sorted { $0.length < $1.length })
  }
}

extension LengthWindow {
  /// A random length of the window under a law; `Int.max` stands for a value that never ends.
  public func sample(of law: some DiscreteDistribution, using generator: inout some RandomNumberGenerator) -> Int {
    sample(of: law, from: minimum, using: &generator)
  }

  /// A random length N >= n of the window: by inversion of the survival between its ends.
  func sample(
    of law: some DiscreteDistribution, from n: Int, using generator: inout some RandomNumberGenerator
  ) -> Int {
    let beyond = maximum.map { law.logSurvival($0 + 1) } ?? -.infinity
    let target = logAddExp(beyond, .log(generator.uniform()) + logSurvival(of: law, from: n))
    return min(max(n, law.quantile(logTail: target) ?? .max), maximum ?? .max)
  }
}

extension CensoredCounts {
  /// So many observations drawn from these with replacement.
  func resampled(_ count: Int, using generator: inout SeededGenerator) -> CensoredCounts {
    var left = count
    var weight = total
    var drawn: [Cell] = []
    for cell in cells {
      let exact = generator.binomial(left, min(1, cell.exact / weight))
      left -= exact
      weight -= cell.exact
      let censored = cell.censored > 0 ? generator.binomial(left, min(1, cell.censored / weight)) : 0
      left -= censored
      weight -= cell.censored
      drawn.append(Cell(length: cell.length, exact: Double(exact), censored: Double(censored)))
      if left == 0 { break }
    }
    var again: [LengthInterval] = []
    for interval in intervals where left > 0 {
      let count = generator.binomial(left, min(1, interval.weight / weight))
      left -= count
      weight -= interval.weight
      if count > 0 {
        again.append(
          LengthInterval(
            from: interval.lower, through: interval.upper, entry: interval.entry, weight: Double(count)))
      }
    }
    return CensoredCounts(sorted: drawn, intervals: again)
  }
}
