import GSLNumerics
import RealModule

/// The product-limit estimate of interval-censored and left-truncated lengths, by Turnbull's self-consistency: the EM
/// algorithm on the hazards.
///
/// Between two neighboring ends of cells and intervals the data cannot tell lengths apart. The estimate has its mass
/// at the last length of each such stretch.
struct SelfConsistency {
  /// What one observation, or several alike, says in terms of stretches.
  private struct Observation {
    let weight: Double
    /// The stretches in which N may lie; nil for a lower bound alone.
    let ends: Range<Int>?
    /// The stretches that N is known to have survived, from the entry on.
    let survived: Range<Int>
  }

  private let counts: CensoredCounts
  /// The last length of each stretch.
  private let lasts: [Int]
  private let observations: [Observation]

  init(_ counts: CensoredCounts) {
    self.counts = counts
    // Stretches begin at 0, at each first and after each last possible length, at each bound and at each entry.
    var beginnings: Set<Int> = [0]
    for cell in counts.cells {
      beginnings.insert(cell.length)
      if cell.exact > 0 { beginnings.insert(cell.length + 1) }
    }
    for interval in counts.intervals {
      beginnings.formUnion([interval.entry, interval.lower])
      if let upper = interval.upper { beginnings.insert(upper + 1) }
    }
    let starts = beginnings.sorted()
    lasts = starts.indices.dropLast().map { starts[$0 + 1] - 1 }
    let places = Dictionary(uniqueKeysWithValues: starts.enumerated().map { ($1, $0) })
    func place(_ length: Int) -> Int { places[length] ?? 0 }
    var observations: [Observation] = []
    for cell in counts.cells {
      let here = place(cell.length)
      if cell.exact > 0 { observations.append(.init(weight: cell.exact, ends: here..<here + 1, survived: 0..<here)) }
      if cell.censored > 0 { observations.append(.init(weight: cell.censored, ends: nil, survived: 0..<here)) }
    }
    for interval in counts.intervals {
      let here = place(interval.lower)
      observations.append(
        .init(
          weight: interval.weight, ends: interval.upper.map { here..<place($0 + 1) },
          survived: place(interval.entry)..<here))
    }
    self.observations = observations
  }

  /// The estimate, once no hazard moves by more than 1e-10 any more.
  func estimate() -> ProductLimit {
    var hazards = lasts.map { _ in 0.5 }
    var atRisk: [Double] = []
    for _ in 0..<10_000 {
      var ended = lasts.map { _ in 0.0 }
      atRisk = ended
      // ln of the survival before each stretch.
      let before = hazards.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + .log(onePlus: -min(1, $1))) }
      for observation in observations {
        for place in observation.survived { atRisk[place] += observation.weight }
        guard let ends = observation.ends else { continue }
        let start = before[ends.lowerBound]
        let masses = ends.map { start > -.infinity ? hazards[$0] * .exp(before[$0] - start) : 0 }
        let total = masses.reduce(0, +)
        var left = observation.weight
        for (place, mass) in zip(ends, masses) {
          atRisk[place] += left
          let here = total > 0 ? observation.weight * mass / total : observation.weight / Double(ends.count)
          ended[place] += here
          left = max(0, left - here)
        }
      }
      let next = zip(ended, atRisk).map { $1 > 1e-12 * counts.total ? min(1, $0 / $1) : 0 }
      let change = zip(next, hazards).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
      hazards = next
      if change < 1e-10 { break }
    }
    let isGreenwood = counts.intervalTotal == 0
    var steps: [ProductLimit.Step] = []
    var logSurvival = 0.0
    var variance = 0.0
    for (place, hazard) in hazards.enumerated() where hazard > 1e-9 {
      logSurvival += .log(onePlus: -hazard)
      variance += isGreenwood && hazard < 1 ? hazard / (atRisk[place] * (1 - hazard)) : .infinity
      steps.append(
        .init(
          n: lasts[place] + 1, lastBefore: place > 0 ? lasts[place - 1] + 1 : 0, atRisk: atRisk[place],
          logSurvival: logSurvival, logVariance: variance))
    }
    return ProductLimit(steps: steps, counts)
  }
}
