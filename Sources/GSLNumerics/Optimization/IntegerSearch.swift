/// The first integer of a range at which a condition holds that stays true once it is true; the upper bound if it holds
/// nowhere before.
///
/// - Complexity: O(log of the range) evaluations.
package func firstInteger(in range: ClosedRange<Int>, where holds: (Int) -> Bool) -> Int {
  var (low, high) = (range.lowerBound, range.upperBound)
  while low < high {
    let middle = low + (high - low) / 2
    if holds(middle) { high = middle } else { low = middle + 1 }
  }
  return low
}

/// The first integer from `start` on at which such a condition holds; nil where it does not hold within 2⁶⁰ of it.
///
/// - Complexity: O(log of the distance) evaluations.
package func firstInteger(from start: Int, where holds: (Int) -> Bool) -> Int? {
  if holds(start) { return start }
  var below = start
  var width = 1
  while !holds(below + width) {
    below += width
    width *= 2
    guard width < 1 << 60 else { return nil }
  }
  return firstInteger(in: (below + 1)...(below + width), where: holds)
}
