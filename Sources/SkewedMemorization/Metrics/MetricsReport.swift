import GSLNumerics
import Inference
import MemorizationMetrics

/// Metrics beside each other: the JSON of `skewmem metrics --format json`, schema `skewmem.metrics/1`.
public struct MetricsReport: Codable, Sendable, Equatable {
  /// `skewmem.metrics/1`.
  public var schema = "skewmem.metrics/1"
  /// Where the records are from.
  public var file: String
  /// Where the held-out records are from.
  @OrNull public var heldOut: String?
  /// The other files that were read.
  public var inputs = Inputs()
  /// What the metrics were computed with.
  public var settings: Settings
  /// The table, in the order of the file.
  public var records: [RecordMetrics] = []
  /// The membership scores of the held-out records.
  public var heldOutRecords: [RecordMetrics] = []
  /// The table's columns over the records that have a value.
  public var dataset: [String: Summary] = [:]
  /// Metrics of the data set as a whole.
  public var dataSetMetrics: [DataSetMetric] = []
  /// Each metric's ranking of the records beside the tail risk's.
  public var agreement: [Agreement] = []
  /// Each metric's ranking of the records beside every other's.
  public var rankAgreement = RankAgreement()
  /// How well each membership score tells the records from the held-out ones.
  public var discrimination: [Membership] = []
  /// Metrics that no record has what it takes for.
  public var unavailable: [Unavailable] = []
  /// What to know before using the numbers.
  public var warnings: [Warning] = []

  enum CodingKeys: String, CodingKey {
    case schema, file, inputs, settings, records, dataset, agreement, discrimination, unavailable, warnings
    case heldOut = "held_out"
    case heldOutRecords = "held_out_records"
    case dataSetMetrics = "dataset_metrics"
    case rankAgreement = "rank_agreement"
  }

  init(file: String, settings: MetricSettings) {
    self.file = file
    self.settings = Settings(
      length: settings.length, draws: settings.draws, probability: settings.probability, minK: settings.minKShare,
      threshold: settings.similarityThreshold, errors: settings.errors, nGram: settings.nGramOrder,
      tokenizer: settings.tokenizer.rawValue, level: settings.level)
  }

  /// The other files that were read.
  public struct Inputs: Codable, Sendable, Equatable {
    /// Sampled continuations.
    @OrNull public var generations: String?
    /// The capture under a reference model.
    @OrNull public var reference: String?
    /// The capture without any prefix.
    @OrNull public var unconditional: String?
    /// The capture after other prefixes.
    @OrNull public var otherPrefixes: String?
    /// The capture after members.
    @OrNull public var memberPrefixes: String?
    /// The capture of perturbed texts.
    @OrNull public var perturbed: String?
    /// The capture of the texts in lower case.
    @OrNull public var lowercased: String?
    /// The capture of wrong answers.
    @OrNull public var wrongAnswers: String?
    /// Captures at other checkpoints or of other runs.
    public var runs: [String] = []

    enum CodingKeys: String, CodingKey {
      case generations, reference, unconditional, perturbed, lowercased, runs
      case otherPrefixes = "other_prefixes"
      case memberPrefixes = "member_prefixes"
      case wrongAnswers = "wrong_answers"
    }

    /// No other files.
    public init() {}

    init(_ evidence: MetricsAnalysis.Evidence) {
      _generations = OrNull(wrappedValue: evidence.generations?.name)
      _reference = OrNull(wrappedValue: evidence.reference?.name)
      _unconditional = OrNull(wrappedValue: evidence.unconditional?.name)
      _otherPrefixes = OrNull(wrappedValue: evidence.otherPrefixes?.name)
      _memberPrefixes = OrNull(wrappedValue: evidence.memberPrefixes?.name)
      _perturbed = OrNull(wrappedValue: evidence.perturbed?.name)
      _lowercased = OrNull(wrappedValue: evidence.lowercased?.name)
      _wrongAnswers = OrNull(wrappedValue: evidence.wrongAnswers?.name)
      runs = evidence.runs.map(\.name)
    }
  }

