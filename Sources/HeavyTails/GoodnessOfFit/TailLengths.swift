internal import CVectors
import GSLNumerics
import RealModule

/// The lengths of data for power laws, with those that are missing between neighbors, over which survivals are carried
/// from one to the next.
struct TailLengths {
  private(set) var values: [Int] = []
  private(set) var logarithms: [Double] = []
  /// The weight at each length, 0 where it is missing, and from it on.
  private(set) var weights: [Double] = []
  private(set) var weightsFrom: [Double] = []
  /// Whether so many lengths are missing before that the survival is computed anew.
  private var isAnew: [Bool] = []
  /// The places of lengths that are not missing.
  private(set) var cells: [Int] = []

  init(_ data: [CensoredCounts.Cell]) {
    for cell in data {
      let next = values.last.map { $0 + 1 } ?? cell.length
      let isAnew = cell.length - next > 8
      if !isAnew { for n in next..<cell.length { append(n, weight: 0, isAnew: false) } }
      cells.append(values.count)
      append(cell.length, weight: cell.exact, isAnew: isAnew)
    }
    weightsFrom = weights
    for place in weights.indices.reversed().dropFirst() { weightsFrom[place] += weightsFrom[place + 1] }
  }

  private mutating func append(_ length: Int, weight: Double, isAnew: Bool) {
    values.append(length)
    logarithms.append(.log(Double(length)))
    weights.append(weight)
    self.isAnew.append(isAnew)
  }

  /// The largest difference between the data's and a law's share from a length on, and where it is: the first that is
  /// above a limit, if one is.
  func distance(
    of fit: PowerLawFit, from start: Int, atMost limit: Double
  ) -> (distance: Double, place: Int) {
    let scale = 1 / weightsFrom[start]
    var found = (distance: 0.0, place: start)
    var survival = 1.0
    let block = 64
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: block) { masses in
      for first in stride(from: start, to: values.count, by: block) {
        let end = min(first + block, values.count)
        logarithms.withUnsafeBufferPointer { logarithms in
          // Neither is empty.
          guard let source = logarithms.baseAddress, let target = masses.baseAddress else { return }
          power_law_masses(source + first, end - first, fit.alpha, fit.logNormalizer, target)
        }
        for place in first..<end {
          if isAnew[place], place > start {
            survival = masses[place - first] * hurwitzZetaOverFirstTerm(fit.alpha, Double(values[place]))
          }
          let after = survival - masses[place - first]
          defer { survival = after }
          guard weights[place] > 0 else { continue }
          let share = weightsFrom[place] * scale
          let distance = max(
            (share - survival).magnitude, (share - weights[place] * scale - after).magnitude)
          if distance > found.distance { found = (distance, place) }
          if distance > limit { return found }
        }
      }
      return found
    }
  }
}
