import GSLNumerics
import RealModule

/// The law of the number K of records with N >= n, when record i has its own probability S_i(n).
///
/// Exact for any number of records and into the far tails: the law is tilted, p_i → p_i e^θ / (1 - p_i + p_i e^θ),
/// until its mean is where the answer is wanted, and there obtained from its characteristic function Π (1 - p_i + p_i
/// e^{iω}) by a discrete Fourier transform (Hong, Comput. Stat. Data Anal. 59, 2013) over a window outside which less
/// than 1e-18 of it lies. Only frequencies at which the characteristic function exceeds 1e-20 are evaluated, a few
/// dozen whatever the number of records.
public struct PoissonBinomial: Sendable, Equatable {
  /// Records that share a probability, given by its log-odds u = ln(p / (1 - p)).
  package struct Group: Sendable, Equatable {
    package let logOdds: Double
    package let multiplicity: Double
  }

  private let groups: [Group]
  /// Records with p = 1.
  private let certain: Int
  /// Records with 0 < p < 1.
  private let uncertain: Int
  /// The mean, Σ p_i.
  public let mean: Double
  /// The variance, Σ p_i (1 - p_i).
  public let variance: Double
  /// A proved bound on the total variation distance from the exact law: 0 unless the law was made from a sketch.
  public let errorBound: Double

  /// The law of the number of successes among records with these log-probabilities.
  ///
  /// - Throws: `RecordError` for a value that is NaN or positive.
  public init(logProbabilities: some Sequence<Double>) throws(RecordError) {
    let values = Array(logProbabilities)
    for (index, value) in values.enumerated() where !(value <= 0) {
      throw RecordError(field: "log_probabilities[\(index)]", problem: "\(value) is not a log-probability")
    }
    self.init(counted: values.map { ($0, 1) })
  }

  /// The same, binned with a bounded error where an exact law of so many would take much memory.
  package static func ofMany(_ counted: [(log: Double, count: Int)]) -> PoissonBinomial {
    guard counted.count > TailAccumulator.exactCountLimit, counted.allSatisfy({ $0.count == 1 }) else {
      return PoissonBinomial(counted: counted)
    }
    var sketch = ProbabilitySketch()
    sketch.add(counted.map(\.log), counted.map { ScaledValue(exponentOf: $0.log, 0) })
    return sketch.poissonBinomial
  }

  /// From ln p and how many records have it.
  private init(counted: [(log: Double, count: Int)]) {
    let certain = counted.filter { $0.log == 0 }.reduce(0) { $0 + $1.count }
    let groups = counted.filter { $0.log < 0 && $0.log > -.infinity }.map {
      Group(logOdds: $0.log - log1mExp($0.log), multiplicity: Double($0.count))
    }
    self.init(groups: groups, certain: certain, errorBound: 0)
  }

  package init(groups: [Group], certain: Int, errorBound: Double) {
    self.groups = groups
    self.certain = certain
    self.errorBound = errorBound
    var mean = CompensatedSum()
    var variance = CompensatedSum()
    var uncertain = 0.0
    for group in groups {
      let p = logistic(group.logOdds)
      mean.add(group.multiplicity * p)
      variance.add(group.multiplicity * p * logistic(-group.logOdds))
      uncertain += group.multiplicity
    }
    self.mean = mean.value + Double(certain)
    self.variance = variance.value
    self.uncertain = Int(uncertain)
  }

  /// The largest possible count: records with p > 0.
  public var maximum: Int { certain + uncertain }

  // MARK: Probabilities

  /// ln P(K = k).
  public func logMass(_ k: Int) -> Double {
    let j = k - certain
    guard j >= 0, j <= uncertain else { return -.infinity }
    if let extreme = logExtremeMass(j) { return extreme }
    let tilt = tilt(to: Double(j))
    let window = window(tilt: tilt)
    return logScale(tilt, j) + .log(max(window.mass(j), 0))
  }

  /// ln P(K >= k).
  public func logUpperTail(_ k: Int) -> Double {
    let j = k - certain
    if j <= 0 { return 0 }
    guard j <= uncertain else { return -.infinity }
    if j == uncertain, let extreme = logExtremeMass(j) { return extreme }
    guard Double(j) > mean - Double(certain) else { return log1mExp(logLowerTail(k - 1)) }
    let tilt = tilt(to: Double(j))
    let window = window(tilt: tilt)
    var sum = CompensatedSum()
    for (offset, count) in (j...max(j, window.last)).enumerated() {
      sum.add(max(window.mass(count), 0) * .exp(-tilt * Double(offset)))
    }
    return min(0, logScale(tilt, j) + .log(sum.value))
  }

  /// ln P(K <= k).
  public func logLowerTail(_ k: Int) -> Double {
    let j = k - certain
    guard j >= 0 else { return -.infinity }
    if j >= uncertain { return 0 }
    if j == 0, let extreme = logExtremeMass(0) { return extreme }
    guard Double(j) < mean - Double(certain) else { return log1mExp(logUpperTail(k + 1)) }
    let tilt = tilt(to: Double(j))
    let window = window(tilt: tilt)
    var sum = CompensatedSum()
    for count in stride(from: j, through: min(j, window.first), by: -1) {
      sum.add(max(window.mass(count), 0) * .exp(tilt * Double(j - count)))
    }
    return min(0, logScale(tilt, j) + .log(sum.value))
  }

