/// What the training set alone allows, beside what the model does: the JSON of `skewmem limits --format json`, schema
/// `skewmem.limits/1`.
public struct LimitsReport: Codable, Sendable, Equatable {
  /// `skewmem.limits/1`.
  public var schema = "skewmem.limits/1"
  /// Where the records are from.
  public var file: String
  /// Tokens of all sequences, prefixes included.
  public var tokens: Int
  /// c, of the limits with the last c tokens.
  public var contexts: [Int]
  /// The records, in the order of the file.
  public var records: [RecordLimits]
  /// Means over the records.
  public var means: Means
  /// How often greedy decoding lies between the two operators' matches, and beyond them; null where records do not say
  /// what it does.
  @OrNull public var bracket: Bracket?
  /// The model's next tokens beside the training set's; null where no record says.
  @OrNull public var agreement: Agreement?
  /// What to know before using the numbers.
  public var warnings: [Warning]

  /// Expected match lengths min(N, L).
  public struct RecordLimits: Codable, Sendable, Equatable {
    /// The record's name.
    public var id: String
    /// L.
    public var length: Int
    /// Under the most frequent next token, M_t.
    public var termGreedy: Double
    /// Drawing next tokens as often as they follow the history.
    public var termExpected: Double
    /// Under the most frequent whole reference, M_b.
    public var sequenceGreedy: Double
    /// Drawing one of the references behind the prefix.
    public var sequenceExpected: Double
    /// M_t with only the last c tokens, in the order of `contexts`.
    public var contextGreedy: [Double]
    /// Drawing with only the last c tokens.
    public var contextExpected: [Double]
    /// The model's greedy match; null where unknown.
    @OrNull public var greedy: Int?
    /// The model's E[min(N, L)].
    public var expected: Double
    /// Reference positions at which the model's first choice is the training set's; null where unknown.
    @OrNull public var argmaxAgreement: Double?
    /// Bounds of the mean total variation distance between model and training set over positions; null where unknown.
    @OrNull public var totalVariation: Interval?

    enum CodingKeys: String, CodingKey {
      case id, length, greedy, expected
      case termGreedy = "term_greedy"
      case termExpected = "term_expected"
      case sequenceGreedy = "sequence_greedy"
      case sequenceExpected = "sequence_expected"
      case contextGreedy = "context_greedy"
      case contextExpected = "context_expected"
      case argmaxAgreement = "argmax_agreement"
      case totalVariation = "total_variation"
    }
  }

  /// Means over records.
  public struct Means: Codable, Sendable, Equatable {
    /// L.
    public var length: Double
    /// M_t.
    public var termGreedy: Double
    /// Drawn next tokens.
    public var termExpected: Double
    /// M_b.
    public var sequenceGreedy: Double
    /// Drawn references.
    public var sequenceExpected: Double
    /// M_t with the last c tokens.
    public var contextGreedy: [Double]
    /// Drawn, with the last c tokens.
    public var contextExpected: [Double]
    /// The model's greedy match, over the records that say; null without.
    @OrNull public var greedy: Double?
    /// The model's E[min(N, L)].
    public var expected: Double

    enum CodingKeys: String, CodingKey {
      case length, greedy, expected
      case termGreedy = "term_greedy"
      case termExpected = "term_expected"
      case sequenceGreedy = "sequence_greedy"
      case sequenceExpected = "sequence_expected"
      case contextGreedy = "context_greedy"
      case contextExpected = "context_expected"
    }
  }

  /// Records by where the model's greedy match lies beside the matches of M_t and M_b.
  public struct Bracket: Codable, Sendable, Equatable {
    /// Records that say.
    public var records: Int
    /// Shorter than under both operators.
    public var below: Int
    /// Between them.
    public var inside: Int
    /// Longer than under both: the model prefers the record to others that are as frequent.
    public var above: Int
  }

  /// Over all reference positions of the records that say.
  public struct Agreement: Codable, Sendable, Equatable {
    /// Positions.
    public var positions: Int
    /// The share, of those where it is known, at which the model's first choice is a most frequent next token of the
    /// training set (Theorem 2.6); null where it is nowhere known.
    @OrNull public var argmax: Double?
    /// Bounds of the mean total variation distance.
    public var totalVariation: Interval

    enum CodingKeys: String, CodingKey {
      case positions, argmax
      case totalVariation = "total_variation"
    }
  }
}

extension LimitsReport: WarnedReport {}
