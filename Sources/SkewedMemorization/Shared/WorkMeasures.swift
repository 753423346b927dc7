import Inference
import RealModule
import TokenProcess

/// At which probabilities and for how many draws works are measured.
struct WorkMeasures {
  /// Probabilities τ of a window.
  var thresholds = [0.001, 0.01, 0.1, 0.5]
  /// Continuations drawn from each window.
  var draws = [1.0, 10, 100]
  /// What limits come from; nil for none.
  var resampling: Resampling?

  /// What the windows of a work say.
  ///
  /// - Parameters:
  ///   - boundaries: Where each token begins in the text, and the last one ends; nil where that is not known.
  ///   - block: The tokens of a block of the bootstrap.
  ///   - isMapped: Whether the risk along the work is wanted.
  func coverage(
    of sums: WorkSums, _ document: String, isControl: Bool = false, boundaries: [Int]? = nil, block: Int = 1,
    isMapped: Bool = false
  ) -> WorkCoverage {
    WorkCoverage(
      document: document, isControl: isControl, tokens: sums.tokens,
      characters: boundaries.map { ($0.last ?? 0) - ($0.first ?? 0) }, windows: sums.windows, longPasses: sums.passes,
      context: sums.context.map { [$0.lowerBound, $0.upperBound] }, knowsCopies: sums.knowsCopies,
      lengths: sums.risks.map { length($0, of: sums.tokens, boundaries, block: block, isMapped: isMapped) },
      near: sums.near.isEmpty
        ? nil
        : sums.near.sorted { $0.key < $1.key }.map {
          NearCoverage($0.value, of: sums.tokens, thresholds: thresholds)
        })
  }

  private func length(
    _ risk: WorkSums.Risk, of tokens: Int, _ boundaries: [Int]?, block: Int, isMapped: Bool
  ) -> WorkCoverage.Length {
    let highest = risk.own.lower.logRisk.lazy.filter { !$0.isNaN }.max()
    let isCopied = risk.withoutCopies != nil
    let levels = isMapped ? risk.own.lower.levels.filter { $0.logRisk >= Self.leastShown } : []
    return .init(
      n: risk.all.lower.length, unknownTokens: tokens - risk.all.lower.known,
      logProbability: highest.flatMap { $0 > -.infinity ? $0 : nil },
      coverage: coverage(risk.own, of: tokens, boundaries, block: block),
      coverageWithCopies: isCopied ? coverage(risk.all, of: tokens, boundaries, block: block) : nil,
      expected: expected(risk.own, of: tokens), expectedWithCopies: isCopied ? expected(risk.all, of: tokens) : nil,
      risk: levels.map { [Double($0.start), Double($0.end), $0.logRisk] })
  }

  /// ln of the least probability that maps show.
  private static let leastShown = Double.log(1e-12)

  private func coverage(
    _ risk: WorkSums.Bounds, of tokens: Int, _ boundaries: [Int]?, block: Int
  ) -> [WorkCoverage.Threshold] {
    thresholds.map { threshold in
      let logThreshold = Double.log(threshold)
      func share(_ risk: WorkRisk) -> Double {
        Double(risk.coveredTokens(logThreshold: logThreshold)) / Double(tokens)
      }
      let spans = risk.lower.spans(logThreshold: logThreshold)
      let longest = spans.max { $0.count < $1.count }
      return .init(
        threshold: threshold, lower: share(risk.lower), upper: share(risk.upper),
        characters: boundaries.map { characters(in: spans, $0) },
        limits: limits(of: [risk.lower], logThreshold, block: block).map { Interval($0) },
        spans: spans.count, longestSpan: longest?.count ?? 0, longestSpanStart: longest?.start)
    }
  }

  private func expected(_ risk: WorkSums.Bounds, of tokens: Int) -> [WorkCoverage.Expected] {
    draws.map { draws in
      .init(
        draws: draws, lower: risk.lower.expectedTokens(draws: draws) / Double(tokens),
        upper: risk.upper.expectedTokens(draws: draws) / Double(tokens))
    }
  }

  private func characters(in spans: [WorkSpan], _ boundaries: [Int]) -> Double {
    let all = (boundaries.last ?? 0) - (boundaries.first ?? 0)
    let covered = spans.reduce(0) { $0 + boundaries[$1.end] - boundaries[$1.start] }
    return all > 0 ? Double(covered) / Double(all) : 0
  }

  /// Limits of the share of some texts' tokens in windows of at least some probability, by blocks of the texts.
  ///
  /// A block is at least twice as long as the longest span: a passage that is known goes on, and what is within one
  /// block depends on each other.
  func limits(of risks: [WorkRisk], _ logThreshold: Double, block: Int) -> ClosedRange<Double>? {
    guard let resampling else { return nil }
    let longest = risks.flatMap { $0.spans(logThreshold: logThreshold).map(\.count) }.max() ?? 0
    var bootstrap = BlockBootstrap(block: max(block, 2 * longest))
    bootstrap.replicates = resampling.replicates
    bootstrap.seed = resampling.seed
    return bootstrap.meanInterval(
      of: risks.map { risk in risk.logRisk.map { $0 >= logThreshold ? 1 : 0 } }, level: resampling.level)
  }
}
