@preconcurrency internal import CGSL

/// Minimization without gradients: Nelder and Mead's simplex in GSL's `nmsimplex2`.
public struct Simplex: Sendable {
  /// Iterations after which the search gives up.
  public var maximumIterations = 5000
  /// The search has converged when the simplex's characteristic size is below this.
  public var sizeTolerance = 1e-10

  /// The method with its usual settings.
  public init() {}

  /// Minimizes a function of one or more unbounded variables.
  ///
  /// - Parameters:
  ///   - start: The starting point; its count is the dimension.
  ///   - step: Length of the first simplex's edges, the same in every coordinate; positive.
  ///   - objective: The function; a value that is not finite counts as larger than any other.
  /// - Throws: `NumericsError` when `start` is empty or not finite, or `step` is not positive; whatever the objective
  ///   throws.
  public func minimize(
    from start: [Double], step: Double = 0.5, objective: (_ point: Span<Double>) throws -> Double
  ) throws -> Minimum {
    guard !start.isEmpty else {
      throw NumericsError.size(function: "Simplex.minimize", detail: "the starting point is empty")
    }
    for (index, value) in start.enumerated() where !value.isFinite {
      throw NumericsError.argument(
        function: "Simplex.minimize", name: "start[\(index)]", value: value, allowed: "finite")
    }
    try requireArgument(step, "step", in: "Simplex.minimize", allowed: "step > 0", step > 0)
    _ = GSLRuntime.ready
    return try withoutActuallyEscaping(objective) { objective in
      let context = ValueContext(objective)
      return try withExtendedLifetime(context) { try minimize(from: start, step: step, context) }
    }
  }

  private func minimize(from start: [Double], step: Double, _ context: ValueContext) throws -> Minimum {
    let dimension = start.count
    guard let point = gsl_vector_alloc(dimension), let steps = gsl_vector_alloc(dimension),
      let minimizer = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, dimension)
    else { throw GSLRuntime.error(GSLRuntime.outOfMemory, in: "Simplex.minimize") }
    defer {
      gsl_vector_free(point)
      gsl_vector_free(steps)
      gsl_multimin_fminimizer_free(minimizer)
    }
    for (index, value) in start.enumerated() { gsl_vector_set(point, index, value) }
    gsl_vector_set_all(steps, step)
    var function = gsl_multimin_function(
      f: { x, params in
        let context = Unmanaged<ValueContext>.fromOpaque(params!).takeUnretainedValue()
        return context.value(at: UnsafeBufferPointer(start: x!.pointee.data, count: x!.pointee.size))
      },
      n: dimension,
      params: Unmanaged.passUnretained(context).toOpaque()
    )
    return try withUnsafeMutablePointer(to: &function) { function in
      let status = gsl_multimin_fminimizer_set(minimizer, function, point, steps)
      if let error = context.error { throw error }
      guard status == GSLRuntime.success else { throw GSLRuntime.error(status, in: "Simplex.minimize") }
      var iterations = 0
      while gsl_multimin_fminimizer_size(minimizer) > sizeTolerance, iterations < maximumIterations {
        iterations += 1
        let status = gsl_multimin_fminimizer_iterate(minimizer)
        if let error = context.error { throw error }
        if status != GSLRuntime.success { break }
      }
      return Minimum(
        point: (0..<dimension).map { gsl_vector_get(minimizer.pointee.x, $0) }, value: minimizer.pointee.fval,
        gradient: nil, iterations: iterations,
        isConverged: gsl_multimin_fminimizer_size(minimizer) <= sizeTolerance)
    }
  }
}

/// The objective behind GSL's callback; an error that it throws is kept until GSL has returned.
private final class ValueContext {
  private let objective: (Span<Double>) throws -> Double
  private(set) var error: (any Error)?

  init(_ objective: @escaping (Span<Double>) throws -> Double) {
    self.objective = objective
  }

  func value(at point: UnsafeBufferPointer<Double>) -> Double {
    guard error == nil else { return .nan }
    do {
      let value = try objective(point.span)
      // GSL rejects NaN and infinities outright; a huge value makes the simplex contract instead.
      return value.isFinite ? value : 1e300
    } catch {
      self.error = error
      return .nan
    }
  }
}
