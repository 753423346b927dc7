import RealModule

/// Exposure of a record among reference records that the model was not trained on (Carlini et al., The Secret Sharer,
/// 2019): how many bits of search the model saves whoever looks for it.
public struct Exposure: Sendable {
  /// The references' losses, ascending.
  private let references: [Double]
  /// The law of the references' losses; nil where it cannot be fitted.
  public let law: SkewNormal?

  /// Prepares references.
  ///
  /// - Parameter referenceLosses: Mean negative log-probabilities; infinite ones count in ranks, but not in the fitted
  ///   law.
  /// - Returns: nil without references, or with a NaN among them.
  public init?(referenceLosses: [Double]) {
    guard !referenceLosses.isEmpty, !referenceLosses.contains(where: \.isNaN) else { return nil }
    references = referenceLosses.sorted()
    law = SkewNormal(penalizedLikelihood: references.filter(\.isFinite))
  }

  /// log2 |R| - log2 rank, where rank is 1 + the number of references with a lower loss: from log2 |R| for a record
  /// below all references down to log2(|R| / (|R| + 1)).
  ///
  /// - Complexity: O(log |R|).
  public func byRank(loss: Double) -> Double {
    var low = 0
    var high = references.count
    while low < high {
      let middle = (low + high) / 2
      if references[middle] < loss { low = middle + 1 } else { high = middle }
    }
    return .log2(Double(references.count)) - .log2(Double(low + 1))
  }

  /// -log2 P(X <= loss) with the skew-normal law fitted to the references: beyond log2 |R| an extrapolation. nil
  /// without a law.
  public func extrapolated(loss: Double) -> Double? {
    law.map { -$0.logCumulative(loss) / 0.693147180559945309417 }
  }
}
