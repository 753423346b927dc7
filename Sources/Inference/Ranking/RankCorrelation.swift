import GSLNumerics
import RealModule

/// A rank correlation with an interval.
public struct RankCorrelation: Sendable, Equatable {
  /// The coefficient, -1 to 1.
  public let value: Double
  /// The interval; nil with fewer than 5 pairs, and at ±1, where the approximation has no width.
  public let interval: ClosedRange<Double>?

  /// Spearman's ρ: Pearson's correlation of ranks, ties at their mean. The interval is Fisher's, with the variance
  /// (1 + ρ²/2)/(n - 3) of Bonett and Wright (Psychometrika 65, 2000).
  ///
  /// - Parameters:
  ///   - x: One list.
  ///   - y: The other, as long.
  ///   - level: The interval's confidence level.
  /// - Returns: nil for fewer than 2 pairs, a NaN, or a list that is constant.
  /// - Complexity: O(n log n).
  public static func spearman(_ x: [Double], _ y: [Double], level: Double = 0.95) -> RankCorrelation? {
    precondition(x.count == y.count, "\(x.count) and \(y.count) values")
    guard x.count >= 2, !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return nil }
    // Twice the ranks less their mean are whole numbers: the sums are exact.
    let center = Double(x.count + 1)
    let a = ranks(x).map { 2 * $0 - center }
    let b = ranks(y).map { 2 * $0 - center }
    let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    let squares = (a.reduce(0) { $0 + $1 * $1 }, b.reduce(0) { $0 + $1 * $1 })
    guard squares.0 > 0, squares.1 > 0 else { return nil }
    let rho = max(-1, min(1, product / (squares.0.squareRoot() * squares.1.squareRoot())))
    let count = Double(x.count)
    return RankCorrelation(
      value: rho, interval: fisher(rho, variance: (1 + 0.5 * rho * rho) / (count - 3), level, x.count))
  }

  /// Kendall's τ-b, with ties in either list. The interval is Fisher's with the variance 0.437/(n - 4) of Fieller,
  /// Hartley and Pearson (Biometrika 44, 1957).
  ///
  /// - Returns: nil for fewer than 2 pairs, a NaN, or a list that is constant.
  /// - Complexity: O(n log n) (Knight, JASA 61, 1966).
  public static func kendall(_ x: [Double], _ y: [Double], level: Double = 0.95) -> RankCorrelation? {
    precondition(x.count == y.count, "\(x.count) and \(y.count) values")
    guard x.count >= 2, !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return nil }
    let order = x.indices.sorted { (x[$0], y[$0]) < (x[$1], y[$1]) }
    func tied(_ isSame: (Int, Int) -> Bool, _ order: [Int]) -> Int {
      var pairs = 0
      var run = 1
      for (last, next) in zip(order, order.dropFirst()) {
        run = isSame(last, next) ? run + 1 : 1
        pairs += run - 1
      }
      return pairs
    }
    let all = x.count * (x.count - 1) / 2
    let tiedX = tied({ x[$0] == x[$1] }, order)
    let tiedBoth = tied({ x[$0] == x[$1] && y[$0] == y[$1] }, order)
    var values = order.map { y[$0] }
    let exchanges = Self.exchanges(sorting: &values)
    let tiedY = tied({ values[$0] == values[$1] }, Array(values.indices))
    guard tiedX < all, tiedY < all else { return nil }
    let difference = Double(all - tiedX - tiedY + tiedBoth - 2 * exchanges)
    let tau = max(-1, min(1, difference / Double(all - tiedX).squareRoot() / Double(all - tiedY).squareRoot()))
    return RankCorrelation(value: tau, interval: fisher(tau, variance: 0.437 / (Double(x.count) - 4), level, x.count))
  }

  private static func fisher(
    _ value: Double, variance: Double, _ level: Double, _ count: Int
  ) -> ClosedRange<Double>? {
    precondition(level > 0 && level < 1, "level \(level)")
    guard count >= 5, value.magnitude < 1, let z = try? normalQuantile(0.5 + 0.5 * level) else { return nil }
    let width = z * variance.squareRoot()
    let center = Double.atanh(value)
    return Double.tanh(center - width)...Double.tanh(center + width)
  }

  /// Sorts by merging and counts the exchanges of neighbors that a bubble sort would make.
  private static func exchanges(sorting values: inout [Double]) -> Int {
    var buffer = values
    var count = 0
    var width = 1
    while width < values.count {
      for start in stride(from: 0, to: values.count, by: 2 * width) {
        let middle = min(start + width, values.count)
        let end = min(start + 2 * width, values.count)
        var (left, right) = (start, middle)
        for index in start..<end {
          if left < middle, right >= end || values[left] <= values[right] {
            buffer[index] = values[left]
            left += 1
          } else {
            buffer[index] = values[right]
            right += 1
            count += middle - left
          }
        }
      }
      swap(&values, &buffer)
      width *= 2
    }
    return count
  }
}
