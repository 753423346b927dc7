import GSLNumerics
import RealModule
import TokenProcess

/// The answers of `skewmem plan`, schema `skewmem.plan/1`.
public struct PlanReport: Codable, Sendable, Equatable {
  /// `skewmem.plan/1`.
  public var schema = "skewmem.plan/1"
  /// M, records in the data set.
  public let records: Int
  /// The accepted probability of missing every risky record.
  public let miss: Double
  /// k, risky records in the data set; null when not asked.
  @OrNull public var risky: Int?
  /// The smallest sample that misses all k with probability at most `miss`.
  @OrNull public var sampleSize: Int?
  /// z, records in the audit; null when not asked.
  @OrNull public var sample: Int?
  /// The smallest number of risky records that an audit of z misses entirely with probability at most `miss`.
  @OrNull public var detectable: Int?
  /// The probability that an audit of z misses all of k, where both are given.
  @OrNull public var missProbability: Double?
  /// x, risky records seen in the audit; null when not asked.
  @OrNull public var observed: Int?
  /// The confidence level of the limits.
  public let level: Double
  /// The smallest number of risky records in the data set that x of z seen is compatible with.
  @OrNull public var riskyLower: Int?
  /// The largest.
  @OrNull public var riskyUpper: Int?

  enum CodingKeys: String, CodingKey {
    case schema, records, miss, risky, sample, detectable, observed, level
    case sampleSize = "sample_size"
    case missProbability = "miss_probability"
    case riskyLower = "risky_lower"
    case riskyUpper = "risky_upper"
  }

  /// Answers what the given numbers allow.
  ///
  /// - Throws: `ArgumentError` for a number out of range.
  public init(
    records: Int, risky: Int? = nil, sample: Int? = nil, observed: Int? = nil, miss: Double = 0.05, level: Double = 0.95
  ) throws(ArgumentError) {
    let plan = try AuditSample(records: records)
    try ArgumentError.check(share: level, "level")
    try ArgumentError.check(share: miss, "miss")
    guard risky != nil || sample != nil else {
      throw ArgumentError(name: "risky", value: "not set", allowed: "a number, or the sample, or both")
    }
    if observed != nil, sample == nil {
      throw ArgumentError(name: "sample", value: "not set", allowed: "a number where what it saw is given")
    }
    self.records = records
    self.miss = miss
    self.level = level
    self.risky = risky
    self.sample = sample
    self.observed = observed
    if let risky { sampleSize = try plan.size(risky: risky, miss: miss) }
    if let sample { detectable = try plan.detectable(sample: sample, miss: miss) }
    if let risky, let sample {
      missProbability = .exp(try plan.logMissProbability(risky: risky, sample: sample))
    }
    if let observed, let sample {
      let limits = try plan.riskyInterval(observed: observed, sample: sample, level: level)
      riskyLower = limits.lowerBound
      riskyUpper = limits.upperBound
    }
  }
}
