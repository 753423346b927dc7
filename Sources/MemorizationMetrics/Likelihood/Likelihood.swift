import GSLNumerics
import RealModule

/// Scores of a text from the log-probabilities of its tokens, natural logarithms. All but the loss and the perplexity
/// are higher for likelier members of the training set.
public enum Likelihood {
  /// The mean negative log-probability a token, -(1/L) Σ ln p_j (the loss attack of Yeom et al., 2018); infinite with a
  /// token of probability 0.
  ///
  /// - Precondition: there is a token.
  public static func loss(_ logProbabilities: [Double]) -> Double { -mean(logProbabilities) }

  /// exp of the loss.
  public static func perplexity(_ logProbabilities: [Double]) -> Double { .exp(loss(logProbabilities)) }

  /// The mean log-probability over the number of bytes that zlib makes of the text's UTF-8 (Carlini et al., 2021).
  ///
  /// - Precondition: compressedLength >= 1.
  public static func zlibRatio(_ logProbabilities: [Double], compressedLength: Int) -> Double {
    precondition(compressedLength >= 1, "a compressed length of \(compressedLength)")
    return mean(logProbabilities) / Double(compressedLength)
  }

  /// Min-K %: the mean of the ⌊k L⌋ lowest token log-probabilities, of the lowest where that is none (Shi et al., arXiv
  /// 2310.16789).
  ///
  /// - Parameters:
  ///   - logProbabilities: ln p of the tokens; at least one.
  ///   - share: k, 0 < k <= 1.
  /// - Complexity: O(L log L).
  public static func minK(_ logProbabilities: [Double], share: Double = 0.2) -> Double {
    precondition(share > 0 && share <= 1, "a share of \(share)")
    let lowest = max(1, Int(share * Double(logProbabilities.count)))
    return mean(Array(logProbabilities.sorted().prefix(lowest)))
  }

  /// Min-K %++: the same of (ln p_j - μ_j) / σ_j, with μ_j and σ_j the mean and standard deviation of ln p over the
  /// vocabulary, weighted by the model's own probabilities (Zhang et al., arXiv 2404.02936).
  ///
  /// Where σ_j is 0 the model is certain of one token: 0 if that is the reference token, which then has more than half
  /// of the probability, -∞ if not.
  ///
  /// - Precondition: as many means and deviations as tokens; no negative deviation.
  public static func minKPlusPlus(
    _ logProbabilities: [Double], means: [Double], deviations: [Double], share: Double = 0.2
  ) -> Double {
    precondition(
      means.count == logProbabilities.count && deviations.count == logProbabilities.count,
      "\(means.count) means and \(deviations.count) deviations of \(logProbabilities.count) tokens")
    let standardized = logProbabilities.indices.map { (index: Int) -> Double in
      guard deviations[index] > 0 else { return logProbabilities[index] > -0.6931 ? 0 : -Double.infinity }
      return (logProbabilities[index] - means[index]) / deviations[index]
    }
    return minK(standardized, share: share)
  }

  /// The mean log-probability a token less that under a reference model that was not trained on the text (a likelihood
  /// ratio; Mireshghallah et al., 2022).
  public static func referenceDifference(_ logProbabilities: [Double], reference: [Double]) -> Double {
    mean(logProbabilities) - mean(reference)
  }

  /// The loss under the reference model over the loss (the ratio of log-perplexities of Carlini et al., 2021). With a
  /// loss of 0 it is infinite, or 1 where the reference model has none either.
  public static func referenceRatio(_ logProbabilities: [Double], reference: [Double]) -> Double {
    ratio(loss(reference), loss(logProbabilities))
  }

  /// ReCaLL: the mean log-probability a token after a prefix that is no member, over that without any prefix (Xie et
  /// al., arXiv 2406.15968, equation 1). The record's own prefix has no part in it. With a loss of 0 it is infinite, or
  /// 1 where the loss after the prefix is 0 too.
  public static func recall(unconditional: [Double], afterNonMember: [Double]) -> Double {
    ratio(loss(afterNonMember), loss(unconditional))
  }

  private static func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? (a == 0 ? 1 : .infinity) : a / b }

  /// Prior-aware memorization: ln P(suffix | its prefix) less ln of the mean of P(suffix | other prefix) over unrelated
  /// prefixes (Tiwari, Trachtenberg, Suh, arXiv 2602.18733). Near 0 for text that comes out after any prefix, large for
  /// text that its own prefix calls up.
  ///
  /// - Parameters:
  ///   - logProbabilities: The suffix's tokens after its own prefix.
  ///   - others: The same tokens after unrelated prefixes, at least one list.
  public static func priorAware(_ logProbabilities: [Double], others: [[Double]]) -> Double {
    precondition(!others.isEmpty, "no other prefix")
    let logs = others.map(sum)
    let prior = logs.reduce(-.infinity) { logAddExp($0, $1) } - .log(Double(logs.count))
    return sum(logProbabilities) - prior
  }

  static func mean(_ values: [Double]) -> Double {
    GSLNumerics.mean(of: values)
  }

  private static func sum(_ values: [Double]) -> Double {
    CompensatedSum(of: values).value
  }
}
