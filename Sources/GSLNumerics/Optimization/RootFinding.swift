@preconcurrency internal import CGSL

/// The root of a continuous function between two points of opposite sign: Brent's method in GSL.
///
/// - Parameters:
///   - interval: Where to look; the function must change sign over it, or be zero at an end.
///   - relativeTolerance: The width at which the bracket is narrow enough, relative to the root.
///   - function: The function.
/// - Throws: `NumericsError.argument` for a bracket that is not finite or without a change of sign, or a function that
///   is not finite inside it; `noConvergence` after 200 steps; whatever `function` throws.
public func findRoot(
  in interval: ClosedRange<Double>, relativeTolerance: Double = 1e-15, of function: (Double) throws -> Double
) throws -> Double {
  try requireArgument(interval.lowerBound, "lower", in: "findRoot", allowed: "finite", true)
  try requireArgument(interval.upperBound, "upper", in: "findRoot", allowed: "finite", true)
  try requireArgument(
    relativeTolerance, "relativeTolerance", in: "findRoot", allowed: "0 < tolerance < 1",
    relativeTolerance > 0 && relativeTolerance < 1)
  let low = try function(interval.lowerBound)
  let high = try function(interval.upperBound)
  if low == 0 { return interval.lowerBound }
  if high == 0 { return interval.upperBound }
  guard low.isFinite, high.isFinite, (low < 0) != (high < 0) else {
    throw NumericsError.argument(
      function: "findRoot", name: "function(upper)", value: high, allowed: "finite, of the sign opposite to \(low)")
  }
  _ = GSLRuntime.ready
  return try withoutActuallyEscaping(function) { function in
    let context = RootContext(function)
    return try withExtendedLifetime(context) {
      guard let solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent) else {
        throw GSLRuntime.error(GSLRuntime.outOfMemory, in: "findRoot")
      }
      defer { gsl_root_fsolver_free(solver) }
      var callback = gsl_function(
        function: { x, params in
          Unmanaged<RootContext>.fromOpaque(params!).takeUnretainedValue().value(at: x)
        },
        params: Unmanaged.passUnretained(context).toOpaque()
      )
      return try withUnsafeMutablePointer(to: &callback) { callback in
        let limit = 200
        var status = gsl_root_fsolver_set(solver, callback, interval.lowerBound, interval.upperBound)
        for _ in 0..<limit {
          if let error = context.error { throw error }
          guard status == GSLRuntime.success else { throw GSLRuntime.error(status, in: "findRoot") }
          let lower = gsl_root_fsolver_x_lower(solver)
          let upper = gsl_root_fsolver_x_upper(solver)
          let root = gsl_root_fsolver_root(solver)
          if upper - lower <= relativeTolerance * root.magnitude + .leastNormalMagnitude
            || upper <= lower.nextUp
          {
            return root
          }
          status = gsl_root_fsolver_iterate(solver)
        }
        throw NumericsError.noConvergence(function: "findRoot", iterations: limit)
      }
    }
  }
}

/// The function behind GSL's callback; an error that it throws is kept until GSL has returned.
private final class RootContext {
  private let function: (Double) throws -> Double
  private(set) var error: (any Error)?

  init(_ function: @escaping (Double) throws -> Double) {
    self.function = function
  }

  func value(at x: Double) -> Double {
    guard error == nil else { return .nan }
    do {
      return try function(x)
    } catch {
      self.error = error
      return .nan
    }
  }
}
