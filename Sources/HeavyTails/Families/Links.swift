import RealModule

// Maps between a parameter and an unbounded coordinate, with the derivative of the parameter by the coordinate.

/// 1 / (1 + e^-x), for a parameter in (0, 1).
func logistic(_ x: Double) -> Double {
  x >= 0 ? 1 / (1 + .exp(-x)) : .exp(x) / (1 + .exp(x))
}

/// ln(p / (1 - p)), the inverse of ``logistic(_:)``.
func logit(_ p: Double) -> Double {
  .log(p) - .log(onePlus: -p)
}

/// d logistic(x) / dx = p (1 - p), formed from x so that it keeps its digits where p rounds to 1.
func logisticDerivative(_ x: Double) -> Double {
  logistic(x) * logistic(-x)
}
