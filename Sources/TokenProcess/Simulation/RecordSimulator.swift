import GSLNumerics
import HeavyTails

/// Records drawn from a known process: the truth against which estimates are tested.
///
/// A family has two readings (design MODEL §4), which give the same law of N and different token probabilities.
public struct RecordSimulator: Sendable {
  /// What a family's law is taken to say about single records.
  public enum Reading: String, Sendable, CaseIterable {
    /// Each record has one token probability of its own, drawn from the family's mixing law.
    case records
    /// All records share the family's hazards, position by position.
    case positions
  }

  /// The law of N.
  public let law: any FittableFamily
  /// The reading of it.
  public let reading: Reading
  /// Tokens a record.
  public let length: Int
  /// The seed; record i uses stream i.
  public let seed: UInt64

  /// A simulator.
  ///
  /// - Parameters:
  ///   - law: The law of the match length.
  ///   - reading: nil for `records` where the family is a mixture of geometric laws, otherwise `positions`.
  ///   - length: Tokens a record.
  ///   - seed: The seed.
  /// - Throws: `ArgumentError`.
  public init(
    law: any FittableFamily, reading: Reading? = nil, length: Int, seed: UInt64
  ) throws(ArgumentError) {
    try ArgumentError.check(length, "length", in: 1...Record.longestReference)
    let isMixture = law is any RecordMixture
    let chosen = reading ?? (isMixture ? .records : .positions)
    guard chosen == .positions || isMixture else {
      throw ArgumentError(
        name: "reading", value: "records",
        allowed: "positions for \(type(of: law).familyName), which is no mixture of geometric laws")
    }
    self.law = law
    self.reading = chosen
    self.length = length
    self.seed = seed
    commonTokens = chosen == .positions ? (0..<length).map { law.logContinuation($0) } : []
  }

  private let commonTokens: [Double]

  /// Record i = 0, 1, …, always the same for the same seed.
  public func record(_ index: Int) -> Record {
    var record = Record(unchecked: "simulated-\(index)", tokenLogProbabilities: commonTokens)
    if reading == .records, let mixture = law as? any RecordMixture {
      var generator = SeededGenerator(seed: seed, stream: UInt64(index))
      let value = mixture.sampleLogProbability(using: &generator)
      record.tokenLogProbabilities = Array(repeating: value, count: length)
    }
    record.source = "skewmem simulate"
    record.run = type(of: law).familyName
    return record
  }
}
