import GSLNumerics
import RealModule

// A parameter's range mapped to the whole line: the scale on which an estimate is nearly normal and no interval leaves
// the range.
extension ParameterDescription {
  /// The end of the range that an interval reaches: 0 where the smallest value only keeps logarithms finite.
  var lowerLimit: Double { minimum > 0 && minimum < 1e-15 ? 0 : minimum }

  /// ln(x - minimum) where the range is open above, logit where it has two ends, x itself where it has none.
  func unbounded(_ x: Double) -> Double {
    switch (minimum.isFinite, maximum.isFinite) {
    case (true, true): logit((x - minimum) / (maximum - minimum))
    case (true, false): .log(x - minimum)
    case (false, true): -.log(maximum - x)
    case (false, false): x
    }
  }

  /// The inverse of ``unbounded(_:)``.
  func bounded(_ z: Double) -> Double {
    switch (minimum.isFinite, maximum.isFinite) {
    case (true, true): minimum + (maximum - minimum) * logistic(z)
    case (true, false): minimum + .exp(z)
    case (false, true): maximum - .exp(-z)
    case (false, false): z
    }
  }

  /// The derivative of ``unbounded(_:)``.
  func unboundedSlope(_ x: Double) -> Double {
    switch (minimum.isFinite, maximum.isFinite) {
    case (true, true): 1 / (x - minimum) + 1 / (maximum - x)
    case (true, false): 1 / (x - minimum)
    case (false, true): 1 / (maximum - x)
    case (false, false): 1
    }
  }
}

/// The standard normal deviate that bounds a symmetric interval of this level.
///
/// - Throws: `DistributionError.level` unless 0 < level < 1.
func normalDeviate(ofLevel level: Double) throws -> Double {
  guard level > 0, level < 1 else { throw DistributionError.level(level) }
  // The upper tail, so that a level of 1 - 1e-17 would not round to a probability of 1.
  return -(try normalQuantile(0.5 * (1 - level)))
}