  /// What the metrics were computed with; see ``MetricSettings``.
  public struct Settings: Codable, Sendable, Equatable {
    /// n of the tail risk S(n).
    public var length: Int
    /// q.
    public var draws: Double
    /// p.
    public var probability: Double
    /// k of Min-K %.
    public var minK: Double
    /// The threshold of approximate memorization.
    public var threshold: Double
    /// Errors of the recall.
    public var errors: Int
    /// n of the n-gram model.
    public var nGram: Int
    /// `rouge` or `unicode`: what words are.
    public var tokenizer: String
    /// The level of all limits.
    public var level: Double

    enum CodingKeys: String, CodingKey {
      case length, draws, probability, threshold, errors, tokenizer, level
      case minK = "min_k"
      case nGram = "ngram"
    }
  }

  /// A row of the table.
  public struct RecordMetrics: Codable, Sendable, Equatable {
    /// The record's name.
    public let id: String
    private let table: Table
    private let row: Int

    /// The metrics' names and values, which all rows share; nil for a metric that no row has, NaN for none.
    final class Table: Sendable {
      let names: [String]
      let columns: [[Double]?]

      init(names: [String], columns: [[Double]?]) { (self.names, self.columns) = (names, columns) }
    }

    init(id: String, table: Table, row: Int) { (self.id, self.table, self.row) = (id, table, row) }

    private func value(_ column: [Double]?) -> Double? { column.flatMap { $0[row].isNaN ? nil : $0[row] } }

    /// Values by the names of metrics; null where the record lacks what one takes, or for an infinity.
    public var metrics: [String: OrNull<Double>] {
      Dictionary(
        uniqueKeysWithValues: zip(table.names, table.columns).map { ($0, OrNull(wrappedValue: value($1))) })
    }

    /// One of the values; nil where the record lacks what it takes.
    public subscript(metric: String) -> Double? {
      table.names.firstIndex(of: metric).flatMap { value(table.columns[$0]) }
    }

    /// Whether two rows are of the same record and have the same values.
    public static func == (a: RecordMetrics, b: RecordMetrics) -> Bool { a.id == b.id && a.metrics == b.metrics }

