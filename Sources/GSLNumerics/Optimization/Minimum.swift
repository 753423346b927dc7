/// Where a minimizer stopped, and why it may be trusted.
public struct Minimum: Sendable, Equatable {
  /// The point, one value a coordinate.
  public let point: [Double]
  /// The objective at ``point``.
  public let value: Double
  /// The objective's gradient at ``point``; nil for a method that uses none.
  public let gradient: [Double]?
  /// Iterations of the method.
  public let iterations: Int
  /// Whether the method's own criterion was met: the gradient's largest component or the simplex's size below its
  /// tolerance. A line search that can go no lower (GSL's "no progress") does not by itself count.
  public let isConverged: Bool

  package init(point: [Double], value: Double, gradient: [Double]?, iterations: Int, isConverged: Bool) {
    self.point = point
    self.value = value
    self.gradient = gradient
    self.iterations = iterations
    self.isConverged = isConverged
  }
}
