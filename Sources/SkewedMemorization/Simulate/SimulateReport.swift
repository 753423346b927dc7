import HeavyTails
import TokenProcess

/// What `skewmem simulate` drew, schema `skewmem.simulate/1`.
public struct SimulateReport: Codable, Sendable, Equatable {
  /// `skewmem.simulate/1`.
  public var schema = "skewmem.simulate/1"
  /// The family.
  public let family: String
  /// Its parameters.
  public let parameters: [String: Double]
  /// `heterogeneity` or `duration-dependence`; null for counts.
  @OrNull public var mechanism: String?
  /// Records, or counts, drawn.
  public let records: Int
  /// Tokens a record, or the length at which counts are censored; null for counts without one.
  @OrNull public var length: Int?
  /// n_min, on which counts are conditional; 0 for records.
  public let nMin: Int
  /// The seed.
  public let seed: UInt64
  /// Where the capture or the counts are.
  public let output: String

  enum CodingKeys: String, CodingKey {
    case schema, family, parameters, mechanism, records, length, seed, output
    case nMin = "n_min"
  }

  /// The summary of a simulated capture.
  public init(simulator: RecordSimulator, records: Int, output: String) {
    self.init(
      law: simulator.law, mechanism: simulator.mechanism.rawValue, records: records, length: simulator.length, nMin: 0,
      seed: simulator.seed, output: output)
  }

  /// The summary of simulated counts.
  public init(simulation: CountsSimulation, draws: Int, output: String) {
    self.init(
      law: simulation.law, mechanism: nil, records: draws, length: simulation.length,
      nMin: simulation.window.minimum, seed: simulation.seed, output: output)
  }

  private init(
    law: any FittableFamily, mechanism: String?, records: Int, length: Int?, nMin: Int, seed: UInt64, output: String
  ) {
    family = type(of: law).familyName
    parameters = Dictionary(
      uniqueKeysWithValues: zip(type(of: law).parameterDescriptions.map(\.name), law.parameters).map { ($0, $1) })
    self.records = records
    self.nMin = nMin
    self.seed = seed
    self.output = output
    _mechanism = OrNull(wrappedValue: mechanism)
    _length = OrNull(wrappedValue: length)
  }
}
