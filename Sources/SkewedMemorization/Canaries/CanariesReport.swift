/// What canaries say about a training: the JSON of `skewmem canaries audit --format json`, schema
/// `skewmem.canaries/1`.
public struct CanariesReport: Codable, Sendable, Equatable {
  /// `skewmem.canaries/1`.
  public var schema = "skewmem.canaries/1"
  /// The capture of the canaries by the trained model.
  public var file: String
  /// The capture by the model before training; null without one.
  @OrNull public var referenceFile: String?
  /// The commitment that was published before training.
  public var commitment: String
  /// Canaries.
  public var canaries: Int
  /// Those that the coins put into the training data.
  public var included: Int
  /// The confidence level of bounds.
  public var level: Double
  /// δ of the second bound.
  public var delta: Double
  /// ε is at least this for δ = 0, the best of `guesses`.
  public var epsilon = 0.0
  /// ε is at least this for δ.
  public var epsilonWithDelta = 0.0
  /// The probability that an included canary scores higher than one that is not.
  @OrNull public var areaUnderCurve: Double?
  /// Its limits.
  @OrNull public var areaInterval: Interval?
  /// The guesses, by their number.
  public var guesses: [Guesses] = []
  /// The canaries by what they consist of.
  public var kinds: [Kind] = []
  /// The included canaries whose secrets come out most likely.
  public var riskiest: [Canary] = []
  /// What to know before using the numbers.
  public var warnings: [Warning] = []

  enum CodingKeys: String, CodingKey {
    case schema, file, commitment, canaries, included, level, delta, epsilon, guesses, kinds, riskiest, warnings
    case referenceFile = "reference_file"
    case epsilonWithDelta = "epsilon_with_delta"
    case areaUnderCurve = "auc"
    case areaInterval = "auc_interval"
  }

  init(
    file: String, referenceFile: String?, commitment: String, canaries: Int, included: Int, level: Double,
    delta: Double
  ) {
    self.file = file
    self.referenceFile = referenceFile
    self.commitment = commitment
    (self.canaries, self.included, self.level, self.delta) = (canaries, included, level, delta)
  }

  /// So many guesses.
  public struct Guesses: Codable, Sendable, Equatable {
    /// Canaries that are guessed to be included or not, half and half.
    public var guesses: Int
    /// Right guesses.
    public var right: Int
    /// The lower limit of ε for δ = 0.
    public var epsilon: Double
    /// For δ.
    public var epsilonWithDelta: Double

    enum CodingKeys: String, CodingKey {
      case guesses, right, epsilon
      case epsilonWithDelta = "epsilon_with_delta"
    }
  }

  /// Canaries of one kind.
  public struct Kind: Codable, Sendable, Equatable {
    /// `digits`, `hex`, `letters` or `words`.
    public var kind: String
    /// Included ones.
    public var included: Int
    /// The others, which exposure compares with.
    public var excluded: Int
    /// The bits of a secret.
    public var bits: Double
    /// The mean exposure of included ones in bits; null without others.
    @OrNull public var meanExposure: Double?
    /// The largest.
    @OrNull public var largestExposure: Double?
    /// Secrets that one draw of each included canary is expected to bring out.
    public var expectedExtracted: Double
    /// ln of the largest probability of a secret that was not included.
    @OrNull public var largestExcluded: Double?

    enum CodingKeys: String, CodingKey {
      case kind, included, excluded, bits
      case meanExposure = "mean_exposure"
      case largestExposure = "largest_exposure"
      case expectedExtracted = "expected_extracted"
      case largestExcluded = "largest_excluded"
    }
  }

  /// One included canary.
  public struct Canary: Codable, Sendable, Equatable {
    /// Its name.
    public var id: String
    /// What it consists of.
    public var kind: String
    /// ln of the probability that one draw after its prefix is its secret.
    @OrNull public var logProbability: Double?
    /// Its exposure in bits; null without canaries that were not included.
    @OrNull public var exposure: Double?

    enum CodingKeys: String, CodingKey {
      case id, kind, exposure
      case logProbability = "log_probability"
    }
  }
}

extension CanariesReport: WarnedReport {}
