import RealModule

/// How much fewer or more samples are expected to cover, from how many samples covered each item: words of a work by
/// generated texts.
///
/// Reference: Colwell et al., *Models and estimators linking individual-based and sample-based rarefaction,
/// extrapolation and comparison of assemblages*, Journal of Plant Ecology 5 (2012), equations 17 and 18; Chao,
/// Biometrics 43 (1987).
public struct Rarefaction: Sendable, Equatable {
  /// The samples, T.
  public let samples: Int
  /// The items that can be covered.
  public let items: Int
  /// Items by the number of samples that cover them.
  public let frequencies: [Int: Int]

  /// - Parameters:
  ///   - samples: T, at least 1.
  ///   - items: All items, covered or not.
  ///   - frequencies: How many items 1, 2, … samples cover.
  /// - Precondition: No more items are covered than there are, by no more samples than there are.
  public init(samples: Int, items: Int, frequencies: [Int: Int]) {
    precondition(samples >= 1 && frequencies.keys.allSatisfy { (1...samples).contains($0) }, "\(samples) samples")
    precondition(frequencies.values.reduce(0, +) <= items, "\(items) items")
    (self.samples, self.items, self.frequencies) = (samples, items, frequencies)
  }

  /// Items that some sample covers.
  public var covered: Int { frequencies.values.reduce(0, +) }

  /// Chao's lower bound of the items that no sample covers but another one would, at most what there is left.
  public var unseen: Double {
    let (once, twice) = (Double(frequencies[1] ?? 0), Double(frequencies[2] ?? 0))
    let share = Double(samples - 1) / Double(samples)
    let bound = twice > 0 ? share * once * once / (2 * twice) : share * once * (once - 1) / 2
    return min(bound, Double(items - covered))
  }

  /// The items that so many samples are expected to cover. Up to T it is unbiased; beyond, an extrapolation that is
  /// reliable to about twice T.
  ///
  /// - Complexity: O(different frequencies · samples asked for), for fewer than T.
  public func expected(samples t: Int) -> Double {
    precondition(t >= 0, "\(t) samples")
    guard t < samples else {
      let (once, left) = (Double(frequencies[1] ?? 0), unseen)
      guard left > 0, once > 0 else { return Double(covered) }
      let missing = once / (Double(samples) * left + once)
      return Double(covered) - left * .expMinusOne(Double(t - samples) * .log(onePlus: -missing))
    }
    // An item of c samples is missed by t of T with probability C(T - c, t)/C(T, t).
    return frequencies.sorted { $0.key < $1.key }.reduce(0) { sum, item in
      var missed = 1.0
      for i in 0..<t { missed *= max(0, Double(samples - item.key - i)) / Double(samples - i) }
      return sum + Double(item.value) * (1 - missed)
    }
  }
}
