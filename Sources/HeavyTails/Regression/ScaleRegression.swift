import GSLNumerics
import RealModule

/// A regression of the scale of a heavy-tailed law on covariates:
///
///     ln λ_i = β_0 + Σ_k β_k x_ik,   with one shape for all units
///
/// by maximum likelihood over the lengths of the units i. exp(β_k) is the factor by which lengths stretch for one unit
/// more of x_k: for the discrete Weibull law that is the accelerated-failure-time model (Kalbfleisch and Prentice 2002,
/// §2.3.3), and exp(-shape · β_k) is its ratio of hazards.
public struct ScaleRegression: Sendable {
  /// One unit: its lengths, with weights that may add up to an exact law, its covariates and its cluster.
  public struct Unit: Sendable {
    /// The unit's lengths: one draw, or the exact law of N as weights that add up to 1.
    public let counts: CensoredCounts
    /// The values of the covariates.
    public let covariates: [Double]
    /// The cluster: units of one cluster are not independent of each other.
    public let cluster: Int

    /// A unit.
    public init(_ counts: CensoredCounts, covariates: [Double], cluster: Int) {
      self.counts = counts
      self.covariates = covariates
      self.cluster = cluster
    }
  }

  /// An estimate with its standard error, by clusters.
  public struct Estimate: Sendable, Equatable {
    /// The estimate.
    public let value: Double
    /// The standard error by the clustered sandwich with the factor G / (G - 1); nil where there is none.
    public let standardError: Double?
  }

  /// The family.
  public let family: String
  /// β_0, β_1, …: the constant, then the covariates in their order.
  public let coefficients: [Estimate]
  /// The logarithm of the shape.
  public let logShape: Estimate
  /// The maximum of the log-likelihood.
  public let logLikelihood: Double
  /// The maximum without covariates.
  public let nullLogLikelihood: Double
  /// The number of clusters.
  public let clusters: Int
  /// Whether the maximum was reached.
  public let isConverged: Bool

  /// Fits the regression.
  ///
  /// Covariates are centered and scaled inside, so that their units do not matter to the search.
  ///
  /// - Complexity: O(cells · covariates) an evaluation, some tens of evaluations.
  /// - Throws: `DistributionError.noData` for no unit with a weight, `impossibleData` where no start is possible;
  ///   `NumericsError`.
  /// - Precondition: Each unit has as many covariates as the first, and all are finite.
  public init<F: ScaledFamily>(_ family: F.Type, units: [Unit]) throws {
    let units = units.filter { $0.counts.total > 0 }
    guard let first = units.first else { throw DistributionError.noData }
    let count = first.covariates.count
    precondition(
      units.allSatisfy { $0.covariates.count == count && $0.covariates.allSatisfy(\.isFinite) },
      "each unit has the same number of finite covariates")
    let scaling = (0..<count).map { place in Self.centerAndSpread(units.map { $0.covariates[place] }) }
    let likelihood = ScaleLikelihood<F>(units, scaling)
    let plain = ScaleLikelihood<F>(units.map { Unit($0.counts, covariates: [], cluster: $0.cluster) }, [])
    let starts: [[Double]] = [0.0, 1, 3].flatMap { (scale: Double) in [-0.7, 0, 0.7].map { [scale, $0] } }
    guard let null = try plain.search(from: starts, enough: 2) else {
      throw DistributionError.impossibleData(family: F.familyName)
    }
    let start = [null.point[0]] + scaling.map { _ in 0 } + [null.point[1]]
    guard let found = try likelihood.search(from: [start], enough: 1) else {
      throw DistributionError.impossibleData(family: F.familyName)
    }
    // Back to the covariates' own units: β_k = γ_k / s_k and β_0 = γ_0 - Σ γ_k m_k / s_k.
    var rows = [[Double]](repeating: [Double](repeating: 0, count: count + 2), count: count + 2)
    rows[0][0] = 1
    rows[count + 1][count + 1] = 1
    for (index, (center, spread)) in scaling.enumerated() {
      rows[0][index + 1] = -center / spread
      rows[index + 1][index + 1] = 1 / spread
    }
    let values = rows.map { zip($0, found.point).reduce(0.0) { $0 + $1.0 * $1.1 } }
    let groups = Dictionary(grouping: units, by: \.cluster).sorted { $0.key < $1.key }
      .map { ScaleLikelihood<F>($0.value, scaling) }
    let scores = groups.map { group in
      group.gradient(at: found.point)?.map { -$0 * group.weight } ?? rows.map { _ in .nan }
    }
    let covariance = likelihood.sandwich(ofScores: scores, at: found)?.transformed(by: rows)
    let estimates = values.indices.map {
      Estimate(value: values[$0], standardError: covariance?[$0, $0].squareRoot())
    }
    self.family = F.familyName
    coefficients = Array(estimates.dropLast())
    logShape = estimates[count + 1]
    logLikelihood = -found.value * likelihood.weight
    nullLogLikelihood = -null.value * plain.weight
    clusters = groups.count
    isConverged = found.isConverged
  }

