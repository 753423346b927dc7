import GSLNumerics
import RealModule

// Maps between a parameter and an unbounded coordinate, with the derivative of the parameter by the coordinate.

/// ln(p / (1 - p)), the inverse of `logistic`.
func logit(_ p: Double) -> Double {
  .log(p) - .log(onePlus: -p)
}

/// d logistic(x) / dx = p (1 - p), formed from x so that it keeps its digits where p rounds to 1.
func logisticDerivative(_ x: Double) -> Double {
  logistic(x) * logistic(-x)
}