    private enum CodingKeys: String, CodingKey { case id, metrics }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      let metrics = try container.decode([String: OrNull<Double>].self, forKey: .metrics).sorted { $0.key < $1.key }
      let table = Table(names: metrics.map(\.key), columns: metrics.map { $0.value.wrappedValue.map { [$0] } })
      self.init(id: try container.decode(String.self, forKey: .id), table: table, row: 0)
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(id, forKey: .id)
      try container.encode(metrics, forKey: .metrics)
    }
  }

  /// A column over records.
  public struct Summary: Codable, Sendable, Equatable {
    /// Records with a value.
    public var records: Int
    /// Their mean.
    @OrNull public var mean: Double?
    /// Their median.
    @OrNull public var median: Double?
    /// The largest value.
    @OrNull public var maximum: Double?

    init(_ values: [Double]) {
      let sorted = values.sorted()
      records = values.count
      mean = values.reduce(0, +) / Double(values.count)
      _median = OrNull(wrappedValue: GSLNumerics.median(ofSorted: sorted))
      maximum = sorted[sorted.count - 1]
    }
  }

  /// A metric of the whole data set.
  public struct DataSetMetric: Codable, Sendable, Equatable {
    /// Its name.
    public var metric: String
    /// Its value; null where it has none.
    @OrNull public var value: Double?
    /// Its limits, where it has them.
    @OrNull public var interval: Interval?

    init(_ metric: String, _ value: Double?, _ interval: Interval? = nil) {
      self.metric = metric
      _value = OrNull(wrappedValue: value)
      _interval = OrNull(wrappedValue: interval)
    }
  }

  /// A metric's ranking beside the tail risk's. Metrics that fall with memorization are turned round, so that agreement
  /// is positive.
  public struct Agreement: Codable, Sendable, Equatable {
    /// The metric.
    public var metric: String
    /// Whether larger values mean more memorization.
    public var risesWithMemorization: Bool
    /// Records that have both.
    public var records: Int
    /// Spearman's ρ; null where one of the two is constant.
    @OrNull public var spearman: Double?
    /// Its limits.
    @OrNull public var spearmanInterval: Interval?
    /// Kendall's τ-b.
    @OrNull public var kendall: Double?
    /// Its limits.
    @OrNull public var kendallInterval: Interval?
    /// Of the records with the largest 1 % of tail risks, those that the metric puts below its median; null where it
    /// puts none there of all records, as half of them share its lowest value.
    @OrNull public var missedTop1Percent: [String]?
    /// The same of 5 %.
    @OrNull public var missedTop5Percent: [String]?

    enum CodingKeys: String, CodingKey {
      case metric, records, spearman, kendall
      case risesWithMemorization = "rises_with_memorization"
      case spearmanInterval = "spearman_interval"
      case kendallInterval = "kendall_interval"
      case missedTop1Percent = "missed_top_1_percent"
      case missedTop5Percent = "missed_top_5_percent"
    }
  }

  /// Spearman's ρ between metrics, turned round where they fall with memorization.
  public struct RankAgreement: Codable, Sendable, Equatable {
    /// The metrics that vary, by falling agreement with the tail risk, which comes first.
    public var metrics: [String] = []
    /// ρ by rows and columns in their order, over records that have both; null where one of the two is constant.
    public var spearman: [[OrNull<Double>]] = []
  }

  /// How well a score tells members from others.
  public struct Membership: Codable, Sendable, Equatable {
    /// The score.
    public var metric: String
    /// The numbers of records compared.
    public var members: Int
    public var others: Int
    /// The area under the ROC curve.
    public var auc: Double
    /// Its lower limit.
    public var lower: Double
    /// Its upper limit.
    public var upper: Double
    /// The true positive rate at most at these false positive rates.
    public var tprAtFPR: [String: Double]
    /// Its Clopper–Pearson limits.
    public var tprInterval: [String: Interval]
    /// The smallest false positive rate at a true positive rate of 0.95 or more.
    public var fprAt95TPR: Double
    /// The corners of the curve: [false positive rate, true positive rate] for falling thresholds.
    public var roc: [[Double]]

    enum CodingKeys: String, CodingKey {
      case metric, members, others, auc, lower, upper, roc
      case tprAtFPR = "tpr_at_fpr"
      case tprInterval = "tpr_interval"
      case fprAt95TPR = "fpr_at_95_tpr"
    }

    init(_ metric: String, _ found: Discrimination) {
      self.metric = metric
      members = found.members
      others = found.others
      auc = found.areaUnderCurve
      lower = found.interval.lowerBound
      upper = found.interval.upperBound
      let rates = [("0.05", 0.05), ("0.01", 0.01), ("0.001", 0.001)].map {
        ($0, found.truePositiveRate(atFalsePositiveRate: $1))
      }
      tprAtFPR = Dictionary(uniqueKeysWithValues: rates.map { ($0, $1.value) })
      tprInterval = Dictionary(uniqueKeysWithValues: rates.map { ($0, Interval($1.interval)) })
      fprAt95TPR = found.falsePositiveRate(atTruePositiveRate: 0.95)
      roc = found.curve.map { [$0.falsePositiveRate, $0.truePositiveRate] }
    }
  }

  /// A metric that cannot be computed.
  public struct Unavailable: Codable, Sendable, Equatable {
    /// The metric.
    public var metric: String
    /// What it needs.
    public var needs: String
  }
}

extension MetricsReport: WarnedReport {}
