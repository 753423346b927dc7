import GSLNumerics
import RealModule

/// A mixture of geometric laws: several kinds of records, each with a token probability of its own.
///
///     S(n) = Σ_k w_k p_k^n,   w_k >= 0, Σ w_k = 1, 0 <= p_k <= 1
///
/// Its tail is that of its slowest part. A part with p = 0 is an inflation of zero, one with p = 1 never ends. The
/// parameters are `weights[1]`, …, `p[1]`, …, fits have them by increasing p; the number of parts is chosen by BIC, see
/// ``FamilyChoice``.
public struct GeometricMixture<let parts: Int>: FittableFamily {
  public static var familyName: String { "geometric-mixture-\(parts)" }

  public static var parameterDescriptions: [ParameterDescription] {
    ["weights", "p"].flatMap { name in
      (1...parts).map { ParameterDescription("\(name)[\($0)]", from: 0, to: 1, includingEnds: true) }
    }
  }

  public static var parameterCount: Int { 2 * parts }

  public static var dimension: Int { 2 * parts - 1 }

  public let parameters: [Double]
  private let logWeights: [Double]
  private let logP: [Double]
  private let logRest: [Double]
  /// w, 1/p and 1/(1 - p), which derivatives at every length take.
  private let slopes: [Slope]

  private struct Slope: Sendable, Equatable {
    let weight: Double
    let inverseP: Double
    let inverseRest: Double
  }

  /// The law with these shares and token probabilities, as many of each as there are parts.
  ///
  /// - Throws: `DistributionError.parameter` for one outside [0, 1] or weights whose sum is not 1 to nine digits;
  ///   `parameterCount`.
  public init(weights: [Double], p: [Double]) throws(DistributionError) {
    try self.init(parameters: weights + p)
  }

  public init(parameters: [Double]) throws(DistributionError) {
    try Self.check(parameters)
    let weights = parameters[..<parts]
    let sum = weights.reduce(0, +)
    guard (sum - 1).magnitude < 1e-9 else {
      throw .parameter(family: Self.familyName, name: "Σ weights", value: sum, allowed: "Σ weights = 1")
    }
    let p = parameters[parts...]
    self.parameters = parameters
    logWeights = weights.map { .log($0 / sum) }
    logP = p.map { .log($0) }
    logRest = p.map { .log(onePlus: -$0) }
    slopes = Self.slopes(logWeights, logP, logRest)
  }

  public init(coordinates: [Double], reach: Reach) throws(DistributionError) {
    parameters = Self.parameters(at: coordinates, reach: reach)
    (logWeights, logP, logRest) = Self.logarithms(at: coordinates, reach: reach)
    slopes = Self.slopes(logWeights, logP, logRest)
  }

  private static func slopes(_ logWeights: [Double], _ logP: [Double], _ logRest: [Double]) -> [Slope] {
    logP.indices.map { Slope(weight: .exp(logWeights[$0]), inverseP: .exp(-logP[$0]), inverseRest: .exp(-logRest[$0])) }
  }

  /// ln w, ln p and ln(1 - p) of the parts, by increasing p.
  private static func logarithms(
    at coordinates: [Double], reach: Reach
  ) -> (weights: [Double], p: [Double], rest: [Double]) {
    let order = order(at: coordinates)
    let links = order.map { coordinates[parts - 1 + $0] }
    let p = links.map { -logAddExp(0, -$0) }
    let logits = [0] + coordinates[..<(parts - 1)]
    let start = Double(reach.lowerBound - 1)
    // Shares at the start of the data are w p^start.
    let unscaled = order.indices.map { logits[order[$0]] - (start == 0 ? 0 : start * p[$0]) }
    let total = unscaled.reduce(-.infinity) { logAddExp($0, $1) }
    return (unscaled.map { $0 - total }, p, links.map { -logAddExp(0, $0) })
  }

  /// The parts by increasing p, so that they have the same place in every fit.
  private static func order(at coordinates: [Double]) -> [Int] {
    (0..<parts).sorted { coordinates[parts - 1 + $0] < coordinates[parts - 1 + $1] }
  }

  /// ln (p_k)^n.
  private func logPower(_ part: Int, _ n: Int) -> Double {
    n == 0 ? 0 : Double(n) * logP[part]
  }

  public func logMass(_ n: Int) -> Double {
    guard n >= 0 else { return -.infinity }
    return min(0, (0..<parts).reduce(-.infinity) { logAddExp($0, logWeights[$1] + logPower($1, n) + logRest[$1]) })
  }

  public func logSurvival(_ n: Int) -> Double {
    n <= 0 ? 0 : min(0, (0..<parts).reduce(-.infinity) { logAddExp($0, logWeights[$1] + logPower($1, n)) })
  }

  public var logSurvivalLimit: Double {
    (0..<parts).reduce(-.infinity) { logP[$1] == 0 ? logAddExp($0, logWeights[$1]) : $0 }
  }

