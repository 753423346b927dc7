/// P-values of several tests at once.
public enum MultipleComparisons {
  /// Holm's adjustment, which bounds the probability of any false rejection (Scandinavian Journal of Statistics 6,
  /// 1979): the largest of (k - j + 1) p_(j) over the p-values up to each one, in order, at most 1.
  public static func holm(_ pValues: [Double]) -> [Double] {
    adjusted(pValues, order: pValues.indices.sorted { pValues[$0] < pValues[$1] }) { rank, p, before in
      max(before, Double(pValues.count - rank) * p)
    }
  }

  /// Benjamini and Hochberg's adjustment, which bounds the expected share of false rejections (JRSS B 57, 1995): the
  /// smallest of k p_(j) / j over the p-values from each one on, in order, at most 1.
  public static func benjaminiHochberg(_ pValues: [Double]) -> [Double] {
    adjusted(pValues, order: pValues.indices.sorted { pValues[$0] > pValues[$1] }, start: 1) { rank, p, before in
      min(before, Double(pValues.count) * p / Double(pValues.count - rank))
    }
  }

  private static func adjusted(
    _ pValues: [Double], order: [Int], start: Double = 0, _ next: (_ rank: Int, _ p: Double, _ before: Double) -> Double
  ) -> [Double] {
    var result = pValues
    var before = start
    for (rank, index) in order.enumerated() {
      before = next(rank, pValues[index], before)
      result[index] = min(1, before)
    }
    return result
  }
}
