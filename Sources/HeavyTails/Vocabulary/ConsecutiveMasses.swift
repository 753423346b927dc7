/// ln P(N = n) at n = 0, 1, … and its derivatives: what a likelihood takes of a law where the data leave out few
/// lengths.
public struct ConsecutiveMasses: Sendable {
  /// ln P(N = n), by n.
  public var logMasses: [Double]
  /// The derivatives, by parameter and then by n; empty where only values were asked for.
  public var slopes: [[Double]]

  /// Masses with no derivatives, or with those by each parameter.
  public init(logMasses: [Double], slopes: [[Double]]) {
    self.logMasses = logMasses
    self.slopes = slopes
  }
}
