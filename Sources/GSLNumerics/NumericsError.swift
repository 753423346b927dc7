import Foundation

/// What can go wrong in a numerical routine, with the routine's name and the offending value.
public enum NumericsError: LocalizedError, Equatable, Sendable {
  /// An argument outside the domain of `function`; `allowed` states the domain, e.g. `"x > 0"`.
  case argument(function: String, name: String, value: Double, allowed: String)
  /// Arrays whose sizes do not fit together, or an empty one where a value is needed.
  case size(function: String, detail: String)
  /// An iteration that stopped before it met its tolerance.
  case noConvergence(function: String, iterations: Int)
  /// A status that GSL returned; `reason` is GSL's own text for it.
  case gsl(function: String, code: Int, reason: String)
}

extension NumericsError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .argument(let function, let name, let value, let allowed):
      "\(function): argument \(name) = \(value) is outside its range (\(allowed))"
    case .size(let function, let detail):
      "\(function): \(detail)"
    case .noConvergence(let function, let iterations):
      "\(function): no convergence after \(iterations) iterations"
    case .gsl(let function, let code, let reason):
      "\(function): GSL status \(code), \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
