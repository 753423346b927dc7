import GSLNumerics
import TokenProcess

extension ArgumentError {
  /// Throws unless there are lengths, each of which a reference can have.
  static func check(lengths: [Int]) throws(ArgumentError) {
    guard !lengths.isEmpty else { throw ArgumentError(name: "lengths", value: "none", allowed: "one or more") }
    for length in lengths { try check(length, "lengths", in: 1...Record.longestReference) }
  }
}