  public func logConditionalSurvival(_ n: Int) -> Double {
    guard n >= 0 else { return 0 }
    // Σ w p^(n+1) / Σ w p^n, or one minus the hazard where that is small.
    let hazard = Double.exp(logMass(n) - logSurvival(n))
    return hazard < 0.5 ? .log(onePlus: -hazard) : min(0, logSurvival(n + 1) - logSurvival(n))
  }

  public func sample(using generator: inout some RandomNumberGenerator) -> Int {
    let part = drawnPart(&generator)
    if logP[part] == 0 { return .max }
    let length = Double.log(generator.uniform()) / logP[part]
    return length < 0x1p62 ? Int(length) : .max
  }

  private func drawnPart(_ generator: inout some RandomNumberGenerator) -> Int {
    var left = generator.uniform()
    for part in 0..<parts - 1 {
      left -= .exp(logWeights[part])
      if left <= 0 { return part }
    }
    return parts - 1
  }

  public func logMass(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let value = logMass(n)
    for part in 0..<parts {
      let share = Double.exp(logPower(part, n) + logRest[part] - value)
      let slope = slopes[part]
      let weighted = share == 0 ? 0 : share * slope.weight
      gradient[part] = share
      gradient[parts + part] =
        weighted == 0 ? 0 : weighted * ((n == 0 ? 0 : Double(n) * slope.inverseP) - slope.inverseRest)
    }
    return value
  }

  public func logSurvival(_ n: Int, gradient: inout MutableSpan<Double>) -> Double {
    let value = logSurvival(n)
    for part in 0..<parts {
      let share = n <= 0 ? 1 : Double.exp(logPower(part, n) - value)
      gradient[part] = share
      gradient[parts + part] =
        n <= 0 || share == 0 ? 0 : share * .exp(logWeights[part] - logP[part]) * Double(n)
    }
    return value
  }

  // ln(v_k / v_1) for k > 1, then the logits of p; v ∝ w p^m are the shares of the parts among the records that reach
  // the first length m of the data: those at 0 would be unknowable far from it.
  public static func coordinates(of parameters: [Double], reach: Reach) -> [Double] {
    let start = Double(reach.lowerBound - 1)
    let shares = (0..<parts).map {
      Double.log(parameters[$0]) + (start == 0 ? 0 : start * .log(parameters[parts + $0]))
    }
    return (1..<parts).map { shares[$0] - shares[0] } + parameters[parts...].map { logit($0) }
  }

  public static func parameters(at coordinates: [Double], reach: Reach) -> [Double] {
    logarithms(at: coordinates, reach: reach).weights.map { .exp($0) }
      + order(at: coordinates).map { logistic(coordinates[parts - 1 + $0]) }
  }

  public static func jacobian(at coordinates: [Double], reach: Reach) -> [[Double]] {
    let order = order(at: coordinates)
    let weights = logarithms(at: coordinates, reach: reach).weights.map { Double.exp($0) }
    let start = Double(reach.lowerBound - 1)
    /// ∂ w_i / ∂ (what part j's weight is proportional to), in its logarithm.
    func slope(_ i: Int, _ j: Int) -> Double { weights[i] * ((i == j ? 1 : 0) - weights[j]) }
    var rows = [[Double]](repeating: [Double](repeating: 0, count: dimension), count: 2 * parts)
    for part in 0..<parts {
      let place = order.firstIndex(of: part) ?? 0
      let link = parts - 1 + part
      for i in 0..<parts {
        if part > 0 { rows[i][part - 1] = slope(i, place) }
        rows[i][link] = -start * logistic(-coordinates[link]) * slope(i, place)
      }
      rows[parts + place][link] = logisticDerivative(coordinates[link])
    }
    return rows
  }

  public static var isGeometricMixture: Bool { true }

  public static var searches: Int { 6 + parts }

