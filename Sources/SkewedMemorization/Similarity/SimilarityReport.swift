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
    /// E[min(N, L)].
    public var expected: Double
    /// The greedy match; null where unknown.
    @OrNull public var greedy: Int?

    enum CodingKeys: String, CodingKey {
      case id, nearest, expected, greedy
      case inputSimilarity = "input_similarity"
      case fullSimilarity = "full_similarity"
      case inputDimension = "input_dimension"
    }
  }
}

extension SimilarityReport: WarnedReport {}
