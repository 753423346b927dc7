@preconcurrency internal import CGSL

/// The process-wide state of GSL and the translation of its status codes.
enum GSLRuntime {
  /// GSL's default error handler calls `abort`. Reading this property switches it off, once; every entry point that
  /// calls GSL reads it first.
  static let ready: Void = {
    _ = gsl_set_error_handler_off()
  }()

  // The constants import as Int, the routines return Int32.
  static let success = Int32(GSL_SUCCESS)
  static let outOfMemory = Int32(GSL_ENOMEM)

  /// The GSL text for a status code, e.g. "input domain error".
  static func reason(_ status: Int32) -> String {
    String(cString: gsl_strerror(status))
  }

  /// The error for a status that is not success.
  static func error(_ status: Int32, in function: String) -> NumericsError {
    .gsl(function: function, code: Int(status), reason: reason(status))
  }
}

/// Throws unless `value` is finite and satisfies `isAllowed`.
@inline(__always)
func requireArgument(
  _ value: Double, _ name: String, in function: StaticString, allowed: StaticString, _ isAllowed: Bool
) throws(NumericsError) {
  guard value.isFinite, isAllowed else {
    throw .argument(function: "\(function)", name: name, value: value, allowed: "\(allowed)")
  }
}
