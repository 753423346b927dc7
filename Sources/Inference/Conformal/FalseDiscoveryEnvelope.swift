import RealModule

/// How many of the scores beyond a threshold can be false discoveries, at every threshold at once: the threshold may be
/// chosen after the scores were seen.
///
/// Let V(j) be the number of null scores that at most j of the C controls reach. If the null scores are exchangeable
/// with the controls and there are no ties, all orders of both are equally probable, so the joint law of V(0), V(1), …
/// is that of a random path, whatever the law of the scores. The envelope b(0), b(1), … is such that
///
///     P(V(j) <= b(j) for all j) >= level,
///
/// a probability that is summed exactly over paths for m null scores. Fewer null scores, and ties, which count against
/// discoveries, make V smaller, so the statement holds for any number of them up to m.
///
/// The idea of a uniform envelope is that of Bates et al., arXiv 2104.08279, section 3; summing over paths in place of
/// a bound follows from the exchangeability that Gazin, Blanchard and Roquain use (arXiv 2310.18108).
public struct FalseDiscoveryEnvelope: Sendable, Equatable {
  /// The number of scores that are tested, m.
  public let scores: Int
  /// The number of controls, C.
  public let controls: Int
  /// The probability with which the bounds hold together.
  public let level: Double
  /// b(j), for j = 0 …: false discoveries among the scores that at most j controls reach. Nothing is bounded beyond
  /// the last one.
  public let bounds: [Int]
  /// The probability that all bounds hold where every score is null: the level or more.
  public let coverage: Double

  /// The envelope for m scores and C controls.
  ///
  /// It follows the quantiles of a gamma law with the mean and variance of V(j), at one level for all j that is found
  /// by bisection. With many scores it ends at a j where the sum over paths would take more than 10^7 steps, never
  /// before the tenth control.
  ///
  /// - Precondition: scores >= 0, controls >= 1, 0 < level < 1.
  /// - Complexity: O(min(mC, 10^7)) for each of 30 steps.
  public init(scores: Int, controls: Int, level: Double = 0.95) {
    precondition(scores >= 0 && controls >= 1, "\(scores) scores, \(controls) controls")
    precondition(level > 0 && level < 1, "level \(level)")
    (self.scores, self.controls, self.level) = (scores, controls, level)
    let furthest = (2 * Double(controls) * 1e7 / Double(max(scores, 1))).squareRoot()
    let count = furthest < Double(controls) ? min(controls, max(10, Int(furthest))) : controls
    // At z = 60 every bound is m, or a probability that no double tells from 0 is left.
    var (low, high) = (-6.0, 60.0)
    var best = Array(repeating: scores, count: count)
    for _ in 0..<30 {
      let middle = 0.5 * (low + high)
      let bounds = Self.bounds(scores, controls, count, quantile: middle)
      if Self.coverage(scores, controls, bounds) >= level {
        (high, best) = (middle, bounds)
      } else {
        low = middle
      }
    }
    bounds = best
    coverage = Self.coverage(scores, controls, best)
  }

  /// The probability that V(j) <= bounds[j] for all of them, where all scores are null.
  ///
  /// Going down through scores and controls in order, the next one after v scores and j controls is a score with
  /// probability (m - v)/(m - v + C - j). A path is lost when it meets control j + 1 with more than b(j) scores.
  static func coverage(_ scores: Int, _ controls: Int, _ bounds: [Int]) -> Double {
    let (m, total) = (Double(scores), Double(scores + controls))
    var weights = [1.0]
    for (used, bound) in bounds.enumerated() {
      let last = min(bound, scores)
      if weights.count <= last { weights += Array(repeating: 0, count: last + 1 - weights.count) }
      var arriving = 0.0
      for seen in 0...last {
        // Paths that are here with `used` controls, by a control or by a score.
        let here = weights[seen] + arriving
        let left = total - Double(used) - Double(seen)
        let next = (m - Double(seen)) / left
        arriving = here * next
        weights[seen] = here * ((left - (m - Double(seen))) / left)
      }
      weights.removeLast(weights.count - last - 1)
    }
    return min(1, weights.reduce(0, +))
  }

  /// Wilson and Hilferty's quantile of the gamma law with the mean and variance of each V(j).
  private static func bounds(_ scores: Int, _ controls: Int, _ count: Int, quantile z: Double) -> [Int] {
    let (m, c) = (Double(scores), Double(controls))
    var highest = 0
    return (0..<count).map { j in
      let rank = Double(j + 1)
      let mean = m * rank / (c + 1)
      let variance = m * (m + c + 1) * rank * (c - rank + 1) / ((c + 1) * (c + 1) * (c + 2))
      let shape = mean * mean / variance
      let root = 1 - 1 / (9 * shape) + z / (3 * shape.squareRoot())
      let value = root > 0 ? mean * root * root * root : 0
      highest = max(highest, Int(min(value.isFinite ? value : m, m)))
      return highest
    }
  }

  /// The largest number of false discoveries among the first scores in order, from how many controls reach each.
  ///
  /// A score that is no false discovery stays one when the threshold falls, so the bound at one threshold holds for all
  /// lower ones too.
  ///
  /// - Parameter passed: The number of controls that reach each score, see ``Conformal/passed(by:controls:)``.
  /// - Returns: For j = 0 … C: how many scores at most j controls reach, and how many of them can be false discoveries.
  /// - Complexity: O(m + C).
  public func discoveries(passed: [Int]) -> [(scores: Int, falseAtMost: Int)] {
    precondition(passed.count == scores, "\(passed.count) for \(scores)")
    var counts = Array(repeating: 0, count: controls + 1)
    for number in passed { counts[number] += 1 }
    var (found, sure) = (0, 0)
    return counts.indices.map { j in
      found += counts[j]
      if j < bounds.count { sure = max(sure, found - bounds[j]) }
      return (found, found - sure)
    }
  }
}