  /// P of an effect as far from 0 or farther where covariate k has none.
  ///
  /// The statistic is the score Σ_i u_i r_i, with u_i the derivative of unit i's log-likelihood by ln λ_i in the
  /// regression without covariate k, and r the covariate less its regression on the others. Its law is from
  /// permutations of r over clusters, with one covariate exactly; it holds for skewed covariates, where errors of the
  /// sandwich are too small. Of a covariate that varies within clusters the signs of the clusters' scores are flipped.
  ///
  /// - Parameters:
  ///   - family: The family.
  ///   - units: As for ``init(_:units:)``.
  ///   - covariate: k, from 0.
  ///   - permutations: How many; p is at least 1 / (permutations + 1).
  ///   - seed: Seed of the permutations.
  /// - Complexity: one fit, and O(permutations · clusters).
  /// - Throws: As ``init(_:units:)``.
  public static func pValue<F: ScaledFamily>(
    _ family: F.Type, units: [Unit], covariate: Int, permutations: Int = 9999, seed: UInt64 = 0
  ) throws -> Double {
    let units = units.filter { $0.counts.total > 0 }
    let others = units.map { unit in
      var covariates = unit.covariates
      covariates.remove(at: covariate)
      return Unit(unit.counts, covariates: covariates, cluster: unit.cluster)
    }
    let regression = try ScaleRegression(family, units: others)
    let scores = try others.map { unit -> Double in
      let logScale = zip(regression.coefficients.dropFirst(), unit.covariates)
        .reduce(regression.coefficients[0].value) { $0 + $1.0.value * $1.1 }
      guard let law = F.law(logScale: logScale, logShape: regression.logShape.value) else {
        throw DistributionError.impossibleData(family: F.familyName)
      }
      return unit.counts.cells.reduce(0) { sum, cell in
        sum + (cell.exact > 0 ? cell.exact * law.scaledMass(cell.length).byLogScale : 0)
          + (cell.censored > 0 ? cell.censored * law.scaledSurvival(cell.length).byLogScale : 0)
      }
    }
    let rest = residuals(of: units.map { $0.covariates[covariate] }, on: others.map(\.covariates))
    let clusters = Dictionary(grouping: units.indices) { units[$0].cluster }.sorted { $0.key < $1.key }.map(\.value)
    let varies = clusters.contains { members in members.contains { rest[$0] != rest[members[0]] } }
    var generator = SeededGenerator(seed: seed)
    let sums = clusters.map { $0.reduce(0) { $0 + scores[$1] } }
    var values = clusters.map { rest[$0[0]] }
    let products = clusters.map { $0.reduce(0) { $0 + scores[$1] * rest[$1] } }
    let observed = products.reduce(0, +).magnitude
    var further = 1
    for _ in 0..<permutations {
      let drawn: Double
      if varies {
        drawn = products.reduce(0) { $0 + (Bool.random(using: &generator) ? $1 : -$1) }
      } else {
        values.shuffle(using: &generator)
        drawn = zip(sums, values).reduce(0) { $0 + $1.0 * $1.1 }
      }
      // Ties up to rounding count as equal.
      if drawn.magnitude >= observed * (1 - 1e-9) { further += 1 }
    }
    return Double(further) / Double(permutations + 1)
  }

  /// What is left of a variable after its least-squares regression on others and a constant (modified Gram-Schmidt).
  private static func residuals(of values: [Double], on others: [[Double]]) -> [Double] {
    var basis: [[Double]] = []
    func reduced(_ column: [Double]) -> [Double] {
      basis.reduce(column) { rest, vector in
        let product = zip(rest, vector).reduce(0) { $0 + $1.0 * $1.1 }
        return zip(rest, vector).map { $0 - product * $1 }
      }
    }
    func norm(_ column: [Double]) -> Double { column.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let count = others.first?.count ?? 0
    for column in [values.map { _ in 1.0 }] + (0..<count).map({ place in others.map { $0[place] } }) {
      let rest = reduced(column)
      let length = norm(rest)
      if length > 1e-10 * norm(column) { basis.append(rest.map { $0 / length }) }
    }
    return reduced(values)
  }

  private static func centerAndSpread(_ values: [Double]) -> (center: Double, spread: Double) {
    let center = values.reduce(0) { $0 + $1 / Double(values.count) }
    let spread = (values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count)).squareRoot()
    return (center, spread > 0 ? spread : 1)
  }
}

/// The negative mean log-likelihood of a regression, as a function of γ_0, γ_1, … and the logarithm of the shape.
private struct ScaleLikelihood<F: ScaledFamily>: LikelihoodObjective {
  private let units: [(counts: CensoredCounts, covariates: [Double])]
  let dimension: Int
  let weight: Double
  let isSmooth = true

  init(_ units: [ScaleRegression.Unit], _ scaling: [(center: Double, spread: Double)]) {
    self.units = units.map { unit in
      (unit.counts, zip(unit.covariates, scaling).map { ($0 - $1.center) / $1.spread })
    }
    dimension = scaling.count + 2
    weight = units.reduce(0) { $0 + $1.counts.total }
  }

  func value(at point: [Double]) -> Double {
    var gradient = [Double](repeating: 0, count: dimension)
    var span = gradient.mutableSpan
    return value(at: point, gradient: &span)
  }

  func value(at point: [Double], gradient: inout MutableSpan<Double>) -> Double {
    var sum = CompensatedSum()
    var total = [Double](repeating: 0, count: dimension)
    for (counts, covariates) in units {
      var logScale = point[0]
      for (index, value) in covariates.enumerated() { logScale += point[index + 1] * value }
      guard let law = F.law(logScale: logScale, logShape: point[dimension - 1]) else { return .infinity }
      var (byScale, byShape) = (0.0, 0.0)
      for cell in counts.cells {
        for (weight, isExact) in [(cell.exact, true), (cell.censored, false)] where weight > 0 {
          let term = isExact ? law.scaledMass(cell.length) : law.scaledSurvival(cell.length)
          sum.add(weight * term.value)
          byScale += weight * term.byLogScale
          byShape += weight * term.byLogShape
        }
      }
      total[0] += byScale
      for (index, value) in covariates.enumerated() { total[index + 1] += byScale * value }
      total[dimension - 1] += byShape
    }
    for index in 0..<dimension { gradient[index] = -total[index] / weight }
    let mean = sum.value / weight
    return mean > -.infinity ? -mean : .infinity
  }
}
