/// A text whose passages are shaded by a probability: for pages, where a reader chooses what is shown and goes through
/// the text; text and Markdown have tables.
public struct HeatMap: Sendable, Equatable {
  /// A run of tokens with one value.
  public struct Run: Sendable, Equatable {
    /// The index of its first token.
    public let start: Int
    /// The index after its last token.
    public let end: Int
    /// ln of the probability.
    public let logProbability: Double

    /// A run.
    public init(start: Int, end: Int, logProbability: Double) {
      (self.start, self.end, self.logProbability) = (start, end, logProbability)
    }
  }

  /// One of the shadings that a reader chooses from.
  public struct Layer: Sendable, Equatable {
    /// What it is called, e.g. `16 tokens`.
    public let name: String
    /// The runs in their order; tokens in none of them have no value.
    public let runs: [Run]

    /// A shading.
    public init(name: String, runs: [Run]) { (self.name, self.runs) = (name, runs) }
  }

  /// The name of the text.
  public let name: String
  /// The number of tokens.
  public let tokens: Int
  /// The text of each token; nil where the text is not known, and tokens are only counted.
  public let texts: [String]?
  /// The shadings.
  public let layers: [Layer]
  /// The least values that are shaded, for a reader to choose from.
  public let thresholds: [Double]

  /// A text with its shadings.
  ///
  /// - Precondition: `texts` has an element for each token.
  public init(name: String, tokens: Int, texts: [String]?, layers: [Layer], thresholds: [Double]) {
    precondition(texts?.count ?? tokens == tokens, "\(texts?.count ?? 0) texts of \(tokens) tokens")
    (self.name, self.tokens, self.texts, self.layers) = (name, tokens, texts, layers)
    self.thresholds = thresholds
  }
}
