/// References after several prefixes: the JSON of `skewmem prefixes --format json`, schema `skewmem.prefixes/1`.
public struct PrefixesReport: Codable, Sendable, Equatable {
  /// `skewmem.prefixes/1`.
  public var schema = "skewmem.prefixes/1"
  /// The capture.
  public var file: String
  /// n of S(n).
  public var n: Int
  /// The probability from which a prefix suffices.
  public var threshold: Double
  /// The confidence level of limits.
  public var level: Double
  /// References of n tokens or more.
  public var records: Int
  /// Those with more than one prefix.
  public var severalPrefixes: Int
  /// References that some prefix brings out with the threshold's probability.
  public var reachedByAny: Int
  /// References expected when so many draws are made from each of their prefixes.
  public var expectedByAny: [AnyOf]
  /// The prefixes, by their number of tokens.
  public var curve: [Point]
  /// The references with the largest S(n) after any prefix.
  public var riskiest: [Record]
  /// What to know before using the numbers.
  public var warnings: [Warning] = []

  enum CodingKeys: String, CodingKey {
    case schema, file, n, threshold, level, records, curve, riskiest, warnings
    case severalPrefixes = "several_prefixes"
    case reachedByAny = "reached_by_any"
    case expectedByAny = "expected_by_any"
  }

  /// One prefix of all references that have it.
  public struct Point: Codable, Sendable, Equatable {
    /// Its name.
    public var prefixID: String
    /// The mean of its tokens; null where they are not known.
    @OrNull public var tokens: Double?
    /// References that have it.
    public var records: Int
    /// The mean of S(n).
    public var mean: Double
    /// Its limits (BCa bootstrap over references).
    @OrNull public var interval: Interval?
    /// References that it brings out with the threshold's probability.
    public var reached: Int

    enum CodingKeys: String, CodingKey {
      case tokens, records, mean, interval, reached
      case prefixID = "prefix_id"
    }
  }

  /// At least one of so many draws from each prefix.
  public struct AnyOf: Codable, Sendable, Equatable {
    /// The draws from each.
    public var draws: Int
    /// The probability, or over references their expected number.
    public var probability: Double
  }

  /// One reference.
  public struct Record: Codable, Sendable, Equatable {
    /// Its name.
    public var id: String
    /// Its prefixes.
    public var prefixes: Int
    /// ln of the largest S(n).
    @OrNull public var logMaximum: Double?
    /// The prefix that has it.
    public var best: String
    /// The mean of S(n) over prefixes.
    public var mean: Double
    /// Prefixes that suffice.
    public var sufficient: Int
    /// The tokens of the shortest that does; null where none does.
    @OrNull public var shortestSufficient: Int?
    /// The probability that draws from each prefix bring the reference out.
    public var anyOf: [AnyOf]

    enum CodingKeys: String, CodingKey {
      case id, prefixes, best, mean, sufficient
      case logMaximum = "log_maximum"
      case shortestSufficient = "shortest_sufficient"
      case anyOf = "any_of"
    }
  }
}

extension PrefixesReport: WarnedReport {}
