import TokenProcess

/// How much of each of some works a model repeats, and which passages: the JSON of `skewmem works --format json`,
/// schema `skewmem.works/1`.
public struct WorksReport: Codable, Sendable, Equatable, WarnedReport {
  /// `skewmem.works/1`.
  public var schema = "skewmem.works/1"
  /// The files, in the order read.
  public var files: [String]
  /// Files of texts that the model cannot have seen.
  public var controlFiles: [String]
  /// How tokens are drawn.
  public var decoding: Decoding
  /// Tokens of context that a window of a long pass has at least.
  public var context: Int
  /// A token is copied from its context where it is in a run of so many tokens that stands there before.
  public var copiedTokens: Int
  /// The confidence level of limits.
  public var level: Double
  /// The works, in the order of the files.
  public var works: [WorkCoverage]
  /// All works together, controls apart; a number for each length.
  public var total: [WorksTotal]
  /// The riskiest passages of works that are no controls, by decreasing risk at the first length.
  public var passages: [Passage]
  /// What a reader should know before using the numbers.
  public var warnings: [Warning]

  enum CodingKeys: String, CodingKey {
    case schema, files, decoding, context, level, works, total, passages, warnings
    case controlFiles = "control_files"
    case copiedTokens = "copied_tokens"
  }

  /// A span.
  public struct Passage: Codable, Sendable, Equatable {
    /// The work.
    public var document: String
    /// The length n.
    public var n: Int
    /// The threshold that all of its tokens reach.
    public var threshold: Double
    /// Its first token.
    public var start: Int
    /// The token after its last.
    public var end: Int
    /// Its first character and the one after its last; null where offsets are not known.
    @OrNull public var characters: [Int]?
    /// ln of the largest probability of a window that reaches into it.
    public var logProbability: Double
    /// Its text; null where it is not known.
    @OrNull public var text: String?

    enum CodingKeys: String, CodingKey {
      case document, n, threshold, start, end, characters, text
      case logProbability = "log_probability"
    }
  }

  /// Where the texts are drawn from; not in the JSON.
  var maps: [WorkMap] = []

  /// A work's text and where its tokens are in it.
  struct WorkMap: Sendable, Equatable {
    var boundaries: [Int]?
    var scalars: [UInt32]?
  }
}
