import GSLNumerics
import Inference
import RealModule

/// Whether a heavy tail of N comes from unobserved heterogeneity (records differ in one token probability) or from
/// duration dependence (tokens become more probable the further a match has gone).
///
/// Match lengths alone cannot tell: both give the same law of N, the beta-geometric (TheModel §4). The
/// token probabilities can.
public struct Heterogeneity: Sendable, Equatable {
  /// What the data say.
  public enum Verdict: String, Sendable, Codable {
    /// Differences between records explain more than the position does.
    case unobservedHeterogeneity = "unobserved-heterogeneity"
    /// The position explains more, and tokens become more probable along the reference.
    case durationDependence = "duration-dependence"
    /// Both explain something, and neither clearly more.
    case both
    /// Neither is distinguishable from chance.
    case neither
  }

  /// The effects of records and positions.
  public let effects: TokenVarianceEffects
  /// 95 % limits of the record's effect.
  public let record: ClosedRange<Double>
  /// Of the position's.
  public let position: ClosedRange<Double>
  /// Of the difference of the two, record less position.
  public let difference: ClosedRange<Double>
  /// Of the slope of ln p on ln(position).
  public let trend: ClosedRange<Double>
  /// What they say together.
  public let verdict: Verdict

  /// From the sums over all tokens and over groups of the records.
  ///
  /// The limits are those of the delete-a-group jackknife, with Student's law of as many degrees of freedom as there
  /// are groups less one.
  ///
  /// - Returns: nil where the effects are undefined for all or without a group, or for fewer than five groups.
  init?(groups: [TokenVarianceAccumulator]) {
    let used = groups.filter { $0.length > 0 || $0.impossibleTokens > 0 }
    guard used.count >= 5 else { return nil }
    func merged(without left: Int?) -> TokenVarianceEffects? {
      var sum = TokenVarianceAccumulator()
      for (index, group) in used.enumerated() where index != left { sum.merge(group) }
      return sum.effects
    }
    guard let effects = merged(without: nil) else { return nil }
    let without = used.indices.compactMap { merged(without: $0) }
    guard without.count == used.count else { return nil }
    let count = Double(used.count)
    let width = studentQuantile(0.975, degreesOfFreedom: count - 1)
    func limits(_ value: (TokenVarianceEffects) -> Double) -> ClosedRange<Double>? {
      let half = width * jackknifeVariance(without.map(value)).squareRoot()
      // Deviations too large to be squared say nothing.
      guard half.isFinite else { return nil }
      return (value(effects) - half)...(value(effects) + half)
    }
    guard let record = limits(\.record), let position = limits(\.position), let trend = limits(\.trend),
      let difference = limits({ $0.record - $0.position })
    else { return nil }
    self.effects = effects
    (self.record, self.position, self.difference, self.trend) = (record, position, difference, trend)
    let locksOn = position.lowerBound > 0 && trend.lowerBound > 0
    if difference.lowerBound > 0, record.lowerBound > 0 {
      verdict = .unobservedHeterogeneity
    } else if difference.upperBound < 0, locksOn {
      verdict = .durationDependence
    } else if record.lowerBound > 0, locksOn {
      verdict = .both
    } else if record.lowerBound > 0 {
      verdict = .unobservedHeterogeneity
    } else {
      verdict = locksOn ? .durationDependence : .neither
    }
  }
}

/// ``TokenVarianceAccumulator`` of all records, in groups that are dealt in turn, for ``Heterogeneity``.
public struct HeterogeneityAccumulator: Sendable, Codable {
  private static let groupCount = 20
  /// Longer references would make the groups' sums large.
  private static let longestReference = 4096

  private var groups: [TokenVarianceAccumulator] = []
  private var records = 0
  private var isTooLong = false

  /// The accumulator of no records.
  public init() {}

  /// Adds one record's tokens.
  public mutating func add(_ law: MatchLengthLaw) { add(law.laws) }

  /// Adds the tokens of some records.
  package mutating func add(_ laws: MatchLengthLaws) {
    if laws.length > Self.longestReference { collapse() }
    for record in 0..<laws.count {
      let group = isTooLong ? 0 : records % Self.groupCount
      if groups.count <= group { groups.append(TokenVarianceAccumulator()) }
      groups[group].add(laws, record)
      records += 1
    }
  }

  /// Adds the records of another accumulator, group by group.
  public mutating func merge(_ other: HeterogeneityAccumulator) {
    if other.isTooLong { collapse() }
    for (index, group) in other.groups.enumerated() {
      // Dealing goes on where it was.
      let place = isTooLong ? 0 : (records + index) % Self.groupCount
      while groups.count <= place { groups.append(TokenVarianceAccumulator()) }
      groups[place].merge(group)
    }
    records += other.records
  }

  /// One group instead of many.
  private mutating func collapse() {
    guard !isTooLong else { return }
    groups = groups.isEmpty ? [] : [total]
    isTooLong = true
  }

  /// The sums over all records.
  public var total: TokenVarianceAccumulator {
    var total = TokenVarianceAccumulator()
    for group in groups { total.merge(group) }
    return total
  }

  /// What the tokens say; nil with references of more than 4,096 tokens, tokens of probability 0 or few records.
  public var heterogeneity: Heterogeneity? { Heterogeneity(groups: groups) }

  /// Whether the sums could be those of so many records.
  package func agrees(records: Int, longest: Int) -> Bool {
    self.records == records && groups.count <= (isTooLong ? 1 : Self.groupCount)
      && groups.allSatisfy { $0.length <= longest && $0.isConsistent(records: records) }
  }
}
