/// How much of one work stands in windows that a model repeats.
///
/// Tokens of a work count from 0. A share is of all tokens of the work; tokens that no window covers are in the
/// denominator, and counted as `unknown_tokens`. Where a decoding scheme leaves bounds, `lower` and `upper` are both
/// proved; they are equal where the capture suffices.
public struct WorkCoverage: Codable, Sendable, Equatable {
  /// Its name.
  public var document: String
  /// Whether it is a control.
  public var isControl: Bool
  /// Its tokens, as far as they are known.
  public var tokens: Int
  /// Its characters (Unicode scalars); null where offsets are not known.
  @OrNull public var characters: Int?
  /// Windows of it.
  public var windows: Int
  /// Long passes of it.
  public var longPasses: Int
  /// The fewest and the most tokens of context; null where they are not known.
  @OrNull public var context: [Int]?
  /// Whether what is copied from the context is left out of the numbers: the tokens of all contexts are known.
  public var knowsCopies: Bool
  /// The results for each length.
  public var lengths: [Length]
  /// Coverage by windows of which near-copies come out; null where none were searched for.
  @OrNull public var near: [NearCoverage]?

  enum CodingKeys: String, CodingKey {
    case document, tokens, characters, windows, context, lengths, near
    case isControl = "is_control"
    case longPasses = "long_passes"
    case knowsCopies = "knows_copies"
  }

  /// The results for one work and one length.
  public struct Length: Codable, Sendable, Equatable {
    /// The tokens n that a window must repeat.
    public var n: Int
    /// Tokens that no window of n tokens covers: nothing is known of them.
    public var unknownTokens: Int
    /// ln of the largest probability of a window, copies left out; null where there is none, or it is 0.
    @OrNull public var logProbability: Double?
    /// Coverage at each threshold, copies left out.
    public var coverage: [Threshold]
    /// Coverage with copies; null where nothing is copied.
    @OrNull public var coverageWithCopies: [Threshold]?
    /// What is expected to come out, for each number of draws, copies left out.
    public var expected: [Expected]
    /// The same with copies; null where nothing is copied.
    @OrNull public var expectedWithCopies: [Expected]?
    /// The risk along the work, copies left out: [first token, token after the last, ln m], where that is above ln
    /// 1e-12 in runs of one value.
    public var risk: [[Double]]

    enum CodingKeys: String, CodingKey {
      case n, coverage, expected, risk
      case unknownTokens = "unknown_tokens"
      case logProbability = "log_probability"
      case coverageWithCopies = "coverage_with_copies"
      case expectedWithCopies = "expected_with_copies"
    }
  }

  /// The share of a work in windows of at least some probability.
  public struct Threshold: Codable, Sendable, Equatable {
    /// τ.
    public var threshold: Double
    /// The share of tokens with m(t) >= τ: proved lower bound.
    public var lower: Double
    /// Proved upper bound.
    public var upper: Double
    /// The share of characters; null where offsets are not known.
    @OrNull public var characters: Double?
    /// Limits of the share for the text as a sample of its author's, by blocks of the text; null where there are fewer
    /// than ten blocks.
    @OrNull public var limits: Interval?
    /// The number of spans: runs of such tokens.
    public var spans: Int
    /// The tokens of the longest span.
    public var longestSpan: Int
    /// Where it begins; null where there is none.
    @OrNull public var longestSpanStart: Int?

    enum CodingKeys: String, CodingKey {
      case threshold, lower, upper, characters, limits, spans
      case longestSpan = "longest_span"
      case longestSpanStart = "longest_span_start"
    }
  }

  /// What comes out when continuations are drawn from every window.
  public struct Expected: Codable, Sendable, Equatable {
    /// Draws from each window.
    public var draws: Double
    /// The expected share of the work's tokens in matches of at least n tokens: proved lower bound.
    public var lower: Double
    /// Proved upper bound.
    public var upper: Double
  }
}

/// Coverage of several works together at one length.
public struct WorksTotal: Codable, Sendable, Equatable {
  /// The length.
  public var n: Int
  /// Tokens of all works.
  public var tokens: Int
  /// Tokens that no window covers.
  public var unknownTokens: Int
  /// Coverage of all tokens together, with limits.
  public var coverage: [Threshold]

  enum CodingKeys: String, CodingKey {
    case n, tokens, coverage
    case unknownTokens = "unknown_tokens"
  }

  /// Coverage of several works together.
  public struct Threshold: Codable, Sendable, Equatable {
    /// τ.
    public var threshold: Double
    /// The share of all tokens with m(t) >= τ: proved lower bound.
    public var lower: Double
    /// Proved upper bound.
    public var upper: Double
    /// Limits of the share; null where there are too few works and blocks.
    @OrNull public var limits: Interval?
    /// What was resampled: `works`, of ten or more, or `blocks` of each work.
    @OrNull public var resampled: String?
    /// The largest share of a control; null without controls.
    @OrNull public var controls: Double?
  }
}
