/// How alike records are, and what that has to do with memorization: the JSON of `skewmem similarity --format json`,
/// schema `skewmem.similarity/1`.
public struct SimilarityReport: Codable, Sendable, Equatable {
  /// `skewmem.similarity/1`.
  public var schema = "skewmem.similarity/1"
  /// Where the records are from.
  public var file: String
  /// Where the vectors are from: `capture`, `npy` or `tf-idf`.
  public var vectors: String
  /// k.
  public var neighbors: Int
  /// Mean cosines.
  public var gap: Gap
  /// In how many directions prefixes and whole sequences lie.
  public var dimensions: Dimensions
  /// Rank correlations with memorization.
  public var correlations: [Correlation]
  /// Whether memorization goes with few local dimensions of the data; null where too few records are memorized, or are
  /// not.
  @OrNull public var causes: Causes?
  /// The records, in the order of the file.
  public var records: [RecordSimilarity]
  /// What to know before using the numbers.
  public var warnings: [Warning]

  /// Mean cosines of two different records.
  public struct Gap: Codable, Sendable, Equatable {
    /// Of the prefixes, S_input.
    public var input: Double
    /// Of prefix and reference together, S_full.
    public var full: Double
    /// S_full - S_input: negative where the references behind like prefixes differ.
    public var difference: Double
    /// The difference's limits (delete-a-record jackknife, 95 %).
    @OrNull public var interval: Interval?
  }

  /// Intrinsic dimensions.
  public struct Dimensions: Codable, Sendable, Equatable {
    /// Levina and Bickel's of the prefixes; null where it does not exist.
    @OrNull public var inputLevinaBickel: Double?
    /// TwoNN of the prefixes.
    @OrNull public var inputTwoNearest: Double?
    /// Of the whole sequences.
    @OrNull public var fullLevinaBickel: Double?
    /// TwoNN of the whole sequences.
    @OrNull public var fullTwoNearest: Double?

    enum CodingKeys: String, CodingKey {
      case inputLevinaBickel = "input_levina_bickel"
      case inputTwoNearest = "input_two_nearest"
      case fullLevinaBickel = "full_levina_bickel"
      case fullTwoNearest = "full_two_nearest"
    }
  }

  /// A rank correlation of a measure with E[min(N, L)].
  public struct Correlation: Codable, Sendable, Equatable {
    /// `input_similarity`, `full_similarity`, `similarity_gap` or `input_dimension`.
    public var measure: String
    /// What is taken out of both: nothing, `length`, or `length` and `loss`.
    public var given: [String]
    /// Spearman's coefficient of what is left.
    public var value: Double
    /// Its two-sided permutation p-value.
    public var p: Double
    /// The same, adjusted for all correlations of the report after Benjamini and Hochberg.
    public var benjaminiHochberg: Double
    /// Records.
    public var records: Int

    enum CodingKeys: String, CodingKey {
      case measure, given, value, p, records
      case benjaminiHochberg = "benjamini_hochberg"
    }
  }

  /// Memorized records by the local intrinsic dimension of the data around them (Ross et al., arXiv 2411.00113).
  ///
  /// The dimension is Levina and Bickel's of prefix and reference together; a copy of another record has dimension 0.
  /// Where it is low, anything that learned the data would repeat the record: memorization is driven by the data.
  /// Where it is not, the model itself has fewer directions there than the data have: it overfits.
  public struct Causes: Codable, Sendable, Equatable {
    /// `greedy`, or `probability`: S(n) >= `threshold` at n = `length`.
    public var outcome: String
    /// n; null for the whole reference, and for `greedy`.
    @OrNull public var length: Int?
    /// The threshold of the probability; null for `greedy`.
    @OrNull public var threshold: Double?
    /// The dimension below which a record counts as data-driven: the 5 % quantile of records that are not memorized.
    public var lowDimension: Double
    /// Records that are memorized and have a dimension.
    public var memorized: Int
    /// Of them, those below `low_dimension`. Without any relation it is 5 % of them.
    public var dataDriven: Int
    /// Of them, the others.
    public var overfittingDriven: Int
    /// Records that are not memorized and have a dimension.
    public var others: Int
    /// The share of pairs of a memorized record and another in which the memorized one has the lower dimension.
    public var auc: Double
    /// Its limits (DeLong, 95 %).
    public var interval: Interval

    enum CodingKeys: String, CodingKey {
      case outcome, length, threshold, memorized, others, auc, interval
      case lowDimension = "low_dimension"
      case dataDriven = "data_driven"
      case overfittingDriven = "overfitting_driven"
    }
  }

  /// One record among the others.
  public struct RecordSimilarity: Codable, Sendable, Equatable {
    /// The record's name.
    public var id: String
    /// The mean cosine of the k nearest prefixes.
    public var inputSimilarity: Double
    /// The mean cosine of the k nearest whole sequences.
    public var fullSimilarity: Double
    /// The name of the nearest prefix.
    public var nearest: String
    /// Levina and Bickel's dimension around the prefix; null around copies.
    @OrNull public var inputDimension: Double?
    /// The same around the whole sequence; 0 where it is a copy of another, null where it does not exist.
    @OrNull public var fullDimension: Double?
    /// `data` or `overfitting` for a memorized record, see ``SimilarityReport/Causes``; null for others.
    @OrNull public var drivenBy: String?
    /// E[min(N, L)].
    public var expected: Double
    /// The greedy match; null where unknown.
    @OrNull public var greedy: Int?

    enum CodingKeys: String, CodingKey {
      case id, nearest, expected, greedy
      case inputSimilarity = "input_similarity"
      case fullSimilarity = "full_similarity"
      case inputDimension = "input_dimension"
      case fullDimension = "full_dimension"
      case drivenBy = "driven_by"
    }
  }
}

extension SimilarityReport: WarnedReport {}
