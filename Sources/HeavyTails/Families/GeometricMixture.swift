import GSLNumerics
import RealModule

/// A mixture of geometric laws: several kinds of records, each with a token probability of its own.
///
///     S(n) = Σ_k w_k p_k^n,   w_k >= 0, Σ w_k = 1, 0 <= p_k <= 1
///
/// Its tail is that of its slowest part. A part with p = 0 is an inflation of zero, one with p = 1 never ends. The parameters are
/// `weights[1]`, …, `p[1]`, …; the number of parts is chosen by BIC, see ``FamilyChoice``.
public struct GeometricMixture<let parts: Int>: FittableFamily {
  public static var familyName: String { "geometric-mixture-\(parts)" }

  public static var parameterDescriptions: [ParameterDescription] {
    ["weights", "p"].flatMap { name in
      (1...parts).map { ParameterDescription("\(name)[\($0)]", from: 0, to: 1, includingEnds: true) }
    }
  }

  public static var dimension: Int { 2 * parts - 1 }

  public let parameters: [Double]
  private let logWeights: [Double]
  private let logP: [Double]
  private let logRest: [Double]

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
  }

  public init(coordinates: [Double], reach: ClosedRange<Int>) throws(DistributionError) {
    parameters = Self.parameters(at: coordinates, reach: reach)
    let logits = [0] + coordinates[..<(parts - 1)]
    let total = logits.reduce(-.infinity) { logAddExp($0, $1) }
    logWeights = logits.map { $0 - total }
    let links = coordinates[(parts - 1)...]
    logP = links.map { -logAddExp(0, -$0) }
    logRest = links.map { -logAddExp(0, $0) }
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

  public func logContinuation(_ n: Int) -> Double {
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
      let weighted = share == 0 ? 0 : share * .exp(logWeights[part])
      gradient[part] = share
      gradient[parts + part] =
        weighted == 0 ? 0 : weighted * ((n == 0 ? 0 : Double(n) * .exp(-logP[part])) - .exp(-logRest[part]))
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

  // ln(w_k / w_1) for k > 1, then the logits of p.
  public static func coordinates(of parameters: [Double], reach: ClosedRange<Int>) -> [Double] {
    (1..<parts).map { .log(parameters[$0] / parameters[0]) } + parameters[parts...].map { logit($0) }
  }

  public static func parameters(at coordinates: [Double], reach: ClosedRange<Int>) -> [Double] {
    let logits = [0] + coordinates[..<(parts - 1)]
    let total = logits.reduce(-.infinity) { logAddExp($0, $1) }
    return logits.map { .exp($0 - total) } + coordinates[(parts - 1)...].map { logistic($0) }
  }

  public static func jacobian(at coordinates: [Double], reach: ClosedRange<Int>) -> [[Double]] {
    let weights = parameters(at: coordinates, reach: reach)[..<parts]
    return (0..<parts).map { i in
      (1..<parts).map { weights[i] * ((i == $0 ? 1 : 0) - weights[$0]) } + (0..<parts).map { _ in 0 }
    }
      + (0..<parts).map { i in
        (1..<parts).map { _ in 0 } + (0..<parts).map { i == $0 ? logisticDerivative(coordinates[parts - 1 + i]) : 0 }
      }
  }

  /// Where the EM algorithm arrives from parts spread narrowly and widely around the mean.
  public static func startingPoints(for counts: CensoredCounts) -> [[Double]] {
    let mean = max(0.05, counts.lengthTotal / max(1e-300, counts.exactTotal))
    let longest = max(2 * mean, Double(counts.maximum))
    return [1.0, 0.5, 0.25].map { reach in
      // Means of the parts, in equal ratios from well below the mean to the share `reach` of the way to the longest length.
      let high = mean * .pow(longest / mean, reach)
      let low = 0.1 * min(1, mean)
      let means = (0..<parts).map { low * .pow(high / low, Double($0) / Double(parts - 1)) }
      return expectationMaximization(counts, p: means.map { $0 / (1 + $0) })
    }
  }

  private static func expectationMaximization(_ counts: CensoredCounts, p start: [Double]) -> [Double] {
    var p = start
    var weights = Array(repeating: 1 / Double(parts), count: parts)
    for _ in 0..<60 {
      // The expected number of records of each part, of tokens that they go on for and of ends.
      var records = Array(repeating: 1e-9 * counts.total, count: parts)
      var tokens = Array(repeating: 0.0, count: parts)
      var ends = Array(repeating: 0.0, count: parts)
      for cell in counts.cells {
        let n = Double(cell.length)
        for (weight, isExact) in [(cell.exact, true), (cell.censored, false)] where weight > 0 {
          let logs = (0..<parts).map {
            .log(weights[$0]) + n * .log(p[$0]) + (isExact ? .log(onePlus: -p[$0]) : 0)
          }
          let total = logs.reduce(-.infinity) { logAddExp($0, $1) }
          guard total > -.infinity else { continue }
          for part in 0..<parts {
            let share = weight * .exp(logs[part] - total)
            records[part] += share
            tokens[part] += share * n
            if isExact { ends[part] += share }
          }
        }
      }
      let total = records.reduce(0, +)
      for part in 0..<parts {
        weights[part] = records[part] / total
        // Inside (0, 1), where the coordinates are finite.
        p[part] = (tokens[part] + 1e-7) / (tokens[part] + ends[part] + 2e-7)
      }
    }
    return weights + p
  }

  public static func edge(ofCoordinate index: Int, isUpper: Bool, reach: ClosedRange<Int>) -> String? {
    index < parts - 1
      ? "weights[\(isUpper ? 1 : index + 2)] → 0" : "p[\(index - parts + 2)] → \(isUpper ? 1 : 0)"
  }

  public static var limits: [FamilyLimit] {
    [
      FamilyLimit(
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

/// The geometric mixture of so many parts; of one part, the geometric law.
///
/// - Precondition: 1 <= parts <= 5.
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
