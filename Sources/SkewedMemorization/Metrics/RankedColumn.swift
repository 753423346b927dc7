import Inference
import MemorizationMetrics

/// A metric's ranks, from least memorization to most, in few bytes: there may be many columns of many records.
struct RankedColumn: Sendable {
  let name: String
  /// Twice the ranks among the values that there are, whole numbers also where values tie; 0 where there is none.
  private let ranks: [UInt32]
  /// How many values there are.
  private let known: Int

  init(_ column: MetricColumn, _ values: [Double]) {
    name = column.name
    let isKnown = values.map { !$0.isNaN }
    var ranksOfKnown = Inference.ranks(values.filter { !$0.isNaN }.map(column.oriented))[...]
    known = ranksOfKnown.count
    ranks = isKnown.map { $0 ? UInt32(2 * ranksOfKnown.removeFirst()) : 0 }
  }

  /// Spearman's ρ over the records that have both; nil where one of the two is constant.
  func spearman(_ other: RankedColumn) -> Double? {
    let isAlike = known == other.known && zip(ranks, other.ranks).allSatisfy { ($0 == 0) == ($1 == 0) }
    guard isAlike else {
      // Ranks among fewer records are those of their ranks among more.
      let pairs = zip(ranks, other.ranks).filter { $0.0 > 0 && $0.1 > 0 }
      return RankCorrelation.spearman(pairs.map { Double($0.0) }, pairs.map { Double($0.1) })?.value
    }
    let center = Double(known + 1)
    var (product, squares) = (0.0, (0.0, 0.0))
    for (rank, otherRank) in zip(ranks, other.ranks) where rank > 0 {
      let (a, b) = (Double(rank) - center, Double(otherRank) - center)
      product += a * b
      squares.0 += a * a
      squares.1 += b * b
    }
    guard squares.0 > 0, squares.1 > 0 else { return nil }
    return max(-1, min(1, product / (squares.0 * squares.1).squareRoot()))
  }
}
