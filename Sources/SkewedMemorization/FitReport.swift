/// Families fitted to lengths: the JSON of `skewmem fit --format json`, schema `skewmem.fit/1`.
public struct FitReport: Codable, Sendable, Equatable {
  /// `skewmem.fit/1`.
  public var schema = "skewmem.fit/1"
  /// Where the lengths are from.
  public var file: String
  /// Total weight: the number of observations.
  public var observations: Double
  /// Weight known only as a lower bound.
  public var censored: Double
  /// The family with the smallest AIC among fits to the same data; null without any.
  @OrNull public var best: String?
  /// The fits, by increasing AIC.
  public var fits: [FamilyFit]
  /// Tests between the best family and the others.
  public var comparisons: [Comparison]
  /// The bootstrap test of the best family; null when not asked.
  @OrNull public var goodnessOfFit: Goodness?
  /// What to know before using the numbers.
  public var warnings: [String]

  enum CodingKeys: String, CodingKey {
    case schema, file, observations, censored, best, fits, comparisons, warnings
    case goodnessOfFit = "goodness_of_fit"
  }

  /// A test between two families.
  public struct Comparison: Codable, Sendable, Equatable {
    /// The first family.
    public var first: String
    /// The second family.
    public var second: String
    /// `vuong` or `likelihood-ratio`.
    public var test: String
    /// The statistic.
    public var statistic: Double
    /// The p-value.
    public var pValue: Double

    enum CodingKeys: String, CodingKey {
      case first, second, test, statistic
      case pValue = "p_value"
    }
  }

  /// A bootstrap test of fit.
  public struct Goodness: Codable, Sendable, Equatable {
    /// The family.
    public var family: String
    /// The Kolmogorov–Smirnov distance.
    public var statistic: Double
    /// The p-value: small when the family is wrong.
    public var pValue: Double
    /// 95 % limits of its Monte Carlo error.
    public var interval: [Double]
    /// Replicates.
    public var replicates: Int
    /// The seed.
    public var seed: UInt64

    enum CodingKeys: String, CodingKey {
      case family, statistic, interval, replicates, seed
      case pValue = "p_value"
    }
  }
}
