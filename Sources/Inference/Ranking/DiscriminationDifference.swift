import GSLNumerics
import RealModule

/// How much better one score tells two groups apart than another score of the same records: the difference of the
/// areas under their curves (DeLong, DeLong, Clarke-Pearson, Biometrics 44, 1988).
public struct DiscriminationDifference: Sendable, Equatable {
  /// The first area less the second.
  public let value: Double
  /// Its limits.
  public let interval: ClosedRange<Double>
  /// P of a difference as far from 0 or farther where there is none; nil where it has no variance.
  public let pValue: Double?

  /// Compares two scores, higher for likelier members.
  ///
  /// - Returns: nil without two members and two others, or with a NaN.
  /// - Precondition: As many numbers in each score of a group.
  /// - Complexity: O(n log n).
  public init?(
    members first: [Double], others firstOthers: [Double], less second: [Double], others secondOthers: [Double],
    level: Double = 0.95
  ) {
    precondition(first.count == second.count && firstOthers.count == secondOthers.count, "scores of unequal records")
    guard first.count >= 2, firstOthers.count >= 2,
      !(first + firstOthers + second + secondOthers).contains(where: \.isNaN)
    else { return nil }
    let a = Discrimination.placements(members: first, others: firstOthers)
    let b = Discrimination.placements(members: second, others: secondOthers)
    let ofMembers = zip(a.members, b.members).map { $0 - $1 }
    let ofOthers = zip(a.others, b.others).map { $0 - $1 }
    let difference = mean(of: ofMembers)
    let deviation =
      (variance(of: ofMembers, around: difference) / Double(first.count)
      + variance(of: ofOthers, around: difference) / Double(firstOthers.count)).squareRoot()
    value = difference
    let width = ((try? normalQuantile(0.5 + 0.5 * level)) ?? .nan) * deviation
    interval = max(-1, difference - width)...min(1, difference + width)
    pValue = deviation > 0 ? min(1, 2 * normalUpperTail(difference.magnitude / deviation)) : nil
  }

  /// The same for scores with a label each: whether it is a member's.
  ///
  /// - Precondition: As many labels as scores.
  package init?(scores first: [Double], less second: [Double], labels: [Bool], level: Double = 0.95) {
    let (own, other) = (Discrimination.split(first, by: labels), Discrimination.split(second, by: labels))
    self.init(
      members: own.members, others: own.others, less: other.members, others: other.others, level: level)
  }
}