  /// Limits that hold K with at least the given probability, `level`, and leave at most (1 - level)/2 on either side.
  ///
  /// The lower one is the largest k with P(K < k) <= (1 - level)/2, the upper one the smallest with
  /// P(K > k) <= (1 - level)/2; a law from a sketch gives its ``errorBound`` away on both sides first.
  ///
  /// - Precondition: 0 < level < 1.
  public func interval(level: Double = 0.95) -> ClosedRange<Int> {
    precondition(level > 0 && level < 1, "level = \(level) is outside (0, 1)")
    guard uncertain > 0 else { return certain...certain }
    let side = 0.5 * (1 - level) - errorBound
    // A bound wider than the sides themselves proves nothing but what is certain.
    guard side > 0 else { return certain...maximum }
    let window = window(tilt: 0)
    var lower = window.first
    var below = max(0, window.mass(lower))
    while below <= side, lower < window.last {
      lower += 1
      below += max(0, window.mass(lower))
    }
    var upper = window.last
    var above = max(0, window.mass(upper))
    while above <= side, upper > lower {
      upper -= 1
      above += max(0, window.mass(upper))
    }
    return (certain + lower)...(certain + upper)
  }

  // MARK: Tilting

  /// Π (1 - p_i) and Π p_i need no transform.
  private func logExtremeMass(_ j: Int) -> Double? {
    guard j == 0 || j == uncertain else { return nil }
    var sum = CompensatedSum()
    for group in groups { sum.add(-group.multiplicity * logAddExp(0, j == 0 ? group.logOdds : -group.logOdds)) }
    return sum.value
  }

  /// The θ at which the tilted mean is `target`, strictly between 0 and the number of uncertain records.
  private func tilt(to target: Double) -> Double {
    let odds = groups.map(\.logOdds)
    guard let smallest = odds.min(), let largest = odds.max() else { return 0 }
    // Below the lower bound every tilted p is under target/(2M), above the upper one every 1 - p is.
    let margin = Double.log(4 * Double(uncertain) + 4)
    var low = -largest - margin - 2
    var high = -smallest + margin + 2
    var theta = min(max(0, low), high)
    for _ in 0..<200 {
      var mean = CompensatedSum()
      var slope = 0.0
      for group in groups {
        let p = logistic(group.logOdds + theta)
        mean.add(group.multiplicity * p)
        slope += group.multiplicity * p * logistic(-group.logOdds - theta)
      }
      let excess = mean.value - target
      if excess.magnitude <= 1e-9 * max(1, target) { break }
      if excess > 0 { high = theta } else { low = theta }
      let newton = theta - excess / slope
      theta = newton > low && newton < high ? newton : 0.5 * (low + high)
    }
    return theta
  }

  /// ln of Π (1 - p_i + p_i e^θ) e^{-θj}: what the tilted mass at j is multiplied by.
  private func logScale(_ tilt: Double, _ j: Int) -> Double {
    var sum = CompensatedSum()
    for group in groups {
      sum.add(group.multiplicity * (logAddExp(0, group.logOdds + tilt) - logAddExp(0, group.logOdds)))
    }
    sum.add(-tilt * Double(j))
    return sum.value
  }

  /// The tilted law around its mean.
  private struct Window {
    let first: Int
    let masses: [Double]

    var last: Int { first + masses.count - 1 }

    func mass(_ count: Int) -> Double {
      count >= first && count <= last ? masses[count - first] : 0
    }
  }

  private func window(tilt: Double) -> Window {
    var mean = CompensatedSum()
    var variance = 0.0
    let tilted = groups.map { group in
      let p = logistic(group.logOdds + tilt)
      let q = logistic(-group.logOdds - tilt)
      mean.add(group.multiplicity * p)
      variance += group.multiplicity * p * q
      return (p: p, q: q, multiplicity: group.multiplicity)
    }
    // Bernstein: beyond this distance from the mean less than 1e-18 of the law lies.
    let reach = 15 + (225 + 86 * variance).squareRoot()
    let first = max(0, Int((mean.value - reach).rounded(.down)))
    let last = min(uncertain, Int((mean.value + reach).rounded(.up)))
    let size = last - first + 1
    let center = Int(mean.value.rounded())
    let step = 2 * Double.pi / Double(size)
    var masses = [Double](repeating: 1 / Double(size), count: size)
    for frequency in stride(from: 1, through: size / 2, by: 1) {
      let angle = step * Double(frequency)
      let cosine = Double.cos(angle)
      let sine = Double.sin(angle)
      let versine = 2 * Double.sin(0.5 * angle) * Double.sin(0.5 * angle)
      // |φ| <= exp(-σ² (1 - cos ω)), falling in ω: from here on nothing is left.
      if variance * versine > 46 { break }
      var logModulus = CompensatedSum()
      var phase = CompensatedSum()
      for (p, q, multiplicity) in tilted {
        let squared = 1 - 2 * p * q * versine
        logModulus.add(
          0.5 * multiplicity * (squared > 1e-3 ? .log(onePlus: -2 * p * q * versine) : .log(max(0, squared))))
        // Relative to its mean, so that the sum over many records stays small.
        phase.add(multiplicity * (Double.atan2(y: p * sine, x: q + p * cosine) - p * angle))
      }
      phase.add(angle * (mean.value - Double(center)))
      let modulus = Double.exp(logModulus.value)
      guard modulus > 1e-20 else { continue }
      // Frequencies ω and -ω together; the middle one of an even window stands alone.
      let weight = (2 * frequency == size ? 1.0 : 2.0) * modulus / Double(size)
      for index in 0..<size {
        masses[index] += weight * .cos(phase.value - angle * Double(first + index - center))
      }
    }
    return Window(first: first, masses: masses)
  }
}
