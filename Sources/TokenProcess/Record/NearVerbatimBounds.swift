/// Proved bounds of the probability that a continuation is within a distance of a record's reference, as a search that
/// asked the model found them (``NearVerbatimSearch``).
public struct NearVerbatimBounds: Sendable, Equatable {
  /// A continuation within the distance.
  public struct Found: Sendable, Equatable {
    /// Its tokens.
    public var tokenIDs: [Int]
    /// ln of its probability.
    public var logProbability: Double

    /// A continuation with ln of its probability.
    public init(tokenIDs: [Int], logProbability: Double) {
      self.tokenIDs = tokenIDs
      self.logProbability = logProbability
    }
  }

  /// An estimate where the bounds stay apart (``ConditionalMonteCarlo``).
  public struct Estimate: Sendable, Equatable {
    /// The estimated probability.
    public var probability: Double
    /// Its lower 95 % limit, which holds at any number of draws.
    public var lower: Double
    /// Its upper 95 % limit.
    public var upper: Double
    /// Draws.
    public var draws: Int

    /// An estimate with its limits.
    public init(probability: Double, lower: Double, upper: Double, draws: Int) {
      self.probability = probability
      self.lower = lower
      self.upper = upper
      self.draws = draws
    }
  }

  /// What is compared.
  public var distance: TokenDistance
  /// How tokens are drawn.
  public var decoding: Decoding
  /// e, the largest distance that counts.
  public var limit: Int
  /// n, the tokens that are compared.
  public var length: Int
  /// ln of the lower bound.
  public var logLower: Double
  /// ln of the upper bound.
  public var logUpper: Double
  /// Requests that it took.
  public var requests: Int
  /// The most probable continuations found.
  public var found: [Found]
  /// An estimate; nil where none was made.
  public var estimate: Estimate?

  /// Bounds.
  public init(
    distance: TokenDistance, limit: Int, length: Int, logLower: Double, logUpper: Double, requests: Int,
    found: [Found] = [], decoding: Decoding = .plain, estimate: Estimate? = nil
  ) {
    self.decoding = decoding
    self.estimate = estimate
    self.distance = distance
    self.limit = limit
    self.length = length
    self.logLower = logLower
    self.logUpper = logUpper
    self.requests = requests
    self.found = found
  }
}
