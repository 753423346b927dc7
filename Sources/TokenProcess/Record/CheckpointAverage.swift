import RealModule

/// The law of a record under a weighted average of checkpoints' next-token distributions (temporal ensembling; Dong et
/// al., arXiv 2106.01606).
///
/// p̄_j = Σ_k w_k p_j^(k) at each reference token j, given the tokens before it. It is the exact law of a sampler that
/// averages the checkpoints' distributions at every token.
public enum CheckpointAverage {
  /// The weights of an exponential moving average that begins at the first checkpoint: β^(K-1), then (1 - β) β^(K-k).
  ///
  /// - Precondition: count >= 1, 0 <= decay < 1.
  public static func weights(count: Int, decay: Double) -> [Double] {
    precondition(count >= 1 && decay >= 0 && decay < 1, "\(count) checkpoints, decay \(decay)")
    return (1...count).map { k in
      k == 1 ? .pow(decay, count - 1) : (1 - decay) * .pow(decay, count - k)
    }
  }

  /// ln p̄_j for each token.
  ///
  /// - Parameters:
  ///   - logProbabilities: ln p_j by each checkpoint, from the first to the last; as many tokens in each.
  ///   - weights: A weight of each, not negative, with the sum 1.
  /// - Complexity: O(tokens · checkpoints).
  public static func logProbabilities(_ logProbabilities: [[Double]], weights: [Double]) -> [Double] {
    precondition(!logProbabilities.isEmpty && weights.count == logProbabilities.count, "\(weights.count) weights")
    precondition(logProbabilities.allSatisfy { $0.count == logProbabilities[0].count }, "tokens of other records")
    return logProbabilities[0].indices.map { token in
      let largest = zip(logProbabilities, weights).filter { $0.1 > 0 }.map { $0.0[token] }.max() ?? -.infinity
      guard largest > -.infinity else { return -.infinity }
      let sum = zip(logProbabilities, weights).reduce(0) { $0 + $1.1 * .exp($1.0[token] - largest) }
      // Weights add up to 1 within rounding.
      return min(0, largest + .log(sum))
    }
  }
}
