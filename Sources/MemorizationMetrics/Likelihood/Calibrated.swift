import RealModule

/// Scores that hold the log-probability of a token against something: its entropy, its frequency, other versions of the
/// text. All are higher for likelier members of the training set.
public enum CalibratedLikelihood {
  /// SURP: the mean of ln p over surprising tokens, those of little entropy whose probability is low all the same
  /// (Zhang, Wu, arXiv 2407.21248): positions with entropy <= `entropy` and ln p below the k-th percentile of the text.
  ///
  /// - Parameters:
  ///   - logProbabilities: ln p of the tokens.
  ///   - entropies: The entropy of the model's law at each of them, in nats; it is minus the mean of ln p.
  ///   - entropy: The largest entropy, in nats.
  ///   - percentile: k as a share; between order statistics it is interpolated linearly.
  /// - Returns: nil where no token is surprising.
  /// - Precondition: As many entropies as tokens, at least one; 0 <= percentile <= 1.
  public static func surp(
    _ logProbabilities: [Double], entropies: [Double], entropy: Double = 2, percentile: Double = 0.4
  ) -> Double? {
    precondition(entropies.count == logProbabilities.count && !entropies.isEmpty, "\(entropies.count) entropies")
    let sorted = logProbabilities.sorted()
    let place = percentile * Double(sorted.count - 1)
    let (low, high) = (sorted[Int(place)], sorted[min(sorted.count - 1, Int(place) + 1)])
    let threshold = low == high ? low : low + (place - place.rounded(.down)) * (high - low)
    let surprising = logProbabilities.indices.filter {
      entropies[$0] <= entropy && logProbabilities[$0] < threshold
    }
    return surprising.isEmpty
      ? nil : surprising.reduce(0) { $0 + logProbabilities[$1] } / Double(surprising.count)
  }

  /// DC-PDD: the mean of min(-p ln f, a) over the first occurrence of each token, with f its frequency in a corpus of
  /// other text (Zhang et al., arXiv 2409.14781, equations 3–6).
  ///
  /// - Parameters:
  ///   - logProbabilities: ln p of the tokens.
  ///   - tokens: The tokens.
  ///   - limit: a.
  ///   - logFrequency: ln f of a token, e.g. of (count + 1)/(N + V).
  /// - Precondition: As many tokens as log-probabilities, at least one.
  public static func dcPDD(
    _ logProbabilities: [Double], tokens: [Int], limit: Double = 0.01, logFrequency: (Int) -> Double
  ) -> Double {
    precondition(tokens.count == logProbabilities.count && !tokens.isEmpty, "\(tokens.count) tokens")
    var seen: Set<Int> = []
    var sum = 0.0
    for (token, value) in zip(tokens, logProbabilities) where seen.insert(token).inserted {
      sum += min(-.exp(value) * logFrequency(token), limit)
    }
    return sum / Double(seen.count)
  }

  /// The polarized distance of PAC: the mean of the largest ⌈k1 L⌉ values of ln p less that of the smallest ⌈k2 L⌉ (Ye
  /// et al., arXiv 2405.11930, equation 3).
  ///
  /// - Precondition: There is a token; shares are above 0 and at most 1.
  public static func polarizedDistance(
    _ logProbabilities: [Double], largest: Double = 0.05, smallest: Double = 0.3
  ) -> Double {
    let sorted = logProbabilities.sorted()
    func mean(_ values: ArraySlice<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
    func count(_ share: Double) -> Int {
      // 0.3 · 10 is 3, not a little more.
      max(1, min(sorted.count, Int((share * Double(sorted.count) - 1e-9).rounded(.up))))
    }
    return mean(sorted.suffix(count(largest))) - mean(sorted.prefix(count(smallest)))
  }

  /// PAC: the polarized distance less its mean over perturbed versions of the text (arXiv 2405.11930, equation 5).
  ///
  /// - Precondition: There is a perturbed version, and each text has a token.
  public static func pac(_ logProbabilities: [Double], perturbed: [[Double]]) -> Double {
    polarizedDistance(logProbabilities) - average(perturbed.map { polarizedDistance($0) })
  }

  /// The neighbourhood attack: the mean loss of perturbed versions of the text less its own (Mattern et al., arXiv
  /// 2305.18462, equation 2).
  ///
  /// - Precondition: As ``pac(_:perturbed:)``.
  public static func neighbourhood(_ logProbabilities: [Double], perturbed: [[Double]]) -> Double {
    average(perturbed.map(Likelihood.loss)) - Likelihood.loss(logProbabilities)
  }

  /// The ratio of log-perplexities of the text in lower case and of the text (Carlini et al., arXiv 2012.07805).
  ///
  /// - Precondition: Both have a token.
  public static func lowercaseRatio(_ logProbabilities: [Double], lowercased: [Double]) -> Double {
    Likelihood.referenceRatio(logProbabilities, reference: lowercased)
  }

  /// Con-ReCaLL: the mean log-probability a token after prefixes that are no members less γ times that after members,
  /// over that without any prefix (Wang et al., arXiv 2409.03363, equation 4).
  ///
  /// - Precondition: Each has a token.
  public static func conReCaLL(
    unconditional: [Double], afterNonMembers: [[Double]], afterMembers: [[Double]], gamma: Double = 1
  ) -> Double {
    let own = Likelihood.loss(unconditional)
    let difference =
      average(afterNonMembers.map(Likelihood.loss)) - gamma * average(afterMembers.map(Likelihood.loss))
    return own == 0 ? (difference == 0 ? 0 : .infinity * (difference < 0 ? -1 : 1)) : difference / own
  }

  /// Unintended memorization in bits: how much shorter the model makes the text than a reference model does, at least 0
  /// (Morris et al., arXiv 2505.24832, section 3: HK(x | reference) - HK(x | model, reference), with code lengths
  /// -log2 p).
  public static func unintendedBits(_ logProbabilities: [Double], reference: [Double]) -> Double {
    max(0, (logProbabilities.reduce(0, +) - reference.reduce(0, +)) / .log(2))
  }

  private static func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
