/// Data sets and checkpoints against each other: the JSON of `skewmem compare --format json`, schema
/// `skewmem.compare/1`.
public struct CompareReport: Codable, Sendable, Equatable {
  /// `skewmem.compare/1`.
  public var schema = "skewmem.compare/1"
  /// The data sets, in the order given.
  public var dataSets: [Profile]
  /// Data sets of one run by epoch, where more than one epoch is there.
  public var trajectories: [Trajectory]
  /// When records are learned and forgotten, by run and split with several epochs.
  public var learning: [Learning] = []
  /// How far held-out records stay behind, by run with several epochs of both.
  public var gaps: [Gap] = []
  /// Each pair of data sets that was compared.
  public var comparisons: [Pair]
  /// The confidence level of all limits.
  public var level: Double
  /// What to know before using the numbers.
  public var warnings: [Warning]

  enum CodingKeys: String, CodingKey {
    case schema, trajectories, learning, gaps, comparisons, level, warnings
    case dataSets = "data_sets"
  }

  /// One data set.
  public struct Profile: Codable, Sendable, Equatable {
    /// Its file.
    public var name: String
    /// The training run; null where records do not say or differ.
    @OrNull public var run: String?
    /// The split, likewise.
    @OrNull public var split: String?
    /// The epoch, likewise.
    @OrNull public var epoch: Double?
    /// Records.
    public var records: Int
    /// The mean training loss that the records state; null where they do not.
    @OrNull public var trainLoss: Double?
    /// The mean of -ln p over all tokens; null with a token of probability 0.
    @OrNull public var meanLoss: Double?
    /// The mean of E[min(N, L)].
    public var expected: Double
    /// Lengths matched by greedy decoding; null where records do not say.
    @OrNull public var greedy: GreedyLengths?
    /// The expected longest match of one draw from every record.
    public var expectedMaximum: Double
    /// The longest reference.
    public var maxLength: Int
    /// The exponent b of the tail n^-b of a beta-geometric law fitted to the law of N; null where there is no such fit.
    @OrNull public var tailExponent: Double?
    /// S̄(n) and what averages hide, at several n.
    public var lengths: [Length]

    enum CodingKeys: String, CodingKey {
      case name, run, split, epoch, records, expected, greedy, lengths
      case trainLoss = "train_loss"
      case meanLoss = "mean_loss"
      case expectedMaximum = "expected_maximum"
      case maxLength = "max_length"
      case tailExponent = "tail_exponent"
    }
  }

  /// Lengths matched by greedy decoding, cut at L.
  public struct GreedyLengths: Codable, Sendable, Equatable {
    /// The mean.
    public var mean: Double
    /// The median.
    public var median: Double
    /// The smallest length that nine of ten records do not exceed.
    public var quantile90: Double
    /// The largest.
    public var maximum: Int

    enum CodingKeys: String, CodingKey {
      case mean, median, maximum
      case quantile90 = "quantile_90"
    }
  }

  /// A data set at one length.
  public struct Length: Codable, Sendable, Equatable {
    /// n.
    public var n: Int
    /// S̄(n), the product-limit mean over records.
    @OrNull public var survival: Double?
    /// ln S̄(n) less the mean of ln S_i(n): what an average of logarithms hides. Null where a record cannot reach n.
    @OrNull public var penalty: Double?
  }

  /// A run over its epochs.
  public struct Trajectory: Codable, Sendable, Equatable {
    /// The run.
    public var run: String
    /// The split.
    @OrNull public var split: String?
    /// The epochs, rising.
    public var epochs: [Double]
    /// Where the longest greedy match first exceeds a length.
    public var crossings: [Crossing]
    /// The loss at the last epoch: the training loss, or the records' own.
    @OrNull public var finalLoss: Double?

    enum CodingKeys: String, CodingKey {
      case run, split, epochs, crossings
      case finalLoss = "final_loss"
    }
  }

  /// Where the longest greedy match first exceeds a length.
  public struct Crossing: Codable, Sendable, Equatable {
    /// The length.
    public var length: Int
    /// The first captured epoch beyond it; null where none is.
    @OrNull public var epoch: Double?
    /// The loss there.
    @OrNull public var loss: Double?
  }

  /// Two data sets, b against a: differences are b less a.
  public struct Pair: Codable, Sendable, Equatable {
    /// The first.
    public var a: String
    /// The second.
    public var b: String
    /// Records of the same name and length in both; 0 where the comparison is of two samples.
    public var paired: Int
    /// The tests.
    public var tests: [Test]
    /// Differences of the probability of repeating n tokens.
    public var tails: [TailDifference]
    /// Coverage of works that both have windows of; empty where there are none.
    public var works: [WorkDifference]
    /// What is left of the records in b; null where no record is in both.
    @OrNull public var forgetting: Forgetting?
  }

  /// How much of one work stands in windows that are repeated with at least some probability, in two data sets.
  public struct WorkDifference: Codable, Sendable, Equatable {
    /// The work.
    public var document: String
    /// The tokens that a window must repeat.
    public var n: Int
    /// The probability τ.
    public var threshold: Double
    /// What is counted: `tokens`, or `characters` where the tokens are different ones.
    public var unit: String
    /// The share in a, what is copied from the context left out.
    public var a: Double
    /// The share in b.
    public var b: Double
    /// b less a.
    public var difference: Double
    /// Its limits, by blocks of the text; null where there are fewer than ten.
    @OrNull public var interval: Interval?
    /// What is covered in both, of what is covered in either (Jaccard); null where nothing is.
    @OrNull public var jaccard: Double?
  }

  /// One test.
  public struct Test: Codable, Sendable, Equatable {
    /// `expected_match` (E[min(N, L)] of each record) or `greedy_match`.
    public var measure: String
    /// `signed-rank`, `sign`, `mann-whitney`, `kolmogorov-smirnov` or `anderson-darling`.
    public var test: String
    /// W+, the number of positive differences, U of b, D or A².
    public var statistic: Double
    /// The two-sided p-value.
    public var p: Double
    /// Whether it was counted rather than approximated.
    public var exact: Bool
    /// Adjusted for all tests of the report, after Holm.
    public var holm: Double
    /// After Benjamini and Hochberg.
    public var benjaminiHochberg: Double
    /// `rank-biserial` or `cliffs-delta`; null for tests without an effect size.
    @OrNull public var effect: String?
    /// Its value, -1 to 1, positive where b is larger.
    @OrNull public var effectSize: Double?
    /// Its limits.
    @OrNull public var effectInterval: Interval?

    enum CodingKeys: String, CodingKey {
      case measure, test, statistic, p, exact, holm, effect
      case benjaminiHochberg = "benjamini_hochberg"
      case effectSize = "effect_size"
      case effectInterval = "effect_interval"
    }
  }

  /// The difference of the mean of S_i(n) over records with at least n tokens.
  public struct TailDifference: Codable, Sendable, Equatable {
    /// n.
    public var n: Int
    /// b less a.
    public var difference: Double
    /// Its limits (BCa bootstrap over records, over pairs where they are paired); null for fewer than ten records.
    @OrNull public var interval: Interval?
  }
}

extension CompareReport: WarnedReport {}
