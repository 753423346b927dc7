import GSLNumerics
import TokenProcess

/// How records that were scored again compare with what they were before.
public struct Verification: Sendable, Equatable {
  /// Records that were scored again.
  public private(set) var records = 0
  /// The largest change of a token's ln p.
  public private(set) var largest = 0.0
  /// The largest change of ln S(n) over the lengths of a record.
  public private(set) var largestOfSurvival = 0.0
  /// Records with a token whose ln p changed by more than computing it in another batch does.
  public private(set) var disagreeing: [String] = []

  /// The largest change of a token's ln p in each record.
  public private(set) var changes: [Double] = []

  init() {}

  /// Whether two values of one token differ by no more than computing them in another batch does: kernels for 16 bits
  /// differ by a few hundredths between batches, and more for improbable tokens.
  static func agrees(_ before: Double, _ after: Double) -> Bool {
    before == after || (before - after).magnitude <= 0.2 + 0.03 * before.magnitude
  }

  /// Compares two scorings of a record.
  mutating func add(_ before: Record, _ after: Record) {
    records += 1
    var (isOther, sum) = (before.tokenLogProbabilities.count != after.tokenLogProbabilities.count, 0.0)
    var change = 0.0
    var (signed, absolute, tokens) = (0.0, 0.0, 0.0)
    for (a, b) in zip(before.tokenLogProbabilities, after.tokenLogProbabilities) where a != b {
      let difference = (a - b).magnitude
      change = max(change, difference)
      signed += b - a
      absolute += difference
      tokens += 1
      sum += b - a
      largestOfSurvival = max(largestOfSurvival, sum.magnitude)
      if !Self.agrees(a, b) { isOther = true }
    }
    // Rounding goes both ways; a model that was changed a little, as by another quantization, goes one way.
    if tokens >= 4, absolute > 0.02 * tokens, signed.magnitude > 0.95 * absolute { isOther = true }
    largest = max(largest, change)
    changes.append(change)
    if isOther { disagreeing.append(before.id) }
  }
}
