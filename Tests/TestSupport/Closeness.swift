import Testing

/// Records an issue unless `value` is within `relative` of `expected`, or within `absolute` where that is larger.
///
/// Equal infinities are close; a NaN is close to nothing.
public func expectClose(
  _ value: Double, _ expected: Double, relative: Double = 1e-12, absolute: Double = 0,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  if value == expected { return }
  let error = (value - expected).magnitude
  let isClose = expected.isFinite && error <= max(relative * expected.magnitude, absolute)
  #expect(
    isClose, "\(comment()): \(value) against \(expected), relative error \(error / expected.magnitude)",
    sourceLocation: sourceLocation)
}

/// The tolerance for a logarithm of a probability: relative where it is large, absolute where it is near 0.
public func expectCloseLog(
  _ value: Double, _ expected: Double, relative: Double = 1e-12, _ comment: @autoclosure () -> String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    value, expected, relative: relative, absolute: 0.1 * relative, comment(), sourceLocation: sourceLocation)
}
