import GSLNumerics
import HeavyTails

/// Records drawn from a known process: the truth against which estimates are tested.
///
/// Two mechanisms give the same law of N and different token probabilities (TheModel §4).
public struct RecordSimulator: Sendable {
  /// How single records come to have the family's law.
  public enum Mechanism: String, Sendable, CaseIterable {
    /// Each record has one token probability of its own, drawn from the family's mixing law.
    case heterogeneity
    /// All records share the family's hazards, position by position.
    case durationDependence = "duration-dependence"
  }

  /// The law of N.
  public let law: any FittableFamily
  /// How records come to have it.
  public let mechanism: Mechanism
  /// Tokens a record.
  public let length: Int
  /// The seed; record i uses stream i.
  public let seed: UInt64

  /// A simulator.
  ///
  /// - Parameters:
  ///   - law: The law of the match length.
  ///   - mechanism: nil for heterogeneity where the family is a mixture of geometric laws, otherwise duration
  ///     dependence.
  ///   - length: Tokens a record.
  ///   - seed: The seed.
  /// - Throws: `ArgumentError`.
  public init(
    law: any FittableFamily, mechanism: Mechanism? = nil, length: Int, seed: UInt64
  ) throws(ArgumentError) {
    try ArgumentError.check(length, "length", in: 1...Record.longestReference)
    let isMixture = law is any RecordMixture
    let chosen = mechanism ?? (isMixture ? .heterogeneity : .durationDependence)
    guard chosen == .durationDependence || isMixture else {
      throw ArgumentError(
        name: "mechanism", value: "heterogeneity",
        allowed: "duration-dependence for \(type(of: law).familyName), which is no mixture of geometric laws")
    }
    self.law = law
    self.mechanism = chosen
    self.length = length
    self.seed = seed
    commonTokens = chosen == .durationDependence ? (0..<length).map { law.logConditionalSurvival($0) } : []
  }

  private let commonTokens: [Double]

  /// Record i = 0, 1, …, always the same for the same seed.
  public func record(_ index: Int) -> Record {
    var record = Record(unchecked: "simulated-\(index)", tokenLogProbabilities: commonTokens)
    if mechanism == .heterogeneity, let mixture = law as? any RecordMixture {
      var generator = SeededGenerator(seed: seed, stream: UInt64(index))
      let value = mixture.sampleLogProbability(using: &generator)
      record.tokenLogProbabilities = Array(repeating: value, count: length)
    }
    record.source = "skewmem simulate"
    record.run = type(of: law).familyName
    return record
  }
}
