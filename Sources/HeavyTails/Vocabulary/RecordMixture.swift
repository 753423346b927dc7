/// A law that arises when every record has one token probability p of its own and p varies between records.
///
/// Match lengths alone cannot tell this reading from one in which all records share the same hazards
/// (TheModel §4); a simulation can draw either.
public protocol RecordMixture: DiscreteDistribution {
  /// ln p of a random record, constant over its tokens.
  func sampleLogProbability(using generator: inout some RandomNumberGenerator) -> Double
}
