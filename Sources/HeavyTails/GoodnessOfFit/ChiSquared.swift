import GSLNumerics
import RealModule

/// Pearson's chi-squared for right-censored lengths, on pooled cells.
///
///     X² = Σ_cells (O - E)² / V,   O = Σ d_n,  E = Σ r_n h(n),  V = Σ r_n h(n) (1 - h(n))   over the lengths n of a
///     cell
///
/// with d_n the weight that ends at n of the weight r_n at risk and h the fitted hazard. The differences d_n - r_n h(n)
/// are uncorrelated whatever the censoring, so X² is χ² with as many degrees of freedom as cells when the law is given;
/// fitted parameters take about one degree each. It is not Pearson's statistic of cell counts, which weighs the lengths
/// of a cell alike, but has the same asymptotic law.
public struct ChiSquared: Sendable, Equatable {
  /// X².
  public let statistic: Double
  /// The number of cells.
  public let cells: Int
  /// Cells less fitted parameters; nil unless positive.
  public let degreesOfFreedom: Int?
  /// P(χ² >= X²) with those degrees of freedom. A fit to lengths and not to cells keeps part of the degrees that its
  /// parameters take (Chernoff and Lehmann 1954), so it is a little too small; ``BootstrapGoodness`` has the exact one.
  public let pValue: Double?

  /// The statistic of a fit.
  ///
  /// - Parameters:
  ///   - fit: The fit.
  ///   - counts: The data that it was fitted to.
  ///   - smallestExpected: Neighboring lengths are pooled until this many ends, and as many survivals, are expected.
  /// - Complexity: O(lengths at which a cell may close) evaluations of the survival.
  /// - Throws: `NumericsError`.
  public init(of fit: Fit, to counts: CensoredCounts, smallestExpected: Double = 5) throws {
    guard counts.intervals.isEmpty else { throw DistributionError.intervals(method: "the chi-squared test") }
    let data = counts.restricted(from: fit.window.minimum, through: fit.window.maximum)
    var sums: [(observed: Double, expected: Double, variance: Double)] = []
    var open = (observed: 0.0, expected: 0.0, variance: 0.0)
    var atRisk = data.total
    var next = fit.window.minimum
    func close() {
      guard open.expected > 0 else { return }
      sums.append(open)
      open = (0, 0, 0)
    }
    /// Lengths next ..< end, at each of which the same weight is at risk and nothing ends.
    func pass(to end: Int) {
      guard end > next, atRisk > 0 else { return }
      let weight = atRisk
      let expected = smoothSum(from: next, through: end - 1) { fit.hazard($0) }
      open.expected += weight * expected
      open.variance += weight * (expected - smoothSum(from: next, through: end - 1) { fit.hazard($0) * fit.hazard($0) })
    }
    for cell in data.cells {
      pass(to: cell.length)
      atRisk -= cell.censored
      next = cell.length
      if atRisk > 1e-12 * data.total, cell.exact > 0 {
        pass(to: cell.length + 1)
        next = cell.length + 1
        open.observed += cell.exact
        atRisk -= cell.exact
      }
      if open.expected >= smallestExpected, open.variance >= 0.2 * smallestExpected { close() }
    }
    // What is left over joins the last cell.
    if open.expected > 0, let last = sums.popLast() {
      open = (open.observed + last.observed, open.expected + last.expected, open.variance + last.variance)
    }
    close()
    statistic = sums.reduce(0) { sum, cell in
      let difference = cell.observed - cell.expected
      return sum + (cell.variance > 0 ? difference * difference / cell.variance : 0)
    }
    cells = sums.count
    let degrees = sums.count - fit.freeParameters
    degreesOfFreedom = degrees > 0 ? degrees : nil
    pValue = degrees > 0 ? try ModelComparison.chiSquaredUpperTail(statistic, degrees) : nil
  }
}
