/// What would make the tail shorter, and at what price: the JSON of `skewmem mitigate --format json`, schema
/// `skewmem.mitigate/1`.
public struct MitigateReport: Codable, Sendable, Equatable {
  /// `skewmem.mitigate/1`.
  public var schema = "skewmem.mitigate/1"
  /// Where the records are from.
  public var file: String
  /// n: the risk is the expected number of records repeated for n tokens in q draws each.
  public var length: Int
  /// q.
  public var draws: Double
  /// What the risk is to stay below; null where nothing was asked.
  @OrNull public var budget: Double?
  /// As things are.
  public var current: Option
  /// What could be done.
  public var options: [Option]
  /// Of each kind the option that gives up the least and meets the budget; empty without a budget.
  public var cheapest: [Option]
  /// What to know before using the numbers.
  public var warnings: [Warning]

  /// Something that could be done.
  public struct Option: Codable, Sendable, Equatable {
    /// `none`, `remove`, `cut`, `decode` or `checkpoint`.
    public var kind: String
    /// What it is, in words.
    public var label: String
    /// The expected number of records repeated for n tokens in q draws each; for predictions and bounds their middle.
    public var risk: Double
    /// Proved bounds of it where the capture does not give it exactly; null where it does.
    @OrNull public var riskBounds: Interval?
    /// The expected longest match, of at most n tokens, over all records and draws.
    public var longest: Double
    /// Records given up.
    public var recordsRemoved: Int
    /// The longest output left, in tokens; null for no bound.
    @OrNull public var outputTokens: Int?
    /// The mean loss of the records beyond the current one (for a decoding scheme, under it); null where it is infinite
    /// or only known within bounds.
    @OrNull public var lossIncrease: Double?
    /// Whether the risk, or its upper bound, is below the budget; null without one.
    @OrNull public var meetsBudget: Bool?

    enum CodingKeys: String, CodingKey {
      case kind, label, risk, longest
      case riskBounds = "risk_bounds"
      case recordsRemoved = "records_removed"
      case outputTokens = "output_tokens"
      case lossIncrease = "loss_increase"
      case meetsBudget = "meets_budget"
    }
  }
}

extension MitigateReport: WarnedReport {}
