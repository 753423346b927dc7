import Inference

/// Whether activations tell which records are memorized: the JSON of `skewmem probe --format json`, schema
/// `skewmem.probe/1`.
public struct ProbeReport: Codable, Sendable, Equatable {
  /// `skewmem.probe/1`.
  public var schema = "skewmem.probe/1"
  /// The capture.
  public var file: String
  /// The file of activations.
  public var activations: String
  /// Records that can have the outcome.
  public var records: Int
  /// Records that have it.
  public var memorized: Int
  /// `greedy` (greedy decoding gives the whole reference) or `probability` (S(n) >= threshold).
  public var outcome: String
  /// n; null for the whole reference.
  @OrNull public var length: Int?
  /// The threshold of S(n); null for greedy decoding.
  @OrNull public var threshold: Double?
  /// Folds of the cross-validation.
  public var folds: Int
  /// Orders of the labels behind the p-values.
  public var permutations = 0
  /// What a probe has to beat: the same procedure with numbers that need no look inside.
  public var baselines: [Baseline] = []
  /// Each layer.
  public var layers: [Layer] = []
  /// What to know before using the numbers.
  public var warnings: [Warning] = []

  /// A baseline.
  public struct Baseline: Codable, Sendable, Equatable {
    /// `length`, `mean loss`, `first token` or `all three`.
    public var name: String
    /// The area under the curve.
    public var auc: Double
    /// Its 95 % limits (DeLong).
    public var interval: Interval

    init(_ name: String, _ result: LinearProbe.Result) {
      (self.name, auc) = (name, result.discrimination.areaUnderCurve)
      interval = Interval(result.discrimination.interval)
    }
  }

  /// One layer.
  public struct Layer: Codable, Sendable, Equatable {
    /// The tensor's name.
    public var name: String
    /// The number of its features.
    public var features: Int
    /// The area under the curve, over records that each model has not seen.
    public var auc: Double
    /// Its 95 % limits (DeLong).
    public var interval: Interval
    /// The share of label orders with an area as large; null without permutations.
    @OrNull public var p: Double?
    /// The same, adjusted for the number of layers: the share of label orders whose largest area over all layers is as
    /// large (Westfall and Young, *Resampling-Based Multiple Testing*, 1993).
    @OrNull public var adjusted: Double?
    /// The area less that of the best baseline; null where there is none.
    @OrNull public var difference: Difference?
    /// The penalty that was chosen for each fold.
    public var penalties: [Double]
    /// Whether every search converged.
    public var isConverged: Bool
    /// The features with the largest weights.
    public var named: [Feature]
    /// What `score.py --ablate` sets to a mean: the named features, and as many random ones.
    public var ablation: [FeatureSet]

    enum CodingKeys: String, CodingKey {
      case name, features, auc, interval, p, difference, penalties, named, ablation
      case adjusted = "p_adjusted"
      case isConverged = "is_converged"
    }

    init(
      name: String, features: Int, _ result: LinearProbe.Result, difference: Difference?, named: [Feature],
      ablation: [FeatureSet]
    ) {
      (self.name, self.features, self.named, self.ablation) = (name, features, named, ablation)
      auc = result.discrimination.areaUnderCurve
      interval = Interval(result.discrimination.interval)
      p = result.pValue
      self.difference = difference
      penalties = result.penalties
      isConverged = result.isConverged
    }
  }

  /// A difference of areas under the curve, of the same records.
  public struct Difference: Codable, Sendable, Equatable {
    /// The baseline that is taken away.
    public var baseline: String
    /// The difference.
    public var value: Double
    /// Its 95 % limits (DeLong, paired).
    public var interval: Interval
    /// P of one as far from 0 or farther; null without variance.
    @OrNull public var p: Double?

    /// The baseline in words.
    package var baselineText: String {
      baseline == "all three" ? "length, mean loss and first token together" : baseline
    }

    init(baseline: String, _ difference: DiscriminationDifference) {
      (self.baseline, value, p) = (baseline, difference.value, difference.pValue)
      interval = Interval(difference.interval)
    }
  }

  /// One feature.
  public struct Feature: Codable, Sendable, Equatable {
    /// Its place in the layer, from 0.
    public var index: Int
    /// The mean coefficient over folds, of the standardized feature: a change of the logarithm of the odds.
    public var weight: Double
    /// The standard deviation over folds.
    public var deviation: Double
    /// Folds in which it has the sign of the mean.
    public var sameSign: Int
    /// Folds in which it is among the named ones.
    public var amongTop: Int

    enum CodingKeys: String, CodingKey {
      case index, weight, deviation
      case sameSign = "same_sign"
      case amongTop = "among_top"
    }
  }

  /// Features to be set to their means over the records that are not memorized.
  public struct FeatureSet: Codable, Sendable, Equatable {
    /// `named`, `random-1`, ….
    public var name: String
    /// Their places in the layer.
    public var features: [Int]
    /// Their means.
    public var means: [Double]
  }

  /// The layer with the largest area under the curve.
  package var best: Layer? { layers.max { $0.auc < $1.auc } }

  init(
    file: String, activations: String, records: Int, memorized: Int, outcome: MemorizedOutcome, folds: Int
  ) {
    (self.file, self.activations, self.records, self.memorized) = (file, activations, records, memorized)
    self.folds = folds
    (self.outcome, length, threshold) = outcome.fields
  }
}

extension ProbeReport: WarnedReport {}
