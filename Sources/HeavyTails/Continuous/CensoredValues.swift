import GSLNumerics
import RealModule

/// Real values, exact or known only as lower bounds: the data of the continuous families.
public struct CensoredValues: Sendable, Equatable {
  /// The exactly known values, ascending.
  public let exact: [Double]
  /// The lower bounds: the true value is at least this. Ascending.
  public let censored: [Double]

  /// Values in any order.
  ///
  /// - Throws: `DistributionError.value` unless all are finite and above 0.
  public init(exact: [Double], censored: [Double] = []) throws(DistributionError) {
    for value in exact + censored where !(value.isFinite && value > 0) { throw .value(value) }
    self.exact = exact.sorted()
    self.censored = censored.sorted()
  }

  /// The number of values.
  public var count: Int { exact.count + censored.count }

  /// Those at or above a minimum.
  func restricted(from minimum: Double) -> CensoredValues {
    CensoredValues(sorted: exact.filter { $0 >= minimum }, censored.filter { $0 >= minimum })
  }

  private init(sorted exact: [Double], _ censored: [Double]) {
    self.exact = exact
    self.censored = censored
  }

  /// Mean and standard deviation of a function of the values, censored ones counted as they stand.
  func meanAndDeviation(_ function: (Double) -> Double) -> (mean: Double, deviation: Double) {
    let values = (exact + censored).map(function)
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, square.squareRoot())
  }
}
