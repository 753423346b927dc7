/// Ranks from 1, ties at the mean of theirs.
///
/// - Complexity: O(n log n).
public func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    for index in start..<end { ranks[order[index]] = 0.5 * Double(start + end + 1) }
    start = end
  }
  return ranks
}
