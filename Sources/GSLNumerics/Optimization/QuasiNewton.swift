@preconcurrency internal import CGSL

/// Minimization with gradients: GSL's `vector_bfgs2` (Fletcher, *Practical Methods of Optimization*, 2.6).
public struct QuasiNewton: Sendable {
  /// Iterations after which the search gives up.
  public var maximumIterations = 500
  /// The search has converged when no component of the gradient exceeds this.
  public var gradientTolerance = 1e-8
  /// Length of the first trial step.
  public var firstStep = 0.1
  /// Accuracy of each line minimization: the angle between gradient and search direction (GSL recommends 0.1).
  public var lineSearchTolerance = 0.1

  /// The method with its usual settings.
  public init() {}

  /// Minimizes a smooth function of one or more unbounded variables.
  ///
  /// - Parameters:
  ///   - start: The starting point; its count is the dimension.
  ///   - objective: Given a point, returns the value and stores the gradient in its second argument, which has as many
  ///     elements. A value that is not finite marks a point outside the domain: the line search turns back from it.
  /// - Returns: The best point found; see ``Minimum/isConverged``.
  /// - Throws: `NumericsError` when `start` is empty or not finite, or the objective is not finite there; whatever the
  ///   objective throws.
  public func minimize(
    from start: [Double],
    objective: (_ point: Span<Double>, _ gradient: inout MutableSpan<Double>) throws -> Double
  ) throws -> Minimum {
    guard !start.isEmpty else {
      throw NumericsError.size(function: "QuasiNewton.minimize", detail: "the starting point is empty")
    }
    for (index, value) in start.enumerated() where !value.isFinite {
      throw NumericsError.argument(
        function: "QuasiNewton.minimize", name: "start[\(index)]", value: value, allowed: "finite")
    }
    _ = GSLRuntime.ready
    return try withoutActuallyEscaping(objective) { objective in
      let evaluation = Evaluation(dimension: start.count, objective: objective)
      return try withExtendedLifetime(evaluation) { try minimize(from: start, evaluation) }
    }
  }

  private func minimize(from start: [Double], _ evaluation: Evaluation) throws -> Minimum {
    let dimension = start.count
    guard let point = gsl_vector_alloc(dimension),
      let minimizer = gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, dimension)
    else { throw GSLRuntime.error(GSLRuntime.outOfMemory, in: "QuasiNewton.minimize") }
    defer {
      gsl_vector_free(point)
      gsl_multimin_fdfminimizer_free(minimizer)
    }
    for (index, value) in start.enumerated() { gsl_vector_set(point, index, value) }
    var function = gsl_multimin_function_fdf(
      f: { Evaluation.of($1).value(at: $0!) },
      df: { Evaluation.of($1).storeGradient(at: $0!, in: $2!) },
      fdf: { x, context, value, gradient in
        let evaluation = Evaluation.of(context)
        value!.pointee = evaluation.value(at: x!)
        evaluation.storeGradient(at: x!, in: gradient!)
      },
      n: dimension,
      params: Unmanaged.passUnretained(evaluation).toOpaque()
    )
    return try withUnsafeMutablePointer(to: &function) { function in
      let status = gsl_multimin_fdfminimizer_set(minimizer, function, point, firstStep, lineSearchTolerance)
      if let error = evaluation.error { throw error }
      guard status == GSLRuntime.success else { throw GSLRuntime.error(status, in: "QuasiNewton.minimize") }
      guard evaluation.isFinite else {
        throw NumericsError.argument(
          function: "QuasiNewton.minimize", name: "objective(start)", value: evaluation.lastValue, allowed: "finite")
      }
      var iterations = 0
      while largestGradient(minimizer.pointee.gradient, dimension) > gradientTolerance, iterations < maximumIterations {
        iterations += 1
        let before = (0..<dimension).map { gsl_vector_get(minimizer.pointee.x, $0) }
        let status = gsl_multimin_fdfminimizer_iterate(minimizer)
        if let error = evaluation.error { throw error }
        if status != GSLRuntime.success { break }
        // Where no step of a line is better GSL stays, and would again.
        if before.indices.allSatisfy({ before[$0] == gsl_vector_get(minimizer.pointee.x, $0) }) { break }
      }
      let found = (0..<dimension).map { gsl_vector_get(minimizer.pointee.x, $0) }
      let gradient = (0..<dimension).map { gsl_vector_get(minimizer.pointee.gradient, $0) }
      return Minimum(
        point: found, value: minimizer.pointee.f, gradient: gradient, iterations: iterations,
        isConverged: largestGradient(minimizer.pointee.gradient, dimension) <= gradientTolerance)
    }
  }

  private func largestGradient(_ gradient: UnsafeMutablePointer<gsl_vector>, _ dimension: Int) -> Double {
    var largest = 0.0
    for index in 0..<dimension {
      let magnitude = gsl_vector_get(gradient, index).magnitude
      // A NaN component must read as "not converged".
      if !(magnitude <= largest) { largest = magnitude }
    }
    return largest
  }
}

/// The objective behind GSL's callbacks. GSL asks for value and gradient in separate calls; one evaluation gives both
/// and is kept for the second call. An error thrown by the objective is kept until GSL has returned.
private final class Evaluation {
  private let objective: (Span<Double>, inout MutableSpan<Double>) throws -> Double
  private var lastPoint: [Double]
  private var lastGradient: [Double]
  private(set) var lastValue = Double.nan
  private(set) var isFinite = false
  private(set) var error: (any Error)?

  init(dimension: Int, objective: @escaping (Span<Double>, inout MutableSpan<Double>) throws -> Double) {
    self.objective = objective
    lastPoint = Array(repeating: .nan, count: dimension)
    lastGradient = Array(repeating: 0, count: dimension)
  }

  static func of(_ context: UnsafeMutableRawPointer?) -> Evaluation {
    Unmanaged<Evaluation>.fromOpaque(context!).takeUnretainedValue()
  }

  func value(at point: UnsafePointer<gsl_vector>) -> Double {
    evaluate(point)
    // bfgs2 interpolates between values: a huge finite one makes it step back where an infinity would spread as NaN.
    return isFinite ? lastValue : 1e300
  }

  func storeGradient(at point: UnsafePointer<gsl_vector>, in gradient: UnsafeMutablePointer<gsl_vector>) {
    evaluate(point)
    for index in lastGradient.indices { gsl_vector_set(gradient, index, lastGradient[index]) }
  }

  private func evaluate(_ point: UnsafePointer<gsl_vector>) {
    let isSame = lastPoint.indices.allSatisfy { lastPoint[$0] == gsl_vector_get(point, $0) }
    if isSame || error != nil { return }
    for index in lastPoint.indices { lastPoint[index] = gsl_vector_get(point, index) }
    do {
      var gradient = lastGradient.mutableSpan
      lastValue = try objective(lastPoint.span, &gradient)
      isFinite = lastValue.isFinite && lastGradient.allSatisfy(\.isFinite)
    } catch {
      self.error = error
      isFinite = false
    }
    if !isFinite { for index in lastGradient.indices { lastGradient[index] = .nan } }
  }
}
