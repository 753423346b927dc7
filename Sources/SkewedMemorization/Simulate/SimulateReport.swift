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
  /// `heterogeneity` or `duration-dependence`.
  public let mechanism: String
  /// Records drawn.
  public let records: Int
  /// Tokens a record.
  public let length: Int
  /// The seed.
  public let seed: UInt64
  /// Where the capture is.
  public let output: String

  /// The summary of a simulation.
  public init(simulator: RecordSimulator, records: Int, output: String) {
    let descriptions = type(of: simulator.law).parameterDescriptions
    family = type(of: simulator.law).familyName
    parameters = Dictionary(
      uniqueKeysWithValues: zip(descriptions.map(\.name), simulator.law.parameters).map { ($0, $1) })
    mechanism = simulator.mechanism.rawValue
    self.records = records
    length = simulator.length
    seed = simulator.seed
    self.output = output
  }
}
