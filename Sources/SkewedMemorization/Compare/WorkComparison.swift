import Inference
import RealModule
import TokenProcess

/// One work in two captures: what is covered, token by token, or character by character where the two have different
/// tokens.
struct WorkComparison {
  private let a: WorkSums
  private let b: WorkSums

  init(_ a: WorkSums, _ b: WorkSums) { (self.a, self.b) = (a, b) }

  private var arePlaced: Bool { !a.boundaries.isEmpty && !b.boundaries.isEmpty }

  /// Captures of different numbers of tokens that do not say where they are cannot be compared.
  var isComparable: Bool { arePlaced || a.tokens == b.tokens }

  /// Coverage side by side at each length that both know, at the usual thresholds.
  ///
  /// Characters are compared where both captures say where tokens are and say it differently.
  ///
  /// None where they are not comparable.
  func differences(_ document: String, _ resampling: Resampling) -> [CompareReport.WorkDifference] {
    guard isComparable else { return [] }
    let count = max(a.tokens, b.tokens)
    // Windows of two captures may end at different places of one text.
    let areTokens = arePlaced ? agree : true
    return a.risks.indices.flatMap { index -> [CompareReport.WorkDifference] in
      let (one, other) = (a.risks[index].own.lower, b.risks[index].own.lower)
      guard one.known > 0, other.known > 0 else { return [] }
      return WorkMeasures().thresholds.map { threshold in
        let logThreshold = Double.log(threshold)
        let first = covered(one, a.boundaries, logThreshold, count, areTokens: areTokens)
        let second = covered(other, b.boundaries, logThreshold, count, areTokens: areTokens)
        let size = max(first.count, second.count)
        func value(_ values: [Bool], _ place: Int) -> Double { place < values.count && values[place] ? 1 : 0 }
        let differences = (0..<size).map { value(second, $0) - value(first, $0) }
        let both = (0..<size).count { value(first, $0) + value(second, $0) == 2 }
        let either = (0..<size).count { value(first, $0) + value(second, $0) > 0 }
        let window = one.length + (a.context?.upperBound ?? one.length)
        let longest = [first, second].map(Self.longestRun).max() ?? 0
        var bootstrap = BlockBootstrap(block: max(2 * window * size / max(1, count), size / 1000, 2 * longest, 1))
        bootstrap.replicates = resampling.replicates
        bootstrap.seed = resampling.seed
        // Where nothing differs the blocks bound how much might, either way.
        let range = bootstrap.meanInterval(of: [differences], level: resampling.level)
          .map { either == both ? -$0.upperBound...$0.upperBound : $0 }
        let shares = [first, second].map { Double($0.count(where: \.self)) / Double(size) }
        return .init(
          document: document, n: one.length, threshold: threshold, unit: areTokens ? "tokens" : "characters",
          a: shares[0], b: shares[1], difference: shares[1] - shares[0], interval: range.map { Interval($0) },
          jaccard: either > 0 ? Double(both) / Double(either) : nil)
      }
    }
  }

  private static func longestRun(_ values: [Bool]) -> Int {
    var (longest, run) = (0, 0)
    for value in values {
      run = value ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }

  /// Whether tokens stand at the same places of the text where both captures say it.
  private var agree: Bool {
    zip(a.boundaries, b.boundaries).allSatisfy { $0 < 0 || $1 < 0 || $0 == $1 }
  }

  private func covered(
    _ risk: WorkRisk, _ boundaries: [Int], _ logThreshold: Double, _ count: Int, areTokens: Bool
  ) -> [Bool] {
    if areTokens {
      return (0..<count).map { $0 < risk.tokens && risk.logRisk[$0] >= logThreshold }
    }
    var covered = Array(repeating: false, count: boundaries.max() ?? 0)
    for token in 0..<min(risk.tokens, boundaries.count - 1) where risk.logRisk[token] >= logThreshold {
      guard boundaries[token] >= 0, boundaries[token + 1] >= boundaries[token] else { continue }
      for place in boundaries[token]..<boundaries[token + 1] { covered[place] = true }
    }
    return covered
  }
}