  /// Where the EM algorithm arrives from several beginnings: parts spread narrowly and widely around the mean; and fewer
  /// parts, with more added. Those are one where it helps most, one that ends at once, one that never ends, or the last
  /// two.
  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    // The law given N >= m is a mixture of the same parts with weights in proportion to w p^m.
    let first = counts.cells.first?.length ?? 0
    let data = CensoredCounts(
      sorted: counts.cells.map { .init(length: $0.length - first, exact: $0.exact, censored: $0.censored) })
    let mean = max(0.05, data.lengthTotal / max(1e-300, data.exactTotal))
    let longest = max(2 * mean, Double(data.maximum))
    let spread = [1.0, 0.5, 0.25].map { reach in
      // Means of the parts, in equal ratios from well below the mean to the share `reach` of the way to the longest
      // length.
      let high = mean * .pow(longest / mean, reach)
      let low = 0.1 * min(1, mean)
      let means = (0..<parts).map { part -> Double in
        low * .pow(high / low, Double(part) / Double(parts - 1))
      }
      let p = means.map { $0 / (1 + $0) }
      return GeometricParts(weights: p.map { _ in 1 / Double(parts) }, p: p)
    }
    // Parts that end at once and that hardly end at all are what shares at zero and without end are limits of.
    let (shortest, endless) = (1e-6, 1e9 * longest)
    var grown = [GeometricParts(weights: [1], p: [mean / (1 + mean)])]
    while grown.count < parts {
      let means = [shortest, 0.02, 0.3 * mean, mean, 3 * mean, longest, 10 * longest, endless]
      let additions = means.map { grown[grown.count - 1].adding(mean: $0).improved(on: data, iterations: 30) }
      grown.append(
        additions.max { $0.logLikelihood(of: data) < $1.logLikelihood(of: data) } ?? additions[0])
    }
    let smaller = grown[parts - 2]
    grown =
      [grown[parts - 1], smaller.adding(mean: endless), smaller.adding(mean: shortest)]
      + (parts > 2 ? [grown[parts - 3].adding(mean: shortest).adding(mean: endless)] : [])
    return (spread + grown).map { start in
      let found = start.improved(on: data, iterations: 60)
      let logs = found.weights.indices.map { .log(found.weights[$0]) - Double(first) * .log(found.p[$0]) }
      let total = logs.reduce(-.infinity) { logAddExp($0, $1) }
      return logs.map { .exp($0 - total) } + found.p
    }
  }

  public static func boundary(ofCoordinate index: Int, isUpper: Bool, reach: Reach) -> String? {
    index < parts - 1 ? "a part empties" : "the p of a part → \(isUpper ? 1 : 0)"
  }

  public static func limitingFamilies(in window: LengthWindow) -> [LimitingFamily] {
    [
      LimitingFamily(
        family: mixture(ofParts: parts - 1), condition: "a part empties or two become one",
        embedding: { smaller in
          let count = max(1, smaller.count / 2)
          let weights = smaller.count == 1 ? [1] : Array(smaller[..<count])
          return weights + [.nan] + smaller.suffix(count) + [.nan]
        })
    ]
  }
}

extension GeometricMixture: RecordMixture {
  /// ln p of one of the parts.
  public func sampleLogProbability(using generator: inout some RandomNumberGenerator) -> Double {
    logP[drawnPart(&generator)]
  }
}

/// Any number of geometric laws with their weights, for the EM algorithm.
private struct GeometricParts {
  var weights: [Double]
  var p: [Double]

  /// With a tenth of the records in one more part.
  func adding(mean: Double) -> GeometricParts {
    GeometricParts(weights: weights.map { 0.9 * $0 } + [0.1], p: p + [mean / (1 + mean)])
  }

  private func logTerms(_ length: Int, isExact: Bool) -> [Double] {
    p.indices.map {
      .log(weights[$0]) + Double(length) * .log(p[$0]) + (isExact ? .log(onePlus: -p[$0]) : 0)
    }
  }

  func logLikelihood(of counts: CensoredCounts) -> Double {
    counts.cells.reduce(0) { sum, cell in
      [(cell.exact, true), (cell.censored, false)].reduce(sum) { sum, part in
        part.0 > 0
          ? sum + part.0 * logTerms(cell.length, isExact: part.1).reduce(-.infinity) { logAddExp($0, $1) } : sum
      }
    }
  }

  func improved(on counts: CensoredCounts, iterations: Int) -> GeometricParts {
    var result = self
    for _ in 0..<iterations {
      // The expected number of records of each part, of tokens that they go on for and of ends.
      var records = p.map { _ in 1e-9 * counts.total }
      var tokens = p.map { _ in 0.0 }
      var ends = tokens
      for cell in counts.cells {
        for (weight, isExact) in [(cell.exact, true), (cell.censored, false)] where weight > 0 {
          let logs = result.logTerms(cell.length, isExact: isExact)
          let total = logs.reduce(-.infinity) { logAddExp($0, $1) }
          guard total > -.infinity else { continue }
          for part in p.indices {
            let share = weight * .exp(logs[part] - total)
            records[part] += share
            tokens[part] += share * Double(cell.length)
            if isExact { ends[part] += share }
          }
        }
      }
      let total = records.reduce(0, +)
      for part in p.indices {
        result.weights[part] = records[part] / total
        // Inside (0, 1), where the coordinates are finite.
        result.p[part] = (tokens[part] + 1e-7) / (tokens[part] + ends[part] + 2e-7)
      }
    }
    return result
  }
}

/// The largest number of parts of a mixture.
let largestMixture = 5

/// The geometric mixture of so many parts; of one part, the geometric law.
///
/// - Precondition: 1 <= parts <= ``largestMixture``.
func mixture(ofParts parts: Int) -> any FittableFamily.Type {
  switch parts {
  case 1: Geometric.self
  case 2: GeometricMixture<2>.self
  case 3: GeometricMixture<3>.self
  case 4: GeometricMixture<4>.self
  case 5: GeometricMixture<5>.self
  default: preconditionFailure("mixtures have 1 to 5 parts")
  }
}
